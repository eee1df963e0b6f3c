/**
 * Keeps the kernel at the desired state: switches at once by what it knows, reads back and puts right when asked, adopts what an
 * earlier run left, and takes all away at a stop. One thing at a time, in the order of the calls. Decides nothing: the plans are
 * core/plan's.
 */
import type { LinkStatus } from '../../api/status.ts';
import { renderRemove } from '../../core/nft/update.ts';
import {
  expectedFingerprint,
  fingerprint,
  objectNames,
  writtenObjects,
} from '../../core/plan/fingerprint.ts';
import {
  decodeMemory,
  encodeIntent,
  encodeMemory,
  INTENT_PATH,
  MEMORY_PATH,
  type Memory,
  recalled,
} from '../../core/plan/memory.ts';
import { type Actual, type Applied, planAll, planRemoval, planSwitch } from '../../core/plan/plan.ts';
import { tableDigest } from '../../core/plan/plan-nft.ts';
import type { Finding, FlowDrop } from '../../core/plan/steps.ts';
import { TABLE_NAME } from '../../core/policy/compile.ts';
import type { Marks } from '../../core/policy/marks.ts';
import type { Desired } from '../../core/policy/model.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { decodeText, encodeText } from '../../lib/text.ts';
import type { Files } from '../../ports/files.ts';
import type { KernelError } from '../../ports/kernel-error.ts';
import { type KernelPorts, runPlan } from './run-plan.ts';

export interface ApplyRequest {
  readonly desired: Desired;
  readonly marks: Marks;
  /** WANs that this change loses, whose flows shall go. */
  readonly drop: readonly FlowDrop[];
  /** States of the WANs by name, kept for the next run. */
  readonly states: Readonly<Record<string, LinkStatus>>;
}

export interface ApplyReport {
  /**
   * `unchanged`: the kernel had it; `adopted`: so it had, from an earlier run; `switched`: the difference to the state before was
   * written, not yet read back; `applied`: written after a reading, and read back.
   */
  readonly how: 'unchanged' | 'adopted' | 'switched' | 'applied';
  /** What somebody else did to what is ours, and what cannot be written. */
  readonly findings: readonly Finding[];
  /** What the kernel refused, as whole sentences; the rest was done. */
  readonly problems: readonly string[];
  readonly dropped: readonly { readonly wan: string; readonly entries: number }[];
}

export interface Applier {
  /** What the last run left; null = nothing that can be used. */
  recall(): Memory | null;
  apply(request: ApplyRequest): Promise<Result<ApplyReport, KernelError>>;
  /** Reads the kernel and puts right what is not as it was last applied. To be called soon after `switched`. */
  check(): Promise<Result<ApplyReport, KernelError>>;
  /** The kernel told of a transaction on our table: whose it was is not known. */
  heard(): void;
  /** Removes everything that is ours, and the memory. */
  stop(marks: Marks): Promise<Result<ApplyReport, KernelError>>;
}

/** How often a state that does not read back as written is written again. */
const ROUNDS = 2;

interface Current extends Applied {
  readonly desired: Desired;
  readonly request: ApplyRequest;
  /** Objects written since the fingerprint was taken. */
  readonly written: readonly string[];
}

export function createApplier(ports: KernelPorts & { readonly files: Files }): Applier {
  let current: Current | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let onTransaction: () => void = () => undefined;
  const nextTransaction = (heard: () => void): void => {
    onTransaction = heard;
  };
  /** At once if nothing is under way: nft starts before the caller goes on. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const mine = waiting === 0 ? task() : last.then(task);
    waiting += 1;
    const done = (): void => {
      waiting -= 1;
    };
    last = mine.then(done, done);
    return mine;
  };

  /** Digest of the table in `multiwan.json`, and what was written since it was; null = all. */
  let kept = '';
  let since: readonly string[] | null = [];

  const recall = (): Memory | null => {
    const [known, intent] = [MEMORY_PATH, INTENT_PATH].map((path) => {
      const content = ports.files.read(path);
      return content.ok ? decodeText(content.value) : null;
    });
    const memory = decodeMemory(known ?? null, intent ?? null);
    if (!memory.ok) return null;
    kept = memory.value.applied.table.text;
    since = memory.value.intent === null ? [] : memory.value.intent.written;
    return memory.value;
  };
  const write = (path: string, text: string): readonly string[] => {
    const folder = ports.files.makeFolder(path.slice(0, path.lastIndexOf('/')));
    const written = folder.ok ? ports.files.replace(path, encodeText(text), 0o600) : folder;
    return written.ok ? [] : [`What was applied cannot be kept for the next start: ${written.error.message}`];
  };
  /** After a reading. */
  const remember = (state: Current): readonly string[] => {
    const problems = write(MEMORY_PATH, encodeMemory({ applied: state, states: state.request.states }));
    if (problems.length > 0) return problems;
    kept = state.table.text;
    since = [];
    ports.files.remove(INTENT_PATH);
    return [];
  };
  /** Before a transaction. Failing is no reason not to make it. @param written null = the whole table. */
  const intend = (
    { desired, states, drop }: ApplyRequest,
    written: readonly string[] | null,
  ): readonly string[] => {
    since = since === null || written === null ? null : [...new Set([...since, ...written])];
    const text = tableDigest(desired.nft);
    return write(INTENT_PATH, encodeIntent({ from: kept, text, written: since, states, drop }));
  };

  const readActual = async (): Promise<Result<Actual, KernelError>> => {
    const table = await ports.nft.readTable();
    if (!table.ok) return table;
    const [rules, routes] = [[], []] as [Actual['rules'][number][], Actual['routes'][number][]];
    for (const family of ['ipv4', 'ipv6'] as const) {
      const ofFamily = await ports.routing.rules(family);
      if (!ofFamily.ok) return ofFamily;
      rules.push(...ofFamily.value);
      const lines = await ports.routing.routes(family);
      if (!lines.ok) return lines;
      routes.push(...lines.value);
    }
    return ok({ table: table.value, rules, routes });
  };

  const hold = (request: ApplyRequest, table: Applied['table'], written: readonly string[]): Current => {
    const { desired } = request;
    const tables = desired.tables.map(({ family, table: number }) => ({ family, table: number }));
    return { table, rules: desired.rules, tables, desired, request, written };
  };

  /** By what we know, without reading. */
  const fast = async (before: Current, request: ApplyRequest): Promise<Result<ApplyReport, KernelError>> => {
    const { desired, marks, drop } = request;
    const plan = planSwitch(before.desired, desired, marks, drop);
    const written = plan.nft === 'keep' ? [] : writtenObjects(before.desired.nft, desired.nft);
    const isNews =
      plan.steps.length > 0 || JSON.stringify(before.request.states) !== JSON.stringify(request.states);
    const unkept = isNews ? intend(request, written) : [];
    const outcome = await runPlan(plan, ports, nextTransaction);
    if (!outcome.ok) return outcome;
    // The text is of use only with the fingerprint: `check` gives both.
    const table = { text: '', fingerprint: before.table.fingerprint, table: desired.nft };
    current = hold(request, table, [...new Set([...before.written, ...written])]);
    const problems = [...outcome.value.problems, ...unkept];
    const how = plan.steps.length === 0 ? 'unchanged' : 'switched';
    return ok({ how, findings: plan.findings, problems, dropped: outcome.value.dropped });
  };

  /** What the kernel must show of what we applied, with what was written meanwhile. */
  const expected = (state: Current, actual: Actual): Applied => {
    if (actual.table === null || state.written.length === 0) return state;
    const print = expectedFingerprint(
      state.table.fingerprint,
      state.written,
      state.desired.nft,
      actual.table,
    );
    return { ...state, table: { ...state.table, fingerprint: print } };
  };

  /** By reading, writing the difference, and reading again. */
  const full = async (request: ApplyRequest): Promise<Result<ApplyReport, KernelError>> => {
    const findings: Finding[] = [];
    const problems: string[] = [];
    const dropped: { wan: string; entries: number }[] = [];
    const memory = current === null ? recall() : null;
    const adopting = current === null;
    for (let round = 0; ; round += 1) {
      const actual = await readActual();
      if (!actual.ok) return actual;
      const { desired, marks } = request;
      const known = memory === null ? null : recalled(memory, desired.nft, actual.value.table);
      const applied = current === null ? known : expected(current, actual.value);
      const drop = round === 0 ? request.drop : [];
      const plan = planAll({ desired, marks, applied, actual: actual.value, drop });
      if (round === 0) findings.push(...plan.findings);
      const facts = actual.value.table;
      if (plan.steps.length === 0 || (round > 0 && plan.nft === 'keep')) {
        if (facts !== null) {
          const print = { text: tableDigest(desired.nft), fingerprint: fingerprint(facts, desired.nft) };
          current = hold(request, { ...print, table: desired.nft }, []);
          problems.push(...remember(current));
        }
        const how = round > 0 ? 'applied' : adopting ? 'adopted' : 'unchanged';
        return ok({ how, findings, problems, dropped });
      }
      if (round > ROUNDS)
        return fail({
          code: 'refused',
          message: 'The kernel does not keep what was written: somebody else changes it.',
        });
      // What fails of it fails again after the reading, and is told then.
      if (plan.nft !== 'keep') intend(request, null);
      const outcome = await runPlan(plan, ports, nextTransaction);
      if (!outcome.ok) return outcome;
      problems.push(...outcome.value.problems);
      dropped.push(...outcome.value.dropped);
      // From here on the table is what we wrote, all of it.
      const written = plan.nft === 'keep' ? [] : objectNames(desired.nft);
      const print = plan.nft === 'keep' && applied !== null ? applied.table.fingerprint : {};
      current = hold(
        request,
        { text: tableDigest(desired.nft), fingerprint: print, table: desired.nft },
        written,
      );
    }
  };

  return {
    recall,
    heard() {
      const tell = onTransaction;
      onTransaction = () => undefined;
      tell();
    },
    apply: (request) =>
      inTurn(async () => {
        const outcome = current === null ? await full(request) : await fast(current, request);
        // Whatever the reason was: look, and try once more by what is really there.
        return outcome.ok || current === null ? outcome : full(request);
      }),
    check: () =>
      inTurn(async () => {
        if (current === null) return ok({ how: 'unchanged', findings: [], problems: [], dropped: [] });
        return full({ ...current.request, drop: [] });
      }),
    stop: (marks) =>
      inTurn(async () => {
        const actual = await readActual();
        if (!actual.ok) return actual;
        const applied = current ?? recall()?.applied ?? null;
        const remove = renderRemove({ family: 'inet', name: TABLE_NAME, sets: [], chains: [] });
        const plan = planRemoval(actual.value, applied, marks, remove);
        const outcome = await runPlan(plan, ports, nextTransaction);
        if (!outcome.ok) return outcome;
        current = null;
        kept = '';
        since = [];
        ports.files.remove(INTENT_PATH);
        ports.files.remove(MEMORY_PATH);
        return ok({ how: 'applied', findings: plan.findings, ...outcome.value });
      }),
  };
}
