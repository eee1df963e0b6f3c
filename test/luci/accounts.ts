/** Logins of the page's tests: an administrator, one who may only look, one who may do nothing. */

export interface Account {
  readonly username: string;
  readonly password: string;
  /** crypt(3) of the password, SHA-256. */
  readonly hash: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export const ADMINISTRATOR: Account = {
  username: 'root',
  password: 'change',
  hash: '$5$hagwroot$9ZLByJlOX/P/FvGKDXZSe28gfMelu.tZBqiBxt8kcl4',
  read: ['*'],
  write: ['*'],
};

export const VIEWER: Account = {
  username: 'viewer',
  password: 'look',
  hash: '$5$hagwview$K2GuNxQMsVdgb4JYc/rjRGKm4YkibykX0b5UsMDSxOC',
  read: ['luci-app-hagw'],
  write: [],
};

export const NOBODY: Account = {
  username: 'nobody',
  password: 'nothing',
  hash: '$5$hagwnone$FcTik6dYECdPvXRm/MPzd99qABm6UaG1ztjSc9y/js2',
  read: [],
  write: [],
};

/** /etc/config/rpcd with these logins and no other. */
export function rpcdConfig(accounts: readonly Account[]): string {
  const list = (name: string, items: readonly string[]) =>
    items.map((item) => `\tlist ${name} '${item}'\n`).join('');
  return accounts
    .map(
      ({ username, hash, read, write }) =>
        `config login\n\toption username '${username}'\n\toption password '${hash}'\n${list('read', read)}${list('write', write)}`,
    )
    .join('\n');
}
