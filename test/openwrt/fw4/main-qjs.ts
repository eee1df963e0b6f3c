/**
 * What the command `fw4` of the lab's routers has rendered and looked up: `print`, `network NET`, `device DEV`, `zone ZONE [DEV]`, after `-q` without
 * a word about sections. netifd's dump comes by standard input. Under QuickJS, because a router that boots runs it twice for each interface.
 */
import { createUciStore, decodeText, encodeText } from 'uci-parser';
import { createQjsRuntime } from '../../../src/adapters/qjs/runtime.ts';
import { networksOfDump } from './networks.ts';
import { readFirewall, rulesetText } from './ruleset.ts';
import type { State } from './state.ts';

const runtime = createQjsRuntime();
const say = (text: string): void => runtime.stdout(encodeText(text));
const isQuiet = runtime.args[0] === '-q';
const [action = '', name = '', device] = isQuiet ? runtime.args.slice(1) : runtime.args;

function load(): State {
  const warn = (line: string): void => {
    if (!isQuiet) runtime.stderr(encodeText(`[!] ${line}\n`));
  };
  const networks = networksOfDump(decodeText(runtime.readStdin()));
  if (networks === null) runtime.stderr(encodeText('Unable to connect to ubus\n'));
  const loaded = createUciStore(runtime.files).load('firewall');
  if (!loaded.ok) warn(loaded.error.message);
  const has = (path: string): boolean => runtime.files.info(path).ok;
  const world = {
    networks: networks ?? new Map(),
    hasModule: (module: string) => has(`/sys/module/${module}`),
    hasDevice: (one: string) => has(`/sys/class/net/${one}`),
  };
  return readFirewall(loaded.ok ? loaded.value : { name: 'firewall', sections: [] }, world, warn);
}

/** The names that were looked for, one a line; exit status 1 without any. */
function lookUp(state: State): readonly string[] {
  const { zones, world } = state;
  if (action === 'zone') {
    const devices = zones.find((zone) => zone.name === name)?.devices ?? [];
    return devices.filter((one) => device === undefined || one === device);
  }
  const holds = ({ networks, devices }: State['zones'][0]): boolean =>
    action === 'network' ? world.networks.has(name) && networks.includes(name) : devices.includes(name);
  return zones.filter(holds).map((zone) => zone.name);
}

const state = load();
if (action === 'print') say(rulesetText(state));
else {
  const found = lookUp(state);
  if (found.length === 0) runtime.exit(1);
  say(found.map((one) => `${one}\n`).join(''));
}
runtime.exit(0);
