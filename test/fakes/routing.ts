/**
 * Rules and routes in memory, as ip and the kernel keep them: refuses a rule that is there, the deletion of one that is not, a route
 * over a device that is not there; `replace` takes the place of the route of the same destination, tos and metric. Answers in
 * `ip -j`'s JSON through our own decoders.
 */
import { decodeRules, type KernelRule } from '../../src/core/plan/decode-rules.ts';
import { identifyRoute } from '../../src/core/plan/route-identity.ts';
import type { Family, KernelRoute } from '../../src/core/policy/model.ts';
import { fail, ok, type Result } from '../../src/lib/result.ts';
import type { BatchError, Routing, RoutingChange } from '../../src/ports/routing.ts';

export interface FakeRouting {
  readonly routing: Routing;
  /** Runs a line of `ip` as somebody else would; throws if it is refused. */
  others(family: Family, line: string): void;
  /** Lines that were done through the port. */
  readonly done: string[];
  /** Devices that are there. */
  readonly devices: Set<string>;
  /** The next `batch` fails with this, with nothing done. */
  failNext(error: BatchError): void;
  change(what: RoutingChange): void;
  text(): readonly string[];
}

interface FakeRoute {
  readonly family: Family;
  readonly table: number;
  readonly words: readonly string[];
}
interface FakeRule {
  readonly family: Family;
  readonly words: readonly string[];
}

/** Without `table N`, which may stand anywhere. */
function splitTable(words: readonly string[]): { readonly table: number; readonly route: readonly string[] } {
  const at = words.indexOf('table');
  if (at < 0) return { table: 254, route: words };
  return { table: Number(words[at + 1]), route: [...words.slice(0, at), ...words.slice(at + 2)] };
}

function ruleJson(words: readonly string[]): Record<string, unknown> {
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  const [mark, mask] = (after('fwmark') ?? '').split('/');
  const action = words.find((word) => word === 'unreachable' || word === 'blackhole');
  return {
    priority: Number(after('pref')),
    src: after('from') ?? 'all',
    ...(after('to') === undefined ? {} : { dst: after('to') }),
    ...(after('iif') === undefined ? {} : { iif: after('iif') }),
    ...(after('oif') === undefined ? {} : { oif: after('oif') }),
    ...(mark === '' ? {} : { fwmark: mark, ...(mask === undefined ? {} : { fwmask: mask }) }),
    ...(after('lookup') === undefined ? {} : { table: after('lookup') }),
    ...(action === undefined ? {} : { action }),
  };
}

export function createFakeRouting(devices: readonly string[]): FakeRouting {
  const there = new Set(devices);
  const rules: FakeRule[] = [];
  const routes: FakeRoute[] = [];
  const done: string[] = [];
  const watchers = new Set<(what: ReadonlySet<RoutingChange>) => void>();
  let failure: BatchError | null = null;

  /** null = done, else the kernel's word. */
  const runRule = (family: Family, verb: string, words: readonly string[]): string | null => {
    const at = rules.findIndex((rule) => rule.family === family && rule.words.join(' ') === words.join(' '));
    if (verb === 'add') {
      if (at >= 0) return 'RTNETLINK answers: File exists';
      rules.push({ family, words });
    } else {
      if (at < 0) return 'RTNETLINK answers: No such file or directory';
      rules.splice(at, 1);
    }
    return null;
  };
  const runRoute = (family: Family, verb: string, words: readonly string[]): string | null => {
    const { table, route } = splitTable(words);
    const identity = identifyRoute(route, family);
    if (!identity.ok) return 'Error: inet prefix is expected';
    const device = route.includes('dev') ? (route[route.indexOf('dev') + 1] ?? '') : null;
    if (device !== null && device !== 'lo' && !there.has(device)) return `Cannot find device "${device}"`;
    const find = (what: 'key' | 'text'): number =>
      routes.findIndex((one) => {
        const other = identifyRoute(one.words, family);
        return (
          one.family === family &&
          one.table === table &&
          other.ok &&
          other.value[what] === identity.value[what]
        );
      });
    if (verb === 'del') {
      const at = find('text');
      if (at < 0) return 'RTNETLINK answers: No such process';
      routes.splice(at, 1);
    } else {
      const at = find('key');
      if (at >= 0 && verb === 'add') return 'RTNETLINK answers: File exists';
      routes.splice(at < 0 ? routes.length : at, at < 0 ? 0 : 1, { family, table, words: route });
    }
    return null;
  };
  const runLine = (family: Family, words: readonly string[]): string | null => {
    const [object = '', verb = '', ...rest] = words;
    return object === 'rule' ? runRule(family, verb, rest) : runRoute(family, verb, rest);
  };

  const listRules = (family: Family): Result<readonly KernelRule[], string> =>
    decodeRules(
      JSON.stringify(rules.filter((rule) => rule.family === family).map(({ words }) => ruleJson(words))),
      family,
    );
  const listRoutes = (family: Family): readonly KernelRoute[] =>
    routes
      .filter((route) => route.family === family)
      .map(({ table, words }) => {
        const after = (word: string): string | null =>
          words.includes(word) ? (words[words.indexOf(word) + 1] ?? null) : null;
        const [first = ''] = words;
        const type = first === 'unreachable' || first === 'blackhole' ? first : 'unicast';
        return {
          family,
          table,
          type,
          destination: type === 'unicast' ? first : (words[1] ?? ''),
          gateway: after('via'),
          device: after('dev'),
          metric: after('metric') === null ? null : Number(after('metric')),
          protocol: after('proto'),
          scope: after('scope'),
          source: after('src'),
          words,
        };
      });

  return {
    done,
    devices: there,
    routing: {
      rules: async (family) => {
        const outcome = listRules(family);
        return outcome.ok ? outcome : fail({ code: 'malformed', message: outcome.error });
      },
      routes: async (family) => ok(listRoutes(family)),
      batch: async (family, lines) => {
        if (failure !== null) {
          const error = failure;
          failure = null;
          return fail(error);
        }
        for (const [index, words] of lines.entries()) {
          const refused = runLine(family, words);
          if (refused !== null) {
            const message = `\`ip -batch -\` failed: ${refused}. The line was '${words.join(' ')}'.`;
            return fail({ code: 'refused', line: index + 1, message });
          }
          done.push(words.join(' '));
        }
        return ok(undefined);
      },
      watch: (changed) => {
        watchers.add(changed);
        return { stop: () => watchers.delete(changed) };
      },
    },
    others(family, line) {
      const refused = runLine(family, line.split(' '));
      if (refused !== null) throw new Error(`${line}: ${refused}`);
    },
    failNext(error) {
      failure = error;
    },
    change(what) {
      for (const changed of watchers) changed(new Set([what]));
    },
    text: () => [
      ...rules.map(({ family, words }) => `${family} rule ${words.join(' ')}`),
      ...routes.map(({ family, table, words }) => `${family} ${table} ${words.join(' ')}`),
    ],
  };
}
