/**
 * The whole way from what is to what shall be, in the order in which no packet meets a half-made state:
 *
 * - usually: ask nft whether it takes the text → add rules and routes → nft, which sends flows there → remove rules and routes that
 *   nothing uses now → drop the flows of WANs that are lost;
 * - when a WAN is lost and none comes: nft first, since each millisecond before it is lost traffic.
 *
 * Nothing here reads or writes; src/app runs the steps.
 */
import { same } from '../nft/update.ts';
import type { Marks } from '../policy/marks.ts';
import type { Desired, KernelRoute, TableRoutes } from '../policy/model.ts';
import type { TableFacts } from './decode-nft.ts';
import type { KernelRule } from './decode-rules.ts';
import { type OwnedTable, ruleText, tablesOfRules } from './ours.ts';
import { type AppliedTable, type NftPlan, planNft, planUpdate } from './plan-nft.ts';
import { planRoutes } from './plan-routes.ts';
import { type IpPlan, planRules } from './plan-rules.ts';
import type { Finding, FlowDrop, IpCommand, Plan, Step } from './steps.ts';

/** What the kernel has, as far as it concerns us. */
export interface Actual {
  /** null = there is no table of our name. */
  readonly table: TableFacts | null;
  readonly rules: readonly KernelRule[];
  readonly routes: readonly KernelRoute[];
}

/** What was there after the last apply: by this run, or by the one before (then without the desired state itself). */
export interface Applied {
  readonly table: AppliedTable;
  readonly rules: Desired['rules'];
  /** Tables that are ours. */
  readonly tables: readonly OwnedTable[];
  /** null = another run applied it. */
  readonly desired: Desired | null;
}

export interface PlanInput {
  readonly desired: Desired;
  readonly marks: Marks;
  readonly applied: Applied | null;
  readonly actual: Actual;
  /** WANs that are lost by this change, whose flows shall go. */
  readonly drop: readonly FlowDrop[];
}

/** The plan against what the kernel was read to have. */
export function planAll({
  desired,
  marks,
  applied,
  actual,
  drop,
}: PlanInput): Plan & { readonly nft: NftPlan['kind'] } {
  const nft = planNft(desired.nft, applied?.table ?? null, actual.table);
  const rules = planRules(desired.rules, actual.rules, marks, applied?.rules ?? null);
  const owned = [...tablesOfRules(actual.rules), ...(applied?.tables ?? [])];
  const routes = planRoutes(desired.tables, actual.routes, owned, applied?.desired?.tables ?? null);
  return { ...ordered(nft, rules, routes, drop), nft: nft.kind };
}

/**
 * The plan between two desired states, trusting that the kernel has the first: for a switch, which cannot wait for a reading. If
 * it has not, nft refuses the transaction as a whole (or the reading afterwards shows it), and `planAll` follows.
 */
export function planSwitch(
  before: Desired,
  after: Desired,
  marks: Marks,
  drop: readonly FlowDrop[],
): Plan & { readonly nft: NftPlan['kind'] } {
  const nft = planUpdate(before.nft, after.nft);
  // Rules and tables that stay as they are cost nothing: a switch by probes changes none.
  const isSameRules = same(before.rules, after.rules);
  const rules = isSameRules
    ? NOTHING
    : planRules(after.rules, before.rules.map(asKernelRule), marks, before.rules);
  const routes = same(before.tables, after.tables) ? NOTHING : planTables(before.tables, after.tables);
  // Against our own word there is nothing that somebody else did; what cannot be written remains to be said.
  const { steps, findings } = ordered(nft, rules, routes, drop);
  return { steps, findings: findings.filter(({ code }) => code === 'unusable'), nft: nft.kind };
}

const NOTHING: IpPlan = { additions: [], removals: [], findings: [] };

function planTables(before: readonly TableRoutes[], after: readonly TableRoutes[]): IpPlan {
  const known = new Map(before.map((table) => [placeOf(table), JSON.stringify(table.routes)]));
  const unchanged = new Set(
    after.filter((table) => known.get(placeOf(table)) === JSON.stringify(table.routes)).map(placeOf),
  );
  const differing = (tables: readonly TableRoutes[]) =>
    tables.filter((table) => !unchanged.has(placeOf(table)));
  const old = differing(before);
  return planRoutes(differing(after), old.flatMap(asKernelRoutes), old, old);
}

const placeOf = ({ family, table }: TableRoutes): string => `${family} ${table}`;

function asKernelRule(rule: Desired['rules'][number]): KernelRule {
  return { family: rule.family, preference: rule.preference, rule, text: ruleText(rule) };
}

function asKernelRoutes({ family, table, routes }: TableRoutes): readonly KernelRoute[] {
  return routes.map((words) => ({
    family,
    table,
    type: 'unicast',
    destination: '',
    gateway: null,
    device: null,
    metric: null,
    protocol: null,
    scope: null,
    source: null,
    words,
  }));
}

/** Number of the WAN that an added rule or route opens a way to, null for others. */
function opensWay({ words }: IpCommand): number | null {
  const at = words.indexOf(words[0] === 'rule' ? 'lookup' : 'table');
  if (at < 0 || (words[0] === 'route' && !words.includes('default'))) return null;
  return Number(words[at + 1]);
}

function ordered(nft: NftPlan, rules: IpPlan, routes: IpPlan, drop: readonly FlowDrop[]): Plan {
  const findings: readonly Finding[] = [...nft.findings, ...rules.findings, ...routes.findings];
  // Routes before the rules that lead to them; away in the opposite order.
  const additions = [...routes.additions, ...rules.additions];
  const removals = [...rules.removals, ...routes.removals];
  const transaction: readonly Step[] = nft.kind === 'keep' ? [] : [{ kind: 'nft', text: nft.text }];
  const ip = (commands: readonly IpCommand[]): readonly Step[] =>
    commands.length === 0 ? [] : [{ kind: 'ip', commands }];
  const flows = drop.map((one): Step => ({ kind: 'drop-flows', drop: one }));
  const lost = new Set(drop.map(({ number }) => number));
  const opens = additions.some((command) => {
    const number = opensWay(command);
    return number !== null && !lost.has(number);
  });
  if (lost.size > 0 && !opens)
    return { steps: [...transaction, ...flows, ...ip([...additions, ...removals])], findings };
  const check: readonly Step[] =
    nft.kind !== 'keep' && additions.length > 0 ? [{ kind: 'check-nft', text: nft.text }] : [];
  return {
    steps: [...check, ...ip(additions), ...transaction, ...ip(removals), ...flows],
    findings,
  };
}

/** The plan of `stop`: nothing of ours stays, nothing else goes. The flows keep their marks, which nothing looks at any more. */
export function planRemoval(
  actual: Actual,
  applied: Applied | null,
  marks: Marks,
  removeTable: string,
): Plan {
  const rules = planRules([], actual.rules, marks, applied?.rules ?? null);
  const owned = [...tablesOfRules(actual.rules), ...(applied?.tables ?? [])];
  const routes = planRoutes([], actual.routes, owned, null);
  const commands = [...rules.removals, ...routes.removals];
  return {
    steps: [
      // First the rules: without them, marks mean nothing and everything goes by table main.
      ...(commands.length === 0 ? [] : [{ kind: 'ip', commands } as const]),
      ...(actual.table === null ? [] : [{ kind: 'nft', text: removeTable } as const]),
    ],
    findings: rules.findings.filter(({ code }) => code === 'foreign'),
  };
}
