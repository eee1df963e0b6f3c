/** What the suite's program does when a case starts it once more: `act NAME ARGUMENT…`. */
import type { Runtime } from '../../../../src/ports/runtime.ts';
import { bytes, codeOf } from './case.ts';

export const acts: Readonly<Record<string, (runtime: Runtime, args: readonly string[]) => void>> = {
  describe(runtime) {
    const proc = runtime.files.readLink('/proc/self');
    const told = {
      args: runtime.args,
      given: runtime.env('GIVEN') ?? null,
      missing: runtime.env('MISSING') ?? null,
      terminal: runtime.stdoutIsTerminal,
      pid: runtime.pid,
      proc: proc.ok ? Number(proc.value) : proc.error.code,
    };
    runtime.stdout(bytes(`${JSON.stringify(told)}\n`));
    runtime.exit(0);
  },
  copy(runtime) {
    runtime.stdout(runtime.readStdin());
    runtime.exit(5);
  },
  chatter(runtime) {
    for (;;) runtime.stdout(bytes('more\n'));
  },
  reject(runtime) {
    void Promise.reject(new Error('rejected on purpose'));
    runtime.timers.after(5000, () => runtime.exit(0));
  },
  throw(runtime) {
    runtime.timers.after(1, () => {
      throw new Error('thrown on purpose');
    });
    runtime.timers.after(20, () => runtime.exit(7));
  },
  signals(runtime) {
    const timer = runtime.timers.after(60_000, () => undefined);
    for (const signal of [1, 2, 15] as const) {
      runtime.onSignal(signal, () => {
        runtime.stdout(bytes(`${signal}\n`));
        if (signal !== 15) return;
        timer.cancel();
        runtime.exit(0);
      });
    }
    runtime.stdout(bytes('ready\n'));
  },
  log(runtime, args) {
    const log = runtime.log('contract');
    for (let at = 0; at < Number(args[0]); at += 1) log.write('warning', `line ${at}`);
    log.write('err', `\nfaked\u001b[31m ${'x'.repeat(100_000)} end`);
    log.write('info', 'done');
    runtime.exit(0);
  },
  'read-secret'(runtime, args) {
    const path = args[0] ?? '';
    const codes = [codeOf(runtime.files.read(path)), codeOf(runtime.files.append(path, bytes('x')))];
    runtime.stdout(bytes(codes.join(' ')));
  },
  nothing(runtime) {
    runtime.timers.after(5, () => undefined);
  },
};
