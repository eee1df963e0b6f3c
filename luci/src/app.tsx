import { render } from 'preact';
import type { Backend } from './backend/backend.ts';
import { createLuciBackend } from './backend/luci-backend.ts';
import { Overview } from './components/overview.tsx';
import { browserPage, keepFresh, type Page } from './models/live.ts';
import { createStatusModel } from './models/status-model.ts';

/** Version that this bundle was built from; a view of another version asks for a reload. */
export const version = HAGW_VERSION;

/** Shows the overview in `container` and keeps it fresh. Returns what takes it down again. */
export function mountOverview(container: HTMLElement, backend: Backend, page: Page): () => void {
  const model = createStatusModel(backend);
  render(<Overview model={model} />, container);
  const stop = keepFresh(model, backend, page);
  void model.refresh();
  return () => {
    stop();
    render(null, container);
  };
}

/** The overview as LuCI's view shows it. */
export function showOverview(): HTMLElement {
  const container = document.createElement('div');
  const style = document.createElement('link');
  style.rel = 'stylesheet';
  style.href = `${L.resource('hagw/app.css')}?v=${version}`;
  document.head.append(style);
  mountOverview(container, createLuciBackend(), browserPage);
  return container;
}
