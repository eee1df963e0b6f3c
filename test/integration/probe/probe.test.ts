/** Probes by the real programs on a bench of two network namespaces (rig.ts). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCounters } from '../../../src/adapters/counters.ts';
import { createProber } from '../../../src/adapters/probe-methods.ts';
import { bundle } from '../../../src/build/bundle.mjs';
import { defaultTiming } from '../../../src/core/track/defaults.ts';
import { decodeText } from '../../../src/lib/text.ts';
import type { ProbeResult, ProbeSpec, RunningProbe } from '../../../src/ports/probe.ts';
import { createFakeFiles } from '../../fakes/files.ts';
import { trackConfig } from '../../unit/track/simulate.ts';
import { type Driven, drive } from './drive.ts';
import { createRig, DEVICE, type Rig, TARGET6, TARGETS, WHY_NOT } from './rig.ts';

const [ONE, TWO] = TARGETS;

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What the far end answers; nothing real, but the first bytes are as their protocols have them. */
const SERVERS = `
const net = require('node:net');
const say = (port, bytes) => net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end(bytes));
}).listen(port, '${ONE}');
say(80, 'HTTP/1.1 204 No Content\\r\\n\\r\\n');
say(443, Buffer.from([21, 3, 3, 0, 2, 2, 40]));
say(53, '');
const dns = require('node:dgram').createSocket('udp4');
dns.on('message', (query, from) => {
  query[2] |= 0x80;
  dns.send(query, from.port, from.address);
});
dns.bind(53, '${ONE}');
`;

const kinds = (results: readonly ProbeResult[]): string[] => [...new Set(results.map(({ kind }) => kind))];

describe.skipIf(WHY_NOT !== '')(`probes ${WHY_NOT}`, () => {
  let rig: Rig;
  let results: ProbeResult[];
  let running: RunningProbe | null;
  let driven: Driven | null;

  const start = (parts: Partial<ProbeSpec> = {}): void => {
    results = [];
    running = createProber(rig.tools).start(
      {
        ...{ wan: 'wan', device: DEVICE, family: 'ipv4', source: null, mark: null, methods: ['ping'] },
        // An answer may take as long as a busy machine needs: none that comes is called lost here.
        ...{ targets: [ONE, TWO], sizeBytes: 56, maxTtl: 60, intervalMs: 50, timeoutMs: 2000 },
        ...parts,
      },
      (result) => results.push(result),
    );
  };
  const from = (target: string, kind: ProbeResult['kind']): ProbeResult[] =>
    results.filter(
      (result) => result.kind === kind && result.kind !== 'proberFailed' && result.target === target,
    );

  beforeEach(() => {
    rig = createRig();
    results = [];
    running = null;
    driven = null;
  });
  afterEach(() => {
    running?.stop();
    driven?.stop();
    rig.stop();
  });

  it('tells replies and, for a silent target alone, lost probes; each number once', async () => {
    start();
    await until('replies', () => from(ONE, 'probeReply').length > 3 && from(TWO, 'probeReply').length > 3);
    rig.lose(100, ONE);
    await until('lost probes', () => from(ONE, 'probeLost').length > 5);
    const ofOne = results.flatMap((result) =>
      result.kind !== 'proberFailed' && result.target === ONE ? [result.seq] : [],
    );
    expect([...new Set(ofOne)]).toHaveLength(ofOne.length);
    expect([...ofOne].sort((a, b) => a - b)).toEqual(ofOne.map((_, at) => at));
    expect(from(TWO, 'probeLost')).toEqual([]);
    expect(rig.pids()).toHaveLength(1);
  });

  it('binds to its device: another way to the target is not taken', async () => {
    rig.router('link', 'add', 'other0', 'type', 'veth', 'peer', 'name', 'other1');
    rig.router('link', 'set', 'other0', 'up');
    rig.router('link', 'set', 'other1', 'up');
    rig.router('route', 'add', 'default', 'dev', 'other0', 'metric', '5');
    rig.router('route', 'add', `${ONE}/32`, 'via', '10.9.0.1');
    start({ targets: [ONE], device: 'other0' });
    await until('lost probes', () => from(ONE, 'probeLost').length > 2);
    expect(kinds(results)).toEqual(['probeLost']);
  });

  it('has a burst done within its time, answered or not', async () => {
    start();
    await until('replies', () => results.length > 0);
    running?.burst({ id: 1, targets: [ONE, TWO], count: 4, spacingMs: 15, timeoutMs: 2000 });
    const burst = (id: number, kind: ProbeResult['kind']): number =>
      results.filter(
        (result) => result.kind === kind && result.kind !== 'proberFailed' && result.burst === id,
      ).length;
    await until('answers', () => burst(1, 'probeReply') === 8);
    rig.lose(100);
    running?.burst({ id: 2, targets: [ONE, TWO], count: 4, spacingMs: 15, timeoutMs: 100 });
    await until('silence', () => burst(2, 'probeLost') === 8);
    expect(burst(2, 'probeReply')).toBe(0);
  });

  it('starts fping anew when it dies, and says so; the numbers go on', async () => {
    start();
    await until('replies', () => results.length > 6);
    const [pid = 0] = rig.pids();
    process.kill(pid, 'SIGKILL');
    await until('the failure', () => results.some(({ kind }) => kind === 'proberFailed'));
    const before = results.length;
    await until('more replies', () => results.length > before + 6);
    const seqs = results.flatMap((result) =>
      result.kind === 'probeReply' && result.target === ONE ? [result.seq] : [],
    );
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(kinds(results)).toEqual(['probeReply', 'proberFailed']);
    expect(rig.pids()).not.toContain(pid);
  });

  it('calls probes lost that cannot be sent: device down, device gone, until it is back', async () => {
    start();
    await until('replies', () => results.length > 3);
    rig.router('link', 'set', DEVICE, 'down');
    const lost = (): number => results.filter(({ kind }) => kind !== 'probeReply').length;
    await until('lost probes', () => lost() > 3);
    rig.router('link', 'del', DEVICE);
    const before = lost();
    await until('more of them', () => lost() > before + 3);
    // fping is still bound to the old device, and would be for ever.
    rig.plug();
    const replies = from(ONE, 'probeReply').length;
    await until('replies by the new device', () => from(ONE, 'probeReply').length > replies);
  });

  it('says that there is no such device', async () => {
    rig.router('link', 'del', DEVICE);
    start();
    await until('the failure', () => results.some(({ kind }) => kind === 'proberFailed'));
    expect(kinds(results)).toEqual(['proberFailed']);
    rig.plug();
    await until('replies', () => from(ONE, 'probeReply').length > 0);
  });

  it('leaves no process behind', async () => {
    start();
    await until('replies', () => results.length > 3);
    running?.burst({ id: 1, targets: [ONE], count: 4, spacingMs: 15, timeoutMs: 100 });
    running?.stop();
    const after = results.length;
    await until('the end of all', () => rig.pids().length === 0);
    expect(results.length).toBe(after);
  });

  it('pings over IPv6', async () => {
    start({ family: 'ipv6', targets: [TARGET6] });
    await until('replies', () => from(TARGET6, 'probeReply').length > 3);
    rig.lose(100);
    await until('silence', () => from(TARGET6, 'probeLost').length > 3);
  });

  it('knows an answer by arping', async () => {
    start({ methods: ['arping'], targets: ['10.9.0.1', '10.9.0.77'], intervalMs: 200, timeoutMs: 5000 });
    await until(
      'both',
      () => from('10.9.0.1', 'probeReply').length > 1 && from('10.9.0.77', 'probeLost').length > 1,
    );
    expect([from('10.9.0.1', 'probeLost'), from('10.9.0.77', 'probeReply')]).toEqual([[], []]);
  });

  it.each(['http', 'dns', 'https', 'tcp'] as const)('knows an answer by %s', async (method) => {
    rig.serve(SERVERS);
    rig.provider('nft', 'add table inet deaf; add chain inet deaf in { type filter hook input priority 0; }');
    rig.provider('nft', 'add', 'rule', 'inet', 'deaf', 'in', 'ip', 'daddr', TWO, 'drop');
    start({ methods: [method], intervalMs: 250, timeoutMs: 1000 });
    await until('an answer', () => from(ONE, 'probeReply').length > 1);
    await until('silence', () => from(TWO, 'probeLost').length > 1);
    expect(from(TWO, 'probeReply')).toEqual([]);
  });

  it('refuses what is no address or device before anything starts', () => {
    for (const parts of [
      { targets: ['-f/etc/passwd'] },
      { device: '-I' },
      { targets: [TARGET6] },
      { targets: [] },
    ]) {
      start(parts);
      expect(kinds(results)).toEqual(['proberFailed']);
    }
    expect(rig.pids()).toEqual([]);
  });

  it('takes a WAN out and back with the tracker', async () => {
    // How soon it is known is measured elsewhere (measure.ts); here only a second without the processor would be a loss.
    driven = drive(rig, trackConfig({ targets: [ONE, TWO], ...defaultTiming(2), timeoutMs: 2000 }));
    driven.send({ kind: 'linkUp' });
    const { state, effects } = driven;
    const is = (status: string) => (): boolean => state().status === status;
    await until('online at first', is('online'));
    rig.lose(100);
    await until('offline', is('offline'));
    rig.lose(0);
    await until('online', is('online'));
    driven.send({ kind: 'carrierLost' });
    expect(state().status).toBe('offline');
    await until('the end of the probes', () => rig.pids().length === 0);
    driven.send({ kind: 'carrierFound' });
    await until('online again', is('online'));
    const changes = effects.flatMap((effect) => (effect.kind === 'changed' ? [effect.to] : []));
    expect(changes).toEqual([
      ...['online', 'disconnecting', 'offline', 'connecting', 'online'],
      ...['offline', 'connecting', 'online'],
    ]);
  });

  it('works under qjs', async () => {
    const out = await bundle({
      name: 'qjs-probe',
      entry: 'test/integration/probe/qjs-main.js',
      out: 'build/test/qjs-probe.js',
      kind: 'qjs',
    });
    const done = await rig.qjs(out);
    expect(decodeText(done.stderr)).toBe('');
    const lines = decodeText(done.stdout).trim().split('\n');
    const told = lines.map((line) => JSON.parse(line) as ProbeResult);
    expect(kinds(told)).toEqual(['probeReply']);
    expect(told.some((result) => result.kind === 'probeReply' && result.burst === 7)).toBe(true);
    await until('the end of fping', () => rig.pids().length === 0);
  });
});

describe('counters', () => {
  const files = (carrier: string) => createFakeFiles({ '/sys/class/net/eth1/carrier': carrier });
  // As Linux 6.12 prints it: a name of six characters or more stands at the beginning of its line.
  const TEXT = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     936      11    0    0    0     0          0         0      936      12    0    0    0     0       0          0
pppoe-eth1:  4306    51    0    0    0     0          0         0     3858      44    0    0    0     0       0          0
  eth1: 1234567890123 17    0    0    0     0          0         5 98765432109876      23    0    0    0     0       0          0
br-lan.10:     1       2    0    0    0     0          0         0        3       4    0    0    0     0       0          0
`;
  const packets = (text: string | null, ...devices: string[]) =>
    createCounters(files('1\n').files, () => text).packets(devices);

  it('reads the packets of each device, and no longer name for a shorter one', () => {
    expect(packets(TEXT, 'eth1', 'lo', 'br-lan.10', 'pppoe-eth1')).toEqual([
      { receivedPackets: 17, transmittedPackets: 23 },
      { receivedPackets: 11, transmittedPackets: 12 },
      { receivedPackets: 2, transmittedPackets: 4 },
      { receivedPackets: 51, transmittedPackets: 44 },
    ]);
  });

  it('says of a device that is not there, or of a file that is not, that it has none', () => {
    expect(packets(TEXT, 'eth', 'eth1', 'h1')).toEqual([
      null,
      { receivedPackets: 17, transmittedPackets: 23 },
      null,
    ]);
    expect(packets(null, 'eth1')).toEqual([null]);
    expect(packets('  eth1: 1 2 3', 'eth1')).toEqual([null]);
  });

  it('reads the carrier', () => {
    const read = (text: string) => createCounters(files(text).files, () => null).carrier('eth1');
    expect(read('1\n')).toEqual({ ok: true, value: true });
    expect(read('0\n')).toEqual({ ok: true, value: false });
  });

  it('knows no carrier of a device that is down (EINVAL)', () => {
    const down = files('1\n');
    down.damage('/sys/class/net/eth1/carrier', 'EINVAL');
    expect(createCounters(down.files, () => null).carrier('eth1')).toEqual({ ok: true, value: null });
  });

  it('says that there is no such device, and reads no other path', () => {
    const { carrier } = createCounters(files('1\n').files, () => null);
    expect(carrier('eth9')).toMatchObject({ ok: false, error: { code: 'ENODEV' } });
    expect(carrier('../../../etc')).toMatchObject({ ok: false, error: { code: 'EINVAL' } });
  });
});
