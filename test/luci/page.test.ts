/** Network > HA Gateway in a real browser: two real routers in a lab, the login form, the built packages. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Events, Health, Problem } from '../../src/api/status.ts';
import { REPOSITORY } from '../lab/disk.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { type Page as Forward, forwardPage } from '../lab/page.ts';
import { type Roles, statusOf, waitForPair } from '../lab/pair.ts';
import { until } from '../lab/programs.ts';
import type { Router } from '../lab/router.ts';
import { type Account, ADMINISTRATOR, NOBODY, rpcdConfig, VIEWER } from './accounts.ts';
import { closeWindows, logIn, openBrowser, openWindow, PAGE_PATH, PHONE } from './browser.ts';
import { changeReplies, holdReplies } from './replies.ts';
import { expected, readPage } from './seen.ts';

const SUMMARY = '.hagw-summary';
/** Longest that anything on the page may take to follow the routers. */
const SOON = { timeout: 45_000, interval: 100 };

let lab: Lab;
let browser: Browser;
const urls = new Map<Router, string>();
const forwards: Forward[] = [];

beforeAll(async () => {
  [lab, browser] = await Promise.all([createLab(), openBrowser()]);
  for (const router of Object.values(lab.routers)) {
    router.write('/etc/config/rpcd', rpcdConfig([ADMINISTRATOR, VIEWER, NOBODY]), 0o600);
    const forward = await forwardPage(router, 0);
    forwards.push(forward);
    urls.set(router, forward.url);
  }
  await waitForPair(lab);
  // The login needs the web server and, behind it, rpcd: nobody has asked them yet.
  for (const router of Object.values(lab.routers)) {
    await until(`${router.name}'s login`, 60_000, async () => {
      await router.ubus('session', 'list');
      return (await fetch(`${urls.get(router)}cgi-bin/luci`)).status === 403 ? true : undefined;
    });
  }
});

afterEach(() => closeWindows(browser));

afterAll(async () => {
  await browser?.close();
  for (const forward of forwards) forward.close();
  await lab?.close();
});

interface Visit extends BrowserContextOptions {
  account?: Account;
  prepare?(page: Page): Promise<unknown>;
}

/** Logs in at a router's page in a window of its own. */
async function visit(router: Router, options: Visit = {}): Promise<Page> {
  const { account = ADMINISTRATOR, prepare, ...window } = options;
  const page = await openWindow(browser, window);
  await prepare?.(page);
  await logIn(page, `${urls.get(router)}${PAGE_PATH}`, account.username, account.password);
  return page;
}

async function shown(router: Router, options: Visit = {}): Promise<Page> {
  const page = await visit(router, options);
  await page.locator(SUMMARY).waitFor();
  return page;
}

/** A mark in the document that a reload would wipe off. */
const mark = (page: Page) => page.evaluate(() => document.body.setAttribute('data-mark', 'same'));
const isSame = (page: Page) => page.evaluate(() => document.body.getAttribute('data-mark') === 'same');

const alertText = (page: Page) => page.locator('.hagw [role=alert]').innerText();

const roles = (): Promise<Roles> => waitForPair(lab);

/** One problem that the router has; how many it has depends on what else goes on in it. */
function aProblem({ problems }: Health): Problem {
  const [first] = problems;
  if (first === undefined) throw new Error('The router has no problem at all.');
  return first;
}

describe('the login', () => {
  it('refuses a wrong password, and leads with the right one to Network > HA Gateway', async () => {
    const page = await openWindow(browser);
    const entry = `${urls.get(lab.routers['gw-a'])}cgi-bin/luci`;
    await logIn(page, entry, 'root', 'wrong');
    expect(await page.locator('.alert-message').innerText()).toContain('Invalid username');
    expect(await page.locator('#topmenu').count()).toBe(0);
    await logIn(page, entry, ADMINISTRATOR.username, ADMINISTRATOR.password);
    const network = page.locator('#topmenu > li').filter({ hasText: 'Network' });
    await network.locator('ul').getByText('HA Gateway', { exact: true }).click();
    await page.locator(SUMMARY).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/${PAGE_PATH}`);
    expect(await page.locator('.hagw h2').innerText()).toBe('HA Gateway');
  });

  it('that may only read sees everything, cannot press the button, and is refused by the server', async () => {
    const router = lab.routers['gw-a'];
    const page = await shown(router, { account: VIEWER });
    expect((await readPage(page)).instances).toHaveLength(3);
    expect(await page.getByRole('button', { name: 'Read everything anew' }).isDisabled()).toBe(true);
    const call = (method: string) =>
      page.evaluate(async (name) => {
        const { L } = window as unknown as { L: { env: { sessionid: string } } };
        const params = [L.env.sessionid, 'hagw', name, {}];
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'call', params });
        const message = await (await fetch('/ubus', { method: 'POST', body })).json();
        return (message.error?.code ?? message.result?.[0]) as number;
      }, method);
    expect(await call('health')).toBe(0);
    expect(await call('reload')).toBe(-32002);
  });

  it('without rights gets 403', async () => {
    const page = await visit(lab.routers['gw-a'], { account: NOBODY });
    expect(await page.locator('body').innerText()).toBe('Access denied.');
    expect((await page.reload())?.status()).toBe(403);
  });

  it('that may write has the service read everything anew', async () => {
    const page = await shown(lab.routers['gw-a']);
    const answered = page.waitForResponse((one) => one.request().postData()?.includes('"reload"') ?? false);
    await page.getByRole('button', { name: 'Read everything anew' }).click();
    expect(await (await answered).json()).toHaveProperty('result.0', 0);
  });
});

describe('the page', () => {
  it.each(['gw-a', 'gw-b'] as const)('shows what `ubus call hagw` says of %s', async (name) => {
    const router = lab.routers[name];
    const page = await shown(router);
    await vi.waitFor(async () => {
      const seen = await readPage(page);
      const health = (await router.ubus('hagw', 'health')) as Health;
      const events = (await router.ubus('hagw', 'events', { limit: 50 })) as Events;
      expect(seen).toEqual(expected(await statusOf(router), health, events));
    }, SOON);
    const { instances, events } = await readPage(page);
    expect(instances.map((one) => one['Instance'])).toEqual(['lan', 'wan1', 'wan2']);
    expect(events).toHaveLength(8);
    await page.getByRole('button', { name: 'Show all' }).click();
    await vi.waitFor(async () => expect((await readPage(page)).events.length).toBeGreaterThan(8), SOON);
    const [when] = await page.locator('.hagw time').all();
    expect(await when?.innerText()).toMatch(/ago|now/);
    expect(await when?.getAttribute('title')).toMatch(/\d:\d\d:\d\d/);
  });

  it('paints before the first answer, and is small', async () => {
    const page = await visit(lab.routers['gw-a'], { prepare: holdReplies });
    await page.getByText('Reading the gateway…').waitFor();
    const resources = join(REPOSITORY, 'build/luci/htdocs/luci-static/resources');
    const files = ['hagw/app.js', 'view/hagw/overview.js'].map((name) => readFileSync(join(resources, name)));
    const packed = files.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
    expect(packed).toBeLessThan(40 * 1024);
  });

  it('is green and says so when the service finds nothing wrong', async () => {
    const page = await shown(lab.routers['gw-a'], {
      prepare: (one) =>
        changeReplies(one, { health: () => ({ state: 'ok', summary: 'All is well.', problems: [] }) }),
    });
    expect((await readPage(page)).headline).toBe('healthy All is well.');
    expect(await page.locator(SUMMARY).getAttribute('class')).toMatch(/\bsuccess\b/);
    expect(await page.getByRole('heading', { name: 'Problems' }).count()).toBe(0);
  });

  it('shows markup in names and texts as text', async () => {
    const evil = '<img src=x onerror="document.body.dataset.evil=1"><b>x</b>';
    const page = await shown(lab.routers['gw-a'], {
      prepare: (one) =>
        changeReplies(one, {
          status: (reply) => ({
            ...reply,
            router: { ...reply.router, name: evil },
            wans: reply.wans.map((wan) => ({ ...wan, name: evil + wan.name, reason: evil })),
            vrrp: {
              ...reply.vrrp,
              instances: reply.vrrp.instances.map((instance) => ({
                ...instance,
                name: evil + instance.name,
              })),
            },
          }),
          health: (reply) => ({
            ...reply,
            state: 'notice',
            summary: evil,
            problems: [{ ...aProblem(reply), severity: 'notice', title: evil, where: evil, text: evil }],
          }),
          events: (reply) => ({ ...reply, events: reply.events.map((event) => ({ ...event, text: evil })) }),
        }),
    });
    const seen = await readPage(page);
    expect(seen.router).toBe(evil);
    expect(seen.headline).toBe(`notice ${evil}`);
    expect(seen.wans[0]).toMatchObject({ WAN: `${evil}wan1`, Why: evil });
    expect(seen.instances[0]?.['Instance']).toBe(`${evil}lan`);
    expect(seen.problems[0]).toBe(['notice', evil, evil, evil].join(' | '));
    expect(seen.events[0]).toContain(evil);
    expect(await page.locator('.hagw img, .hagw b').count()).toBe(0);
    expect(await page.locator('body').getAttribute('data-evil')).toBeNull();
  });
});

describe('the look', () => {
  /** Ids of what axe finds serious or critical in the view. */
  async function findings(page: Page): Promise<string[]> {
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core') });
    return page.evaluate(async () => {
      type Results = { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
      const { axe } = window as unknown as { axe: { run(where: string): Promise<Results> } };
      const { violations } = await axe.run('#view');
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    });
  }

  const pillColour = (page: Page) =>
    page
      .locator('.hagw td .label')
      .first()
      .evaluate((one) => getComputedStyle(one).color);

  /** Every colour that there is, at once. */
  const colourful = (page: Page) =>
    changeReplies(page, {
      health: (reply) => ({
        ...reply,
        state: 'notice',
        problems: (['error', 'warning', 'notice'] as const).map((severity) => ({
          ...aProblem(reply),
          severity,
          code: severity,
        })),
      }),
      status: (reply) => ({
        ...reply,
        wans: (['online', 'offline', 'connecting'] as const).flatMap((state) =>
          reply.wans.slice(0, 1).map((wan) => ({ ...wan, name: state, state })),
        ),
      }),
    });

  it('is without serious findings in light and in dark, and follows the theme', async () => {
    const light = await shown(lab.routers['gw-a'], { prepare: colourful });
    const dark = await shown(lab.routers['gw-a'], { prepare: colourful, colorScheme: 'dark' });
    expect(await dark.locator('.hagw-bad').count()).toBe(2);
    expect(await dark.locator('.hagw-warn').count()).toBe(2);
    expect(await findings(light)).toEqual([]);
    expect(await findings(dark)).toEqual([]);
    expect(await dark.locator('html').getAttribute('data-darkmode')).toBe('true');
    expect(await pillColour(dark)).not.toBe(await pillColour(light));
  });

  it('has headings in order, a caption per table, and one polite live region', async () => {
    const page = await shown(lab.routers['gw-a']);
    const levels = await page
      .locator('.hagw :is(h1, h2, h3, h4)')
      .evaluateAll((all) => all.map(({ tagName }) => tagName));
    expect(levels[0]).toBe('H2');
    expect(new Set(levels.slice(1))).toEqual(new Set(['H3']));
    const tables = await page.locator('.hagw table').count();
    expect(tables).toBe(3);
    expect(await page.locator('.hagw table > caption').count()).toBe(tables);
    expect(await page.locator('.hagw th:not([scope=col])').count()).toBe(0);
    expect(await page.locator('.hagw [role=status]').count()).toBe(1);
  });

  it('fits a phone: nothing to scroll sideways, each cell with its title', async () => {
    const page = await shown(lab.routers['gw-a'], PHONE);
    expect(await findings(page)).toEqual([]);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    expect(room).toBe(375);
    expect(wide).toBeLessThanOrEqual(375);
    const titles = await page
      .locator('.hagw td')
      .evaluateAll((all) => all.map((cell) => getComputedStyle(cell, '::before').content));
    expect(titles.length).toBeGreaterThan(20);
    expect(titles.filter((title) => title === 'none' || /^": "|^"" /.test(title))).toEqual([]);
  });
});

describe('live', () => {
  it('says that the service was stopped, keeps what was known, and recovers by itself', async () => {
    const { active } = await roles();
    const page = await shown(active);
    await mark(page);
    const before = await readPage(page);
    await active.must(['/etc/init.d/hagw', 'stop']);
    await vi.waitFor(
      async () => expect(await alertText(page)).toMatch(/^The hagw service is not running\. /),
      SOON,
    );
    const during = await readPage(page);
    expect(during.instances).toEqual(before.instances);
    expect(during.headline).toMatch(/^last known /);
    expect(await page.locator(SUMMARY).getAttribute('class')).not.toMatch(/success|notice|warning|error/);
    const colours = await page
      .locator('.hagw td .label')
      .evaluateAll((all) => all.map((pill) => getComputedStyle(pill).color));
    const plain = await page.locator('.hagw').evaluate((view) => getComputedStyle(view).color);
    expect(new Set(colours)).toEqual(new Set([plain]));
    await active.must(['/etc/init.d/hagw', 'start']);
    await vi.waitFor(async () => {
      expect(await page.locator('.hagw [role=alert]').count()).toBe(0);
      expect((await readPage(page)).role).toBe('active');
    }, SOON);
    expect(await isSame(page)).toBe(true);
  });

  it('shows a takeover as soon as it is announced, without asking in between', async () => {
    const { active, backup } = await roles();
    const page = await shown(backup, {
      // Nothing repeats in this window: what it learns, it learns from a notification.
      prepare: (one) => one.addInitScript('window.setInterval = () => 0;'),
    });
    const lost = await shown(active);
    await mark(page);
    expect((await readPage(page)).role).toBe('backup');
    await active.powerOff();
    await vi.waitFor(async () => {
      const seen = await readPage(page);
      expect(seen.role).toBe('active');
      expect(seen.instances.map((one) => one['State'])).toEqual(['active', 'active', 'active']);
    }, SOON);
    expect(await isSame(page)).toBe(true);
    await vi.waitFor(
      async () => expect(await alertText(lost)).toMatch(/^The router does not answer\. /),
      SOON,
    );
    expect((await readPage(lost)).headline).toMatch(/^last known /);
  });
});
