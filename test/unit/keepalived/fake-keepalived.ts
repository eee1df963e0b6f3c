import type { KeepalivedPorts } from '../../../src/adapters/keepalived.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Bus, BusTable } from '../../../src/ports/bus.ts';
import type { Completed } from '../../../src/ports/processes.ts';

const DUMP = '/tmp/keepalived.json';

/**
 * A machine with one keepalived on it, in virtual time: a timer that is set is due at once, and the clock has moved by its
 * delay. Signals reach the process as on Linux: one that it makes no provision for ends it.
 */
export class FakeMachine {
  nowMs = 100_000;
  pid = 4711;
  alive = true;
  comm = 'keepalived';
  exe = '/usr/sbin/keepalived';
  /** SigBlk of /proc/PID/status: bit 35 is signal 36. */
  blocked = '4000000800014a03';
  cmdline = ['/usr/sbin/keepalived', '-n', '-f', '/tmp/keepalived.conf'];
  /** By path. */
  configs: Record<string, string> = {};
  pidFile: string | null = '4711\n';
  procd: BusTable = {};
  signum = '36\n';
  /** The file after the signal, one entry per look at it (null = missing, `keep` = as before); the last one stays. */
  writes: (string | null)[] = ['[]'];
  killCode = 0;
  readonly kills: string[] = [];
  readonly signumCalls: string[] = [];
  #dump: { text: string; modifiedMs: number } | null = null;
  #pending: (string | null)[] = [];
  onKill: () => void = () => {};

  leaveDump(text: string, ageMs: number): void {
    this.#dump = { text, modifiedMs: this.nowMs - ageMs };
  }

  ports(): KeepalivedPorts {
    return {
      bus: this.#bus(),
      clock: { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs },
      timers: {
        after: (delayMs, run) => {
          this.nowMs += delayMs;
          Promise.resolve().then(() => {
            this.#look();
            run();
          });
          return { cancel: () => {} };
        },
      },
      files: this.#files(),
      processes: {
        start: () => fail({ code: 'ENOSYS', argv: [], message: 'not in this test' }),
        run: async (argv) => ok(this.#run(argv)),
      },
    };
  }

  #run(argv: readonly string[]): Completed {
    const line = argv.join(' ');
    if (line === 'keepalived --signum=JSON') {
      this.signumCalls.push(line);
      return completed(this.signum === '' ? 1 : 0, this.signum);
    }
    this.kills.push(line);
    const signal = Number(argv[1]?.slice(1));
    if (this.killCode === 0 && this.alive) {
      const bit = (Number.parseInt(this.blocked, 16) / 2 ** (signal - 1)) % 2 >= 1;
      if (bit) this.#pending = [...this.writes];
      else this.alive = false;
    }
    this.onKill();
    this.#look();
    return completed(this.killCode, '');
  }

  /** One look at the file later. */
  #look(): void {
    const text = this.#pending.shift();
    if (text !== undefined && text !== 'keep')
      this.#dump = text === null ? null : { text, modifiedMs: this.nowMs };
  }

  #files(): KeepalivedPorts['files'] {
    const read = (path: string): string | null => {
      if (path === '/var/run/keepalived.pid') return this.pidFile;
      if (path === DUMP) return this.#dump?.text ?? null;
      if (path in this.configs) return this.configs[path] ?? null;
      if (!this.alive || !path.startsWith(`/proc/${this.pid}/`)) return null;
      if (path.endsWith('/cmdline')) return `${this.cmdline.join('\0')}\0`;
      if (path.endsWith('/comm')) return `${this.comm}\n`;
      return `Name:\t${this.comm}\nSigBlk:\t${this.blocked}\nSigIgn:\tbffffff67ffab034\nSigCgt:\t0000000000000000\n`;
    };
    const missing = (path: string) => fail({ code: 'ENOENT', path, message: `${path} is missing` });
    const unused = () => {
      throw new Error('the reader changes no file');
    };
    return {
      read: (path) => {
        const text = read(path);
        return text === null ? missing(path) : ok(encodeText(text));
      },
      info: (path) =>
        path !== DUMP || this.#dump === null
          ? missing(path)
          : ok({
              kind: 'file',
              sizeBytes: this.#dump.text.length,
              mode: 0o600,
              modifiedMs: this.#dump.modifiedMs,
            }),
      readLink: (path) => (path === `/proc/${this.pid}/exe` && this.alive ? ok(this.exe) : missing(path)),
      replace: unused,
      append: unused,
      list: unused,
      makeFolder: unused,
      rename: unused,
      remove: unused,
    };
  }

  #bus(): Bus {
    const unused = () => {
      throw new Error('the reader only calls');
    };
    return {
      call: async () => ok(this.procd),
      provide: unused,
      subscribe: unused,
      listen: unused,
      send: unused,
      onConnection: unused,
      close: unused,
    };
  }
}

function completed(code: number, stdout: string): Completed {
  return {
    exit: { kind: 'exited', code },
    stdout: encodeText(stdout),
    stderr: encodeText(''),
    timedOut: false,
    truncated: false,
  };
}
