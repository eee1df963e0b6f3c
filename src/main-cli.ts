/** The command line: what it needs of the world. */
import type { CliEnvironment, ForeignImporters, Outcome } from './cli/environment.ts';
import { runCli } from './cli/main.ts';
import { fail, type Result } from './lib/result.ts';
import { encodeText } from './lib/text.ts';
import { connect, socketPath } from './main-bus.ts';
import type { Bus, BusError, BusTable } from './ports/bus.ts';
import type { Log } from './ports/log.ts';
import type { Runtime } from './ports/runtime.ts';

/** How long the command line waits for ubusd, and for an answer. */
const CONNECT_MS = 2000;
const ANSWER_MS = 5000;
/** For what takes its time: a switchover ends within 10 s. */
const SLOW: Readonly<Record<string, number>> = { switchover: 15_000, survive: 35_000, apply: 60_000 };

/** Resolves with true once the bus is connected, with false if that takes too long. */
function connected(runtime: Runtime, bus: Bus): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = runtime.timers.after(CONNECT_MS, () => resolve(false));
    bus.onConnection((isConnected) => {
      if (!isConnected) return;
      timer.cancel();
      resolve(true);
    });
  });
}

async function callOnce(
  runtime: Runtime,
  path: string,
  method: string,
  args: BusTable,
): Promise<Result<BusTable, BusError>> {
  const silent: Log = { write: () => undefined };
  const none = fail<BusError>({ code: 'disconnected', status: 10, message: 'no connection to ubusd' });
  if (!runtime.files.info(socketPath(runtime)).ok) return none;
  const bus = connect(runtime, silent);
  const reply = (await connected(runtime, bus))
    ? await bus.call(path, method, args, SLOW[method] ?? ANSWER_MS)
    : none;
  bus.close();
  return reply;
}

/** Runs one command; the exit code, or null if the program is to go on as the daemon. */
export function runCommand(
  runtime: Runtime,
  version: string,
  foreignImporters: ForeignImporters,
  service: () => void,
): Promise<Outcome> {
  const env: CliEnvironment = {
    args: runtime.args,
    version,
    files: runtime.files,
    foreignImporters,
    colours: runtime.stdoutIsTerminal && runtime.env('NO_COLOR') === undefined,
    wallMs: () => runtime.clock.wallMs(),
    stdout: (text) => runtime.stdout(encodeText(text)),
    stderr: (text) => runtime.stderr(encodeText(text)),
    call: (path, method, args) => callOnce(runtime, path, method, args),
    service,
  };
  return runCli(env);
}
