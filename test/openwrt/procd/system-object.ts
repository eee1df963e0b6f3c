/**
 * Object `system` as far as LuCI and status pages read it: `board` and `info`. Not recorded; names as in procd's own
 * documentation. No reboot, watchdog, upgrade or signal.
 */
import { readFileSync } from 'node:fs';
import { freemem, hostname, loadavg, release, totalmem } from 'node:os';
import type { Method } from './stand-in-bus.ts';

const LOAD_SCALE = 65536;

export const SYSTEM_METHODS: Readonly<Record<string, Method>> = {
  board: {
    args: {},
    handle: () => ({
      kernel: release(),
      hostname: hostname(),
      system: 'stand-in',
      model: 'hagw lab router',
      board_name: 'hagw,lab',
      release: {
        distribution: 'OpenWrt',
        version: 'stand-in',
        revision: 'r0',
        target: 'lab/generic',
        description: 'OpenWrt stand-in of the hagw lab',
      },
    }),
  },
  info: {
    args: {},
    handle: () => ({
      localtime: Math.floor(Date.now() / 1000),
      uptime: Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])),
      load: loadavg().map((value) => Math.round(value * LOAD_SCALE)),
      memory: { total: totalmem(), free: freemem() },
    }),
  },
};
