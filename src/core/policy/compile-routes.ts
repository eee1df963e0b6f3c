/**
 * Routing tables of the WANs: table n has the default routes over the WAN's device, and every other route of main and of the tables of
 * `rt_table_lookup` that does not lead over another WAN (mwan3, recorded in 17-rt-table-lookup and 18-disabled-missing).
 */
import { customTables, TABLE_MAIN } from './compile-networks.ts';
import type { CompileInput, KernelRoute, TableRoutes } from './model.ts';
import type { Wan } from './wans.ts';

const COPIED_TYPES: readonly KernelRoute['type'][] = [
  'unicast',
  'unreachable',
  'blackhole',
  'prohibit',
  'throw',
];

/** Words of a route that tell of a state, with how many words they take: not to be given to `ip route add`. */
const STATES: Readonly<Record<string, number>> = { offload: 1, linkdown: 1, dead: 1, expires: 2, error: 2 };

function isDefault({ destination, family }: KernelRoute): boolean {
  return destination === 'default' || destination === (family === 'ipv4' ? '0.0.0.0/0' : '::/0');
}

function wordsOf(route: KernelRoute, sourceRouting: boolean): readonly string[] {
  const words: string[] = [];
  for (let index = 0; index < route.words.length; ) {
    const word = route.words[index] ?? '';
    const dropped = !sourceRouting && word === 'from' && isDefault(route) ? 2 : (STATES[word] ?? 0);
    // The destination itself is never one of these words, the first word may be the route's type.
    if (dropped === 0 || index === 0) words.push(word);
    index += Math.max(dropped, 1);
  }
  return words;
}

/** Link-local networks of other devices: a destination there is connected, and goes by table main. */
function isForeignLinkLocal(route: KernelRoute, device: string): boolean {
  return route.family === 'ipv6' && route.device !== device && /^fe[89ab][0-9a-f]:/.test(route.destination);
}

/** The routes that the table of a WAN has, as the kernel has them elsewhere. */
export function routesOfWan(
  input: CompileInput,
  wan: Wan,
  wans: readonly Wan[],
): readonly { readonly route: KernelRoute; readonly words: readonly string[] }[] {
  const { device, family } = wan;
  if (device === null) return [];
  const wanDevices = new Set(
    wans.flatMap((other) =>
      other.enabled && other.family === family && other.device !== null ? [other.device] : [],
    ),
  );
  const tables = [TABLE_MAIN, ...customTables(input).numbers.filter((number) => number !== TABLE_MAIN)];
  const chosen = tables.flatMap((table) =>
    input.routes.filter(
      (route) =>
        route.table === table &&
        route.family === family &&
        COPIED_TYPES.includes(route.type) &&
        // Without words it cannot be said to `ip` (an encapsulation, say).
        route.words.length > 0 &&
        (isDefault(route)
          ? route.device === device
          : route.device === device || route.device === null || !wanDevices.has(route.device)) &&
        !isForeignLinkLocal(route, device),
    ),
  );
  const routes = new Map<string, { readonly route: KernelRoute; readonly words: readonly string[] }>();
  for (const route of chosen) {
    const words = wordsOf(route, input.config.sourceRouting);
    const from = words.indexOf('from') < 0 ? '' : (words[words.indexOf('from') + 1] ?? '');
    // The kernel refuses a second route with these the same: the first one, main's, stays.
    const key = `${isDefault(route) ? 'default' : route.destination} ${route.metric ?? 0} ${from}`;
    if (!routes.has(key)) routes.set(key, { route, words });
  }
  return [...routes.values()];
}

/** The table of each enabled WAN; empty while it has no device. */
export function compileTables(input: CompileInput, wans: readonly Wan[]): readonly TableRoutes[] {
  return wans
    .filter((wan) => wan.enabled)
    .map((wan) => ({
      family: wan.family,
      table: wan.number,
      routes: routesOfWan(input, wan, wans).map(({ words }) => words),
    }));
}
