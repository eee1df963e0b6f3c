/** The world as the command `ubus` wants it, from either runtime. */
import type { UbusIo } from '@openwrt/ubus-client/cli';
import type { Runtime } from '../ports/runtime.ts';

export function ubusIo(runtime: Runtime): UbusIo {
  return {
    connect: (path, handlers) => runtime.streams.connectUnix(path, handlers),
    timers: runtime.timers,
    monotonicMs: () => runtime.clock.monotonicMs(),
    stdout: (bytes) => runtime.stdout(bytes),
    stderr: (bytes) => runtime.stderr(bytes),
    onStop: (handler) => {
      runtime.onSignal(2, handler);
      runtime.onSignal(15, handler);
    },
  };
}
