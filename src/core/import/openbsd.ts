/**
 * An OpenBSD gateway with multipath routes (route(8), `route add -mpath default`) and ifstated (ifstated.conf(5)) as sections of
 * /etc/config/mwan3. The input is the route commands, as they stand in hostname.if(5) or rc.local, followed by ifstated.conf.
 * A test belongs to the route that its failure removes: found by the `run` commands of the `if` or of the state it leads to.
 */
import { type IpFamily, parseIpAddress } from '../../lib/ip.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { quoted } from '../config/option.ts';
import { type Action, type Condition, type ExternalTest, type Ifstated, readIfstated } from './ifstated.ts';
import {
  type ImportError,
  type Imported,
  type ImportNote,
  type ImportOptions,
  interfaceNames,
  wanSections,
} from './imported.ts';

interface Route {
  readonly line: number;
  readonly gateway: string;
  readonly family: IpFamily;
  /** `-ifp`; null = not said. */
  readonly device: string | null;
  /** `-priority`; OpenBSD's static routes have 8, and the lowest wins. */
  readonly priority: number;
}

const STATIC_PRIORITY = 8;
const ROUTE = /^!?(?:\/sbin\/)?route\s+(?:-\w+\s+)*(add|delete|del|change)\s+(.*)$/;

/** The words of a `route` command that concerns a default route. */
function defaultRoute(command: string): { readonly verb: string; readonly words: readonly string[] } | null {
  const [, verb = '', rest = ''] = ROUTE.exec(command.trim()) ?? [];
  const words = rest.split(/\s+/).filter((word) => word !== '');
  return words.includes('default') ? { verb, words } : null;
}

function gatewayOf(words: readonly string[]) {
  const after = words.slice(words.indexOf('default') + 1);
  for (const word of after) {
    const parsed = parseIpAddress(word);
    if (parsed !== null) return parsed;
  }
  return null;
}

function wordAfter(words: readonly string[], option: string): string | null {
  const index = words.indexOf(option);
  return index < 0 ? null : (words[index + 1] ?? null);
}

function routeOf(line: number, words: readonly string[]): Route | ImportError {
  const gateway = gatewayOf(words);
  if (gateway === null) return { line, text: 'Is a default route whose gateway is no address.' };
  const text = wordAfter(words, '-priority');
  const priority = text === null ? STATIC_PRIORITY : /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (priority < 1 || priority > 63)
    return { line, text: `Has the priority ${quoted(text ?? '')}, but it must be from 1 to 63.` };
  return { line, gateway: gateway.text, family: gateway.family, device: wordAfter(words, '-ifp'), priority };
}

/** Gateways whose default routes the commands remove. */
function removedBy(actions: readonly Action[]): readonly string[] {
  return actions.flatMap((action) => {
    const route = action.kind === 'run' ? defaultRoute(action.command) : null;
    const gateway = route === null || route.verb === 'add' ? null : gatewayOf(route.words);
    return gateway === null ? [] : [gateway.text];
  });
}

interface Check extends ExternalTest {
  readonly gateways: readonly string[];
}

/** Each test with the gateways that lose their route when it fails. */
function checksOf(config: Ifstated): {
  readonly checks: readonly Check[];
  readonly links: readonly Condition[];
} {
  const checks: Check[] = [];
  const links: Condition[] = [];
  const visit = (actions: readonly Action[]): void => {
    for (const action of actions) {
      if (action.kind !== 'if') continue;
      const { condition, body } = action;
      if (condition.links.length > 0) links.push(condition);
      const entered = body.flatMap((item) =>
        item.kind === 'set-state' ? (config.states.find(({ name }) => name === item.state)?.init ?? []) : [],
      );
      for (const test of condition.tests) {
        // A test that must pass removes nothing: it is known already, or has no route.
        const gateways = test.negated ? removedBy([...body, ...entered]) : [];
        checks.push({ line: test.line, command: test.command, everyS: test.everyS, gateways });
      }
      visit(body);
    }
  };
  visit(config.common);
  for (const state of config.states) visit([...state.init, ...state.body]);
  return { checks, links };
}

/** Target of a `ping` command: its last address. */
function pingTarget(command: string): string | null {
  if (!/(^|\/)ping6?\s/.test(command.trim())) return null;
  const words = command.replace(/[|>&;].*$/, '').split(/\s+/);
  const sources = ['-I', '-S'].map((option) => wordAfter(words, option));
  const addresses = words.filter((word) => parseIpAddress(word) !== null && !sources.includes(word));
  return addresses[addresses.length - 1] ?? null;
}

/** The input as route commands with their lines, and the rest as ifstated.conf at its lines. */
function split(text: string): { readonly routes: readonly (Route | ImportError)[]; readonly rest: string } {
  const routes: (Route | ImportError)[] = [];
  const rest = text.split('\n').map((content, index) => {
    const found = defaultRoute(content.replace(/#.*$/, ''));
    if (found === null || found.verb !== 'add') return content;
    routes.push(routeOf(index + 1, found.words));
    return '';
  });
  return { routes, rest: rest.join('\n') };
}

function trackOf(checks: readonly Check[], { gateway, family }: Route, name: string, notes: ImportNote[]) {
  const targets: string[] = [];
  for (const check of checks) {
    if (!check.gateways.includes(gateway)) continue;
    const target = pingTarget(check.command);
    if (target === null || parseIpAddress(target)?.family !== family) {
      notes.push({
        line: check.line,
        kind: 'dropped',
        from: 'external test',
        text: `Is no ping of an address of ${family}: give ${name} a track_ip and a track_method that ask the same.`,
      });
      continue;
    }
    if (!targets.includes(target)) targets.push(target);
    notes.push({
      line: check.line,
      kind: 'mapped',
      from: 'external test',
      text: `Is track_ip ${target} of ${name}. It ran every ${check.everyS} s; the sub-second default is used.`,
    });
  }
  return targets;
}

/**
 * @param text route commands and ifstated.conf.
 * @returns sections and notes, or the first line that is not understood; then nothing is imported.
 */
export function importOpenBsd(text: string, options: ImportOptions = {}): Result<Imported, ImportError> {
  const { routes: found, rest } = split(text);
  const routes: Route[] = [];
  for (const route of found) {
    if (!('gateway' in route)) return fail(route);
    const same = routes.find(({ gateway }) => gateway === route.gateway);
    if (same !== undefined)
      return fail({ line: route.line, text: `Has the gateway of line ${same.line} for the second time.` });
    routes.push(route);
  }
  if (routes.length === 0) return fail({ line: 1, text: 'Has no `route add -mpath default GATEWAY`.' });
  const ifstated = readIfstated(rest);
  if (!ifstated.ok) return ifstated;
  const { checks, links } = checksOf(ifstated.value);
  const names = interfaceNames(
    routes.map(({ device, gateway }) => device ?? gateway),
    options,
  );
  const notes: ImportNote[] = [];
  const tiers = [...new Set(routes.map(({ priority }) => priority))].sort((a, b) => a - b);
  const wans = routes.map((route, index) => {
    const name = names[index] ?? '';
    const device = route.device === null ? '' : `, device ${quoted(route.device)}`;
    notes.push({
      line: route.line,
      kind: 'mapped',
      from: `route to ${route.gateway}`,
      text: `Is interface ${name}; that must be its name in /etc/config/network, with this gateway${device} and a metric of its own.`,
    });
    const targets = trackOf(checks, route, name, notes);
    if (targets.length === 0)
      notes.push({
        line: route.line,
        kind: 'dropped',
        from: `route to ${route.gateway}`,
        text: `No test removes it, so ${name} has no track_ip and is online as long as its link is.`,
      });
    return {
      name,
      family: route.family,
      track: { track_ip: targets },
      metric: tiers.indexOf(route.priority) + 1,
      weight: 1,
    };
  });
  for (const check of checks) {
    const isKnown =
      check.gateways.length > 0 ||
      checks.some((other) => other.gateways.length > 0 && other.command === check.command);
    if (!isKnown)
      notes.push({
        line: check.line,
        kind: 'dropped',
        from: 'external test',
        text: 'Removes no default route when it fails, so it belongs to no WAN.',
      });
  }
  for (const { line, links: states } of links)
    notes.push({
      line,
      kind: 'dropped',
      from: states.join(', '),
      text: 'Loss of the carrier acts by itself.',
    });
  notes.push({
    line: null,
    kind: 'mapped',
    from: 'multipath',
    text: 'OpenBSD spreads by source and destination, this policy by connection with equal weights; set sticky for a source that must keep its WAN.',
  });
  return ok({ sections: wanSections(wans, 'default'), notes });
}
