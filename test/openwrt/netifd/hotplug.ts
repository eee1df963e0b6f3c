/**
 * Runs /sbin/hotplug-call iface, one interface after another: while a script runs, each interface has at most one event
 * waiting, and a newer one takes its place in the queue (test/captures/netifd, 25 and 35).
 */
import { spawn } from 'node:child_process';

export interface HotplugEvent {
  readonly action: 'ifup' | 'ifdown' | 'ifupdate';
  readonly interface: string;
  /** l3 device; absent on ifdown. */
  readonly device: string | undefined;
  /** `addresses`, `routes`, `prefixes`, `data` of an ifupdate. */
  readonly updated: readonly string[];
}

export interface HotplugQueue {
  /** One that repeats what runs at present is dropped, unless it `always` counts. */
  push(event: HotplugEvent, always?: boolean): void;
  /** While work on the interfaces goes on, nothing but the first event starts: the later ones may replace each other. */
  hold(): void;
  release(): void;
  /** Waits until nothing runs and nothing waits. */
  idle(): Promise<void>;
}

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export function hotplugEnvironment(event: HotplugEvent): Record<string, string> {
  return {
    PATH,
    HOME: '/root',
    TERM: 'linux',
    ACTION: event.action,
    INTERFACE: event.interface,
    ...(event.device !== undefined && event.action !== 'ifdown' ? { DEVICE: event.device } : {}),
    ...Object.fromEntries(event.updated.map((word) => [`IFUPDATE_${word.toUpperCase()}`, '1'])),
  };
}

export function createHotplugQueue(): HotplugQueue {
  const waiting: HotplugEvent[] = [];
  let running: HotplugEvent | undefined;
  let holds = 0;
  let hasEnded = false;
  let idlers: (() => void)[] = [];

  function ended(): void {
    hasEnded = true;
    if (holds === 0) next();
  }

  function next(): void {
    hasEnded = false;
    running = waiting.shift();
    if (running === undefined) {
      for (const done of idlers) done();
      idlers = [];
      return;
    }
    const child = spawn('/sbin/hotplug-call', ['iface'], {
      env: hotplugEnvironment(running),
      cwd: '/',
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('error', ended);
    child.on('exit', ended);
  }

  return {
    push(event, always = false) {
      const place = waiting.findIndex((other) => other.interface === event.interface);
      const same = running?.interface === event.interface && running.action === event.action;
      if (place >= 0) waiting[place] = event;
      else if (!same || always) waiting.push(event);
      if (running === undefined) next();
    },
    hold() {
      holds += 1;
    },
    release() {
      holds -= 1;
      if (holds === 0 && hasEnded) next();
    },
    idle: () =>
      running === undefined ? Promise.resolve() : new Promise((resolve) => idlers.push(() => resolve())),
  };
}
