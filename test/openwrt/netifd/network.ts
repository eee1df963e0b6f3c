/**
 * The stand-in of netifd: interfaces go up and down by configuration, by request and by the state of their links. All work
 * runs in one queue, so that events come in one order. Held against test/captures/netifd (see test/integration/netifd for
 * what is left out). Simpler than netifd: see config.ts; a restarted netifd does not take away what its predecessor set; the number of `interface.update` notifications per ifup is
 * always two for proto static and one for the others, where the real one has one or two as it happens.
 */
import type { BusTable } from '../procd/stand-in-bus.ts';
import { compareInterface, type InterfaceConfig, type NetworkConfig } from './config.ts';
import { decodeReport, startDhcpClient } from './dhcp-client.ts';
import type { HotplugEvent, HotplugQueue } from './hotplug.ts';
import {
  type Applied,
  createInterfaceState,
  type InterfaceState,
  parentOf,
  statusOf,
} from './interface-state.ts';
import { addressLines, batch, type Link, readLinks, routeLines, subnetRouteLines } from './kernel.ts';
import { writeResolver } from './resolver.ts';

/** The outside of the network: ubus and the hotplug scripts. */
export interface NetworkOutput {
  /** ubus event `network.interface`. */
  event(action: 'ifup' | 'ifdown', name: string): void;
  /** Notification of object network.interface. */
  notify(name: 'interface.update' | 'interface.down', data: BusTable): void;
  readonly hotplug: HotplugQueue;
  /** An interface has come into being, or is gone. */
  added(name: string): void;
  removed(name: string): void;
}

export interface Network {
  reload(config: NetworkConfig): Promise<void>;
  refreshLinks(): Promise<void>;
  has(name: string): boolean;
  status(name: string): BusTable | undefined;
  names(): string[];
  /** Devices that the configuration knows; the link is undefined if the device is absent. */
  devices(): Promise<ReadonlyMap<string, Link | undefined>>;
  up(name: string): void;
  down(name: string): void;
  restart(name: string): void;
  renew(name: string): void;
  setData(name: string, data: BusTable): void;
  /** False if the interface's protocol takes no reports. */
  report(name: string, args: BusTable): boolean;
  addDynamic(config: InterfaceConfig): void;
  remove(name: string): void;
  stop(): Promise<void>;
}

type Cause = 'request' | 'carrier' | 'parent';

const RESTART_CLIENT_MS = 1000;

export function createNetwork(output: NetworkOutput): Network {
  const states = new Map<string, InterfaceState>();
  let deviceConfigs: NetworkConfig['devices'] = new Map();
  let links: ReadonlyMap<string, Link> = new Map();
  let queue: Promise<void> = Promise.resolve();

  function enqueue(work: () => Promise<void>): Promise<void> {
    const run = async () => {
      output.hotplug.hold();
      await work();
      output.hotplug.release();
    };
    queue = queue.then(run, run);
    return queue;
  }

  function deviceOf(config: InterfaceConfig): string | undefined {
    const parent = parentOf(config);
    if (parent === undefined) return config.device;
    const state = states.get(parent);
    return state === undefined ? undefined : (state.applied?.device ?? deviceOf(state.config));
  }

  const status = (state: InterfaceState) => statusOf(state, deviceOf(state.config), performance.now());
  const childrenOf = (name: string) => [...states.values()].filter((it) => parentOf(it.config) === name);

  function announce(state: InterfaceState, action: HotplugEvent['action'], again = false): void {
    const name = state.config.name;
    if (action !== 'ifupdate') output.event(action, name);
    const note = action === 'ifdown' ? 'interface.down' : 'interface.update';
    output.notify(note, { interface: name, ...status(state) });
    const updated = action === 'ifupdate' ? state.updated : [];
    const event = { action, interface: name, device: state.applied?.device, updated };
    output.hotplug.push(event, again || action === 'ifupdate');
  }

  async function setApplied(state: InterfaceState, applied: Applied | undefined): Promise<void> {
    const old = state.applied;
    const addresses = (it: Applied) => [...it.addresses4, ...it.addresses6];
    const lines: string[] = [];
    if (old !== undefined) {
      const kept = applied?.device === old.device ? addresses(applied).map((it) => JSON.stringify(it)) : [];
      const sameKind = (applied?.metric ?? 0) > 0 === old.metric > 0;
      const dropped = addresses(old).filter((it) => !sameKind || !kept.includes(JSON.stringify(it)));
      lines.push(...routeLines('del', old.device, old.routes, old.metric));
      lines.push(...subnetRouteLines(old.device, addresses(old), old.metric));
      lines.push(...addressLines('del', old.device, dropped, old.metric));
    }
    state.applied = applied;
    if (applied !== undefined) {
      lines.push(...addressLines('add', applied.device, addresses(applied), applied.metric));
      lines.push(...routeLines('replace', applied.device, applied.routes, applied.metric));
    }
    await batch(lines);
    writeResolver([...states.values()]);
  }

  async function goUp(state: InterfaceState, applied: Applied, updated: readonly string[]): Promise<void> {
    state.pending = false;
    state.upSinceMs = performance.now();
    // Data that the last ifdown cleared counts as changed (recording netifd/37).
    state.updated = [...updated, ...state.updated.filter((word) => !updated.includes(word))];
    await setApplied(state, applied);
    announce(state, 'ifup');
    for (const child of childrenOf(state.config.name)) await setUp(child);
    if (state.config.proto === 'static') {
      output.notify('interface.update', { interface: state.config.name, ...status(state) });
    }
  }

  async function prepareDevice(device: string, link: Link): Promise<Link> {
    const wanted = deviceConfigs.get(device);
    const lines: string[] = [];
    if (wanted?.macaddr !== undefined && wanted.macaddr !== link.macaddr) {
      lines.push(`link set dev ${device} address ${wanted.macaddr}`);
    }
    if (wanted?.mtu !== undefined && wanted.mtu !== link.mtu)
      lines.push(`link set dev ${device} mtu ${wanted.mtu}`);
    if (!link.up) lines.push(`link set dev ${device} up`);
    if (lines.length === 0) return link;
    await batch(lines);
    links = await readLinks();
    return links.get(device) ?? link;
  }

  /** Brings an interface up as far as it may and can. */
  async function setUp(state: InterfaceState): Promise<void> {
    const { config } = state;
    const parent = parentOf(config);
    const device = deviceOf(config);
    const present = device === undefined ? undefined : links.get(device);
    state.available =
      parent === undefined ? present !== undefined : states.get(parent)?.applied !== undefined;
    state.missingDevice = state.autostart && parent === undefined && present === undefined;
    if (!state.autostart || state.applied !== undefined || state.pending) return;
    if (!state.available || device === undefined || present === undefined) return;
    const link = await prepareDevice(device, present);
    if (!config.forceLink && !link.carrier) return;
    if (config.proto === 'dhcp') {
      state.pending = true;
      state.client = startDhcpClient(config.name, device, config.dhcp, () => clientLost(state));
      return;
    }
    const { metric, addresses4, addresses6, routes, dns, dnsSearch } = config;
    const updated = [
      ...(addresses4.length + addresses6.length > 0 ? ['addresses'] : []),
      ...(routes.length > 0 ? ['routes'] : []),
    ];
    await goUp(state, { device, metric, addresses4, addresses6, routes, dns, dnsSearch }, updated);
  }

  function clientLost(state: InterfaceState): void {
    state.client = undefined;
    setTimeout(() => {
      if (states.get(state.config.name) !== state) return;
      void enqueue(async () => {
        await takeDown(state, 'carrier');
        await setUp(state);
      });
    }, RESTART_CLIENT_MS);
  }

  async function takeDown(state: InterfaceState, cause: Cause): Promise<void> {
    const wasUp = state.applied !== undefined;
    const { client } = state;
    if (!wasUp && !state.pending) return;
    state.pending = false;
    state.client = undefined;
    await setApplied(state, undefined);
    if (wasUp) announce(state, 'ifdown');
    for (const child of childrenOf(state.config.name)) {
      child.available = false;
      await takeDown(child, 'parent');
    }
    if (client !== undefined) await client.stop();
    if (wasUp && cause !== 'carrier') announce(state, 'ifdown', client !== undefined);
    state.updated = Object.keys(state.data).length > 0 ? ['data'] : [];
    state.data = {};
  }

  /** The lease is lost, the client goes on asking. */
  async function leaseLost(state: InterfaceState): Promise<void> {
    if (state.applied === undefined) return;
    await setApplied(state, undefined);
    announce(state, 'ifdown');
    state.pending = true;
    state.updated = ['data'];
    state.data = {};
  }

  async function takeReport(state: InterfaceState, args: BusTable): Promise<void> {
    const report = decodeReport(args);
    const device = deviceOf(state.config);
    if (report === undefined || device === undefined || !(state.pending || state.applied !== undefined))
      return;
    if (!report.linkUp) {
      await leaseLost(state);
      return;
    }
    const { addresses4, routes, dns, dnsSearch } = report;
    const metric = state.config.metric;
    const all = [...state.config.dns, ...dns];
    const applied = { device, metric, addresses4, addresses6: [], routes, dns: all, dnsSearch };
    const data = { ...state.data, ...report.data };
    const old = state.applied;
    const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
    const updated = [
      ...(differs(old?.addresses4 ?? [], addresses4) ? ['addresses'] : []),
      ...(differs(old?.routes ?? [], routes) ? ['routes'] : []),
      ...(differs(state.data, data) ? ['data'] : []),
    ];
    state.data = data;
    if (old === undefined) {
      await goUp(state, applied, updated);
      return;
    }
    await setApplied(state, applied);
    if (updated.length === 0) return;
    state.updated = updated;
    announce(state, 'ifupdate');
  }

  /** Runs `work` in the queue if the interface is still there by then. */
  function withState(name: string, work: (state: InterfaceState) => Promise<void>): void {
    void enqueue(async () => {
      const state = states.get(name);
      if (state !== undefined) await work(state);
    });
  }

  async function changeConfig(state: InterfaceState, config: InterfaceConfig): Promise<void> {
    const what = compareInterface(state.config, config);
    if (what === 'restart') await takeDown(state, 'request');
    if (config.auto !== state.config.auto) state.autostart = config.auto;
    state.config = config;
    if (what === 'quiet' && state.applied !== undefined) {
      const { metric, dns, dnsSearch } = config;
      const own = config.proto === 'dhcp' ? {} : { dns, dnsSearch };
      await setApplied(state, { ...state.applied, metric, ...own });
    }
  }

  async function forget(state: InterfaceState): Promise<void> {
    await takeDown(state, 'request');
    states.delete(state.config.name);
    output.removed(state.config.name);
  }

  function add(config: InterfaceConfig, dynamic: boolean): InterfaceState {
    const state = createInterfaceState(config, dynamic);
    states.set(config.name, state);
    output.added(config.name);
    return state;
  }

  const setUpAll = async () => {
    for (const state of [...states.values()]) await setUp(state);
  };

  async function followLinks(): Promise<void> {
    links = await readLinks();
    for (const state of [...states.values()]) {
      if (parentOf(state.config) !== undefined) continue;
      const link = state.config.device === undefined ? undefined : links.get(state.config.device);
      if (link === undefined) await takeDown(state, 'carrier');
      else if (!state.config.forceLink && !link.carrier) await takeDown(state, 'carrier');
    }
    await setUpAll();
  }

  return {
    reload: (config) =>
      enqueue(async () => {
        deviceConfigs = config.devices;
        links = await readLinks();
        for (const state of [...states.values()]) {
          const wanted = config.interfaces.get(state.config.name);
          if (wanted !== undefined) await changeConfig(state, wanted);
          else if (!state.dynamic) await forget(state);
        }
        for (const wanted of config.interfaces.values()) {
          if (!states.has(wanted.name)) add(wanted, false);
        }
        await setUpAll();
        await followLinks();
      }),
    refreshLinks: () => enqueue(followLinks),
    has: (name) => states.has(name),
    status: (name) => {
      const state = states.get(name);
      return state === undefined ? undefined : status(state);
    },
    names: () => [...states.keys()].sort(),
    async devices() {
      const now = await readLinks();
      const names = [...states.values()].flatMap((state) => deviceOf(state.config) ?? []);
      return new Map([...new Set([...names, ...deviceConfigs.keys()])].map((name) => [name, now.get(name)]));
    },
    up(name) {
      const state = states.get(name);
      if (state !== undefined) state.autostart = true;
      withState(name, async (it) => {
        links = await readLinks();
        await setUp(it);
      });
    },
    down(name) {
      const state = states.get(name);
      if (state !== undefined) state.autostart = false;
      withState(name, (it) => takeDown(it, 'request'));
    },
    restart: (name) =>
      withState(name, async (state) => {
        await takeDown(state, 'request');
        await setUp(state);
      }),
    renew: (name) => states.get(name)?.client?.renew(),
    setData: (name, data) =>
      withState(name, async (state) => {
        state.data = { ...state.data, ...data };
        state.updated = ['data'];
        if (state.applied !== undefined) announce(state, 'ifupdate');
      }),
    report(name, args) {
      if (states.get(name)?.config.proto !== 'dhcp') return false;
      withState(name, (state) => takeReport(state, args));
      return true;
    },
    addDynamic: (config) =>
      void enqueue(async () => {
        const state = states.get(config.name) ?? add(config, true);
        await changeConfig(state, config);
        links = await readLinks();
        await setUp(state);
      }),
    remove: (name) => withState(name, forget),
    stop: () =>
      enqueue(async () => {
        for (const state of states.values()) await takeDown(state, 'request');
      }),
  };
}
