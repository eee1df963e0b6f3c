/** The files of the pair machine in /var/run/hagw, keepalived's SIGHUP and conntrackd's commands. */
import { decodeMessage, encodeMessage, LARGEST_MESSAGE, messageLeases } from '../core/engine/pair-message.ts';
import { decodeLeases, encodeLeases, type WanLease } from '../core/pair/leases.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText, encodeText } from '../lib/text.ts';
import type { Bus } from '../ports/bus.ts';
import type { Flush, Partner, Standby } from '../ports/duty.ts';
import type { FileError, Files } from '../ports/files.ts';
import type { Processes } from '../ports/processes.ts';
import { findKeepalived, takesSignal } from './keepalived-process.ts';
import { refusal, runProgram } from './kernel-program.ts';

const FOLDER = '/var/run/hagw';
const PARTNER = `${FOLDER}/partner.json`;
const SELF = `${FOLDER}/self.json`;
const LEASE = `${FOLDER}/out`;
/** The WANs' leases: this router's, and the partner's. */
const WAN_OWN = `${FOLDER}/wan-own`;
const WAN_LEASES = `${FOLDER}/wan-leases`;
/** A lease that may be used for longer by less than this is not written anew. */
const LEASE_GROWS_S = 10;
/** Kept over a reboot and an upgrade. */
const MAINTENANCE = '/etc/hagw/maintenance';
const SIGHUP = 1;
const KILL_MS = 1000;
const CONNTRACKD_MS = 2000;

const done = (result: Result<void, FileError>): Result<void, string> =>
  result.ok ? ok(undefined) : fail(`${result.error.message}.`);

/** A file that is not there is removed, too. */
function removed(files: Files, path: string): Result<void, string> {
  const result = files.remove(path);
  return result.ok || result.error.code === 'ENOENT' ? ok(undefined) : done(result);
}

function written(files: Files, path: string, text: string, mode: number): Result<void, string> {
  const first = files.replace(path, encodeText(text), mode);
  if (first.ok || first.error.code !== 'ENOENT') return done(first);
  const made = files.makeFolder(path.slice(0, path.lastIndexOf('/')));
  return made.ok ? done(files.replace(path, encodeText(text), mode)) : done(made);
}

const textOf = (files: Files, path: string): string => {
  const content = files.read(path, LARGEST_MESSAGE);
  return content.ok ? decodeText(content.value) : '';
};

/** Seconds since the kernel's start, for files that the shell scripts share; NaN if it cannot be read. */
const uptimeOf = (files: Files): number => Number.parseFloat(textOf(files, '/proc/uptime'));

/** Keeps what the partner has got of the WANs, for the handover script. */
function keepLeases(files: Files, leases: readonly WanLease[]): void {
  const uptime = Math.floor(uptimeOf(files));
  if (leases.length === 0 || Number.isNaN(uptime)) return;
  const known = decodeLeases(textOf(files, WAN_LEASES));
  const next = leases.map((lease) => ({ ...lease, seconds: uptime + lease.seconds }));
  const isKnown = next.every((lease) =>
    known.some(
      (old) =>
        old.interface === lease.interface &&
        old.address === lease.address &&
        old.gateway === lease.gateway &&
        Math.abs(lease.seconds - old.seconds) < LEASE_GROWS_S,
    ),
  );
  if (!isKnown) written(files, WAN_LEASES, `${encodeLeases(next).join('\n')}\n`, 0o600);
}

export function createPartner(files: Files): Partner {
  let last = '';
  return {
    read() {
      const content = files.read(PARTNER, LARGEST_MESSAGE);
      if (!content.ok)
        return fail(
          content.error.code === 'ENOENT'
            ? 'the link between the services is not set up'
            : content.error.message,
        );
      const text = decodeText(content.value);
      const decoded = decodeMessage(text);
      if (!decoded.ok) return fail(`what ${PARTNER} says is of no use: ${decoded.error}`);
      // The first one may have lain there for long.
      const stamp = `${decoded.value.run} ${decoded.value.at}`;
      if (last !== '' && last !== stamp) keepLeases(files, messageLeases(text));
      last = stamp;
      return decoded;
    },
    tell: (message) =>
      written(files, SELF, `${encodeMessage(message, decodeLeases(textOf(files, WAN_OWN)))}\n`, 0o600),
  };
}

export function createStandby(files: Files, processes: Processes, bus: Bus): Standby {
  return {
    hold(forMs, reason) {
      if (forMs === null) return removed(files, LEASE);
      const seconds = uptimeOf(files);
      if (Number.isNaN(seconds)) return fail('/proc/uptime cannot be read.');
      return written(files, LEASE, `${(seconds + forMs / 1000).toFixed(2)} ${reason}\n`, 0o644);
    },
    async kick() {
      const pid = await findKeepalived(bus, files);
      if (pid !== null && takesSignal(files, pid, SIGHUP))
        await processes.run(['kill', `-${SIGHUP}`, String(pid)], { timeoutMs: KILL_MS });
    },
    isMaintenance: () => files.info(MAINTENANCE).ok,
    setMaintenance: (on) => (on ? written(files, MAINTENANCE, '', 0o644) : removed(files, MAINTENANCE)),
  };
}

export function createFlush(processes: Processes): Flush {
  const conntrackd = async (option: string): Promise<Result<void, string>> => {
    const argv = ['conntrackd', option];
    const outcome = await runProgram(processes, { argv, timeoutMs: CONNTRACKD_MS });
    if (!outcome.ok) return fail(outcome.error.message);
    return outcome.value.exitCode === 0 ? ok(undefined) : fail(refusal(argv, outcome.value).message);
  };
  return { send: () => conntrackd('-B'), adopt: () => conntrackd('-c') };
}
