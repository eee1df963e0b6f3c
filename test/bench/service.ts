/** The service on a router of the lab: start, latency, memory, idle CPU. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Router } from '../lab/router.ts';
import type { BenchGroup } from './group.ts';
import { type Row, rowOf } from './rows.ts';

/** probe.ts, bundled. */
const BUILT_PROBE = 'build/bench/probe.mjs';
const PROBE = '/usr/lib/hagw-bench-probe.mjs';
const START_RUNS = 15;
const LATENCY_RUNS = 200;
const IDLE_MS = 10_000;
/** USER_HZ of every Linux port that we meet (proc(5), /proc/pid/stat). */
const TICK_MS = 10;
const KIB_PER_MIB = 1024;

function installProbe(root: string, router: Router): void {
  const path = join(root, BUILT_PROBE);
  if (!existsSync(path)) throw new Error(`${path} is missing: run 'make build' first.`);
  router.write(PROBE, readFileSync(path, 'utf8'), 0o755);
}

async function probe(router: Router, what: string, count: number): Promise<number[]> {
  const words = await router.must(['node', PROBE, what, String(count)], { timeoutMs: 120_000 });
  return JSON.parse(words) as number[];
}

/** Number of the service's process, in the router's own counting. */
async function servicePid(router: Router): Promise<number> {
  const reply = (await router.ubus('service', 'list', { name: 'hagw' })) as {
    hagw?: { instances?: Record<string, { pid?: number }> };
  };
  const pid = Object.values(reply.hagw?.instances ?? {}).find((instance) => instance.pid !== undefined)?.pid;
  if (pid === undefined) throw new Error(`${router.name}: procd runs no instance of hagw.`);
  return pid;
}

async function field(router: Router, path: string, name: string): Promise<number> {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(await router.must(['cat', path]));
  if (found === null) throw new Error(`${router.name}: ${path} has no ${name}.`);
  return Number(found[1]);
}

/** CPU time that the process has used, ms: fields 14 and 15 of /proc/pid/stat, after the name in parentheses. */
async function cpuMs(router: Router, pid: number): Promise<number> {
  const stat = await router.must(['cat', `/proc/${pid}/stat`]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function processRows(router: Router): Promise<Row[]> {
  const pid = await servicePid(router);
  const rss = await field(router, `/proc/${pid}/status`, 'VmRSS');
  const pss = await field(router, `/proc/${pid}/smaps_rollup`, 'Pss');
  const [beforeMs, beganMs] = [await cpuMs(router, pid), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const usedMs = (await cpuMs(router, pid)) - beforeMs;
  const rssAfter = await field(router, `/proc/${pid}/status`, 'VmRSS');
  return [
    rowOf('service-rss', 'MiB', [rss / KIB_PER_MIB, rssAfter / KIB_PER_MIB], 8),
    rowOf('service-pss', 'MiB', [pss / KIB_PER_MIB]),
    rowOf('service-idle-cpu', '% of a core', [(usedMs / (performance.now() - beganMs)) * 100], 0.5),
  ];
}

export const service: BenchGroup = {
  names: [
    'qjs-empty-start',
    'service-start',
    'status-latency',
    'service-rss',
    'service-pss',
    'service-idle-cpu',
  ],
  async run({ lab, root, say }) {
    const router = (await lab()).routers['gw-b'];
    installProbe(root, router);
    say(`${LATENCY_RUNS} calls of hagw status`);
    const latency = rowOf('status-latency', 'ms', await probe(router, 'latency', LATENCY_RUNS), 5);
    say(`memory, and CPU time over ${IDLE_MS / 1000} s`);
    const process = await processRows(router);
    const empty = rowOf('qjs-empty-start', 'ms', await probe(router, 'empty', START_RUNS));
    say(`${START_RUNS} starts of the service`);
    await router.must(['/etc/init.d/hagw', 'stop']);
    try {
      const start = rowOf('service-start', 'ms', await probe(router, 'start', START_RUNS), 100);
      return [empty, start, latency, ...process];
    } finally {
      await router.must(['/etc/init.d/hagw', 'start']);
    }
  },
};
