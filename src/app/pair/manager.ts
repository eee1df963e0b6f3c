/**
 * When the pair's files are written: at the start, and whenever a file that they follow from, or the network, has changed; never
 * while half of that is known, one at a time, and not again and again against somebody who changes them back.
 */
import type { PairPlan } from '../../api/pair.ts';
import { CONFIG_FOLDER, LARGEST_CONFIG, parseConfig } from '../../core/config/parse.ts';
import type { ConfigProblem, UciSection } from '../../core/config/uci.ts';
import type { PairConfigReport, PairSituation } from '../../core/engine/pair-config.ts';
import { compilePair } from '../../core/pair/compile.ts';
import { describePlan, noPlan } from '../../core/pair/describe.ts';
import { type PairInput, READ_PACKAGES, type Wanted } from '../../core/pair/types.ts';
import { digest } from '../../core/plan/digest.ts';
import type { Clock, Timer, Timers } from '../../ports/clock.ts';
import type { Files } from '../../ports/files.ts';
import type { Log } from '../../ports/log.ts';
import type { PairTools } from '../../ports/pair-tools.ts';
import { createPairApplier } from './applier.ts';

/** Changes come in bursts: a commit of several packages, an interface with its addresses. */
const SETTLE_MS = 500;
/** What was written and changed back is written again so often at most; what failed is tried again so often. */
const AGAIN_MS = 30_000;

export interface PairManager {
  /** A sentence = why it cannot be known yet, or is none of hagw's business. */
  situation(situation: PairSituation | string): void;
  /** A file has changed. */
  changed(): void;
  plan(): PairPlan;
  apply(): Promise<PairPlan>;
  stop(): void;
}

interface Ports {
  readonly files: Files;
  readonly tools: PairTools;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

function readInput(
  files: Files,
  { config, self, partner, interfaces }: PairSituation,
): PairInput | ConfigProblem {
  const packages: Record<string, readonly UciSection[] | null> = {};
  for (const name of READ_PACKAGES) {
    const reading = parseConfig(name, files.read(`${CONFIG_FOLDER}/${name}`, LARGEST_CONFIG));
    if (reading.kind === 'read') packages[name] = reading.sections;
    else if (reading.kind === 'missing') packages[name] = null;
    else return { severity: 'error', where: name, text: reading.message };
  }
  return { config, self, partner, interfaces, packages: packages as PairInput['packages'] };
}

export function createPairManager(ports: Ports, report: (report: PairConfigReport) => void): PairManager {
  const { files, clock, timers, log } = ports;
  const applier = createPairApplier(files, ports.tools);
  let situation: PairSituation | string = 'The service has just started.';
  let seen = '';
  let timer: Timer | null = null;
  let running: Promise<PairPlan> | null = null;
  let again = false;
  let isStopped = false;
  /** What was last written, and when. */
  let written = { digest: '', at: Number.NEGATIVE_INFINITY };

  const later = (ms: number): void => {
    if (isStopped) return;
    timer?.cancel();
    timer = timers.after(ms, () => {
      timer = null;
      run(false).catch((error: unknown) =>
        log.write('err', `The pair's files failed by a defect: ${String(error)}`),
      );
    });
  };

  const compiled = (now: PairSituation): { wanted: Wanted | null; problems: readonly ConfigProblem[] } => {
    const input = readInput(files, now);
    return 'severity' in input ? { wanted: null, problems: [input] } : compilePair(input);
  };

  const plan = (): PairPlan => {
    if (typeof situation === 'string') return noPlan('waiting', situation);
    const { config, self } = situation;
    if (!config.managePair) return noPlan('off', 'hagw.globals.manage_pair is 0.');
    const { wanted, problems } = compiled(situation);
    const planned = wanted === null ? null : applier.plan(wanted);
    if (planned === null || !planned.ok) {
      const all = planned === null ? problems : [...problems, planned.error];
      return {
        ...noPlan(
          'refused',
          '',
          all.map((item) => ({ ...item })),
        ),
        router: self.name,
      };
    }
    const { value } = planned;
    const state =
      value.problems.length > 0
        ? 'refused'
        : value.packages.length + value.files.length > 0
          ? 'pending'
          : 'unchanged';
    return describePlan(self.name, config, state, value, [...problems, ...value.problems]);
  };

  const tell = (result: PairPlan, contested = ''): PairPlan => {
    report({ state: result.state, problems: result.problems, contested });
    return result;
  };

  const work = async (isAsked: boolean): Promise<PairPlan> => {
    const before = plan();
    if (before.state !== 'pending' || typeof situation === 'string') return tell(before);
    const now = situation;
    const { wanted, problems } = compiled(now);
    if (wanted === null) return tell(before);
    const print = digest(JSON.stringify(wanted));
    // The same is wanted as was written, and it is not there: somebody has changed it.
    let contested = '';
    if (print === written.digest) {
      const places = [...new Set(before.changes.map(({ file }) => file))].join(', ');
      contested = `${places}: what hagw writes there was changed by somebody else.`;
      const wait = written.at + AGAIN_MS - clock.monotonicMs();
      if (wait > 0 && !isAsked) {
        later(wait);
        return tell(before, contested);
      }
      log.write('warning', `${contested} It is written again.`);
    }
    const outcome = await applier.apply(wanted);
    const { state, changes } = outcome;
    if (state === 'applied') {
      written = { digest: print, at: clock.monotonicMs() };
      const places = [
        ...changes.packages.map((item) => `/etc/config/${item.package}`),
        ...changes.files.map(({ path }) => path),
      ];
      log.write('notice', `Wrote for the pair: ${places.join(', ')}.`);
    }
    // What failed is tried again, and who changed it back has had his say by then.
    if (contested !== '' || (state !== 'applied' && state !== 'unchanged')) later(AGAIN_MS);
    return tell(
      describePlan(now.self.name, now.config, state, changes, [...problems, ...outcome.problems]),
      contested,
    );
  };

  const run = (isAsked: boolean): Promise<PairPlan> => {
    if (running !== null) {
      again = true;
      return running;
    }
    const mine = work(isAsked).finally(() => {
      running = null;
      if (again) later(SETTLE_MS);
      again = false;
    });
    running = mine;
    return mine;
  };

  return {
    situation: (next) => {
      situation = next;
      const text =
        typeof next === 'string'
          ? next
          : JSON.stringify([
              next.config,
              next.self.name,
              next.interfaces.map(({ name, device, l3Device, addresses }) => [
                name,
                device,
                l3Device,
                addresses,
              ]),
            ]);
      if (text === seen) return;
      seen = text;
      later(SETTLE_MS);
    },
    changed: () => later(SETTLE_MS),
    plan,
    apply: () => run(true),
    stop: () => {
      isStopped = true;
      timer?.cancel();
    },
  };
}
