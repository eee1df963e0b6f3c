/**
 * What the engine costs a router that has two WANs and no traffic: CPU time and memory of the service, and programs started for
 * probes. Probes themselves are sent by one fping for each WAN, which is counted apart.
 */
import { type Gateway, mwan3Config, reconfigure, servicePid, startGateway } from '../lab/multiwan.ts';
import type { Router } from '../lab/router.ts';
import type { BenchGroup } from './group.ts';
import { type Row, rowOf } from './rows.ts';

const RUNS = 5;
const SPAN_MS = 6000;
/** For programs: the service looks at the kernel once a minute, and what it starts then is no probe. */
const COUNT_MS = 30_000;
const KIB_PER_MIB = 1024;
const NS_PER_MS = 1e6;
const SETTLE_MS = 5000;

/** Milliseconds from one probe of a target to its next. */
const SLOW_MS = 10_000;
const TWICE_TWO_TARGETS = 4;
const DEFAULT_MS = 100;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU time on a core, ms: the first field of /proc/pid/schedstat. */
async function cpuMs(router: Router, pid: number): Promise<number> {
  return Number((await router.must(['cat', `/proc/${pid}/schedstat`])).split(' ')[0]) / NS_PER_MS;
}

async function memoryMib(router: Router, pid: number): Promise<number> {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(await router.must(['cat', `/proc/${pid}/status`]));
  return Number(found?.[1]) / KIB_PER_MIB;
}

/** fping's processes, in the router's own counting. */
async function pids(router: Router, name: string): Promise<number[]> {
  const { stdout } = await router.exec(['pgrep', '-x', name]);
  return stdout.split('\n').filter(Boolean).map(Number);
}

async function loadOf(
  gateway: Gateway,
  suffix: string,
  goals: readonly [number | null, number],
): Promise<Row[]> {
  const { router } = gateway;
  await pause(SETTLE_MS);
  const service = await servicePid(router);
  const cpu = { service: [] as number[], fping: [] as number[] };
  const memory: number[] = [];
  const probers = await pids(router, 'fping');
  const total = async (): Promise<number> => {
    const each = await Promise.all(probers.map((pid) => cpuMs(router, pid)));
    return each.reduce((sum, one) => sum + one, 0);
  };
  while (memory.length < RUNS) {
    const [beganMs, serviceMs, fpingMs] = [performance.now(), await cpuMs(router, service), await total()];
    await pause(SPAN_MS);
    const spanMs = performance.now() - beganMs;
    cpu.service.push((((await cpuMs(router, service)) - serviceMs) / spanMs) * 100);
    cpu.fping.push((((await total()) - fpingMs) / spanMs) * 100);
    memory.push(await memoryMib(router, service));
  }
  return [
    rowOf(`wan-cpu-${suffix}`, '% of a core', cpu.service, goals[0]),
    rowOf(`wan-cpu-${suffix}-fping`, '% of a core', cpu.fping),
    rowOf(`wan-rss-${suffix}`, 'MiB', memory, goals[1]),
  ];
}

/** A process number of the router that has just been given: they are given in turn. */
async function newestPid(router: Router): Promise<number> {
  return Number(await router.must(['sh', '-c', 'echo $$']));
}

/** Programs and threads that the router began in COUNT_MS. */
async function begun(router: Router): Promise<number> {
  await pause(SETTLE_MS);
  const before = await newestPid(router);
  await pause(COUNT_MS);
  return (await newestPid(router)) - before - 1;
}

export const multiwanLoad: BenchGroup = {
  names: [
    'wan-cpu-5-a-second',
    'wan-cpu-5-a-second-fping',
    'wan-rss-5-a-second',
    'wan-cpu-default',
    'wan-cpu-default-fping',
    'wan-rss-default',
    'wan-programs-default',
    'wan-programs-slow',
    'wan-programs-per-probe',
  ],
  async run({ say }) {
    const timing = (ms: number) => ({
      ...{ interval_ms: ms, failure_interval_ms: ms, recovery_interval_ms: ms, timeout_ms: 150 },
      ...{ down: 3, up: 5 },
    });
    const gateway = await startGateway({ mwan3: mwan3Config([1, 2]) });
    const { lab, router } = gateway;
    try {
      // Without a virtual router it has nothing to say, and asking it would be a part of what is measured.
      await router.must(['/etc/init.d/keepalived', 'stop']);
      say('CPU time and memory, default settings');
      const rows = await loadOf(gateway, 'default', [null, 8]);
      say(`programs in ${COUNT_MS / 1000} s`);
      const quick = await begun(router);
      await reconfigure(router, mwan3Config([1, 2], { wan: timing(SLOW_MS) }));
      const slow = await begun(router);
      const probes = (COUNT_MS / DEFAULT_MS) * TWICE_TWO_TARGETS - (COUNT_MS / SLOW_MS) * TWICE_TWO_TARGETS;
      // The look at the kernel once a minute (5 programs) falls into one span or into the other: hundredths are its.
      const perProbe = Math.max(0, Math.round(((quick - slow) / probes) * 100) / 100);
      say('CPU time and memory at 5 probes a second');
      await reconfigure(router, mwan3Config([1, 2], { wan: timing(200), targets: ['192.0.2.3'] }));
      rows.push(...(await loadOf(gateway, '5-a-second', [0.5, 8])));
      return [
        ...rows,
        rowOf('wan-programs-default', `in ${COUNT_MS / 1000} s`, [quick]),
        rowOf('wan-programs-slow', `in ${COUNT_MS / 1000} s`, [slow]),
        rowOf('wan-programs-per-probe', 'programs', [perProbe], 0),
      ];
    } finally {
      await lab.close();
    }
  },
};
