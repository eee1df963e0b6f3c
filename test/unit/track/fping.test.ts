import { describe, expect, it } from 'vitest';
import { createFping, fpingArguments } from '../../../src/adapters/fping.ts';
import { isDeviceName, specProblem } from '../../../src/adapters/probe-checks.ts';
import { CLIENT_HELLO, DNS_QUERY, probeCommand } from '../../../src/adapters/probe-commands.ts';
import { createLineCutter, decodeFpingLine, ProbeSequence } from '../../../src/adapters/probe-fping-lines.ts';
import { combine } from '../../../src/adapters/probe-methods.ts';
import { ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { ProbeResult, ProbeSpec } from '../../../src/ports/probe.ts';
import type { Processes } from '../../../src/ports/processes.ts';
import { createFakeTime } from '../../fakes/time.ts';

const SPEC: ProbeSpec = {
  wan: 'wan',
  device: 'eth1',
  family: 'ipv4',
  source: null,
  mark: 0x100,
  methods: ['ping'],
  targets: ['198.51.100.1', '198.51.100.2'],
  intervalMs: 100,
  timeoutMs: 150,
  sizeBytes: 56,
  maxTtl: 60,
};

describe("fping's lines", () => {
  it.each([
    ['198.51.100.1 : [11], 64 bytes, 0.042 ms (0.041 avg, 0% loss)', ['198.51.100.1', 11, 0.042]],
    ['203.0.113.9  : [0], timed out (NaN avg, 100% loss)', ['203.0.113.9', 0, null]],
    ['2001:db8::1 : [7], 64 bytes, 1.23e+03 ms (4.2 avg, 0% loss)', ['2001:db8::1', 7, 1230]],
    ['198.51.100.1 : [12], timed out (0.043 avg, 15% loss)', ['198.51.100.1', 12, null]],
  ])('%s', (line, [target, seq, latencyMs]) => {
    expect(decodeFpingLine(line)).toEqual({ target, seq, latencyMs });
  });

  it.each([
    '',
    '198.51.100.1 : duplicate for [3], 64 bytes, 0.42 ms',
    'ICMP Host Unreachable from 10.9.0.2 for ICMP Echo sent to 198.51.100.1',
    '198.51.100.1 : xmt/rcv/%loss = 4/4/0%, min/avg/max = 0.02/0.03/0.04',
  ])('is no outcome: %s', (line) => {
    expect(decodeFpingLine(line)).toBeNull();
  });

  it('come whole from any pieces', () => {
    const text = encodeText('one\ntwo three\n\nfour');
    for (let cut = 0; cut <= text.length; cut += 1) {
      const lines: string[] = [];
      const take = createLineCutter((line) => lines.push(line));
      take(text.slice(0, cut));
      take(text.slice(cut));
      expect(lines).toEqual(['one', 'two three', '']);
    }
  });
});

describe('probes without a line', () => {
  it('gives up numbers that fping left out when a later one has timed out', () => {
    const sequence = new ProbeSequence(100, 150, 0);
    expect(sequence.settle(0, 3, 3)).toBe(true);
    expect(sequence.settle(2, 3, 203)).toBe(true);
    // 1 may still be answered, in time or not: a reply of a later one says nothing.
    expect(sequence.skipped(4)).toEqual([1, 3]);
    expect(sequence.settle(4, null, 555)).toBe(true);
    expect(sequence.skipped(5)).toEqual([]);
    expect(sequence.settle(3, null, 556)).toBe(false);
    expect(sequence.overdue(560)).toEqual([]);
  });

  it('are lost once their time is over, each once', () => {
    const sequence = new ProbeSequence(100, 150, 0);
    for (const seq of [0, 1, 2]) expect(sequence.settle(seq, 10, seq * 100 + 10)).toBe(true);
    expect(sequence.overdueAt()).toBe(950);
    expect(sequence.overdue(949)).toEqual([]);
    expect(sequence.overdue(1000)).toEqual([3]);
    expect(sequence.overdue(1200)).toEqual([4, 5]);
    expect(sequence.next()).toBe(6);
    // What comes after all is not counted a second time.
    expect(sequence.settle(4, 10, 1210)).toBe(false);
  });

  it('are not those that only overtook each other', () => {
    const sequence = new ProbeSequence(100, 300, 0);
    expect(sequence.settle(1, 5, 105)).toBe(true);
    expect(sequence.settle(0, null, 300)).toBe(true);
    expect(sequence.settle(0, 5, 301)).toBe(false);
    expect(sequence.next()).toBe(2);
  });
});

describe('arguments', () => {
  it('of fping: device, mark where it can, no lookup of names', () => {
    const loop = { count: null, periodMs: 100, timeoutMs: 150 };
    expect(fpingArguments(SPEC, loop, true).join(' ')).toBe(
      'fping -4 -l -p 100 -t 150 -i 1 -b 56 -H 60 -I eth1 -k 256 198.51.100.1 198.51.100.2',
    );
    const burst = { count: 4, periodMs: 15, timeoutMs: 100 };
    expect(fpingArguments({ ...SPEC, family: 'ipv6', source: '2001:db8::2' }, burst, false).join(' ')).toBe(
      'fping -6 -c 4 -p 15 -t 100 -i 1 -b 56 -H 60 -I eth1 -S 2001:db8::2 198.51.100.1 198.51.100.2',
    );
  });

  it('of socat: bound to the device, with the mark', () => {
    expect(probeCommand('tcp', SPEC, '198.51.100.1').argv).toEqual([
      ...['socat', '-u', '/dev/null'],
      'TCP4:198.51.100.1:53,so-bindtodevice=eth1,setsockopt-int=1:36:256',
    ]);
    expect(probeCommand('https', { ...SPEC, family: 'ipv6', mark: null }, '2001:db8::1').argv[2]).toBe(
      'TCP6:[2001:db8::1]:443,so-bindtodevice=eth1',
    );
  });

  it.each([['eth1'], ['pppoe-wan'], ['eth0.10'], ['br-lan@x'], ['6in4-wan6']])(
    'takes the device %s',
    (name) => {
      expect(isDeviceName(name)).toBe(true);
    },
  );

  it.each([[''], ['-I'], ['..'], ['a/b'], ['a b'], ['sixteencharacter'], ['eth1,exec'], ['eth1:1']])(
    'refuses the device "%s"',
    (name) => {
      expect(isDeviceName(name)).toBe(false);
    },
  );

  it('refuses targets that are no addresses of the family', () => {
    expect(specProblem(SPEC)).toBeNull();
    expect(specProblem({ ...SPEC, targets: ['example.org'] })).toMatch(/no ipv4 address/);
    expect(specProblem({ ...SPEC, source: '::1' })).toMatch(/no ipv4 address/);
    expect(specProblem({ ...SPEC, mark: -1 })).toMatch(/no firewall mark/);
  });
});

describe('whether fping can mark', () => {
  it('is asked once, and again only if nothing was answered', async () => {
    const time = createFakeTime();
    const started: string[] = [];
    const helps = [
      { stdout: '', timedOut: true },
      { stdout: '--fwmark=N', timedOut: false },
    ];
    let asked = 0;
    const processes: Processes = {
      run: async () => {
        const help = helps[asked] ?? { stdout: '', timedOut: false };
        asked += 1;
        const exit = { kind: 'exited', code: 0 } as const;
        const outputs = { stdout: encodeText(help.stdout), stderr: new Uint8Array(0) };
        return ok({ exit, ...outputs, timedOut: help.timedOut, truncated: false });
      },
      start: (argv) => {
        started.push(argv.includes('-k') ? 'marked' : 'plain');
        const nothing = () => undefined;
        return ok({ pid: 2, write: nothing, queuedBytes: () => 0, closeInput: nothing, kill: nothing });
      },
    };
    const prober = createFping({ processes, timers: time.timers, clock: time.clock });
    for (let wan = 0; wan < 3; wan += 1) {
      const running = prober.start(SPEC, () => undefined);
      await time.settle();
      running.stop();
    }
    expect(started).toEqual(['plain', 'marked', 'marked']);
    expect(asked).toBe(2);
  });
});

describe('answers', () => {
  const answers = (method: 'dns' | 'http' | 'https', bytes: Uint8Array | number[]): boolean =>
    probeCommand(method, SPEC, '198.51.100.1').isAnswer(Uint8Array.from(bytes));

  it('are known by their first bytes', () => {
    const response = DNS_QUERY.slice();
    expect(answers('dns', response)).toBe(false);
    response[2] = 0x81;
    expect(answers('dns', response)).toBe(true);
    expect(answers('dns', response.slice(0, 11))).toBe(false);
    expect(answers('http', encodeText('HTTP/1.1 500 x'))).toBe(true);
    expect(answers('http', encodeText('HTT'))).toBe(false);
    expect(answers('https', [22, 3, 3])).toBe(true);
    expect(answers('https', [])).toBe(false);
  });

  it('of tcp are an open and a refused connection, not a time-out or a device that is gone', () => {
    const { isAnswerAtExit, failure } = probeCommand('tcp', SPEC, '198.51.100.1');
    expect([
      isAnswerAtExit(0, ''),
      isAnswerAtExit(1, 'E TCP4: Connection refused'),
      isAnswerAtExit(1, 'No route'),
    ]).toEqual([true, true, false]);
    expect([failure('No route to host'), failure('E setsockopt: No such device')]).toEqual([
      null,
      'No such device',
    ]);
  });

  it('are asked for by a ClientHello whose lengths are right', () => {
    const [type, , , high = 0, low = 0, handshake, , h1 = 0, h2 = 0] = CLIENT_HELLO;
    expect([type, handshake]).toEqual([22, 1]);
    expect(high * 256 + low).toBe(CLIENT_HELLO.length - 5);
    expect(h1 * 256 + h2).toBe(CLIENT_HELLO.length - 9);
  });
});

describe('several methods', () => {
  const lost = (seq: number): ProbeResult => ({ kind: 'probeLost', target: 'a', seq, burst: null });
  const reply = (seq: number): ProbeResult => ({
    kind: 'probeReply',
    target: 'a',
    seq,
    burst: null,
    latencyMs: 1,
  });
  const failed: ProbeResult = { kind: 'proberFailed', reason: 'no socat.' };

  function told(methods: number, ...results: (readonly [number, ProbeResult])[]): ProbeResult[] {
    const all: ProbeResult[] = [];
    const reports = combine(methods, (result) => all.push(result));
    for (const [method, result] of results) reports[method]?.(result);
    return all;
  }

  it('count the first answer, and silence when it is everybody’s', () => {
    expect(
      told(2, [0, lost(0)], [1, lost(0)], [0, lost(1)], [1, reply(1)], [1, reply(2)], [0, lost(2)]),
    ).toEqual([lost(0), reply(1), reply(2)]);
  });

  it('do without one that cannot probe', () => {
    expect(told(2, [1, failed], [0, lost(0)], [0, reply(1)])).toEqual([failed, lost(0), reply(1)]);
  });
});
