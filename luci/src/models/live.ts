import type { Backend } from '../backend/backend.ts';
import type { StatusModel } from './status-model.ts';

/** How often the page asks when nothing was announced, in milliseconds. LuCI's own default interval. */
export const POLL_MS = 5000;

/** The browser's timers and visibility, so that tests can stand in for them. */
export interface Page {
  every(ms: number, run: () => void): () => void;
  isHidden(): boolean;
  onVisible(run: () => void): () => void;
}

export const browserPage: Page = {
  every(ms, run) {
    const id = setInterval(run, ms);
    return () => clearInterval(id);
  },
  isHidden: () => document.hidden,
  onVisible(run) {
    const listener = () => {
      if (!document.hidden) run();
    };
    document.addEventListener('visibilitychange', listener);
    return () => document.removeEventListener('visibilitychange', listener);
  },
};

/** Keeps the model fresh: at once when the service announces a change, else by polling; at rest in a hidden tab. */
export function keepFresh(model: StatusModel, backend: Backend, page: Page): () => void {
  const ask = () => {
    if (!page.isHidden()) void model.refresh();
  };
  const stops = [backend.follow(ask), page.every(POLL_MS, ask), page.onVisible(ask)];
  return () => {
    for (const stop of stops) stop();
  };
}
