/**
 * Which process is keepalived, and whether it is safe to signal it. A real-time signal that a process does not expect
 * ends it; so nothing is signalled that is not proven to be keepalived and to take this very signal (proc(5)).
 */
import { decodeText } from '../lib/text.ts';
import type { Bus, BusTable, BusValue } from '../ports/bus.ts';
import type { Files } from '../ports/files.ts';

/** Where keepalived writes its pid by default; procd's list is asked after them. */
const PID_FILES = ['/var/run/keepalived.pid', '/run/keepalived.pid'];
const DEFAULT_CONFIG = '/etc/keepalived/keepalived.conf';
const LARGEST_CONFIG = 1024 * 1024;
const PROCD_TIMEOUT_MS = 1000;
/** Files below /proc and pid files are small; a longer one is none. */
const SMALL_FILE_BYTES = 16384;

/** The pid of the running keepalived (its parent process), or null. */
export async function findKeepalived(bus: Bus, files: Files): Promise<number | null> {
  for (const path of PID_FILES) {
    const pid = parsePid(readSmall(files, path));
    if (pid !== null && isKeepalived(files, pid)) return pid;
  }
  const reply = await bus.call('service', 'list', { name: 'keepalived' }, PROCD_TIMEOUT_MS);
  const pids = reply.ok ? pidsOf(reply.value) : [];
  return pids.find((pid) => isKeepalived(files, pid)) ?? null;
}

/** Whether the process is keepalived by its name, or by its program if it has been given another name. */
export function isKeepalived(files: Files, pid: number): boolean {
  const name = readSmall(files, `/proc/${pid}/comm`);
  if (name === null) return false;
  if (name.trim() === 'keepalived') return true;
  const program = files.readLink(`/proc/${pid}/exe`);
  return program.ok && /(^|\/)keepalived( \(deleted\))?$/.test(program.value);
}

/**
 * Whether the process has made provision for a signal: it catches it, or blocks it to read it from a signalfd, as keepalived
 * does. Right after its start it does neither: then the signal would end it.
 */
export function takesSignal(files: Files, pid: number, signal: number): boolean {
  const status = readSmall(files, `/proc/${pid}/status`);
  if (status === null) return false;
  return ['SigBlk', 'SigCgt'].some((mask) => {
    const digits = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '';
    return hasBit(digits, signal - 1);
  });
}

/**
 * Whether its configuration has no vrrp_instance: then it writes no dump, and there is nothing to ask for. Known only if the
 * file of its command line can be read and draws in no other.
 */
export function isWithoutInstance(files: Files, pid: number): boolean {
  const words = (readSmall(files, `/proc/${pid}/cmdline`) ?? '').split('\0');
  const at = words.findIndex((word) => /^(-f|--use-file)/.test(word));
  const [, attached = ''] = /^(?:-f|--use-file=)(.+)$/.exec(words[at] ?? '') ?? [];
  const path = at < 0 ? DEFAULT_CONFIG : attached || (words[at + 1] ?? '');
  // Started with a path of its own working folder: not ours to guess.
  const content = words[0] !== '' && path.startsWith('/') ? files.read(path, LARGEST_CONFIG) : null;
  return content?.ok === true && !/vrrp_instance|include/.test(decodeText(content.value));
}

/** Bit `bit` (0 = lowest) of a hexadecimal number of any length. */
function hasBit(digits: string, bit: number): boolean {
  const digit = Number.parseInt(digits[digits.length - 1 - Math.floor(bit / 4)] ?? '0', 16);
  return ((digit >> (bit % 4)) & 1) === 1;
}

function readSmall(files: Files, path: string): string | null {
  const content = files.read(path, SMALL_FILE_BYTES);
  return content.ok ? decodeText(content.value) : null;
}

function parsePid(text: string | null): number | null {
  const match = /^\s*(\d{1,10})\s*$/.exec(text ?? '');
  const pid = Number(match?.[1] ?? 0);
  return pid > 1 ? pid : null;
}

/** `{keepalived: {instances: {NAME: {running, pid, …}}}}` of procd. */
function pidsOf(reply: BusTable): readonly number[] {
  const instances = tableOf(tableOf(reply['keepalived'])['instances']);
  return Object.keys(instances).flatMap((name) => {
    const pid = tableOf(instances[name])['pid'];
    return typeof pid === 'number' && Number.isInteger(pid) && pid > 1 ? [pid] : [];
  });
}

function tableOf(value: BusValue | undefined): BusTable {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isTable ? (value as BusTable) : {};
}
