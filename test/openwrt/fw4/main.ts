/** The command `fw4` of the lab's routers: firewall4's words, exit statuses and order of steps. See ruleset.ts for what is simpler. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createUciStore } from 'uci-parser';
import { nodeFiles } from '../common/files.ts';
import { networksFromUbus } from './networks.ts';
import { readFirewall, rulesetText } from './ruleset.ts';
import type { State } from './state.ts';

const SOCKET = '/var/run/ubus/ubus.sock';
/** As long as it is there, the firewall counts as loaded. */
const STATE = '/var/run/fw4.state';
const USAGE =
  'Usage: fw4 [-q] start|stop|flush|restart|reload|print|check|network NET|device DEV|zone ZONE [DEV]\n';

const words = process.argv.slice(2);
const isQuiet = words.includes('-q');
const [action = '', ...operands] = words.filter((word) => !/^-[qv]$/.test(word));

function warn(line: string): void {
  if (!isQuiet) process.stderr.write(`[!] ${line}\n`);
}

/** The exit status 1, after a sentence. */
function die(sentence: string): number {
  if (!isQuiet) process.stderr.write(`${sentence}\n`);
  return 1;
}

async function load(say: (line: string) => void = warn): Promise<State> {
  const networks = await networksFromUbus(SOCKET);
  if (networks === null) process.stderr.write('Unable to connect to ubus\n');
  const loaded = createUciStore(nodeFiles).load('firewall');
  if (!loaded.ok) warn(loaded.error.message);
  const pkg = loaded.ok ? loaded.value : { name: 'firewall', sections: [] };
  const world = {
    networks: networks ?? new Map(),
    hasModule: (name: string) => existsSync(`/sys/module/${name}`),
    hasDevice: (name: string) => existsSync(`/sys/class/net/${name}`),
  };
  return readFirewall(pkg, world, say);
}

function nft(args: readonly string[], input = ''): boolean {
  const { status } = spawnSync('nft', args, { input, stdio: ['pipe', 'inherit', 'inherit'] });
  return status === 0;
}

/** One transaction: if nft refuses any line, what was loaded before stays. */
async function start(): Promise<number> {
  const text = rulesetText(await load());
  writeFileSync(STATE, '');
  return nft(['-f', '-'], text) ? 0 : 1;
}

function stop(): boolean {
  const isGone = nft(['delete', 'table', 'inet', 'fw4']);
  rmSync(STATE, { force: true });
  return isGone;
}

/** Every table, whoever made it: that is what `/etc/init.d/firewall stop` does. */
function flush(): number {
  const { stdout } = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  for (const line of stdout.split('\n')) {
    const [, family, table] = line.split(' ');
    if (family !== undefined && table !== undefined) nft(['delete', 'table', family, table]);
  }
  rmSync(STATE, { force: true });
  return 0;
}

async function lookup(): Promise<number> {
  const { zones, world } = await load(() => undefined);
  const [name = '', device] = operands;
  if (action === 'zone') {
    const devices = zones.find((zone) => zone.name === name)?.devices ?? [];
    const found = devices.filter((one) => device === undefined || one === device);
    for (const one of found) process.stdout.write(`${one}\n`);
    return found.length > 0 ? 0 : 1;
  }
  const zone = zones.find(({ networks, devices }) =>
    action === 'network' ? world.networks.has(name) && networks.includes(name) : devices.includes(name),
  );
  if (zone !== undefined) process.stdout.write(`${zone.name}\n`);
  return zone === undefined ? 1 : 0;
}

async function main(): Promise<number> {
  switch (action) {
    case 'start':
      return existsSync(STATE) ? die('The fw4 firewall appears to be already loaded.') : start();
    case 'reload':
      return existsSync(STATE) ? start() : die('The fw4 firewall does not appear to be loaded.');
    case 'stop':
      return stop()
        ? 0
        : die('The fw4 firewall does not appear to be loaded, try fw4 flush to delete all rules.');
    case 'flush':
      return flush();
    case 'restart':
      if (!nft(['-c', '-f', '-'], rulesetText(await load(() => undefined))))
        return die('The rendered ruleset contains errors, not doing firewall restart.');
      stop();
      return start();
    case 'print':
      process.stdout.write(rulesetText(await load()));
      return 0;
    case 'check': {
      const passes = nft(['-c', '-f', '-'], rulesetText(await load()));
      if (passes && !isQuiet) process.stdout.write('Ruleset passes nftables check.\n');
      return passes ? 0 : 1;
    }
    case 'network':
    case 'device':
    case 'zone':
      return lookup();
    default:
      process.stdout.write(USAGE);
      return 0;
  }
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
