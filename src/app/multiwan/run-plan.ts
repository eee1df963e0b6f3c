/**
 * Runs the steps of a plan. nft is whole or nothing; `ip -batch` is not: a line that the kernel refuses (its device has just gone) is left out
 * and told, the others are done. What was added before nft refused is taken back; what comes after it is not, since
 * nft's transaction is the switch itself.
 */
import type { FlowDrop, IpCommand, Plan } from '../../core/plan/steps.ts';
import type { Family } from '../../core/policy/model.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { Flows } from '../../ports/flows.ts';
import type { KernelError } from '../../ports/kernel-error.ts';
import type { Nft } from '../../ports/nft.ts';
import type { Routing } from '../../ports/routing.ts';

export interface KernelPorts {
  readonly nft: Nft;
  readonly routing: Routing;
  readonly flows: Flows;
}

export interface PlanOutcome {
  /** Lines that ip refused, flows that could not be dropped: whole sentences. */
  readonly problems: readonly string[];
  readonly dropped: readonly { readonly wan: string; readonly entries: number }[];
}

/** More refused lines than this in one batch are no accident. */
const MOST_REFUSALS = 50;
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** What the kernel says when somebody was there before us: nothing to do. */
const ALREADY_DONE = /File exists|No such process|No such file or directory/;

/**
 * Flows that are dropped right after nft go as soon as the kernel tells of the transaction: nft itself ends some 10 ms later, when the
 * kernel has freed what was replaced. They are dropped once more at nft's end, since what was told may have been another transaction.
 * @param nextTransaction calls back once, when the kernel tells of one; may never.
 */
export async function runPlan(
  plan: Plan,
  ports: KernelPorts,
  nextTransaction: (heard: () => void) => void = () => undefined,
): Promise<Result<PlanOutcome, KernelError>> {
  const problems: string[] = [];
  const dropped: { wan: string; entries: number }[] = [];
  const done: IpCommand[] = [];
  let switched = false;
  const giveUp = async (error: KernelError): Promise<Result<PlanOutcome, KernelError>> => {
    if (!switched) await runCommands(ports.routing, done.reverse().map(inverse), []);
    return fail(error);
  };
  const first = new Map<FlowDrop, number>();
  for (const [at, step] of plan.steps.entries()) {
    if (step.kind === 'check-nft') {
      const outcome = await ports.nft.check(step.text);
      if (!outcome.ok) return giveUp(outcome.error);
    } else if (step.kind === 'nft') {
      const next = plan.steps[at + 1]?.kind === 'drop-flows' ? plan.steps.slice(at + 1) : [];
      let hasEnded = false;
      let early: Promise<unknown> = Promise.resolve();
      const dropAll = (): void => {
        if (hasEnded) return;
        early = Promise.all(
          next.map(async (one) => {
            if (one.kind !== 'drop-flows') return;
            const outcome = await dropFlows(one.drop, ports.flows);
            if (outcome.ok) first.set(one.drop, outcome.value);
          }),
        );
      };
      nextTransaction(dropAll);
      const outcome = await ports.nft.apply(step.text);
      hasEnded = true;
      await early;
      if (!outcome.ok) return giveUp(outcome.error);
      switched = true;
    } else if (step.kind === 'ip') {
      const outcome = await runCommands(ports.routing, step.commands, problems, done);
      if (!outcome.ok) return giveUp(outcome.error);
    } else {
      const { drop } = step;
      const outcome = await dropFlows(drop, ports.flows);
      if (outcome.ok) dropped.push({ wan: drop.wan, entries: outcome.value + (first.get(drop) ?? 0) });
      else problems.push(`The connections of ${drop.wan} stay: ${outcome.error.message}`);
    }
  }
  return ok({ problems, dropped });
}

function inverse({ family, words, undo }: IpCommand): IpCommand {
  return { family, words: undo, undo: words };
}

/** Family by family, in order. Refused lines become problems; `done` gets what was done. */
async function runCommands(
  routing: Routing,
  commands: readonly IpCommand[],
  problems: string[],
  done: IpCommand[] = [],
): Promise<Result<void, KernelError>> {
  for (const family of FAMILIES) {
    let rest = commands.filter((command) => command.family === family);
    for (let refusals = 0; rest.length > 0; refusals += 1) {
      const outcome = await routing.batch(
        family,
        rest.map(({ words }) => words),
      );
      if (outcome.ok) {
        done.push(...rest);
        break;
      }
      const { code, line, message } = outcome.error;
      if (code !== 'refused' || line === null || refusals >= MOST_REFUSALS) return outcome;
      done.push(...rest.slice(0, line - 1));
      if (!ALREADY_DONE.test(message)) problems.push(message);
      rest = rest.slice(line);
    }
  }
  return ok(undefined);
}

async function dropFlows(drop: FlowDrop, flows: Flows): Promise<Result<number, KernelError>> {
  if (drop.which === 'wan') return flows.deleteByMark(drop.mark, drop.mask, drop.family);
  const count = await flows.count();
  const outcome = await flows.deleteAll();
  return outcome.ok ? ok(count.ok ? count.value : 0) : outcome;
}
