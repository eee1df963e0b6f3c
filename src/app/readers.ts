/** Reads one source and gives the event that it makes. Never rejects, and always ends within `LONGEST_READ_MS`. */
import { CONFIG_FOLDER, LARGEST_CONFIG, parseConfig } from '../core/config/parse.ts';
import type { UciReading } from '../core/config/uci.ts';
import type { Event } from '../core/engine/messages.ts';
import type { Source } from '../core/engine/state.ts';
import { readError } from '../core/neighbours/read-error.ts';
import type { Files } from '../ports/files.ts';
import type { ServicePorts } from './ports.ts';
import { readServices } from './services.ts';
import { readSetup } from './setup.ts';

/** Each port has time-outs of its own below this; it is for the case that one forgets. */
const LONGEST_READ_MS = 20_000;

/** libuci reads a package from here instead, if there is one (its `-C` folder). */
const OVERRIDE_FOLDER = '/var/run/uci';

function readPackage(files: Files, name: string): UciReading {
  const override = files.read(`${OVERRIDE_FOLDER}/${name}`, LARGEST_CONFIG);
  if (override.ok || override.error.code !== 'ENOENT') return parseConfig(name, override);
  return parseConfig(name, files.read(`${CONFIG_FOLDER}/${name}`, LARGEST_CONFIG));
}

async function readLinks(ports: ServicePorts): Promise<Event> {
  const [interfaces, devices] = await Promise.all([ports.links.interfaces(), ports.links.devices()]);
  if (!interfaces.ok) return { kind: 'readFailed', source: 'links', error: interfaces.error };
  if (!devices.ok) return { kind: 'readFailed', source: 'links', error: devices.error };
  return { kind: 'linksRead', facts: { interfaces: interfaces.value, devices: devices.value } };
}

const READERS: { readonly [S in Source]: (ports: ServicePorts) => Promise<Event> } = {
  config: async ({ files }) => {
    const read = {
      mwan3: readPackage(files, 'mwan3'),
      keepalived: readPackage(files, 'keepalived'),
      network: readPackage(files, 'network'),
    };
    const setup = readSetup(files, (name) =>
      name === 'mwan3' || name === 'keepalived' || name === 'network' ? read[name] : readPackage(files, name),
    );
    return { kind: 'configRead', hagw: readPackage(files, 'hagw'), ...read, setup };
  },
  links: readLinks,
  vrrp: async ({ vrrp }) => {
    const result = await vrrp.read();
    return result.ok
      ? { kind: 'vrrpRead', facts: result.value }
      : { kind: 'readFailed', source: 'vrrp', error: result.error };
  },
  conntrack: async ({ conntrack }) => {
    const result = await conntrack.read();
    return result.ok
      ? { kind: 'conntrackRead', facts: result.value }
      : { kind: 'readFailed', source: 'conntrack', error: result.error };
  },
  leases: async ({ leases }) => {
    const result = await leases.read();
    if (!result.ok) return { kind: 'readFailed', source: 'leases', error: result.error };
    const { file, ipv4, ipv6, damaged } = result.value;
    return {
      kind: 'leasesRead',
      facts: { file, ipv4: ipv4.length, ipv6: ipv6.length, damaged: damaged.length },
    };
  },
  mwan3: async ({ mwan3 }) => {
    const result = await mwan3.read();
    return result.ok
      ? { kind: 'mwan3Read', facts: result.value }
      : { kind: 'readFailed', source: 'mwan3', error: result.error };
  },
  services: async ({ bus }) => {
    const result = await readServices(bus);
    return result.ok
      ? { kind: 'servicesRead', facts: result.value }
      : { kind: 'readFailed', source: 'services', error: result.error };
  },
};

/** Reads `source` and hands the outcome to `done`, exactly once, never before it returns. */
export function readSource(ports: ServicePorts, source: Source, done: (event: Event) => void): void {
  let isOver = false;
  const finish = (event: Event): void => {
    if (isOver) return;
    isOver = true;
    timer.cancel();
    done(event);
  };
  const failed = (code: 'timeout' | 'failed', message: string): Event => ({
    kind: 'readFailed',
    source,
    error: readError(code, message),
  });
  const timer = ports.timers.after(LONGEST_READ_MS, () =>
    finish(failed('timeout', `Reading ${source} did not end within ${LONGEST_READ_MS / 1000} s.`)),
  );
  Promise.resolve()
    .then(() => READERS[source](ports))
    .then(finish, (error: unknown) =>
      finish(failed('failed', `Reading ${source} failed by a defect: ${String(error)}.`)),
    )
    .catch((error: unknown) => ports.log.write('err', `A defect after reading ${source}: ${String(error)}`));
}
