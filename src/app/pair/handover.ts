/**
 * Watches what the handover script does: tells the timeline of each run, and where the outcome is not what the role wants,
 * has the script run again, a few times. What it is told is a reason to look; the journal and the kernel say what is.
 */
import {
  type HandoverReport,
  type HandoverSituation,
  handoverHappening,
  judgeHandover,
} from '../../core/engine/handover.ts';
import type { Happening } from '../../core/events/timeline.ts';
import {
  decodeHandoverConf,
  decodeJournal,
  type HandoverRun,
  LARGEST_JOURNAL,
} from '../../core/pair/journal.ts';
import { HANDOVER_FILE } from '../../core/pair/types.ts';
import { decodeText, encodeText } from '../../lib/text.ts';
import type { Clock, Timer, Timers } from '../../ports/clock.ts';
import type { Files } from '../../ports/files.ts';
import type { Handover } from '../../ports/handover.ts';
import type { Log } from '../../ports/log.ts';

const JOURNAL = '/var/run/hagw/handover.journal';
/** Sequence of the last run that the timeline has had, for the next start of the service. */
const TOLD = '/var/run/hagw/handover.told';
/** After a change of role the script has so long before anything is wrong. */
const PATIENCE_MS = 3000;
const SOON_MS = 100;
const POLL_MS = 10_000;
/** Pauses before a repair; then it is only named. */
const REPAIRS_MS = [0, 5000, 20_000];
/** Of what happened while the service did not run. */
const MOST_TOLD = 20;

interface Ports {
  readonly files: Files;
  readonly handover: Handover;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

export interface HandoverWatch {
  situation(situation: HandoverSituation): void;
  /** The script says that a run has ended. */
  told(): void;
  stop(): void;
}

export function createHandoverWatch(
  { files, handover, clock, timers, log }: Ports,
  report: (report: HandoverReport, happenings: readonly Happening[]) => void,
): HandoverWatch {
  let situation: HandoverSituation | null = null;
  let seen = '';
  let reported = '[]';
  let faultSince: number | null = null;
  let repairs = 0;
  let repairedAt = 0;
  let timer: Timer | null = null;
  let dueAt = Number.POSITIVE_INFINITY;
  let isChecking = false;
  let again = false;
  let isStopped = false;

  const textOf = (path: string): string | null => {
    const content = files.read(path, LARGEST_JOURNAL);
    return content.ok ? decodeText(content.value) : null;
  };
  let told = Number.parseInt(textOf(TOLD) ?? '0', 10) || 0;

  const later = (ms: number): void => {
    const at = clock.monotonicMs() + ms;
    if (isStopped || at >= dueAt) return;
    timer?.cancel();
    dueAt = at;
    timer = timers.after(ms, () => {
      dueAt = Number.POSITIVE_INFINITY;
      check();
    });
  };

  /** Ended runs that nobody has been told of. */
  const newsOf = (runs: readonly HandoverRun[], now: number): readonly Happening[] => {
    const fresh = runs.filter(({ sequence, end }) => end !== null && sequence > told);
    const last = fresh[fresh.length - 1];
    if (last === undefined) return [];
    told = last.sequence;
    files.replace(TOLD, encodeText(`${told}\n`));
    return fresh.slice(-MOST_TOLD).flatMap((run) => handoverHappening(run, now) ?? []);
  };

  const say = (faults: readonly string[], happenings: readonly Happening[]): void => {
    const text = JSON.stringify(faults);
    if (text === reported && happenings.length === 0) return;
    reported = text;
    report({ faults }, happenings);
  };

  const look = async (): Promise<void> => {
    const confText = textOf(HANDOVER_FILE);
    if (confText === null) {
      say([], []);
      return;
    }
    const now = Number.parseFloat(textOf('/proc/uptime') ?? '0') * 1000;
    const conf = decodeHandoverConf(confText);
    const runs = decodeJournal(textOf(JOURNAL) ?? '');
    const news = newsOf(runs, now);
    const standby = await handover.standby();
    const verdict =
      situation === null || !standby.ok
        ? null
        : judgeHandover(situation, {
            conf,
            runs,
            standby: standby.value,
            lockIsLeft: conf.lock !== null && files.info(conf.lock).ok,
            now,
          });
    if (verdict === null) {
      // On its way: what was wrong before says nothing now.
      say(standby.ok ? [] : [standby.error], news);
      later(PATIENCE_MS);
      return;
    }
    const at = clock.monotonicMs();
    if (verdict.faults.length === 0) {
      faultSince = null;
      repairs = 0;
    } else faultSince ??= at;
    const isLasting = faultSince !== null && at - faultSince >= PATIENCE_MS;
    say(isLasting ? verdict.faults : [], news);
    if (faultSince === null) return;
    if (!isLasting) {
      later(PATIENCE_MS);
      return;
    }
    const pause = REPAIRS_MS[repairs];
    if (verdict.repair === null || pause === undefined) return;
    if (at - repairedAt < pause) {
      later(repairedAt + pause - at);
      return;
    }
    repairs += 1;
    log.write('warning', `The handover is repaired (${verdict.repair}): ${verdict.faults.join(' ')}`);
    const words = verdict.repair === 'load' ? ['load'] : ['again', String(verdict.sequence), verdict.state];
    const done = await handover.run(words);
    if (!done.ok) log.write('warning', done.error);
    repairedAt = clock.monotonicMs();
    later(SOON_MS);
  };

  const check = (): void => {
    if (isStopped) return;
    again = isChecking;
    if (isChecking) return;
    isChecking = true;
    look()
      .catch((error: unknown) =>
        log.write('err', `The watch of handovers failed by a defect: ${String(error)}`),
      )
      .then(() => {
        isChecking = false;
        later(again ? SOON_MS : POLL_MS);
      });
  };

  later(SOON_MS);
  return {
    situation(next) {
      const text = JSON.stringify(next);
      if (text === seen) return;
      if (next.role !== situation?.role) {
        repairs = 0;
        faultSince = null;
      }
      seen = text;
      situation = next;
      later(SOON_MS);
    },
    told: () => later(SOON_MS),
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
