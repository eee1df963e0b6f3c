import type { UciIo } from 'uci-parser/cli';
import { encodeText } from '../lib/text.ts';
import type { Runtime } from '../ports/runtime.ts';

/** What the `uci` command needs, from a runtime. */
export function uciIo(runtime: Runtime): UciIo {
  return {
    files: runtime.files,
    stdout: (text) => runtime.stdout(encodeText(text)),
    stderr: (text) => runtime.stderr(encodeText(text)),
    readStdin: () => runtime.readStdin(),
  };
}
