/** Pings a target until ten probes were answered, one burst among them, and prints each result as a line of JSON. */
import { createProber } from '../../../src/adapters/probe-methods.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Runtime } from '../../../src/ports/runtime.ts';

export function probeFor(runtime: Runtime): void {
  let answered = 0;
  const running = createProber(runtime).start(
    {
      ...{ wan: 'wan', device: 'wan0', family: 'ipv4', source: null, mark: null },
      ...{ methods: ['ping'], targets: ['198.51.100.1'], sizeBytes: 56, maxTtl: 60 },
      ...{ intervalMs: 50, timeoutMs: 2000 },
    },
    (result) => {
      runtime.stdout(encodeText(`${JSON.stringify(result)}\n`));
      if (result.kind !== 'probeReply') return;
      answered += 1;
      if (answered === 3) {
        running.burst({ id: 7, targets: ['198.51.100.1'], count: 4, spacingMs: 15, timeoutMs: 2000 });
      }
      if (answered === 10) {
        running.stop();
        runtime.exit(0);
      }
    },
  );
}
