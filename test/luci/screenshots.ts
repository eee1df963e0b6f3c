/**
 * Pictures of the page for docs/page.md, from a real pair in a lab: `make ipk`, then, as root,
 *
 *     build/bin/screenshots [FOLDER]        default: docs/screenshots
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { REPOSITORY } from '../lab/disk.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { forwardPage } from '../lab/page.ts';
import { waitForPair } from '../lab/pair.ts';
import { closeWindows, logIn, openBrowser, openWindow, PAGE_PATH, PHONE } from './browser.ts';
import { shrinkPng } from './png.ts';
import { changeReplies, holdReplies } from './replies.ts';

const folder = process.argv[2] ?? join(REPOSITORY, 'docs/screenshots');

/** Takes the picture and closes the window. */
async function take(browser: Browser, page: Page, name: string): Promise<void> {
  const path = join(folder, `${name}.png`);
  const picture = shrinkPng(await page.screenshot({ fullPage: true, animations: 'disabled' }));
  writeFileSync(path, picture);
  process.stdout.write(`${path} ${picture.length} bytes\n`);
  await closeWindows(browser);
}

/** Opens the page of a router in a window of its own; `ready` is what must be seen in it. */
async function open(
  browser: Browser,
  url: string,
  ready: string,
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<void> = async () => {},
): Promise<Page> {
  const page = await openWindow(browser, options);
  await prepare(page);
  await logIn(page, url, 'root', '');
  await page.locator(ready).first().waitFor();
  return page;
}

async function takeAll(lab: Lab, browser: Browser): Promise<void> {
  const { active, backup } = await waitForPair(lab);
  const forwards = await Promise.all([forwardPage(active, 0), forwardPage(backup, 0)]);
  const [activeUrl = '', backupUrl = ''] = forwards.map(({ url }) => `${url}${PAGE_PATH}`);
  try {
    const summary = '.hagw-summary';
    await take(browser, await open(browser, activeUrl, summary), 'active-light');
    await take(browser, await open(browser, backupUrl, summary, { colorScheme: 'dark' }), 'backup-dark');
    await take(browser, await open(browser, activeUrl, summary, PHONE), 'active-phone');
    await take(browser, await open(browser, activeUrl, '.hagw .spinning', {}, holdReplies), 'loading');
    const healthy = (page: Page) =>
      changeReplies(page, { health: () => ({ state: 'ok', summary: 'All is well.', problems: [] }) });
    await take(browser, await open(browser, activeUrl, summary, {}, healthy), 'healthy');
    const empty = (page: Page) =>
      changeReplies(page, {
        status: (reply) => ({ ...reply, wans: [], vrrp: { ...reply.vrrp, instances: [], groups: [] } }),
        events: (reply) => ({ ...reply, events: [] }),
      });
    await take(browser, await open(browser, activeUrl, summary, {}, empty), 'empty');
    await backup.cutLink('wan1');
    await take(
      browser,
      await open(browser, backupUrl, '.hagw-problems :text-is("A WAN is down")'),
      'problems',
    );
    const stopped = await open(browser, activeUrl, summary);
    await active.must(['/etc/init.d/hagw', 'stop']);
    await stopped.locator('[role=alert]').waitFor();
    await take(browser, stopped, 'service-stopped');
  } finally {
    for (const forward of forwards) forward.close();
  }
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const lab = await createLab();
  try {
    const browser = await openBrowser();
    try {
      await takeAll(lab, browser);
    } finally {
      await browser.close();
    }
  } finally {
    await lab.close();
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`screenshots: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
