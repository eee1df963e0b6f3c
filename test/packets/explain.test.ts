import { describe, expect, it } from 'vitest';
import type { LinkStatus } from '../../src/api/status.ts';
import { compile } from '../../src/core/policy/compile.ts';
import { type ExplainFlow, explain } from '../../src/core/policy/explain.ts';
import { everyOutcome, type Flow, type Outcome, type Router } from './support/flows.ts';
import { RECORDINGS, routerOf } from './support/recordings.ts';
import { everything } from './support/situations.ts';

/**
 * `explain` and the ruleset say the same: for each flow the marks that the tracer finds, with their probabilities and devices,
 * are the choices that explain gives with their shares.
 */
interface Seen {
  readonly mark: number;
  readonly device: string | null;
  readonly pct: number;
}

function sum(items: readonly Seen[]): readonly Seen[] {
  const all = new Map<string, Seen>();
  for (const item of items) {
    const key = `${item.mark} ${item.device}`;
    all.set(key, { ...item, pct: item.pct + (all.get(key)?.pct ?? 0) });
  }
  return [...all.values()]
    .map((item) => ({ ...item, pct: Math.round(item.pct * 1e6) / 1e6 }))
    .sort((a, b) => a.mark - b.mark);
}

function traced(router: Router, flow: Flow): readonly Seen[] {
  return sum(
    everyOutcome(router, flow).map(({ probability, outcome }: { probability: number; outcome: Outcome }) => ({
      mark: outcome.mark,
      device: outcome.outDevice,
      pct: probability * 100,
    })),
  );
}

function question(flow: Flow, inInterface: string | null = null): ExplainFlow {
  return {
    source: flow.src === 'router' ? null : flow.src,
    destination: flow.dst,
    protocol: flow.proto,
    sourcePort: flow.sport ?? null,
    destinationPort: flow.dport ?? null,
    inInterface,
  };
}

function explained(router: Router, flow: Flow): readonly Seen[] {
  const answer = explain(router.input, question(flow), [], router.sets);
  if (!answer.ok) throw new Error(answer.error);
  return sum(answer.value.choices.map(({ mark, device, sharePct }) => ({ mark, device, pct: sharePct })));
}

describe('explain and the ruleset', () => {
  it.each(RECORDINGS)('agree on the flows of $name, $state', ({ name, state, flows }) => {
    const router = routerOf(name, state);
    for (const { flow } of flows) {
      if (flow.src.startsWith('inbound')) continue;
      expect(explained(router, flow), JSON.stringify(flow)).toEqual(traced(router, flow));
    }
  });

  const states: readonly Readonly<Record<string, LinkStatus | 'absent'>>[] = [
    {},
    { wan: 'offline' },
    { wan: 'disconnecting', wanb: 'connecting' },
    { wan: 'absent', wanb: 'offline', lte: 'offline', wan6: 'offline' },
    { wan6: 'absent', wanb6: 'offline' },
  ];
  it.each(states)('agree on flows of our own, %j', (given) => {
    const input = everything(given);
    const router: Router = {
      desired: compile(input),
      input,
      sets: { ipset_streaming: ['203.0.113.64/26'], dynamic4: ['198.18.0.0/15'] },
      deviceOf: (source) => (source.startsWith('192.168.7.') ? 'br-guest.7' : 'br-lan'),
      addressOf: (device) => (device === 'eth2' ? '10.2.0.2' : '192.0.2.77'),
    };
    const sources = ['192.168.1.100', '192.168.1.101', '192.168.7.5', 'router'];
    const targets = [
      '203.0.113.10',
      '203.0.113.70',
      '198.51.100.7',
      '198.18.3.4',
      '10.77.1.1',
      '10.64.0.1',
      '10.2.0.9',
    ];
    const kinds = [
      { proto: 'tcp', dport: 443 },
      { proto: 'udp', sport: 1700, dport: 53 },
      { proto: 'udp', sport: 9, dport: 53 },
      { proto: '50' },
    ];
    const four = sources.flatMap((src) => targets.map((dst) => ({ src, dst })));
    const six = ['2001:db8:ffff:1::7', '2001:db8:eeee::1', '2001:db8:1:1::9'].map((dst) => ({
      src: '2001:db8:1:1::100',
      dst,
    }));
    for (const pair of [...four, ...six])
      for (const kind of kinds) {
        const flow: Flow = { ...pair, ...kind };
        expect(explained(router, flow), JSON.stringify(flow)).toEqual(traced(router, flow));
      }
  });
});

describe('explain', () => {
  const flow = { src: '192.168.1.100', dst: '203.0.113.10', proto: 'tcp', dport: 80 };

  it('tells the rule, the shares, table and gateway, and why the rules before do not match', () => {
    const answer = explain(everything(), question(flow));
    expect(answer).toEqual({
      ok: true,
      value: {
        family: 'ipv4',
        by: 'rule',
        reason: 'It is the first rule that matches: rest, which uses both.',
        rule: 'rest',
        policy: 'both',
        sticky: false,
        choices: [
          {
            target: 'wan',
            wan: 'wan',
            sharePct: 60,
            mark: 0x100,
            table: 1,
            device: 'pppoe-wan',
            gateway: '192.0.2.1',
          },
          {
            target: 'wan',
            wan: 'wanb',
            sharePct: 40,
            mark: 0x300,
            table: 3,
            device: 'eth2',
            gateway: '10.2.0.1',
          },
        ],
        whyNot: [
          { rule: 'https', reason: 'The destination port 80 is not 443.' },
          {
            rule: 'odd',
            reason:
              'The source 192.168.1.100 is not in 192.168.9.0/24; the source 192.168.1.100 is not in 0.0.0.1/0.0.0.1.',
          },
          { rule: 'films', reason: 'The destination 203.0.113.10 is not in the set ipset_streaming.' },
          { rule: 'guests', reason: 'It comes in by br-lan, not by br-guest.7.' },
          {
            rule: 'lost',
            reason: "It is not in force: src_iface is 'nosuch', which has no device: the rule is left out.",
          },
          { rule: 'six', reason: 'It has no side for ipv4.' },
        ],
      },
    });
  });

  it('supposes WANs to be down', () => {
    const wans = (down: readonly string[]) => {
      const answer = explain(everything(), question(flow), down);
      return answer.ok
        ? answer.value.choices.map(({ target, wan, sharePct }) => [target, wan, sharePct])
        : answer.error;
    };
    expect(wans(['wan'])).toEqual([['wan', 'wanb', 100]]);
    expect(wans(['wan', 'wanb'])).toEqual([['wan', 'lte', 100]]);
    expect(wans(['wan', 'wanb', 'lte'])).toEqual([['default', null, 100]]);
    expect(wans(['nosuch'])).toBe("'nosuch' is no WAN of this router.");
  });

  it('says what a connected network and an inbound flow do', () => {
    const ask = (changed: Partial<Flow>, inInterface: string | null = null) => {
      const answer = explain(everything(), question({ ...flow, ...changed }, inInterface));
      return answer.ok ? { by: answer.value.by, reason: answer.value.reason } : answer.error;
    };
    expect(ask({ dst: '10.2.0.9' })).toEqual({
      by: 'network',
      reason: '10.2.0.9 is in 10.2.0.0/24, a connected network: it goes by table main.',
    });
    expect(ask({ src: '203.0.113.10', dst: '10.2.0.2' }, 'wanb')).toEqual({
      by: 'inbound',
      reason: 'It comes in by wanb: the connection gets its mark, so that answers leave by it.',
    });
    expect(ask({ dst: 'nowhere' })).toBe("'nowhere' is no address.");
    expect(ask({ dst: '2001:db8::1' })).toBe('Source and destination are of different families.');
    expect(ask({ proto: 'nosuch' })).toBe("'nosuch' is no protocol that is known here.");
    expect(ask({}, 'nosuch')).toBe("The interface 'nosuch' has no device.");
  });
});
