/**
 * The description of an instance as an init script sends it (`service set`), decoded, and the comparison that decides
 * whether a running instance is restarted. Held against test/captures/procd (02, 07).
 *
 * Simpler than procd: no jails, capabilities, netdev, watch or trace parameters.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asList, asTable, type BusTable, type BusValue, stringsOf } from './stand-in-bus.ts';

export interface Respawn {
  /** An instance that ran at least this long (s) begins its count of crashes anew. */
  readonly thresholdS: number;
  /** The pause before a new start, in s. */
  readonly timeoutS: number;
  /** Crashes until procd gives up; 0 or less means never. */
  readonly retry: number;
}

export interface InstanceConfig {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly data: BusTable | undefined;
  readonly limits: BusTable | undefined;
  readonly respawn: Respawn | undefined;
  readonly termTimeoutS: number;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly pidfile: string | undefined;
  readonly nice: number;
  /** Path and digest of each `file` at the time of the call. */
  readonly files: readonly string[];
}

function integer(value: BusValue | undefined): number | undefined {
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value);
  return undefined;
}

function text(value: BusValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function digest(path: string): string {
  try {
    return `${path} ${createHash('md5').update(readFileSync(path)).digest('hex')}`;
  } catch {
    return `${path} missing`;
  }
}

function decodeRespawn(value: BusValue | undefined): Respawn | undefined {
  const list = asList(value);
  if (list === undefined) return undefined;
  return {
    thresholdS: integer(list[0]) ?? 3600,
    timeoutS: integer(list[1]) ?? 5,
    retry: integer(list[2]) ?? 5,
  };
}

/** Reads the files that `file` names; wrong types count as absent. */
export function decodeInstance(table: BusTable): InstanceConfig {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(asTable(table['env']) ?? {})) {
    if (typeof value === 'string') env[name] = value;
  }
  return {
    command: stringsOf(table['command']),
    env,
    data: asTable(table['data']),
    limits: asTable(table['limits']),
    respawn: decodeRespawn(table['respawn']),
    termTimeoutS: integer(table['term_timeout']) ?? 5,
    stdout: table['stdout'] === true,
    stderr: table['stderr'] === true,
    user: text(table['user']),
    group: text(table['group']),
    pidfile: text(table['pidfile']),
    nice: integer(table['nice']) ?? 0,
    files: stringsOf(table['file']).map(digest),
  };
}

/** Whether a running instance must be restarted; a change of `data` alone does not count. */
export function mustRestart(old: InstanceConfig, now: InstanceConfig): boolean {
  const relevant = (config: InstanceConfig) => {
    const { data: _, ...rest } = config;
    return JSON.stringify({ ...rest, env: Object.entries(config.env).sort() });
  };
  return relevant(old) !== relevant(now);
}
