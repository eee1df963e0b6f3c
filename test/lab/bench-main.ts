/** `lab bench [NAME…]` as a program of its own, because the measurements need esbuild, and nothing else here does. */
import { runBench } from '../bench/bench.ts';
import { REPOSITORY } from './disk.ts';

runBench(process.argv.slice(2), REPOSITORY).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
