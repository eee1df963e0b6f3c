/** The lab's machines by themselves: power, wires, files, packages; and what a client can measure. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab, packagePath } from './lab.ts';
import { readPackage } from './package-file.ts';
import { waitForPair } from './pair.ts';
import { until } from './programs.ts';

let lab: Lab;
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hagw-capture-'));
  lab = await createLab({ packages: ['hagw'] });
  await waitForPair(lab);
});
afterAll(async () => {
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `SOURCE > DESTINATION` of each packet of a capture (libpcap's savefile format, Ethernet, IPv4). */
function ipv4Packets(capture: Buffer): string[] {
  expect(capture.readUInt32LE(0)).toBe(0xa1b2c3d4);
  const packets: string[] = [];
  for (let at = 24; at + 16 <= capture.length; at += 16 + capture.readUInt32LE(at + 8)) {
    const [source, destination] = [26, 30].map((from) => [
      ...capture.subarray(at + 16 + from, at + 20 + from),
    ]);
    packets.push(`${source?.join('.')} > ${destination?.join('.')}`);
  }
  return packets;
}

describe('the surroundings', () => {
  it('reach each server from the LAN through the active router, translated to the virtual address', async () => {
    const file = join(folder, 'internet.pcap');
    const capture = await lab.capture('internet', 'isp1', file, ['icmp']);
    for (const server of lab.topology.servers) {
      await lab.runIn('client1', ['ping', '-c', '1', '-W', '10', server]);
    }
    const packets = (): string[] => ipv4Packets(readFileSync(file));
    // What tcpdump has not read yet when it is told to end, it does not write.
    await until('the last answer in the capture', 30_000, () =>
      packets().some((packet) => packet.startsWith('192.0.2.4 >')) ? true : undefined,
    );
    await capture.stop();
    expect(packets().filter((packet) => packet.endsWith('> 192.0.2.4'))).toEqual([
      '203.0.113.10 > 192.0.2.4',
    ]);
  });

  it('say what is wrong with a program that fails', async () => {
    await expect(lab.runIn('client1', ['cat', '/missing'])).rejects.toThrow(/exit status 1: cat: \/missing/);
    await expect(lab.capture('client1', 'none', join(folder, 'x.pcap'))).rejects.toThrow(/none/);
  });
});

describe('a client', () => {
  it('feels the black hole of an ISP, in every stream, and its end', async () => {
    const isp = lab.isps[0];
    const watch = await lab.client.watch({ intervalMs: 10 });
    await watch.answering();
    await isp?.blackHole(true);
    for (const kind of ['ping', 'udp', 'udp-new'] as const) await watch.silent(kind, 400);
    // The ISP's own address goes on answering: a check of the gateway alone sees nothing.
    const gateway = lab.topology.wans[0]?.gateway ?? '';
    await lab.runIn('client1', ['ping', '-c', '1', '-W', '10', gateway]);
    await isp?.blackHole(false);
    await watch.answering();
    const reports = await watch.stop();
    for (const kind of ['ping', 'udp', 'udp-new'] as const) {
      const report = reports.get(kind);
      expect(report?.longest?.ms).toBeGreaterThanOrEqual(400);
      expect(report?.answered).toBeLessThan(report?.sent ?? 0);
      expect(report?.silences.length).toBeGreaterThan(0);
    }
  });

  it('counts the TCP connections that both ends still hear', async () => {
    const population = await lab.client.populate(20, { everyMs: 100 });
    await population.mark();
    expect(await population.survivors(10_000)).toEqual({ total: 20, alive: 20, closed: 0 });
    const isp = lab.isps[0];
    await isp?.blackHole(true);
    await population.mark();
    expect((await population.survivors(1000)).alive).toBe(0);
    await isp?.blackHole(false);
    expect(await population.survivors(20_000)).toEqual({ total: 20, alive: 20, closed: 0 });
    await population.close();
  });
});

describe('a router', () => {
  it('loses what is in RAM with its power, and keeps what is on flash', async () => {
    const router = lab.routers['gw-b'];
    router.write('/etc/kept', 'flash\n');
    router.write('/tmp/lost', 'ram\n');
    expect(await router.must(['cat', '/etc/kept', '/tmp/lost'])).toBe('flash\nram\n');
    await router.powerOff();
    expect(router.hasPower).toBe(false);
    await expect(router.exec(['true'])).rejects.toThrow('gw-b has no power.');
    await expect(router.powerOff()).rejects.toThrow('gw-b has no power already.');
    router.write('/etc/later', 'while off\n');
    await router.powerOn();
    expect(await router.must(['cat', '/etc/kept', '/etc/later'])).toBe('flash\nwhile off\n');
    expect(await router.exec(['cat', '/tmp/lost'])).toMatchObject({ code: 1 });
    expect(await router.must(['cat', '/proc/1/comm'])).toBe('init\n');
    await waitForPair(lab);
  });

  it('sees a cut wire as a lost carrier', async () => {
    const router = lab.routers['gw-b'];
    const carrier = async (): Promise<string> => router.must(['cat', '/sys/class/net/wan2/carrier']);
    expect(await carrier()).toBe('1\n');
    await router.cutLink('wan2');
    await until('Loss of the carrier', 15_000, async () => ((await carrier()) === '0\n' ? true : undefined));
    await router.healLink('wan2');
    await until('Return of the carrier', 15_000, async () =>
      (await carrier()) === '1\n' ? true : undefined,
    );
    await expect(router.cutLink('wan9')).rejects.toThrow("gw-b has no port 'wan9'.");
  });

  it('installs a package while it runs, and keeps a configuration that is there', async () => {
    const router = lab.routers['gw-a'];
    const path = packagePath('luci-app-hagw');
    await router.installPackage(path);
    const { files, version } = readPackage(path);
    for (const file of files) await router.must(['test', '-e', file]);
    expect(router.read('/usr/lib/opkg/info/luci-app-hagw.control')).toContain(`Version: ${version}`);
    const before = router.read('/etc/config/hagw');
    await router.installPackage(packagePath('hagw'));
    expect(router.read('/etc/config/hagw')).toBe(before);
    await waitForPair(lab);
  });
});
