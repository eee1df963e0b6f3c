/**
 * Rights of rpcd's sessions: scope (`ubus`, `uci`, `file`, `access-group`) → object → functions, filled at login from
 * the groups in /usr/share/rpcd/acl.d/*.json that the account may read or write (recordings rpcd/01, 06, 06b).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Entries, type Entry, table, texts } from '../common/values.ts';

/** Patterns as fnmatch(3) without flags: `*` any text (also with `/`), `?` one character. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\[\]]/g, '\\$&')
    .replace(/\*/g, '[^]*')
    .replace(/\?/g, '[^]');
  return new RegExp(`^${source}$`).test(name);
}

export class Rights {
  private readonly scopes = new Map<string, Map<string, string[]>>();

  grant(scope: string, object: string, name: string): void {
    const objects = this.scopes.get(scope) ?? new Map<string, string[]>();
    this.scopes.set(scope, objects);
    const functions = objects.get(object) ?? [];
    objects.set(object, functions);
    if (!functions.includes(name)) functions.push(name);
  }

  /** Takes back one function of one object, or all of a scope. */
  revoke(scope: string, object?: string, name?: string): void {
    const objects = this.scopes.get(scope);
    if (objects === undefined) return;
    if (object === undefined) objects.clear();
    const left = objects.get(object ?? '')?.filter((one) => one !== name) ?? [];
    if (object !== undefined && left.length > 0) objects.set(object, left);
    else if (object !== undefined) objects.delete(object);
    if (objects.size === 0) this.scopes.delete(scope);
  }

  allows(scope: string, object: string, name: string): boolean {
    for (const [pattern, functions] of this.scopes.get(scope) ?? []) {
      if (matches(pattern, object) && functions.some((one) => matches(one, name))) return true;
    }
    return false;
  }

  /** As `session access` and `session list` show them: sorted, but functions in the order of their granting. */
  dump(): Entries {
    const sorted = <T>(map: Map<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted(this.scopes).map(
      ([scope, objects]): Entry =>
        table(
          scope,
          sorted(objects).map(([object, functions]) => texts(object, functions)),
        ),
    );
  }
}

export type Permission = 'read' | 'write';

/** Which groups an account has: lists `read` and `write` of its section in /etc/config/rpcd. */
export interface Account {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** Who has no account, the null session, may read the group `unauthenticated`. What may be written may be read. */
export function mayUse(account: Account | null, permission: Permission, group: string): boolean {
  if (account === null) return group === 'unauthenticated' && permission === 'read';
  for (const pattern of account[permission]) {
    if (pattern.startsWith('!') && matches(pattern.slice(1), group)) return false;
    if (matches(pattern, group)) return true;
  }
  return permission === 'read' && mayUse(account, 'write', group);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

function grantScopes(rights: Rights, permission: Permission, scopes: Record<string, unknown>): void {
  for (const [scope, objects] of Object.entries(scopes)) {
    for (const object of textsOf(objects)) rights.grant(scope, object, permission);
    if (!isObject(objects)) continue;
    for (const [object, functions] of Object.entries(objects)) {
      for (const name of textsOf(functions)) rights.grant(scope, object, name);
    }
  }
}

/** Fills `rights` from all files of the folder; complains about those that are no JSON. */
export function grantByFiles(rights: Rights, account: Account | null, folder: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return; // no folder, no rights
  }
  for (const name of names) {
    let groups: unknown;
    try {
      groups = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    } catch (error) {
      process.stderr.write(`rpcd: ${join(folder, name)} cannot be read as JSON: ${String(error)}\n`);
    }
    if (!isObject(groups)) continue;
    for (const [group, permissions] of Object.entries(groups)) {
      if (!isObject(permissions)) continue;
      for (const permission of ['read', 'write'] as const) {
        const scopes = permissions[permission];
        if (!isObject(scopes) || !mayUse(account, permission, group)) continue;
        rights.grant('access-group', group, permission);
        grantScopes(rights, permission, scopes);
      }
    }
  }
}
