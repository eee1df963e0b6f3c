/**
 * procd's object `service`: the table of services with their instances and triggers. Held against test/captures/procd.
 *
 * Simpler than procd: `validate`, `update_start` and `update_complete` accept and do nothing, `autostart` is ignored,
 * `get_data` knows no nested types.
 */
import { createInstance, type Instance } from './instance.ts';
import {
  asList,
  asTable,
  type BusTable,
  type BusValue,
  type Method,
  STATUS,
  stringArg,
  tableArg,
} from './stand-in-bus.ts';
import type { SystemLog } from './system-log.ts';
import type { Triggers } from './triggers.ts';

interface Service {
  readonly name: string;
  readonly instances: Map<string, Instance>;
  triggers: readonly BusValue[] | undefined;
  deleted: boolean;
}

export interface Services {
  readonly methods: Readonly<Record<string, Method>>;
  /** An event from inside procd, as `service event` brings them. */
  event(type: string, data: BusTable): void;
  /** Names in the order in which the services were first set. */
  names(): string[];
  /** Stops a service; resolves once all its programs have gone. */
  remove(name: string): Promise<void>;
}

const byName = (a: [string, unknown], b: [string, unknown]) => (a[0] < b[0] ? -1 : 1);

export function createServices(
  log: SystemLog,
  triggers: Triggers,
  notify: (name: string, data: BusTable) => void,
): Services {
  const services = new Map<string, Service>();
  const gone = new Map<string, (() => void)[]>();

  function forgetIfEmpty(service: Service): void {
    if (!service.deleted || service.instances.size > 0 || services.get(service.name) !== service) return;
    services.delete(service.name);
    notify('service.stop', { service: service.name });
    for (const done of gone.get(service.name) ?? []) done();
    gone.delete(service.name);
  }

  function removeInstance(service: Service, name: string): void {
    const instance = service.instances.get(name);
    instance?.remove(() => {
      service.instances.delete(name);
      forgetIfEmpty(service);
    });
  }

  function setInstances(service: Service, tables: BusTable, replace: boolean): void {
    const named = Object.entries(tables).sort(byName);
    for (const [name, value] of named) {
      const table = asTable(value) ?? {};
      const present = service.instances.get(name);
      if (present !== undefined) {
        present.update(table);
        continue;
      }
      const instance = createInstance(
        table,
        (event, extra) => notify(event, { service: service.name, instance: name, ...extra }),
        log,
      );
      service.instances.set(name, instance);
      instance.start();
    }
    if (!replace) return;
    for (const name of [...service.instances.keys()].sort()) {
      if (!(name in tables)) removeInstance(service, name);
    }
  }

  function set(args: BusTable, replace: boolean): number | undefined {
    const name = stringArg(args, 'name');
    if (name === undefined) return STATUS.invalidArgument;
    const present = services.get(name);
    const service = present ?? { name, instances: new Map(), triggers: undefined, deleted: false };
    services.set(name, service);
    service.deleted = false;
    const list = asList(args['triggers']);
    if (replace || list !== undefined) {
      service.triggers = list;
      triggers.set(name, list ?? []);
    }
    setInstances(service, tableArg(args, 'instances') ?? {}, replace);
    if (present === undefined) notify('service.start', { service: name });
    return undefined;
  }

  function dump(service: Service, verbose: boolean): BusTable {
    const instances = [...service.instances].sort(byName).map(([name, instance]) => [name, instance.dump()]);
    return {
      ...(instances.length > 0 ? { instances: Object.fromEntries(instances) as BusTable } : {}),
      ...(verbose && service.triggers !== undefined ? { triggers: service.triggers } : {}),
    };
  }

  function remove(service: Service): void {
    service.deleted = true;
    triggers.remove(service.name);
    for (const name of [...service.instances.keys()]) removeInstance(service, name);
    forgetIfEmpty(service);
  }

  /** The instances that `name` and `instance` mean, or a status. */
  function chosen(args: BusTable): [string, Instance][] | number {
    const name = stringArg(args, 'name');
    if (name === undefined) return STATUS.invalidArgument;
    const service = services.get(name);
    if (service === undefined) return STATUS.notFound;
    const one = stringArg(args, 'instance');
    if (one === undefined) return [...service.instances];
    const instance = service.instances.get(one);
    return instance === undefined ? STATUS.notFound : [[one, instance]];
  }

  function event(type: string, data: BusTable): void {
    notify('event.trigger', { type, data });
    const config = data['package'];
    if (type === 'config.change' && typeof config === 'string') notify('config.change', { config });
    triggers.fire(type, data);
  }

  const setArgs = {
    name: 'string',
    script: 'string',
    instances: 'table',
    triggers: 'array',
    validate: 'array',
    autostart: 'boolean',
    data: 'table',
  } as const;

  const methods: Record<string, Method> = {
    set: { args: setArgs, handle: (args) => set(args, true) },
    add: { args: setArgs, handle: (args) => set(args, false) },
    list: {
      args: { name: 'string', verbose: 'boolean' },
      handle(args) {
        const name = stringArg(args, 'name');
        const shown = [...services].filter(([key]) => name === undefined || key === name).sort(byName);
        return Object.fromEntries(
          shown.map(([key, service]) => [key, dump(service, args['verbose'] === true)]),
        );
      },
    },
    delete: {
      args: { name: 'string', instance: 'string' },
      handle(args) {
        const found = chosen(args);
        if (typeof found === 'number') return found;
        const service = services.get(stringArg(args, 'name') ?? '');
        if (service === undefined) return STATUS.notFound;
        const one = stringArg(args, 'instance');
        if (one === undefined) remove(service);
        else removeInstance(service, one);
        return undefined;
      },
    },
    signal: {
      args: { name: 'string', instance: 'string', signal: 'int32' },
      handle(args) {
        const found = chosen(args);
        if (typeof found === 'number') return found;
        const signal = typeof args['signal'] === 'number' ? args['signal'] : 1;
        for (const [, instance] of found) instance.signal(signal);
        return undefined;
      },
    },
    update_start: { args: { name: 'string' }, handle: () => undefined },
    update_complete: { args: { name: 'string' }, handle: () => undefined },
    event: {
      args: { type: 'string', data: 'table' },
      handle(args) {
        const type = stringArg(args, 'type');
        if (type === undefined) return STATUS.invalidArgument;
        event(type, tableArg(args, 'data') ?? {});
        return undefined;
      },
    },
    validate: { args: { package: 'string', type: 'string', service: 'string' }, handle: () => undefined },
    get_data: {
      args: { name: 'string', instance: 'string', type: 'string' },
      handle(args) {
        const name = stringArg(args, 'name');
        const type = stringArg(args, 'type');
        const shown: Record<string, BusTable> = {};
        for (const [key, service] of [...services].sort(byName)) {
          if (name !== undefined && key !== name) continue;
          const of = [...service.instances].flatMap(([instance, it]): [string, BusValue][] => {
            const data = it.data();
            const value = type === undefined ? data : data?.[type];
            return value === undefined ? [] : [[instance, value]];
          });
          if (of.length > 0) shown[key] = Object.fromEntries(of);
        }
        return shown;
      },
    },
    state: {
      args: { spawn: 'boolean', name: 'string' },
      handle(args) {
        const found = chosen({ name: args['name'] ?? null });
        if (typeof found === 'number') return found;
        for (const [, instance] of found) {
          if (args['spawn'] === true) instance.start();
          else instance.stop();
        }
        return undefined;
      },
    },
    set_data: {
      args: { name: 'string', instance: 'string', data: 'table' },
      handle(args) {
        const found = chosen(args);
        if (typeof found === 'number') return found;
        for (const [, instance] of found) instance.setData(tableArg(args, 'data') ?? {});
        return undefined;
      },
    },
  };

  return {
    methods,
    event,
    names: () => [...services.keys()],
    remove(name) {
      const service = services.get(name);
      if (service === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        gone.set(name, [...(gone.get(name) ?? []), resolve]);
        remove(service);
      });
    },
  };
}
