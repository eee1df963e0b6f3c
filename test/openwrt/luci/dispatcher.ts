/**
 * Stand-in for LuCI's dispatcher below /cgi-bin/luci: login by form, menu tree of /usr/share/luci/menu.d, one page
 * that runs a view. Simpler than the real one: only `view` and `firstchild` actions, access groups of
 * `depends.acl` asked of rpcd's session object, no translations, no themes (one small sheet with bootstrap's variables,
 * light and dark), no form tokens.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '../../../src/ports/bus.ts';
import { loginPage, type MenuLink, viewPage } from './pages.ts';

export interface LuciRequest {
  readonly method: string;
  /** Path beyond `/cgi-bin/luci`, e.g. `/admin/network/hagw`; empty for the entry. */
  readonly path: string;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface LuciResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface LuciEnvironment {
  readonly bus: Bus;
  /** Folder of the menu files, /usr/share/luci/menu.d. */
  readonly menuFolder: string;
}

interface MenuNode {
  title?: string;
  order?: number;
  action?: { type: string; path?: string };
  depends?: { acl?: string[] };
}

/** LuCI's own idle limit of a login, seconds. */
const SESSION_SECONDS = 3600;
const CALL_TIMEOUT_MS = 5000;
const HTML = {
  'Content-Type': 'text/html; charset=UTF-8',
  'Cache-Control': 'no-cache',
  'X-Frame-Options': 'SAMEORIGIN',
};

function readMenu(folder: string): Record<string, MenuNode> {
  const menu: Record<string, MenuNode> = {};
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.json')) Object.assign(menu, JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }
  return menu;
}

function sessionCookie(request: LuciRequest): string | null {
  const found = /(?:^|;\s*)sysauth_http=([0-9a-f]{32})(?:;|$)/.exec(request.headers.cookie ?? '');
  return found?.[1] ?? null;
}

async function isAllowed(
  bus: Bus,
  session: string,
  group: string,
  access: 'read' | 'write',
): Promise<boolean> {
  const reply = await bus.call(
    'session',
    'access',
    { ubus_rpc_session: session, scope: 'access-group', object: group, function: access },
    CALL_TIMEOUT_MS,
  );
  return reply.ok && reply.value.access === true;
}

interface Access {
  readonly allowed: boolean;
  readonly readonly: boolean;
}

/** What the login may do with a node: neither read nor write of a group it depends on hides it. */
async function accessTo(bus: Bus, session: string, node: MenuNode): Promise<Access> {
  const rights = await Promise.all(
    (node.depends?.acl ?? []).map(async (group) => ({
      read: await isAllowed(bus, session, group, 'read'),
      write: await isAllowed(bus, session, group, 'write'),
    })),
  );
  return {
    allowed: rights.every(({ read, write }) => read || write),
    readonly: rights.some(({ write }) => !write),
  };
}

/** The tree of what this login may open below `parent`; a branch without such a leaf is left out. */
async function visibleMenu(
  bus: Bus,
  session: string,
  menu: Readonly<Record<string, MenuNode>>,
  parent: string,
): Promise<MenuLink[]> {
  const links: MenuLink[] = [];
  const below = Object.entries(menu)
    .filter(([path]) => path.startsWith(`${parent}/`) && !path.slice(parent.length + 1).includes('/'))
    .sort(([, a], [, b]) => (a.order ?? 0) - (b.order ?? 0));
  for (const [path, node] of below) {
    if (node.title === undefined || !(await accessTo(bus, session, node)).allowed) continue;
    const children = await visibleMenu(bus, session, menu, path);
    if (node.action?.type === 'view' || children.length > 0) {
      links.push({ path, title: node.title, children });
    }
  }
  return links;
}

function firstPage(links: readonly MenuLink[]): string | null {
  const [first] = links;
  if (first === undefined) return null;
  return firstPage(first.children) ?? first.path;
}

async function isAlive(bus: Bus, session: string): Promise<boolean> {
  const reply = await bus.call('session', 'list', { ubus_rpc_session: session }, CALL_TIMEOUT_MS);
  return reply.ok;
}

async function login(request: LuciRequest, bus: Bus): Promise<string | null> {
  const form = new URLSearchParams(request.body);
  const reply = await bus.call(
    'session',
    'login',
    {
      username: form.get('luci_username') ?? '',
      password: form.get('luci_password') ?? '',
      timeout: SESSION_SECONDS,
    },
    CALL_TIMEOUT_MS,
  );
  const id = reply.ok ? reply.value.ubus_rpc_session : undefined;
  return typeof id === 'string' ? id : null;
}

/** Answers one request below /cgi-bin/luci. */
export async function handleLuci(request: LuciRequest, env: LuciEnvironment): Promise<LuciResponse> {
  // The cookie's path ends with a slash; so must the entry's.
  const here = `/cgi-bin/luci${request.path === '' ? '/' : request.path}`;
  if (request.method === 'POST' && request.body.includes('luci_username=')) {
    const id = await login(request, env.bus);
    if (id !== null) {
      const cookie = `sysauth_http=${id}; path=/cgi-bin/luci/; SameSite=strict; HttpOnly`;
      return { status: 302, headers: { Location: here, 'Set-Cookie': cookie }, body: '' };
    }
    return { status: 403, headers: { ...HTML, 'X-LuCI-Login-Required': 'yes' }, body: loginPage(here, true) };
  }
  const session = sessionCookie(request);
  if (session === null || !(await isAlive(env.bus, session))) {
    return {
      status: 403,
      headers: { ...HTML, 'X-LuCI-Login-Required': 'yes' },
      body: loginPage(here, false),
    };
  }
  const path = request.path.replace(/^\/+|\/+$/g, '');
  if (path === 'admin/logout') {
    await env.bus.call('session', 'destroy', { ubus_rpc_session: session }, CALL_TIMEOUT_MS);
    return { status: 302, headers: { Location: '/cgi-bin/luci' }, body: '' };
  }
  const menu = readMenu(env.menuFolder);
  const node = menu[path];
  if (path === '' || node?.action?.type === 'firstchild') {
    const first = firstPage(await visibleMenu(env.bus, session, menu, path === '' ? 'admin' : path));
    if (first !== null) return { status: 302, headers: { Location: `/cgi-bin/luci/${first}` }, body: '' };
    return { status: 403, headers: HTML, body: 'Access denied.' };
  }
  if (node?.action?.type !== 'view' || node.action.path === undefined) {
    return { status: 404, headers: HTML, body: 'No page is registered there.' };
  }
  const { allowed, readonly } = await accessTo(env.bus, session, node);
  if (!allowed) return { status: 403, headers: HTML, body: 'Access denied.' };
  const links = await visibleMenu(env.bus, session, menu, 'admin');
  const view = node.action.path;
  return {
    status: 200,
    headers: HTML,
    body: viewPage({ path, view, session, readonly, hostname: hostname(), menu: links }),
  };
}
