import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Survive } from '../../../src/api/conntrack.ts';
import {
  CANARY,
  createSurvey,
  MOST_CONNECTIONS,
  type SurviveSituation,
} from '../../../src/core/conntrackd/survive.ts';

const SITUATION: SurviveSituation = {
  virtual: new Map([
    ['192.168.1.1', ''],
    ['203.0.113.10', 'wan1'],
    ['198.51.100.10', 'wan2'],
  ]),
  own: new Map([
    ['192.168.1.2', ''],
    ['203.0.113.2', 'wan1'],
    ['198.51.100.2', 'wan2'],
    ['10.255.0.1', ''],
  ]),
  wans: ['wan1', 'wan2'],
  marks: {
    mask: 0x3f00,
    wans: new Map([
      [0x100, 'wan1'],
      [0x200, 'wan2'],
    ]),
  },
  blocked: '',
};

interface Flow {
  readonly port?: number;
  readonly from?: string;
  readonly to?: string;
  readonly back?: string;
  readonly mark?: number;
  readonly state?: string;
}

/** As `conntrackd -i` and `conntrack -L` write the same connection (test/captures/conntrackd). */
function lines({
  port = 1000,
  from = '192.168.1.100',
  to = '192.0.2.1',
  back = '203.0.113.10',
  mark = 256,
  state = 'ESTABLISHED',
}: Flow) {
  const tuples = `src=${from} dst=${to} sport=${port} dport=8080 src=${to} dst=${back} sport=8080 dport=${port} [ASSURED] mark=${mark}`;
  return {
    have: `tcp      6 ${state} ${tuples} [active since 2s]`,
    count: `tcp      6 431998 ${state} ${tuples} use=1`,
  };
}

function survey(
  flows: readonly Flow[],
  missing: readonly Flow[] = [],
  situation: Partial<SurviveSituation> = {},
  partner: { readonly external: number | null } | null = { external: 10_000 },
): Survive {
  const made = createSurvey({ ...SITUATION, ...situation });
  for (const flow of flows) made.have(lines(flow).have);
  for (const flow of [...flows, ...missing]) made.count(lines(flow).count);
  return made.result(partner);
}

const reasons = ({ router }: Survive): readonly (readonly [string, number])[] =>
  router.reasons.map(({ reason, count }) => [reason, count] as const);

describe('survive', () => {
  it('counts what is translated to the virtual address, synced and marked', () => {
    const result = survey([{}, { port: 1001, back: '198.51.100.10', mark: 512 }]);
    expect(result).toEqual({
      total: 2,
      truncated: false,
      router: { survive: 2, blocked: '', reasons: [] },
      wans: [
        { name: 'wan1', survive: 1, lost: 1 },
        { name: 'wan2', survive: 1, lost: 1 },
      ],
      partner_known: true,
    });
  });

  it.each<[string, Flow]>([
    ['own-address', { back: '203.0.113.2' }],
    ['wrong-mark', { mark: 512 }],
    ['wrong-mark', { mark: 0 }],
    ['handshake', { state: 'SYN_SENT' }],
    ['local', { from: '203.0.113.2', back: '203.0.113.2' }],
    ['local', { to: '192.168.1.1', back: '192.168.1.100' }],
    ['local', { from: '127.0.0.1', to: '127.0.0.1', back: '127.0.0.1' }],
    ['local', { from: '10.255.0.2', to: '10.255.0.1', back: '10.255.0.2' }],
  ])('does not with %s: %j', (reason, flow) => {
    const result = survey([flow]);
    expect(result.router.survive).toBe(0);
    expect(reasons(result)).toEqual([[reason, 1]]);
  });

  it('names what is not in the cache, and an example', () => {
    const result = survey([{}], [{ port: 1001 }, { port: 1002 }]);
    expect(result.router).toMatchObject({
      survive: 1,
      reasons: [{ reason: 'not-synced', count: 2, example: 'tcp 192.168.1.100 > 192.0.2.1' }],
    });
  });

  it('takes off what the partner does not have', () => {
    const result = survey([{}, { port: 1001 }, { port: 1002 }], [], {}, { external: 1 });
    expect([result.router.survive, reasons(result)]).toEqual([1, [['not-at-partner', 2]]]);
    const unknown = survey([{}], [], {}, null);
    expect([unknown.router.survive, unknown.partner_known]).toEqual([1, false]);
    // Without an external cache the partner has them in its kernel.
    expect(survey([{}], [], {}, { external: null }).router.survive).toBe(1);
  });

  it('says that none does while nothing is synced', () => {
    const result = survey([{}], [], { blocked: 'The cable is out.' });
    expect(result.router).toMatchObject({ survive: 0, blocked: 'The cable is out.' });
  });

  it('knows ICMP and IPv6, and passes over its own test entry and what is no connection', () => {
    const made = createSurvey(SITUATION);
    const icmp =
      'src=192.168.1.100 dst=192.0.2.1 type=8 code=0 id=1728 src=192.0.2.1 dst=203.0.113.10 type=0 code=0 id=1728 mark=256';
    made.have(`icmp     1 ${icmp} [active since 2s]`);
    made.count(`icmp     1 28 ${icmp} use=1`);
    made.count(`icmp     1 28 ${icmp.replaceAll('1728', '1729')} use=1`);
    const v6 =
      'src=2001:db8::5 dst=2001:db8:1::1 sport=1 dport=2 src=2001:db8:1::1 dst=2001:db8::5 sport=2 dport=1 [ASSURED] mark=256';
    made.have(`tcp      6 ESTABLISHED ${v6} [active since 2s]`);
    made.count(`tcp      6 431999 ESTABLISHED ${v6} use=1`);
    made.count(
      `udp      17 4 src=${CANARY.source} dst=${CANARY.destination} sport=9 dport=9 src=${CANARY.destination} dst=${CANARY.source} sport=9 dport=9 mark=0 use=1`,
    );
    made.count('conntrack v1.4.8 (conntrack-tools): 3 flow entries have been shown.');
    const result = made.result({ external: 10 });
    expect([result.total, result.router.survive, reasons(result)]).toEqual([3, 2, [['not-synced', 1]]]);
    expect(result.wans[0]).toEqual({ name: 'wan1', survive: 0, lost: 3 });
  });

  it('stops at so many, and says so', () => {
    const made = createSurvey(SITUATION);
    let taken = 0;
    while (taken <= MOST_CONNECTIONS && made.count(lines({ port: taken }).count)) taken += 1;
    expect(taken).toBe(MOST_CONNECTIONS);
    expect(made.result({ external: 10 })).toMatchObject({ total: MOST_CONNECTIONS, truncated: true });
  });

  it('never counts one twice or not at all (property)', () => {
    const flow = fc.record({
      port: fc.integer({ min: 1, max: 65535 }),
      back: fc.constantFrom('203.0.113.10', '203.0.113.2', '198.51.100.10', '192.168.1.100'),
      mark: fc.constantFrom(0, 256, 512),
      state: fc.constantFrom('ESTABLISHED', 'SYN_RECV', 'TIME_WAIT'),
    });
    fc.assert(
      fc.property(
        fc.array(flow),
        fc.array(flow),
        fc.integer({ min: 0, max: 20 }),
        (flows, missing, external) => {
          const result = survey(flows, missing, {}, { external });
          const lost = result.router.reasons.reduce((sum, { count }) => sum + count, 0);
          expect(result.router.survive + lost).toBe(result.total);
          for (const wan of result.wans) expect(wan.survive + wan.lost).toBe(result.total);
        },
      ),
      { seed: 4711 },
    );
  });
});
