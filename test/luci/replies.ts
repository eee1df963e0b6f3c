/** Replies of `hagw` on their way to the page, changed: for states that a lab does not get into by itself. */
import type { Page } from 'playwright-core';
import type { Events, Health, Status } from '../../src/api/status.ts';

/** Each gets the router's own reply and gives the one that the page shall see. */
export interface Changes {
  status?(reply: Status): Status;
  health?(reply: Health): Health;
  events?(reply: Events): Events;
}

interface Frame {
  readonly params?: readonly [string, string, string, unknown];
}

/** Lets all calls of ubus pass, those of `hagw` through `changes`. Holds for this window until it is closed. */
export async function changeReplies(page: Page, changes: Changes): Promise<void> {
  await page.route('**/ubus', async (route) => {
    const frame = route.request().postDataJSON() as Frame;
    const [, object, method] = frame.params ?? [];
    const change = (changes as Record<string, ((reply: unknown) => unknown) | undefined>)[method ?? ''];
    if (object !== 'hagw' || change === undefined) return route.continue();
    const response = await route.fetch();
    const message = (await response.json()) as { result?: [number, unknown] };
    if (message.result?.[0] === 0) message.result[1] = change(message.result[1]);
    return route.fulfill({ response, json: message });
  });
}

/** No call gets an answer: what the page shows while it waits for the first. */
export async function holdReplies(page: Page): Promise<void> {
  await page.route('**/ubus', () => {});
}
