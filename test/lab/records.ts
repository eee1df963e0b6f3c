/**
 * Which labs exist on this machine: one small file each under /run/hagw-lab, written by the lab's owner. Other
 * commands find a running lab by it, and `sweep` removes what an owner left that did not get to its end.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const RECORDS = '/run/hagw-lab';

/** A process, told from a later one that got the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)). */
  readonly startTicks: number;
}

export interface LabRecord {
  readonly id: string;
  readonly owner: ProcessId;
  /** pid 1 of the lab's pid namespace, as the machine numbers it; null until it runs. */
  readonly cage: ProcessId | null;
  /** Routers that have power: their pid 1. */
  readonly routers: Readonly<Record<string, number>>;
  /** Where the pages are, once they are forwarded. */
  readonly pages: Readonly<Record<string, string>>;
}

/** The process with this number, or null if there is none (a zombie counts as none). */
export function processId(pid: number): ProcessId | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return { pid, startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}

export function isAlive(id: ProcessId): boolean {
  return processId(id.pid)?.startTicks === id.startTicks;
}

/** Name of a process' program, at most 15 characters; empty if there is no such process. */
export function commOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return '';
  }
}

/** Children of a process, from the kernel's own list. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

const pathOf = (id: string): string => join(RECORDS, `${id}.json`);

export function writeRecord(record: LabRecord): void {
  mkdirSync(RECORDS, { recursive: true });
  const temporary = `${pathOf(record.id)}.new`;
  writeFileSync(temporary, `${JSON.stringify(record)}\n`);
  renameSync(temporary, pathOf(record.id));
}

export function removeRecord(id: string): void {
  rmSync(pathOf(id), { force: true });
  rmSync(`${pathOf(id)}.new`, { force: true });
}

function isProcessId(value: unknown): value is ProcessId {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startTicks' in value &&
    typeof value.startTicks === 'number'
  );
}

function isRecord(value: unknown): value is LabRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'owner' in value &&
    isProcessId(value.owner) &&
    'cage' in value &&
    (value.cage === null || isProcessId(value.cage)) &&
    'routers' in value &&
    typeof value.routers === 'object'
  );
}

/** All records, oldest first; a file that is none of ours is passed over. */
export function readRecords(): LabRecord[] {
  let names: string[];
  try {
    names = readdirSync(RECORDS).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  const records = names.flatMap((name): LabRecord[] => {
    try {
      const value: unknown = JSON.parse(readFileSync(join(RECORDS, name), 'utf8'));
      return isRecord(value) ? [value] : [];
    } catch {
      return [];
    }
  });
  return records.sort((one, other) => one.owner.startTicks - other.owner.startTicks);
}

/**
 * Ends labs whose owner is gone and removes their records. Ending pid 1 of a lab's pid namespace ends all its
 * processes, and with the last of them go its mounts and network namespaces. Returns the ids.
 */
export function sweep(): string[] {
  const left = readRecords().filter(({ owner }) => !isAlive(owner));
  for (const { id, cage } of left) {
    if (cage !== null && isAlive(cage)) process.kill(cage.pid, 'SIGKILL');
    removeRecord(id);
  }
  return left.map(({ id }) => id);
}
