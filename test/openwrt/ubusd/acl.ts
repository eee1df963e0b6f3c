/**
 * Rights of ubusd's clients (/usr/share/acl.d/*.json; recordings ubus/35, 36b). uid 0 may do everything, others only
 * what a rule for their user or group names. Simpler than the real one: a rule's `acl` members and the ids of the
 * inherited ones are not kept, so `ubus.acl query` lists nothing; `ubus.acl.sequence` is not sent.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Credentials {
  readonly uid: number;
  readonly user: string;
  readonly group: string;
}

export type NameRight = 'publish' | 'subscribe' | 'listen' | 'send';

interface Rule {
  readonly user?: string;
  readonly group?: string;
  readonly methods: readonly { readonly object: string; readonly methods: readonly string[] }[];
  readonly names: Readonly<Record<NameRight, readonly string[]>>;
}

export interface Acl {
  /** Reads the folder anew. Without a file in it the rules stay as they were (recording 36b). Returns complaints. */
  load(folder: string): string[];
  mayCall(who: Credentials, path: string | null, method: string): boolean;
  may(who: Credentials, right: NameRight, name: string): boolean;
}

/** Only a `*` at the end is a wildcard. */
export function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

function decodeRule(json: unknown): Rule | null {
  if (!isObject(json)) return null;
  const access = isObject(json.access) ? json.access : {};
  return {
    ...(typeof json.user === 'string' ? { user: json.user } : {}),
    ...(typeof json.group === 'string' ? { group: json.group } : {}),
    methods: Object.entries(access).map(([object, rights]) => ({
      object,
      methods: isObject(rights) ? texts(rights.methods) : [],
    })),
    names: {
      publish: texts(json.publish),
      subscribe: texts(json.subscribe),
      listen: texts(json.listen),
      send: texts(json.send),
    },
  };
}

export function createAcl(): Acl {
  let rules: Rule[] = [];
  const rulesOf = (who: Credentials): Rule[] =>
    rules.filter((rule) => rule.user === who.user || rule.group === who.group);
  return {
    load(folder) {
      let names: string[] = [];
      try {
        names = readdirSync(folder)
          .filter((name) => name.endsWith('.json'))
          .sort();
      } catch {
        return []; // no folder, no rules: as on a router without any ACL file
      }
      if (names.length === 0) return [];
      const complaints: string[] = [];
      rules = [];
      for (const name of names) {
        try {
          const rule = decodeRule(JSON.parse(readFileSync(join(folder, name), 'utf8')));
          if (rule === null) complaints.push(`${join(folder, name)} is no JSON object, it grants nothing.`);
          else rules.push(rule);
        } catch (error) {
          complaints.push(`${join(folder, name)} cannot be read as JSON: ${String(error)}`);
        }
      }
      return complaints;
    },
    mayCall(who, path, method) {
      if (who.uid === 0 || path === null) return true;
      return rulesOf(who).some((rule) =>
        rule.methods.some(
          (entry) => matches(entry.object, path) && entry.methods.some((one) => matches(one, method)),
        ),
      );
    },
    may(who, right, name) {
      if (who.uid === 0) return true;
      return rulesOf(who).some((rule) => rule.names[right].some((pattern) => matches(pattern, name)));
    },
  };
}
