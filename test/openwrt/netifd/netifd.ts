/**
 * /sbin/netifd: reads UCI `network`, brings the interfaces up, follows the links, answers on ubus. SIGTERM takes all down.
 *
 * Other than the real one, it provides `network.interface` when the interfaces of the file have been tried once: the boot waits for that
 * object, and here the next init scripts, which want addresses, come within milliseconds instead of seconds.
 */
import { readFileSync } from 'node:fs';
import { parsePackage } from 'uci-parser';
import type { BusObject, StandInBus } from '../procd/stand-in-bus.ts';
import { decodeNetwork, type NetworkConfig } from './config.ts';
import { createHotplugQueue } from './hotplug.ts';
import { watchLinks } from './kernel.ts';
import { createNetwork, type Network } from './network.ts';
import { provideNetwork } from './objects.ts';

const EMPTY: NetworkConfig = { interfaces: new Map(), devices: new Map() };

/** Undefined if the file cannot be parsed: the old configuration stays. A missing file is an empty one. */
function readConfig(path: string): NetworkConfig | undefined {
  let text: Uint8Array;
  try {
    text = readFileSync(path);
  } catch {
    return EMPTY;
  }
  const parsed = parsePackage('network', text);
  if (parsed.ok) return decodeNetwork(parsed.value);
  process.stderr.write(`${path} is not used: ${parsed.error.message}\n`);
  return undefined;
}

export function runNetifd(bus: StandInBus, config = '/etc/config/network'): void {
  const objects = new Map<string, BusObject>();
  const hotplug = createHotplugQueue();

  async function reload(): Promise<boolean> {
    const wanted = readConfig(config);
    if (wanted === undefined) return false;
    await network.reload(wanted);
    return true;
  }

  let ending = false;
  async function end(): Promise<void> {
    if (ending) return;
    ending = true;
    endWatch();
    await network.stop();
    await hotplug.idle();
    bus.close();
    process.exit(0);
  }

  const provided = provideNetwork(
    bus,
    () => network,
    reload,
    () => void end(),
  );
  const network: Network = createNetwork({
    event: (action, name) => bus.send('network.interface', { action, interface: name }),
    notify: provided.notify,
    hotplug,
    added: (name) => {
      objects.set(name, bus.provide(`network.interface.${name}`, provided.interfaceMethods(name)));
    },
    removed: (name) => {
      objects.get(name)?.remove();
      objects.delete(name);
    },
  });
  let started = false;
  bus.onConnected(() => {
    started = true;
    void reload().then(provided.provideInterfaces);
  });
  const endWatch = watchLinks(() => {
    if (started) void network.refreshLinks();
  });
  process.on('SIGTERM', () => void end());
  process.on('SIGHUP', () => void reload());
}
