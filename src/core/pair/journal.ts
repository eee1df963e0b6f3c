/**
 * What the handover script writes down (/var/run/hagw/handover.journal) and reads (/etc/hagw/handover.conf). Both may be
 * anything: lines that are not of the form are skipped.
 */

/** keepalived's words; LOAD = the tables alone, at boot or because files have changed. */
const STATES = ['MASTER', 'BACKUP', 'FAULT', 'STOP', 'LOAD'] as const;
export type HandoverState = (typeof STATES)[number];

export interface HandoverStep {
  readonly step: string;
  /** In tens: the clock of a shell. */
  readonly ms: number;
  /** `cut` = ended because it took too long. */
  readonly outcome: 'ok' | 'failed' | 'cut';
  readonly words: string;
}

export interface HandoverRun {
  /** Grows from run to run until a reboot. */
  readonly sequence: number;
  readonly state: HandoverState;
  readonly steps: readonly HandoverStep[];
  /** `superseded` = a newer notification took over; null = not ended, or its process was killed. */
  readonly end: 'done' | 'superseded' | null;
  /** Of the whole run; null while it has not ended. */
  readonly ms: number | null;
  /** Uptime of the last line in milliseconds. */
  readonly lastAt: number;
}

/** The script keeps it far below. */
export const LARGEST_JOURNAL = 262_144;

const LINE =
  /^(\d{1,10})\.(\d\d) (\d{1,12}) ([A-Z]{1,8}) ([\w.-]{1,32}) (\d{1,8}) (ok|failed|cut)(?: ([^\n]*))?$/;

/** The runs, oldest first. */
export function decodeJournal(text: string): readonly HandoverRun[] {
  const runs: HandoverRun[] = [];
  for (const line of text.split('\n')) {
    const [, seconds, hundredths, number, word, step = '', time, outcome, said = ''] = LINE.exec(line) ?? [];
    const state = STATES.find((known) => known === word);
    if (state === undefined) continue;
    const [sequence, ms] = [Number(number), Number(time)];
    const lastAt = Number(seconds) * 1000 + Number(hundredths) * 10;
    const last = runs[runs.length - 1];
    const run: HandoverRun =
      last !== undefined && last.sequence === sequence && last.state === state && last.end === null
        ? last
        : { sequence, state, steps: [], end: null, ms: null, lastAt };
    if (run === last) runs.pop();
    if (step === 'done' || step === 'superseded') {
      runs.push({ ...run, end: step, ms, lastAt });
      continue;
    }
    const words = said.replace(/[^\x20-\x7e]/g, '?').slice(0, 160);
    const entry: HandoverStep = { step, ms, outcome: outcome as HandoverStep['outcome'], words };
    runs.push({ ...run, steps: [...run.steps, entry], lastAt });
  }
  return runs;
}

export interface HandoverConf {
  /** Devices on which only the active router serves. */
  readonly standby: readonly string[];
  /** Services that it restarts on takeover. */
  readonly serve: readonly string[];
  /** conntrackd's lock file; null = no conntrackd. */
  readonly lock: string | null;
}

export function decodeHandoverConf(text: string): HandoverConf {
  const lines = text.split('\n').map((line) => line.trim().split(/ +/));
  const values = (key: string): string[] =>
    lines.flatMap(([word, value]) => (word === key && value !== undefined ? [value] : []));
  const lock = values('lock').pop() ?? '/var/lock/conntrack.lock';
  return {
    standby: values('standby').filter((device) => /^[\w.@-]+$/.test(device)),
    serve: values('serve'),
    lock: values('conntrackd').length > 0 ? lock : null,
  };
}
