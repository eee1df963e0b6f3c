import { describe, expect, it } from 'vitest';
import type { Survive } from '../../../src/api/conntrack.ts';
import { ok } from '../../../src/lib/result.ts';
import { run } from './run.ts';

const SURVIVE: Survive = {
  total: 180,
  truncated: false,
  router: {
    survive: 150,
    blocked: '',
    reasons: [{ reason: 'own-address', count: 30, example: 'tcp 192.168.1.101 > 192.0.2.3' }],
  },
  wans: [
    { name: 'wan1', survive: 0, lost: 180 },
    { name: 'wan2', survive: 180, lost: 0 },
  ],
  partner_known: true,
};

describe('hagw survive', () => {
  it('shows the numbers and why', async () => {
    const ran = await run(['survive'], ok(SURVIVE));
    expect(ran.calls).toEqual([['hagw.conntrack', 'survive', {}]]);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toBe(
      [
        'Connections that survive the loss of',
        '  this router  150 of 180',
        '  wan1         0 of 180',
        '  wan2         180 of 180',
        'Not with this router:',
        "  30  translated to the router's own address, not the virtual one  e.g. tcp 192.168.1.101 > 192.0.2.3",
        '',
      ].join('\n'),
    );
  });

  it('says what is not known, without what a terminal would obey', async () => {
    const router = { survive: 0, blocked: 'The link\u001b[2J is down.', reasons: [] };
    const ran = await run(['survive'], ok({ ...SURVIVE, router, truncated: true, partner_known: false }));
    expect(ran.out.split('\n').slice(4)).toEqual([
      'There are more connections; these are the first 180.',
      'The link?[2J is down.',
      'The partner is not heard: whether it has them is not known.',
      '',
    ]);
  });

  it('gives the reply as it is', async () => {
    expect(JSON.parse((await run(['survive', '--json'], ok(SURVIVE))).out)).toEqual(SURVIVE);
    expect((await run(['survive'])).code).toBe(3);
  });
});
