/**
 * Measures from inside a router, where a program's start costs nothing but itself: runs on the router's Node with a
 * connection to ubusd of its own. Prints the samples as one line of JSON, in milliseconds.
 *
 *   latency COUNT        `hagw status` over one connection
 *   start COUNT          from exec of the service to its first answer; nobody else may run the service meanwhile
 *   empty COUNT          qjs with an empty script, from exec to exit
 */
import { createNodeRuntime } from '../../src/adapters/node/runtime.ts';
import { createUbusBus } from '../../src/adapters/ubus-bus.ts';
import type { ProcessExit } from '../../src/ports/processes.ts';

const CALL_MS = 5000;
const LIMIT_MS = 10_000;
const SIGTERM = 15;

const runtime = createNodeRuntime();
const now = (): number => runtime.clock.monotonicMs();
const bus = createUbusBus({
  ...runtime,
  log: { write: () => undefined },
  socketPath: '/var/run/ubus/ubus.sock',
});
const answers = async (): Promise<boolean> => (await bus.call('hagw', 'status', {}, CALL_MS)).ok;

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.timers.after(delayMs, resolve);
  });
}

async function waitFor(what: string, condition: () => Promise<boolean>): Promise<void> {
  const endMs = now() + LIMIT_MS;
  while (!(await condition())) {
    if (now() > endMs) throw new Error(`${what} did not come about within ${LIMIT_MS} ms.`);
    await sleep(1);
  }
}

async function latency(): Promise<number> {
  const startMs = now();
  if (!(await answers())) throw new Error('hagw status did not answer.');
  return now() - startMs;
}

async function start(): Promise<number> {
  await waitFor('The end of the service before', async () => !(await answers()));
  let exit: ProcessExit | undefined;
  let words = '';
  const startMs = now();
  const child = runtime.processes.start(['qjs', '-m', '/usr/lib/hagw/hagw.js', 'service'], {
    onStderr: (bytes) => {
      words += Buffer.from(bytes).toString();
    },
    onExit: (how) => {
      exit = how;
    },
  });
  if (!child.ok) throw new Error(child.error.message);
  await waitFor('The first answer', async () => {
    if (exit !== undefined) throw new Error(`The service ended by itself: ${words}`);
    return answers();
  });
  const tookMs = now() - startMs;
  child.value.kill(SIGTERM);
  await waitFor('The end of the service', async () => exit !== undefined);
  return tookMs;
}

async function empty(): Promise<number> {
  const startMs = now();
  const done = await runtime.processes.run(['qjs', '-e', ''], { timeoutMs: LIMIT_MS });
  if (!done.ok) throw new Error(done.error.message);
  return now() - startMs;
}

async function main(): Promise<void> {
  const [what = '', count = ''] = runtime.args;
  const measure = { latency, start, empty }[what];
  if (measure === undefined) throw new Error(`There is no measurement '${what}'.`);
  await new Promise<void>((resolve) => bus.onConnection((connected) => connected && resolve()));
  await measure();
  const samples: number[] = [];
  while (samples.length < Number(count)) samples.push(await measure());
  runtime.stdout(Buffer.from(`${JSON.stringify(samples)}\n`));
}

main().then(
  () => runtime.exit(0),
  (error: unknown) => {
    runtime.stderr(Buffer.from(`${String(error)}\n`));
    runtime.exit(1);
  },
);
