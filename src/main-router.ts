/** What both runtimes share of the program `hagw`: adapters to ports, ports to the service and the command line. */
import { createFlows } from './adapters/conntrack-flows.ts';
import { createConntrackd } from './adapters/conntrackd.ts';
import { createCounters } from './adapters/counters.ts';
import { createDnsmasqLeases } from './adapters/dnsmasq.ts';
import { createFlush, createPartner, createStandby } from './adapters/duty.ts';
import { createHandover } from './adapters/handover.ts';
import { createRouting } from './adapters/ip.ts';
import { createKeepalivedVrrp } from './adapters/keepalived.ts';
import { createMwan3 } from './adapters/mwan3.ts';
import { createNetifdLinks } from './adapters/netifd.ts';
import { createNft } from './adapters/nft.ts';
import { watchNft } from './adapters/nft-monitor.ts';
import { createPairTools } from './adapters/pair-tools.ts';
import { createProber } from './adapters/probe-methods.ts';
import { createConnectionSurvey } from './adapters/survey.ts';
import { createUbusBus } from './adapters/ubus-bus.ts';
import { startService } from './app/service.ts';
import { type CliEnvironment, EXIT, type ForeignImporters } from './cli/environment.ts';
import { runCli } from './cli/main.ts';
import { leaseFileOf } from './core/config/dhcp.ts';
import { CONFIG_FOLDER, LARGEST_CONFIG, parseConfig } from './core/config/parse.ts';
import { CONNTRACKD_PLACES } from './core/conntrackd/render.ts';
import { fail, type Result } from './lib/result.ts';
import { decodeText, encodeText } from './lib/text.ts';
import type { Bus, BusError, BusTable } from './ports/bus.ts';
import type { Log } from './ports/log.ts';
import type { Runtime } from './ports/runtime.ts';

const SOCKET = '/var/run/ubus/ubus.sock';
const SIGHUP = 1;
const SIGINT = 2;
const SIGTERM = 15;

/** How long the command line waits for ubusd, and for an answer. */
const CONNECT_MS = 2000;
const ANSWER_MS = 5000;
/** For what takes its time: a switchover ends within 10 s. */
const SLOW: Readonly<Record<string, number>> = { switchover: 15_000, survive: 35_000, apply: 60_000 };

function connect(runtime: Runtime, log: Log): Bus {
  const { streams, timers, clock } = runtime;
  return createUbusBus({ streams, timers, clock, log, socketPath: runtime.env('UBUS_SOCKET') ?? SOCKET });
}

function hostname(runtime: Runtime): string {
  const content = runtime.files.read('/proc/sys/kernel/hostname', 4096);
  return content.ok ? decodeText(content.value).trim() : 'router';
}

/** The daemon: runs until SIGTERM. */
function runService(runtime: Runtime, version: string): void {
  const { clock, timers, files, processes } = runtime;
  const log = runtime.log('hagw');
  const bus = connect(runtime, log);
  const ports = {
    clock,
    timers,
    files,
    log,
    bus,
    links: createNetifdLinks(bus),
    vrrp: createKeepalivedVrrp({ bus, files, processes, clock, timers }),
    conntrack: createConntrackd(
      processes,
      undefined,
      undefined,
      () => files.info(CONNTRACKD_PLACES.lockFile).ok,
    ),
    leases: createDnsmasqLeases(files, () =>
      leaseFileOf(parseConfig('dhcp', files.read(`${CONFIG_FOLDER}/dhcp`, LARGEST_CONFIG))),
    ),
    survey: createConnectionSurvey(processes, timers),
    mwan3: createMwan3(bus),
    pairTools: createPairTools(processes, files),
    handover: createHandover(processes),
    duty: {
      partner: createPartner(files),
      standby: createStandby(files, processes, bus),
      flush: createFlush(processes),
    },
    multiWan: {
      files,
      processes,
      nft: createNft(processes),
      routing: createRouting(processes, timers),
      flows: createFlows(processes, timers),
      prober: createProber({ processes, timers, clock }),
      counters: createCounters(files),
      watchNft: (changed: () => void) => watchNft(processes, timers, changed),
    },
  };
  const onRival = (sentence: string): void => {
    log.write('err', sentence);
    runtime.exit(EXIT.running);
  };
  const service = startService(ports, { version, hostname: hostname(runtime) }, runtime.pid, onRival);
  runtime.onSignal(SIGHUP, () => service.reload());
  for (const signal of [SIGTERM, SIGINT] as const) {
    runtime.onSignal(signal, () => {
      service.stop();
      runtime.exit(0);
    });
  }
}

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
  if (!runtime.files.info(runtime.env('UBUS_SOCKET') ?? SOCKET).ok) return none;
  const bus = connect(runtime, silent);
  const reply = (await connected(runtime, bus))
    ? await bus.call(path, method, args, SLOW[method] ?? ANSWER_MS)
    : none;
  bus.close();
  return reply;
}

/** Runs `hagw` with the runtime's arguments and ends the program, unless it is the daemon. */
export function runHagw(runtime: Runtime, version: string, foreignImporters: ForeignImporters): void {
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
    service: () => runService(runtime, version),
  };
  runCli(env).then(
    (code) => {
      if (code !== null) runtime.exit(code);
    },
    (error: unknown) => {
      env.stderr(`hagw: failed by a defect: ${String(error)}\n`);
      runtime.exit(70);
    },
  );
}
