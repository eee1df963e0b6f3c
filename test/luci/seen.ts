/** What the page shows, read from its document as text, and what it should show, written from the service's replies. */
import type { Page } from 'playwright-core';
import type { Events, Health, Status } from '../../src/api/status.ts';

/** Rows of the tables as `column title → text`, without the times, which change while one looks. */
export interface Seen {
  router: string;
  role: string;
  headline: string;
  instances: Record<string, string>[];
  wans: Record<string, string>[];
  problems: string[];
  events: string[];
}

/** The page shows so many events before anybody asks for more. */
const FIRST_EVENTS = 8;

/** Runs in the browser. */
function readDocument(): Seen {
  const text = (node: Element | null | undefined): string => (node?.textContent ?? '').trim();
  const table = (heading: string): Record<string, string>[] => {
    const section = [...document.querySelectorAll('.hagw .cbi-section')].find(
      (one) => text(one.querySelector('h3')) === heading,
    );
    return [...(section?.querySelectorAll('tbody tr') ?? [])].map((row) =>
      Object.fromEntries(
        [...row.querySelectorAll('td')]
          .map((cell) => [cell.dataset['title'] ?? '', [...cell.children].map(text).join(' ') || text(cell)])
          .filter(([title]) => title !== 'Since' && title !== 'Time'),
      ),
    );
  };
  const [headline, router] = document.querySelectorAll('.hagw-summary [role=status] p');
  return {
    router: text(router?.querySelector('strong')),
    role: text(router?.querySelector('.label')),
    headline: text(headline),
    instances: table('Virtual addresses'),
    wans: table('WAN links'),
    problems: [...document.querySelectorAll('.hagw-problems li')].map((item) =>
      ['.label', 'strong', 'code', ':scope > div:last-child']
        .map((part) => text(item.querySelector(part)))
        .join(' | '),
    ),
    events: table('Last events').map((row) => `${row['Router']}: ${row['What']}`),
  };
}

export function readPage(page: Page): Promise<Seen> {
  return page.evaluate(readDocument);
}

/** What the page has to show of these replies. */
export function expected(status: Status, health: Health, events: Events): Seen {
  const { router, vrrp, wans } = status;
  const why = wans.some(({ reason }) => reason !== '');
  return {
    router: router.name ?? router.hostname,
    role: router.role,
    headline: `${health.state === 'ok' ? 'healthy' : health.state} ${health.summary}`,
    instances: vrrp.instances.map((one) => ({
      Instance: one.name,
      State: one.state,
      Device: one.device,
      'Virtual addresses': one.virtual_addresses
        .map(({ address, set }) => (set === true ? `${address} (here)` : address))
        .join(' '),
      Priority: String(one.effective_priority ?? one.priority),
    })),
    wans: wans.map((wan) => ({
      WAN: wan.name,
      State: wan.state,
      Interface: `${wan.device ?? '–'} (${wan.up === null ? 'unknown' : wan.up ? 'up' : 'down'})`,
      Address: wan.addresses.join(' ') || '–',
      Gateway: wan.gateway ?? '–',
      ...(why ? { Why: wan.reason || '–' } : {}),
    })),
    problems: health.problems.map((one) => [one.severity, one.title, one.where, one.text].join(' | ')),
    events: [...events.events]
      .reverse()
      .slice(0, FIRST_EVENTS)
      .map((event) => `${event.router}: ${event.text}`),
  };
}
