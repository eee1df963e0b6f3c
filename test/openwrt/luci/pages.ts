/**
 * The two pages of the LuCI stand-in: login, and a page with one view. The markup has LuCI's landmarks (`#topmenu`,
 * `#maincontent`, `#tabmenu`, `#view`); the sheet is our own, small, with the names of bootstrap's classes and variables.
 */

const STYLE = `
:root { --background-color-high:#fff; --background-color-low:#f3f3f3; --text-color-high:#404040; --border-color-medium:#ccc;
  --success-color-high:#1b6e1b; --warn-color-high:#7a5200; --error-color-high:#a3201a; --primary-color-high:#1d5fa8; color-scheme: light; }
:root[data-darkmode="true"] { --background-color-high:#222; --background-color-low:#2c2c2c; --text-color-high:#ddd;
  --border-color-medium:#555; --success-color-high:#6fcf6f; --warn-color-high:#f0b849; --error-color-high:#ff8a80;
  --primary-color-high:#8ec1ff; color-scheme: dark; }
* { box-sizing: border-box; }
body { margin:0; font: 13px/1.5 sans-serif; background: var(--background-color-high); color: var(--text-color-high); }
header { background:#1c1c1c; color:#eee; padding: 0.6em 1em; }
header a { color: inherit; } header .brand { font-weight:bold; text-decoration:none; font-size: 1.3em; }
#topmenu, #topmenu ul { list-style:none; display:inline-flex; flex-wrap:wrap; margin:0 0 0 1em; padding:0; gap:1em; }
#maincontent { padding: 0.5em 1em; max-width: 940px; margin: auto; }
h2 { font-size: 1.6em; margin: 0.5em 0; } h3 { font-size: 1.25em; margin: 0 0 0.5em; }
.cbi-section { margin: 1.5em 0; }
.table { width:100%; border-collapse: collapse; }
.th, .td { text-align:left; vertical-align: middle; padding:5px 8px; border-top:1px solid var(--border-color-medium); }
.table-titles .th { border-top:0; }
.alert-message { border:1px solid var(--border-color-medium); border-left-width:6px; border-radius:4px; padding:0.5em 1em; margin:1em 0;
  background: var(--background-color-low); }
.alert-message.success { border-left-color: var(--success-color-high); }
.alert-message.error, .alert-message.danger { border-left-color: var(--error-color-high); }
.alert-message.warning { border-left-color: var(--warn-color-high); } .alert-message.notice { border-left-color: var(--primary-color-high); }
.label { padding:0 6px; border-radius:4px; font-weight:bold; font-size:0.85em; }
.btn { font: inherit; padding: 4px 12px; border-radius:4px; border:1px solid var(--border-color-medium); color: var(--text-color-high);
  background: var(--background-color-low); } .btn:disabled { opacity:0.6; } .cbi-button-apply { color: var(--primary-color-high); }
.cbi-value { display:flex; gap:1em; padding: 3px 8px; } .cbi-value-title { width:18em; flex:none; }
.right { text-align:right; } .spinning::before { content: "\\25CC  "; }
@media (max-width: 600px) { .table, tbody { display:block; } .tr { display:flex; flex-wrap:wrap; border-top:1px solid var(--border-color-medium); }
  .td { border:0; width:50%; } .td[data-title]::before { content: attr(data-title) ": "; font-weight:bold; display:block; }
  thead { display:none; } .cbi-value { display:block; } .cbi-value-title { width:auto; font-weight:bold; } }
`;

/** A page of the menu: its path below /cgi-bin/luci, and its title in English. */
export interface MenuLink {
  readonly path: string;
  readonly title: string;
  readonly children: readonly MenuLink[];
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** JSON that may stand inside a script element. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en" data-darkmode="false"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style>
<script>document.documentElement.dataset.darkmode = String(matchMedia('(prefers-color-scheme: dark)').matches);</script>
</head><body>${body}</body></html>`;
}

export function loginPage(action: string, failed: boolean): string {
  const message = failed ? '<div class="alert-message warning">Invalid username and/or password!</div>' : '';
  return page(
    'Login',
    `<main id="maincontent"><h2>Authorization Required</h2>${message}<form method="post" action="${escapeHtml(action)}">
<label>Username <input name="luci_username" value="root" autocomplete="username"></label>
<label>Password <input name="luci_password" type="password" autocomplete="current-password"></label>
<button class="btn cbi-button cbi-button-positive important">Log in</button></form></main>`,
  );
}

function menuItems(links: readonly MenuLink[]): string {
  const item = ({ path, title, children }: MenuLink): string => {
    const inner = children.length === 0 ? '' : `<ul>${menuItems(children)}</ul>`;
    return `<li><a href="/cgi-bin/luci/${escapeHtml(path)}">${escapeHtml(title)}</a>${inner}</li>`;
  };
  return links.map(item).join('');
}

export function viewPage(options: {
  path: string;
  view: string;
  session: string;
  readonly: boolean;
  hostname: string;
  menu: readonly MenuLink[];
}): string {
  const env = {
    resource: '/luci-static/resources',
    sessionid: options.session,
    pollinterval: 5,
    nodespec: { readonly: options.readonly },
    requestpath: options.path.split('/'),
    dispatchpath: options.path.split('/'),
  };
  const menu = `<ul id="topmenu">${menuItems(options.menu)}<li><a href="/cgi-bin/luci/admin/logout">Log out</a></li></ul>`;
  return page(
    `${options.hostname} - LuCI`,
    `<header><nav><a class="brand" href="/cgi-bin/luci/">${escapeHtml(options.hostname)}</a>${menu}</nav></header>
<main id="maincontent"><div id="tabmenu"></div><div id="view"><div class="spinning">Loading view…</div></div></main>
<script>window.L = { env: ${scriptJson(env)} };</script><script src="/luci-static/resources/luci.js"></script>
<script>L.instantiateView(${scriptJson(options.view)});</script>`,
  );
}
