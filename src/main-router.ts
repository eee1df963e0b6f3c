/**
 * What both runtimes share of the program `hagw`. On the router each part is a file that is loaded when it is wanted: the daemon
 * never has the commands in its memory, a command not the daemon.
 */
import type { ForeignImporters } from './cli/environment.ts';
import { encodeText } from './lib/text.ts';
import type { Runtime } from './ports/runtime.ts';

/** Runs `hagw` with the runtime's arguments and ends the program, unless it is the daemon. */
export function runHagw(runtime: Runtime, version: string, foreignImporters: ForeignImporters): void {
  const failed = (error: unknown): void => {
    runtime.stderr(encodeText(`hagw: failed by a defect: ${String(error)}\n`));
    runtime.exit(70);
  };
  const service = (): void => {
    import('./main-service.ts').then(({ runService }) => runService(runtime, version)).catch(failed);
  };
  const [command, ...more] = runtime.args;
  if (command === 'service' && more.length === 0) {
    service();
    return;
  }
  import('./main-cli.ts')
    .then(({ runCommand }) => runCommand(runtime, version, foreignImporters, service))
    .then((code) => {
      if (code !== null) runtime.exit(code);
    }, failed);
}
