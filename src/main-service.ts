/** The daemon: adapters to ports, ports to the service. */
import { createFlows } from './adapters/conntrack-flows.ts';
import { createConntrackd } from './adapters/conntrackd.ts';
import { createCounters, DEVICES_FILE } from './adapters/counters.ts';
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
import { startService } from './app/service.ts';
import { EXIT } from './cli/environment.ts';
import { leaseFileOf } from './core/config/dhcp.ts';
import { CONFIG_FOLDER, LARGEST_CONFIG, parseConfig } from './core/config/parse.ts';
import { CONNTRACKD_PLACES } from './core/conntrackd/places.ts';
import { decodeText } from './lib/text.ts';
import { connect } from './main-bus.ts';
import type { Runtime } from './ports/runtime.ts';

const SIGHUP = 1;
const SIGINT = 2;
const SIGTERM = 15;

function hostname(runtime: Runtime): string {
  const content = runtime.files.read('/proc/sys/kernel/hostname', 4096);
  return content.ok ? decodeText(content.value).trim() : 'router';
}

/** Runs until SIGTERM. */
export function runService(runtime: Runtime, version: string): void {
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
      counters: createCounters(files, runtime.keepOpen(DEVICES_FILE)),
      watchNft: (changed: () => void, heard: () => void) => watchNft(processes, timers, changed, heard),
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
