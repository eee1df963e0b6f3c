/**
 * One instance of a service: starts its program, stops it (SIGTERM, then SIGKILL), respawns it after a crash.
 * Held against test/captures/procd (04, 05, 06, 09).
 *
 *   stopped --start--> running --exit--> waiting --timeout--> running        (respawn)
 *                      running --exit, crashed too often--> stopped           (instance.fail)
 *                      running --stop--> stopping --exit--> stopped | removed | running (restart)
 */
import { decodeInstance, type InstanceConfig, mustRestart } from './instance-config.ts';
import { type Program, startProgram } from './program.ts';
import type { BusTable } from './stand-in-bus.ts';
import type { SystemLog } from './system-log.ts';

/** Tells the subscribers of object `service`; `extra` comes after service and instance. */
export type Announce = (event: string, extra: BusTable) => void;

type AfterExit = 'respawn' | 'stay' | 'restart' | 'remove';

export interface Instance {
  update(table: BusTable): void;
  start(): void;
  stop(): void;
  /** Stops it; `onRemoved` comes once the program has gone. */
  remove(onRemoved: () => void): void;
  signal(signal: number): void;
  setData(data: BusTable): void;
  data(): BusTable | undefined;
  isRunning(): boolean;
  dump(): BusTable;
}

export function createInstance(table: BusTable, announce: Announce, log: SystemLog): Instance {
  let config: InstanceConfig = decodeInstance(table);
  let program: Program | undefined;
  let respawns = config.respawn !== undefined;
  let respawnCount = 0;
  let startedMs = 0;
  let exitCode = 0;
  let afterExit: AfterExit = 'respawn';
  let respawnTimer: NodeJS.Timeout | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  let removed: (() => void) | undefined;

  function start(): void {
    clearTimeout(respawnTimer);
    respawnTimer = undefined;
    if (program !== undefined || config.command.length === 0) return;
    afterExit = 'respawn';
    startedMs = performance.now();
    announce('instance.start', {});
    program = startProgram(config, log, (code) => exited(code));
  }

  function exited(code: number): void {
    const pid = program?.pid ?? 0;
    program = undefined;
    exitCode = code;
    clearTimeout(killTimer);
    announce('instance.stop', {});
    const next = afterExit;
    if (next === 'remove') removed?.();
    else if (next === 'restart') start();
    else if (next === 'respawn' && respawns && config.respawn !== undefined) crashed(pid);
  }

  function crashed(pid: number): void {
    const respawn = config.respawn;
    if (respawn === undefined) return;
    const ranMs = performance.now() - startedMs;
    respawnCount = ranMs < respawn.thresholdS * 1000 ? respawnCount + 1 : 0;
    const details = { pid, exit_code: exitCode, respawn_count: respawnCount, command: config.command };
    if (respawn.retry > 0 && respawnCount > respawn.retry) {
      respawns = false;
      log.write('daemon', 'info', 'procd', `Instance is in a crash loop, ${respawnCount} crashes.`);
      announce('instance.fail', details);
      return;
    }
    announce('instance.respawn', details);
    respawnTimer = setTimeout(start, respawn.timeoutS * 1000);
  }

  /** Ends the program; what follows depends on `next`. */
  function end(next: AfterExit): void {
    afterExit = next;
    clearTimeout(respawnTimer);
    respawnTimer = undefined;
    if (program === undefined) {
      if (next === 'remove') removed?.();
      return;
    }
    const ending = program;
    ending.kill(15);
    clearTimeout(killTimer);
    killTimer = setTimeout(() => ending.kill(9), config.termTimeoutS * 1000);
  }

  return {
    update(next) {
      const wanted = decodeInstance(next);
      const wasEnding = afterExit === 'remove' || afterExit === 'stay' || afterExit === 'restart';
      const restart = program !== undefined && !wasEnding && mustRestart(config, wanted);
      config = wanted;
      respawns = config.respawn !== undefined;
      if (program === undefined) {
        respawnCount = 0;
        start();
      } else if (wasEnding) {
        afterExit = 'restart';
      } else if (restart) {
        respawnCount = 0;
        end('restart');
      }
    },
    start,
    stop() {
      respawns = false;
      end('stay');
    },
    remove(onRemoved) {
      respawns = false;
      removed = onRemoved;
      end('remove');
    },
    signal(signal) {
      program?.kill(signal);
    },
    setData(data) {
      config = { ...config, data };
    },
    data: () => config.data,
    isRunning: () => program !== undefined,
    dump: () => ({
      running: program !== undefined,
      ...(program !== undefined ? { pid: program.pid } : {}),
      ...(config.command.length > 0 ? { command: config.command } : {}),
      term_timeout: config.termTimeoutS,
      ...(program === undefined ? { exit_code: exitCode } : {}),
      ...(Object.keys(config.env).length > 0 ? { env: config.env } : {}),
      ...(config.data !== undefined ? { data: config.data } : {}),
      ...(config.limits !== undefined ? { limits: config.limits } : {}),
      ...(respawns && config.respawn !== undefined
        ? {
            respawn: {
              threshold: config.respawn.thresholdS,
              timeout: config.respawn.timeoutS,
              retry: config.respawn.retry,
            },
          }
        : {}),
      ...(config.user !== undefined ? { user: config.user } : {}),
      ...(config.group !== undefined ? { group: config.group } : {}),
    }),
  };
}
