/**
 * A router as the service sees it: gw-a of a pair, its daemons up, every part of which a test can change or break.
 * The facts have the shapes and values of a recorded pair (test/captures/keepalived).
 */

import type { ServicePorts } from '../../src/app/ports.ts';
import { type Service, startService } from '../../src/app/service.ts';
import type { ConntrackFacts } from '../../src/core/conntrackd/facts.ts';
import type { DutyReport } from '../../src/core/engine/duty.ts';
import type { VrrpFacts, VrrpInstanceFacts } from '../../src/core/keepalived/facts.ts';
import type { Mwan3Facts } from '../../src/core/mwan3/facts.ts';
import { type ReadError, readError } from '../../src/core/neighbours/read-error.ts';
import type { DeviceFacts, InterfaceFacts } from '../../src/core/netifd/facts.ts';
import { fail, ok, type Result } from '../../src/lib/result.ts';
import type { LeaseFacts } from '../../src/ports/leases.ts';
import type { LogLevel } from '../../src/ports/log.ts';
import { createFakeBus, type FakeBus } from './bus.ts';
import { createFakeFiles, type FakeFiles } from './files.ts';
import { createFakeTime, type FakeTime } from './time.ts';

export const HAGW = `
config globals 'globals'
	option engine 'none'
	option sync_interface 'sync'
	option manage_pair '0'

config router 'gw_a'
	option name 'gw-a'
	option sync_address '10.255.255.1'

config router 'gw_b'
	option name 'gw-b'
	option sync_address '10.255.255.2'

config address 'lan'
	option interface 'lan'
	option address '192.168.1.1/24'
	option vrid '10'

config address 'wan'
	option interface 'wan'
	option address '203.0.113.10/24'
	option vrid '20'
`;

export const MWAN3 = `
config interface 'wan'
	option enabled '1'

config interface 'wanb'
	option enabled '1'

config member 'wan_m1'
	option interface 'wan'
	option metric '1'

config member 'wanb_m2'
	option interface 'wanb'
	option metric '2'

config policy 'failover'
	list use_member 'wan_m1'
	list use_member 'wanb_m2'
`;

export const KEEPALIVED = `
config vrrp_instance
	option name 'lan'
	option interface 'eth0'
	option virtual_router_id '10'
	option priority '250'
	option advert_int '0.1'
	option version '3'
	option nopreempt '1'

config vrrp_instance
	option name 'wan'
	option interface 'eth1'
	option virtual_router_id '20'
	option priority '250'
	option advert_int '0.1'
	option version '3'
	option nopreempt '1'

config vrrp_sync_group
	option name 'gw'
	list group 'lan'
	list group 'wan'
`;

export function interfaceFacts(name: string, device: string, address: string, metric = 0): InterfaceFacts {
  const isWan = metric > 0;
  return {
    name,
    up: true,
    pending: false,
    available: true,
    autostart: true,
    dynamic: false,
    proto: 'static',
    device,
    l3Device: device,
    addresses: [{ family: 'ipv4', address, prefixLength: 24, origin: 'own' }],
    routes: [],
    defaultGateway4: isWan ? address.replace(/\d+$/, '1') : null,
    defaultGateway6: null,
    metric,
    dns: [],
    uptimeS: 100,
    errors: [],
  };
}

export function deviceFacts(name: string, carrier = true): DeviceFacts {
  return {
    name,
    present: true,
    type: 'Network device',
    up: true,
    carrier,
    macAddress: null,
    mtu: 1500,
    counters: null,
  };
}

export function instanceFacts(
  name: string,
  device: string,
  vrid: number,
  address: string,
  state: VrrpInstanceFacts['state'],
): VrrpInstanceFacts {
  return {
    name,
    state,
    wantedState: state,
    device,
    vrid,
    version: 3,
    basePriority: 250,
    effectivePriority: 250,
    activePriority: state === 'active' ? null : 240,
    advertIntervalMs: 100,
    activeAdvertIntervalMs: 100,
    vipsSet: state === 'active',
    vips: [{ address, device, label: `${device}:vip`, set: state === 'active', excluded: false }],
    noPreempt: true,
    preemptDelayMs: 0,
    lastTransitionMs: Date.UTC(2026, 10, 21, 3, 59, 0),
    trackScripts: [],
    counters: { advert_rcvd: 31, advert_sent: 5, become_master: 1, release_master: 0 },
  };
}

export function vrrpFacts(state: VrrpInstanceFacts['state'], wan = state): VrrpFacts {
  return {
    pid: 77,
    instances: [
      instanceFacts('lan', 'eth0', 10, '192.168.1.1/24', state),
      instanceFacts('wan', 'eth1', 20, '203.0.113.10/24', wan),
    ],
  };
}

const CACHE = {
  active: 7,
  created: 7,
  createFailed: 0,
  updated: 12,
  updateFailed: 0,
  destroyed: 0,
  destroyFailed: 0,
};
const TRAFFIC = {
  bytesSent: 764,
  bytesReceived: 80,
  packetsSent: 14,
  packetsReceived: 5,
  sendErrors: 0,
  receiveErrors: 0,
};

export function conntrackFacts(isLinkUp = true): ConntrackFacts {
  return {
    internal: CACHE,
    external: { ...CACHE, active: 2 },
    traffic: TRAFFIC,
    malformedMessages: 0,
    lostMessages: 0,
    packetsLost: 0,
    packetsBefore: 0,
    links: [
      {
        device: 'sync',
        transport: 'UDP',
        status: isLinkUp ? 'RUNNING' : 'NO-CARRIER',
        running: isLinkUp,
        role: 'ACTIVE',
        traffic: TRAFFIC,
      },
    ],
  };
}

export const ABSENT_KEEPALIVED = readError('absent', 'keepalived does not run: there is no process of it.');

/** What each neighbour answers; a test assigns what it wants to be otherwise. */
export interface Answers {
  interfaces: Result<readonly InterfaceFacts[], ReadError>;
  devices: Result<readonly DeviceFacts[], ReadError>;
  vrrp: Result<VrrpFacts, ReadError>;
  conntrack: Result<ConntrackFacts, ReadError>;
  leases: Result<LeaseFacts, ReadError>;
  mwan3: Result<Mwan3Facts, ReadError>;
  running: readonly string[];
}

export interface FakeRouter {
  readonly time: FakeTime;
  readonly bus: FakeBus;
  readonly files: FakeFiles;
  readonly answers: Answers;
  readonly log: { readonly level: LogLevel; readonly message: string }[];
  readonly ports: ServicePorts;
  /** How often each neighbour was read. */
  readonly reads: Record<string, number>;
  linkChanged(name: string, action: string): void;
  start(): Service;
}

export function createFakeRouter(): FakeRouter {
  const time = createFakeTime();
  const bus = createFakeBus();
  const files = createFakeFiles({
    '/etc/config/hagw': HAGW,
    '/etc/config/mwan3': MWAN3,
    '/etc/config/keepalived': KEEPALIVED,
  });
  const log: { level: LogLevel; message: string }[] = [];
  const reads: Record<string, number> = {};
  const watchers: ((change: { interface: string | null; action: string }) => void)[] = [];
  const answers: Answers = {
    interfaces: ok([
      interfaceFacts('lan', 'eth0', '192.168.1.2'),
      interfaceFacts('wan', 'eth1', '203.0.113.2', 10),
      interfaceFacts('wanb', 'eth2', '198.51.100.2', 20),
      interfaceFacts('sync', 'sync', '10.255.255.1'),
    ]),
    devices: ok([deviceFacts('eth0'), deviceFacts('eth1'), deviceFacts('eth2'), deviceFacts('sync')]),
    vrrp: ok(vrrpFacts('active')),
    conntrack: ok(conntrackFacts()),
    leases: ok({ file: '/tmp/dhcp.leases', ipv4: [], ipv6: [], serverDuid: null, damaged: [] }),
    mwan3: fail(readError('absent', 'the mwan3 package is not there.')),
    running: ['keepalived', 'conntrackd'],
  };
  const read = <T>(name: keyof Answers, value: () => T) => {
    return async (): Promise<T> => {
      reads[name] = (reads[name] ?? 0) + 1;
      return value();
    };
  };
  const ports: ServicePorts = {
    clock: time.clock,
    timers: time.timers,
    files: files.files,
    log: { write: (level, message) => log.push({ level, message }) },
    bus: bus.bus,
    links: {
      interfaces: read('interfaces', () => answers.interfaces),
      devices: read('devices', () => answers.devices),
      onChange: (changed) => watchers.push(changed),
    },
    vrrp: { read: read('vrrp', () => answers.vrrp) },
    conntrack: { read: read('conntrack', () => answers.conntrack) },
    leases: { read: read('leases', () => answers.leases) },
    mwan3: { read: read('mwan3', () => answers.mwan3) },
  };
  bus.offer('service', {
    list: () =>
      Object.fromEntries(answers.running.map((name) => [name, { instances: { main: { running: true } } }])),
  });
  return {
    time,
    bus,
    files,
    answers,
    log,
    ports,
    reads,
    linkChanged: (name, action) => {
      for (const watcher of watchers) watcher({ interface: name, action });
    },
    start: () => startService(ports, { version: '0.1.0', hostname: 'gw-a' }, 42),
  };
}

/** What the pair machine reports where nothing is the matter and nothing is heard. */
export function dutyReport(what: Partial<DutyReport> = {}): DutyReport {
  return {
    out: null,
    maintenance: false,
    waits: '',
    partner: null,
    silence: '',
    heardAt: null,
    splitSince: null,
    switched: null,
    ...what,
  };
}
