/**
 * The way from the kernel's routes to ours, in the WANs' tables alone. A route that differs is replaced, which the kernel does
 * in one go; one that is wanted no more is removed after all others are there. A table of ours is ours alone: what
 * others put there is removed and said.
 */
import type { Family, KernelRoute, TableRoutes } from '../policy/model.ts';
import type { OwnedTable } from './ours.ts';
import type { IpPlan } from './plan-rules.ts';
import { identifyRoute, type RouteIdentity } from './route-identity.ts';
import type { Finding, IpCommand } from './steps.ts';
import { isBatchWord, shown } from './words.ts';

interface Route extends RouteIdentity {
  readonly words: readonly string[];
}

const place = ({ family, table }: OwnedTable): string => `${family} ${table}`;

function command(
  at: OwnedTable,
  verb: 'replace' | 'del',
  words: readonly string[],
  undo: readonly string[],
): IpCommand {
  const table = ['table', String(at.table)];
  // Behind the destination: after `nexthop` there is no place for it.
  const line = (what: string, route: readonly string[]): readonly string[] => {
    const head = /^[a-z]+$/.test(route[0] ?? '') && route[0] !== 'default' ? 2 : 1;
    return ['route', what, ...route.slice(0, head), ...table, ...route.slice(head)];
  };
  const back = verb === 'del' || undo.length > 0 ? line('replace', undo) : line('del', words);
  return { family: at.family, words: line(verb, words), undo: back };
}

/** Reads routes by words; those that cannot be written are named. */
function readRoutes(
  routes: readonly (readonly string[])[],
  at: OwnedTable,
  findings: Finding[],
): readonly Route[] {
  return routes.flatMap((words): readonly Route[] => {
    const identity = identifyRoute(words, at.family);
    if (identity.ok && words.every(isBatchWord)) return [{ ...identity.value, words }];
    const text = `The route '${shown(words.join(' '))}' cannot be written into table ${at.table}.`;
    findings.push({ code: 'unusable', object: 'route', text });
    return [];
  });
}

interface TableInput {
  readonly at: OwnedTable;
  readonly wanted: readonly (readonly string[])[];
  readonly actual: readonly KernelRoute[];
  /** Texts of the routes that we had applied; null = not known. */
  readonly previous: ReadonlySet<string> | null;
}

function planTable(
  { at, wanted, actual, previous }: TableInput,
  findings: Finding[],
): Omit<IpPlan, 'findings'> {
  const desired = new Map(readRoutes(wanted, at, findings).map((route) => [route.key, route]));
  const present = new Map<string, Route[]>();
  for (const { words } of actual) {
    const identity = identifyRoute(words, at.family);
    // Without words (encapsulation) there is nothing that we could remove it by.
    if (!identity.ok) continue;
    present.set(identity.value.key, [
      ...(present.get(identity.value.key) ?? []),
      { ...identity.value, words },
    ]);
  }
  const say = (code: Finding['code'], text: string): void => {
    findings.push({ code, object: 'route', text });
  };
  // What makes gateways reachable comes first.
  const near: IpCommand[] = [];
  const far: IpCommand[] = [];
  const removals: IpCommand[] = [];
  for (const [key, route] of desired) {
    const there = present.get(key) ?? [];
    if (there.some(({ text }) => text === route.text)) continue;
    const [first] = there;
    (route.viaGateway ? far : near).push(command(at, 'replace', route.words, first?.words ?? []));
    if (previous?.has(route.text))
      say(
        first === undefined ? 'missing' : 'changed',
        `Somebody ${first === undefined ? 'removed' : 'changed'} the route '${shown(route.words.join(' '))}' of table ${at.table}.`,
      );
  }
  for (const [key, routes] of present) {
    const route = desired.get(key);
    const kept =
      route === undefined ? undefined : (routes.find(({ text }) => text === route.text) ?? routes[0]);
    for (const other of routes) {
      if (other === kept) continue;
      removals.push(command(at, 'del', other.words, other.words));
      if (previous !== null && !previous.has(other.text))
        say(
          'extra',
          `Somebody added the route '${shown(other.words.join(' '))}' to table ${at.table}, which is ours.`,
        );
    }
  }
  return { additions: [...near, ...far], removals };
}

/**
 * @param owned tables that are ours besides the desired ones: those of the configuration before, or that mwan3 left. They
 *   end up empty.
 * @param previous what we had applied, to tell what somebody changed from what is new; null = not known.
 */
export function planRoutes(
  desired: readonly TableRoutes[],
  actual: readonly KernelRoute[],
  owned: readonly OwnedTable[] = [],
  previous: readonly TableRoutes[] | null = null,
): IpPlan {
  const findings: Finding[] = [];
  const wanted = new Map(desired.map((table) => [place(table), table]));
  const before = new Map((previous ?? []).map((table) => [place(table), table]));
  const there = new Map<string, KernelRoute[]>();
  for (const route of actual) {
    const key = place(route);
    const list = there.get(key);
    if (list === undefined) there.set(key, [route]);
    else list.push(route);
  }
  const tables = new Map<string, OwnedTable>(
    [...desired, ...(previous ?? []), ...owned]
      .filter(({ table }) => table > 0 && table < 253)
      .map(({ family, table }) => [place({ family, table }), { family, table }]),
  );
  const plans = [...tables].map(([key, at]) =>
    planTable(
      {
        at,
        wanted: wanted.get(key)?.routes ?? [],
        actual: there.get(key) ?? [],
        previous: previous === null ? null : textsOf(before.get(key)?.routes ?? [], at.family),
      },
      findings,
    ),
  );
  return {
    additions: plans.flatMap(({ additions }) => additions),
    removals: plans.flatMap(({ removals }) => removals),
    findings,
  };
}

function textsOf(routes: readonly (readonly string[])[], family: Family): ReadonlySet<string> {
  return new Set(
    routes.flatMap((words) => {
      const identity = identifyRoute(words, family);
      return identity.ok ? [identity.value.text] : [];
    }),
  );
}
