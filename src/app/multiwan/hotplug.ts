/**
 * mwan3's events for scripts: hotplug's `iface` folder and /etc/mwan3.user, with mwan3's variables (recorded in
 * test/captures/mwan3, track-*). One script at a time, in the order of the events, and nobody waits for them.
 *
 * netifd itself tells hotplug's scripts of ifup and ifdown; of us they get the four actions that mwan3 adds. mwan3.user gets all six. Where
 * the mwan3 package is installed, its own hotplug script runs mwan3.user.
 */
import type { HotplugAction } from '../../core/engine/multiwan-types.ts';
import type { Files } from '../../ports/files.ts';
import type { Log } from '../../ports/log.ts';
import type { Processes } from '../../ports/processes.ts';

const HOTPLUG = '/sbin/hotplug-call';
const USER_SCRIPT = '/etc/mwan3.user';
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
/** A script that takes longer is ended: the next event is worth more. */
const LONGEST_MS = 30_000;
/** Events that wait; beyond that the oldest is dropped. */
const MOST_WAITING = 64;

export interface HotplugCall {
  readonly action: HotplugAction;
  readonly wan: string;
  readonly device: string;
  readonly first: boolean;
}

export function createHotplug(
  processes: Processes,
  files: Files,
  log: Log,
): { push(call: HotplugCall): void } {
  const waiting: HotplugCall[] = [];
  let running = false;

  const run = async (
    argv: readonly string[],
    call: HotplugCall,
    more: Record<string, string>,
  ): Promise<void> => {
    const env = { PATH, HOME: '/', ACTION: call.action, INTERFACE: call.wan, DEVICE: call.device, ...more };
    const done = await processes.run(argv, { env, timeoutMs: LONGEST_MS, maxOutputBytes: 4096 });
    if (!done.ok) log.write('warning', `${argv[0]} could not be started: ${done.error.message}`);
    else if (done.value.timedOut)
      log.write(
        'warning',
        `${argv[0]} took longer than ${LONGEST_MS / 1000} s at '${call.action}' and was ended.`,
      );
  };

  const handle = async (call: HotplugCall): Promise<void> => {
    const isNetifds = call.action === 'ifup' || call.action === 'ifdown';
    if (!isNetifds && files.info(HOTPLUG).ok)
      await run(
        [HOTPLUG, 'iface'],
        call,
        call.first && call.action === 'connected' ? { FIRSTCONNECT: '1' } : {},
      );
    if (files.info(USER_SCRIPT).ok) await run(['/bin/sh', USER_SCRIPT], call, {});
  };

  const next = (): void => {
    const call = waiting.shift();
    running = call !== undefined;
    if (call === undefined) return;
    handle(call).then(next, (error: unknown) => {
      log.write('err', `A hotplug call failed by a defect: ${String(error)}`);
      next();
    });
  };

  return {
    push(call) {
      if (waiting.length >= MOST_WAITING) waiting.shift();
      waiting.push(call);
      if (!running) next();
    },
  };
}
