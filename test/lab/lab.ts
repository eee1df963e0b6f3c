/**
 * Brings up a whole lab and takes it down again. All of it lives in one cage (cage.ts), so nothing is left behind,
 * whatever ends the owner, and any number of labs can run at once.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startAgent } from './agent-link.ts';
import { filesByHand } from './by-hand.ts';
import { type Cage, openCage } from './cage.ts';
import { type Capture, startCapture } from './capture.ts';
import { type Client, makeClient } from './client.ts';
import { startDhcpServer } from './dhcp-server.ts';
import { makeDisk, prepareRoots, REPOSITORY, ROOTFS, STAND_INS, TOOLS } from './disk.ts';
import { blackHole, namespaces, surroundings } from './links.ts';
import { LabError, must } from './programs.ts';
import { type LabRecord, processId, removeRecord, sweep, writeRecord } from './records.ts';
import { makeRouter, type Router } from './router.ts';
import { planTopology, type RouterName, type Topology, type TopologyOptions } from './topology.ts';
import { configFiles } from './uci-config.ts';

export interface Isp {
  readonly name: string;
  /** The ISP forwards nothing any more and says nothing; its own address goes on answering. Twice the same is no error. */
  blackHole(on: boolean): Promise<void>;
}

export interface Lab {
  readonly id: string;
  readonly topology: Topology;
  readonly routers: Readonly<Record<RouterName, Router>>;
  /** By WAN: `isps[0]` is behind wan1. */
  readonly isps: readonly Isp[];
  readonly clients: readonly Client[];
  /** The first client. */
  readonly client: Client;
  /** Runs a program of the lab's root in a client's, ISP's or the internet's network: standard output; throws LabError. */
  runIn(machine: string, argv: readonly string[]): Promise<string>;
  /** tcpdump of a device of `machine` into a file of this computer until it is stopped; '' = a port of a switch. */
  capture(machine: string, device: string, file: string, filter?: readonly string[]): Promise<Capture>;
  /** Notes where a router's page is, for other commands. */
  notePage(router: string, url: string): void;
  close(): Promise<void>;
}

/** What has to be there before a lab can be made. */
function checkMachine(): void {
  if (process.getuid?.() !== 0) throw new LabError('The lab needs root: it makes network namespaces.');
  const needed = [
    [ROOTFS, 'make system-setup'],
    [STAND_INS, 'make build'],
    [join(REPOSITORY, 'build/bin/lab'), 'make build'],
  ] as const;
  for (const [path, target] of needed) {
    if (!existsSync(path)) throw new LabError(`${path} is missing: run '${target}' first.`);
  }
}

/** The newest .ipk of that name in build/packages. */
export function packagePath(name: string): string {
  const folder = join(REPOSITORY, 'build/packages');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const found = names
    .filter((file) => file.startsWith(`${name}_`) && file.endsWith('.ipk'))
    .sort()
    .at(-1);
  if (found === undefined) throw new LabError(`build/packages has no ${name}_*.ipk: run 'make ipk' first.`);
  return join(folder, found);
}

async function buildSurroundings(cage: Cage, topology: Topology): Promise<void> {
  for (const name of namespaces(topology)) await cage.addNamespace(name);
  for (const { namespace, lines } of surroundings(topology)) await cage.ip(namespace, lines);
  for (const name of ['internet', ...topology.wans.map(({ isp }) => isp)]) {
    await must([...cage.enter(name), 'tee', '/proc/sys/net/ipv4/ip_forward'], { stdin: '1\n' });
  }
}

/** The router as it comes out of the box, packages and configuration included; it has no power yet. */
async function equip(router: Router, cage: Cage, root: string, topology: Topology): Promise<void> {
  for (const name of topology.packages) await router.installPackage(packagePath(name));
  for (const [path, content] of configFiles(topology, router.plan)) router.write(path, content, 0o600);
  router.write('/etc/hostname', `${router.name}\n`);
  // Debian locks root's password; on a new router it is empty.
  router.write('/etc/shadow', router.read('/etc/shadow').replace(/^root:[^:]*:/m, 'root::'), 0o600);
  if (topology.managed) return;
  for (const [path, content] of filesByHand(topology)) router.write(path, content);
  await must([...cage.enter(''), 'chroot', root, 'mkdir', '-p', '/etc/conntrackd']);
  if (!topology.connections.sync) return;
  if (!topology.packages.includes('hagw')) return;
  const print = [...cage.enter(''), 'chroot', root, 'hagw', 'print', 'conntrackd', '--router', router.name];
  router.write('/etc/conntrackd/conntrackd.conf', await must(print));
}

/** Makes a lab and gives both routers power. Needs root, the lab's root and a build. Throws LabError. */
export async function createLab(options: TopologyOptions = {}): Promise<Lab> {
  checkMachine();
  sweep();
  const topology = planTopology(options);
  const owner = processId(process.pid);
  if (owner === null) throw new LabError('/proc is not mounted.');
  const cage = await openCage();
  let record: LabRecord = {
    id: randomBytes(3).toString('hex'),
    owner,
    cage: cage.process,
    routers: {},
    pages: {},
  };
  const note = (changed: Partial<LabRecord>): void => {
    record = { ...record, ...changed };
    writeRecord(record);
  };
  // However the owner ends short of SIGKILL: its record goes with it. The cage ends by itself.
  const atExit = (): void => removeRecord(record.id);
  process.once('exit', atExit);
  const close = async (): Promise<void> => {
    await cage.close();
    process.off('exit', atExit);
    removeRecord(record.id);
  };
  try {
    note({});
    await buildSurroundings(cage, topology);
    await prepareRoots(cage);
    for (const wan of topology.wans) if (wan.isDynamic) startDhcpServer(cage, wan);
    const makeOne = async (plan: Topology['routers'][0]): Promise<Router> => {
      const disk = await makeDisk(cage, plan.name);
      const router = makeRouter(cage, disk, plan, (pid) => {
        const { [plan.name]: _, ...others } = record.routers;
        note({ routers: pid === null ? others : { ...others, [plan.name]: pid } });
      });
      await equip(router, cage, disk.root, topology);
      return router;
    };
    const [one, other] = await Promise.all(topology.routers.map(makeOne));
    if (one === undefined || other === undefined) throw new LabError('A lab has two routers.');
    const internet = startAgent(cage, 'internet');
    await internet.ask({ do: 'serve', addresses: topology.servers, everyMs: 1000 });
    const first = topology.servers[0] ?? '';
    const clients = topology.clients.map((plan) => makeClient(plan, startAgent(cage, plan.name), first));
    const [client] = clients;
    if (client === undefined) throw new LabError('A lab has at least one client.');
    await Promise.all([one.powerOn(), ...(topology.alone ? [] : [other.powerOn()])]);
    return {
      id: record.id,
      topology,
      routers: { 'gw-a': one, 'gw-b': other },
      isps: topology.wans.map(({ isp }): Isp => {
        let isBlack = false;
        return {
          name: isp,
          async blackHole(on) {
            if (on !== isBlack) await cage.ip(isp, blackHole(on));
            isBlack = on;
          },
        };
      }),
      clients,
      client,
      runIn: (machine, argv) => must([...cage.enter(machine), 'chroot', TOOLS, ...argv]),
      capture: (machine, device, file, filter = []) => startCapture(cage, machine, device, file, filter),
      notePage: (router, url) => note({ pages: { ...record.pages, [router]: url } }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
