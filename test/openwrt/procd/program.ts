/**
 * Starts the program of an instance, an init script or a trigger with the environment that procd gives, and hands its
 * output to the log line by line: standard output as daemon.info, standard error as daemon.err, as procd does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import type { InstanceConfig } from './instance-config.ts';
import type { Severity, SystemLog } from './system-log.ts';

/** All that a process on the router starts with, beside what an instance adds. */
export const BASE_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  TERM: 'linux',
};
/** The exit status of a program that could not be started, as a shell gives it. */
const NOT_STARTED = 127;
const MAX_LINE = 1024;

export interface Program {
  readonly pid: number;
  kill(signal: number): void;
}

/** Field 2 (the id) of the entry of `name` in a file like /etc/passwd. */
function idOf(file: string, name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const entry = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === name);
  return entry?.[2] === undefined ? undefined : Number(entry[2]);
}

function logLines(child: ChildProcess, stream: 'stdout' | 'stderr', name: string, log: SystemLog): void {
  const severity: Severity = stream === 'stdout' ? 'info' : 'err';
  let rest = '';
  const write = (line: string) => {
    if (line !== '') log.write('daemon', severity, `${name}[${child.pid}]`, line);
  };
  child[stream]?.setEncoding('utf8');
  child[stream]?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(line);
    if (rest.length > MAX_LINE) {
      write(rest);
      rest = '';
    }
  });
  child[stream]?.on('end', () => write(rest));
}

/** Exit status of the shell's kind: 128 + signal for a killed one. */
function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** `onExit` comes exactly once and never before this returns. */
export function startProgram(
  config: InstanceConfig,
  log: SystemLog,
  onExit: (code: number) => void,
): Program {
  const [file = '', ...args] = config.command;
  const uid = config.user === undefined ? undefined : idOf('/etc/passwd', config.user);
  const gid = config.group === undefined ? undefined : idOf('/etc/group', config.group);
  if ((config.user !== undefined && uid === undefined) || (config.group !== undefined && gid === undefined)) {
    log.write('daemon', 'err', 'procd', `${file} was not started: there is no such user or group.`);
    setImmediate(() => onExit(NOT_STARTED));
    return { pid: 0, kill: () => undefined };
  }
  const child = spawn(file, args, {
    env: { ...BASE_ENV, ...config.env },
    cwd: '/',
    detached: true,
    stdio: ['ignore', config.stdout ? 'pipe' : 'ignore', config.stderr ? 'pipe' : 'ignore'],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  let ended = false;
  const end = (code: number) => {
    if (ended) return;
    ended = true;
    onExit(code);
  };
  child.on('error', () => {
    if (child.pid === undefined) end(NOT_STARTED);
  });
  child.on('exit', (code, signal) => end(statusOf(code, signal)));
  const name = basename(file);
  logLines(child, 'stdout', name, log);
  logLines(child, 'stderr', name, log);
  if (child.pid !== undefined) {
    if (config.nice !== 0) setPriority(child.pid, config.nice);
    if (config.pidfile !== undefined) writeFileSync(config.pidfile, `${child.pid}\n`);
  }
  return {
    pid: child.pid ?? 0,
    kill(signal) {
      if (!ended && child.pid !== undefined) child.kill(signal);
    },
  };
}

/** Runs a script to its end, its output in the log under its own name; resolves with the exit status. */
export function runScript(argv: readonly string[], log: SystemLog): Promise<number> {
  return new Promise((resolve) => {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, { env: BASE_ENV, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    const name = basename(file);
    logLines(child, 'stdout', name, log);
    logLines(child, 'stderr', name, log);
    child.on('error', (error) => {
      log.write('daemon', 'err', 'procd', `${file} could not be started: ${error.message}`);
      resolve(NOT_STARTED);
    });
    child.on('exit', (code, signal) => resolve(statusOf(code, signal)));
  });
}
