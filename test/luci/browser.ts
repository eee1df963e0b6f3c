/**
 * One headless Chromium for the page's tests and pictures: a profile of its own that goes with it, and windows that
 * log in through the form, as a person does. Playwright drives the browser that the machine has; nothing is fetched.
 */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** The page, below a router's web address. */
export const PAGE_PATH = 'cgi-bin/luci/admin/network/hagw';

/** A phone as LuCI's themes see it: narrow, with a device width, touched. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 375, height: 812 },
  screen: { width: 375, height: 812 },
  isMobile: true,
  hasTouch: true,
};

/** English and UTC everywhere, so that times and pictures do not depend on the machine. */
const EVERYWHERE: BrowserContextOptions = {
  locale: 'en-GB',
  timezoneId: 'UTC',
  viewport: { width: 1100, height: 900 },
};

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts the browser; its owner closes it. Throws if the machine has none. */
export function openBrowser(): Promise<Browser> {
  const executablePath = CHROMIUM.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error(`No browser is installed at ${CHROMIUM.join(', ')}.`);
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox', // root needs it, and the pages are our own
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A window of its own, with its own cookies, in which nothing has been opened yet. */
export async function openWindow(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ ...EVERYWHERE, ...options });
  context.setDefaultTimeout(45_000);
  return context.newPage();
}

/** Closes all windows; calls whose replies were being changed just then are forgotten. */
export async function closeWindows(browser: Browser): Promise<void> {
  for (const context of browser.contexts()) {
    await Promise.all(context.pages().map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
    await context.close();
  }
}

/** Fills in the login form that stands before `url` and sends it. */
export async function logIn(page: Page, url: string, username: string, password: string): Promise<void> {
  await page.goto(url);
  await page.fill('[name=luci_username]', username);
  await page.fill('[name=luci_password]', password);
  await Promise.all([page.waitForNavigation(), page.click('button.important')]);
}
