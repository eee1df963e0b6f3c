/**
 * netifd's ubus objects: `network`, `network.device`, `network.interface` and one `network.interface.NAME` per interface,
 * with the signatures and errors of test/captures/netifd (07, 08, 09). Methods that only change bridges, VLANs or wireless
 * answer without doing anything, or "not supported".
 */
import type { UciSection } from 'uci-parser';
import {
  type Answer,
  asList,
  type BusObject,
  type BusTable,
  type Method,
  STATUS,
  type StandInBus,
  stringArg,
} from '../procd/stand-in-bus.ts';
import { decodeInterface } from './config.ts';
import { deviceStatus } from './device-status.ts';
import type { Network } from './network.ts';

const DEVICE_ARGS = { name: 'string', 'link-ext': 'boolean', vlan: 'array' } as const;

const HANDLERS: BusTable = {
  dhcp: {
    validate: {
      ...{ ipaddr: 'ipaddr', hostname: 'hostname', clientid: 'string', vendorid: 'string' },
      ...{ broadcast: 'bool', norelease: 'bool', reqopts: 'list(string)', defaultreqopts: 'bool' },
      ...{ iface6rd: 'string', sendopts: 'list(string)', delegate: 'bool', zone6rd: 'string' },
      ...{ zone: 'string', mtu6rd: 'string', customroutes: 'string', classlessroute: 'bool' },
    },
    immediate: false,
    no_device: false,
    init_available: false,
    renew_available: true,
    force_link_default: false,
    last_error: false,
    teardown_on_l3_link_down: false,
    no_task: false,
  },
  static: {
    validate: {
      ...{ ipaddr: 'ip4addr', ip6addr: 'ip6addr', netmask: 'netmask', broadcast: 'ipaddr' },
      ...{ ptpaddr: 'ip4addr', gateway: 'ip4addr', ip6gw: 'ip6addr', ip6prefix: 'ip6addr' },
      ip6deprecated: 'bool',
    },
    immediate: true,
    no_device: false,
    init_available: false,
    renew_available: false,
    force_link_default: true,
    last_error: false,
    teardown_on_l3_link_down: false,
    no_task: false,
  },
};

/** The options of add_dynamic as a section, so that they are decoded as the file's are. */
function sectionOf(name: string, args: BusTable): UciSection {
  const options = new Map<string, string | string[]>();
  for (const [option, value] of Object.entries(args)) {
    const list = asList(value);
    if (list !== undefined) options.set(option, list.map(String));
    else if (typeof value === 'boolean') options.set(option, value ? '1' : '0');
    else if (typeof value === 'string' || typeof value === 'number') options.set(option, String(value));
  }
  return { type: 'interface', name, anonymous: false, options, line: 0 };
}

/** The methods of one interface; `find` gives its name, or the status that refuses the call. */
function interfaceMethods(
  network: () => Network,
  find: (args: BusTable) => string | number,
  named: Readonly<Record<string, 'string'>>,
): Record<string, Method> {
  const method = (args: Method['args'], run: (name: string, given: BusTable) => Answer): Method => ({
    args: { ...named, ...args },
    handle(given) {
      const name = find(given);
      return typeof name === 'number' ? name : run(name, given);
    },
  });
  const done = (run: (name: string) => void) =>
    method({}, (name) => {
      run(name);
      return undefined;
    });
  return {
    up: done((name) => network().up(name)),
    down: done((name) => network().down(name)),
    renew: done((name) => network().renew(name)),
    restart: done((name) => network().restart(name)),
    status: method({}, (name) => network().status(name) ?? STATUS.notFound),
    prepare: done(() => undefined),
    dump: method({}, (name) => network().status(name) ?? STATUS.notFound),
    add_device: method(DEVICE_ARGS, () => STATUS.notSupported),
    remove_device: method(DEVICE_ARGS, () => STATUS.notSupported),
    notify_proto: method({}, (name, given) =>
      network().report(name, given) ? undefined : STATUS.notSupported,
    ),
    remove: done((name) => network().remove(name)),
    set_data: method({}, (name, given) => {
      const { interface: _, ...data } = given;
      network().setData(name, named['interface'] === undefined ? given : data);
      return undefined;
    }),
  };
}

/** Provides the fixed objects. `network` is asked at each call: it comes into being after the objects that announce it. */
export function provideNetwork(
  bus: StandInBus,
  network: () => Network,
  reload: () => Promise<boolean>,
  exit: () => void,
): {
  /** Object `network.interface`, for which the boot waits. */
  readonly provideInterfaces: () => void;
  readonly notify: (name: string, data: BusTable) => void;
  readonly interfaceMethods: (name: string) => Record<string, Method>;
} {
  bus.provide('network', {
    restart: {
      args: {},
      handle() {
        exit();
        return undefined;
      },
    },
    reload: { args: {}, handle: async () => ((await reload()) ? undefined : 9) },
    add_host_route: {
      args: { target: 'string', v6: 'boolean', interface: 'string', exclude: 'boolean' },
      handle: () => STATUS.notSupported,
    },
    get_proto_handlers: { args: {}, handle: () => HANDLERS },
    add_dynamic: {
      args: { name: 'string' },
      handle(args) {
        const name = stringArg(args, 'name');
        if (name === undefined || !/^[A-Za-z0-9_]+$/.test(name)) return STATUS.invalidArgument;
        network().addDynamic(decodeInterface(sectionOf(name, args), []));
        return undefined;
      },
    },
  });
  bus.provide('network.device', {
    status: {
      args: { name: 'string' },
      async handle(args) {
        const devices = await network().devices();
        const name = stringArg(args, 'name');
        if (name === undefined) {
          const all = [...devices].sort(([a], [b]) => (a < b ? -1 : 1));
          return Object.fromEntries(all.map(([device, link]) => [device, deviceStatus(link)]));
        }
        return devices.has(name) ? deviceStatus(devices.get(name)) : STATUS.invalidArgument;
      },
    },
    set_alias: { args: { alias: 'array', device: 'string' }, handle: () => STATUS.notSupported },
    set_state: { args: { name: 'string', defer: 'boolean' }, handle: () => STATUS.notSupported },
  });
  const find = (args: BusTable): string | number => {
    const name = stringArg(args, 'interface');
    if (name === undefined) return STATUS.invalidArgument;
    return network().has(name) ? name : STATUS.notFound;
  };
  const methods = interfaceMethods(network, find, { interface: 'string' });
  let object: BusObject | undefined;
  return {
    provideInterfaces() {
      object = bus.provide('network.interface', {
        ...methods,
        dump: {
          args: {},
          handle: () => ({
            interface: network()
              .names()
              .map((name) => ({ interface: name, ...network().status(name) })),
          }),
        },
      });
    },
    notify: (name, data) => object?.notify(name, data),
    interfaceMethods: (name) =>
      interfaceMethods(network, () => (network().has(name) ? name : STATUS.notFound), {}),
  };
}
