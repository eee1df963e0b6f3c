import { describe, expect, it } from 'vitest';
import type { WanDetail, WanHistory, WanList } from '../../../src/api/wan.ts';
import type { Arguments } from '../../../src/app/arguments.ts';
import { Refusal } from '../../../src/app/handler.ts';
import type { MultiWanEngine } from '../../../src/app/multiwan/engine.ts';
import { createWanHandlers } from '../../../src/app/multiwan/objects.ts';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { INITIAL_MULTI_WAN, stepMultiWan } from '../../../src/core/engine/multiwan.ts';
import type { MultiWanEvent, MultiWanState } from '../../../src/core/engine/multiwan-types.ts';
import type { KernelRoute } from '../../../src/core/policy/model.ts';
import { createHistory, recordProbe } from '../../../src/core/track/history.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import type { Flows } from '../../../src/ports/flows.ts';
import { sectionsOf } from '../config/sections.ts';

const MWAN3 = `
config interface 'wan'
	option enabled '1'
	list track_ip '192.0.2.1'
config interface 'wanb'
	option enabled '1'
config member 'm1'
	option interface 'wan'
config policy 'p'
	list use_member 'm1'
config rule 'all'
	option use_policy 'p'
`;
const NOW = { monotonicMs: 50_000, wallMs: 1_000_050_000 };
const facts = (device: string) => ({ up: true, device, addresses: [], gateway: null });

/** The machine by itself, and flows that say what was deleted. */
function setUp() {
  let state: MultiWanState = INITIAL_MULTI_WAN;
  const events: MultiWanEvent[] = [];
  const dispatch = (event: MultiWanEvent): void => {
    events.push(event);
    state = stepMultiWan(state, event, 1000 + events.length).state;
  };
  dispatch({ kind: 'began', left: null, down: [], tableNumbers: {}, shuffle: 0 });
  dispatch({
    kind: 'situation',
    situation: {
      engine: 'hagw',
      config: decodeMultiWan(sectionsOf(MWAN3)).value,
      wans: { wan: facts('eth1'), wanb: facts('eth2') },
      devices: { wan: 'eth1', wanb: 'eth2' },
      tableUses: [],
      mwan3Runs: false,
    },
  });
  const words = 'default via 203.0.113.1 dev eth1 metric 10'.split(' ');
  const main: KernelRoute = {
    family: 'ipv4',
    table: 254,
    type: 'unicast',
    destination: 'default',
    gateway: '203.0.113.1',
    device: 'eth1',
    metric: 10,
    protocol: null,
    scope: null,
    source: null,
    words,
  };
  dispatch({ kind: 'routesRead', routes: [main], rules: [] });
  const history = createHistory();
  for (let at = 40_000; at < 50_000; at += 100)
    recordProbe(history, at < 49_000 ? 10 + (at % 1000) / 100 : null, at);
  const engine: MultiWanEngine = {
    situation: () => undefined,
    dispatch,
    state: () => state,
    history: (wan) => (wan === 'wan' ? history : null),
    stop: () => undefined,
  };
  const deleted: unknown[][] = [];
  let answer = ok(3) as
    | ReturnType<typeof ok<number>>
    | ReturnType<typeof fail<{ code: 'failed'; message: string }>>;
  const flows = {
    deleteByMark: async (...args: unknown[]) => {
      deleted.push(args);
      return answer;
    },
    deleteBySource: async (...args: unknown[]) => {
      deleted.push(args);
      return answer;
    },
  } as unknown as Flows;
  const handlers = createWanHandlers(engine, flows, () => NOW);
  const call = async (method: string, args: Arguments = {}) =>
    (await handlers['hagw.wan']?.[method]?.(args)) as unknown;
  return {
    call,
    explain: async (args: Arguments) => (await handlers['hagw']?.['explain']?.(args)) as unknown,
    events,
    deleted,
    state: () => state,
    breakFlows: () => {
      answer = fail({ code: 'failed', message: 'conntrack says no.' });
    },
  };
}

const refusal = (status: number, why: RegExp) => ({ status, why: expect.stringMatching(why) });

describe('the methods of hagw.wan', () => {
  it('list and status tell all that is known of a WAN', async () => {
    const { call } = setUp();
    const { running, wans } = (await call('list')) as WanList;
    expect([running, wans.map(({ name, number, mark }) => [name, number, mark])]).toEqual([
      true,
      [
        ['wan', 1, 0x100],
        ['wanb', 2, 0x200],
      ],
    ]);
    expect(await call('status', { name: 'wan' })).toMatchObject({
      device: 'eth1',
      admin_down: false,
      admin_down_persists: false,
      targets: [{ target: '192.0.2.1', status: 'skipped' }],
    } satisfies Partial<Omit<WanDetail, 'targets'>> & { targets: unknown[] });
  });

  it('history: seconds or minutes, the newest so many, on the wall clock', async () => {
    const { call } = setUp();
    const seconds = (await call('history', { name: 'wan', count: 5 })) as WanHistory;
    expect(seconds.slots).toHaveLength(5);
    expect(seconds.slots.map(({ loss_pct }) => loss_pct)).toContain(100);
    expect(seconds.slots.every(({ at }) => Math.abs(at - NOW.wallMs) < 10_000)).toBe(true);
    const minutes = (await call('history', { name: 'wan', resolution: 'minute', count: 1440 })) as WanHistory;
    expect(minutes.resolution).toBe('minute');
    expect(minutes.slots.at(-1)?.loss_pct).toBeGreaterThan(0);
    expect(((await call('history', { name: 'wanb' })) as WanHistory).slots).toEqual([]);
  });

  it('down and up, for this run or for all', async () => {
    const { call, state } = setUp();
    await call('down', { name: 'wan' });
    expect([state().trackers['wan']?.status, state().keptDown]).toEqual(['disabled', []]);
    await call('down', { name: 'wan', persist: true });
    expect(state().keptDown).toEqual(['wan']);
    await call('down', { name: 'wan' });
    expect(state().keptDown).toEqual(['wan']);
    await call('down', { name: 'wan', persist: false });
    expect([state().trackers['wan']?.adminDown, state().keptDown]).toEqual([true, []]);
    await call('down', { name: 'wan', persist: true });
    expect(await call('status', { name: 'wan' })).toMatchObject({
      admin_down: true,
      admin_down_persists: true,
    });
    await call('up', { name: 'wan' });
    expect([state().trackers['wan']?.adminDown, state().keptDown]).toEqual([false, []]);
  });

  it('probe asks the tracker to look', async () => {
    const { call, events } = setUp();
    expect(await call('probe', { name: 'wanb' })).toEqual({});
    expect(events.at(-1)).toEqual({ kind: 'tracked', wan: 'wanb', event: { kind: 'trafficSuspicion' } });
  });

  it('release: the flows of a WAN by its mark, or those of a client', async () => {
    const { call, deleted, breakFlows } = setUp();
    expect(await call('release', { name: 'wanb' })).toEqual({ entries: 3 });
    expect(await call('release', { client: '192.168.1.9' })).toEqual({ entries: 3 });
    expect(deleted).toEqual([[0x200, 0x3f00, 'ipv4'], ['192.168.1.9']]);
    expect(await call('release', {})).toMatchObject(refusal(2, /One of/));
    expect(await call('release', { name: 'wan', client: '192.168.1.9' })).toMatchObject(refusal(2, /One of/));
    expect(await call('release', { client: '-D' })).toMatchObject(refusal(2, /address/));
    expect(deleted).toHaveLength(2);
    breakFlows();
    expect(await call('release', { name: 'wan' })).toMatchObject(refusal(9, /says no/));
  });

  it('explain: what is asked for, or why not', async () => {
    const { explain } = setUp();
    expect(await explain({ destination: '192.0.2.9' })).toMatchObject({ rule: 'all', policy: 'p' });
    expect(await explain({ destination: 'nowhere' })).toBeInstanceOf(Refusal);
    expect(await explain({ destination: '192.0.2.9', down: 'nosuch' })).toBeInstanceOf(Refusal);
  });

  it.each(['status', 'history', 'up', 'down', 'probe', 'release'])(
    '%s of no WAN is refused',
    async (method) => {
      const { call, events } = setUp();
      const before = events.length;
      for (const name of ['nosuch', '__proto__', 'wan\n'])
        expect(await call(method, { name })).toMatchObject(refusal(4, /^There is no WAN '[\x20-\x7e]*'\.$/));
      expect(events).toHaveLength(before);
    },
  );

  it('without an engine refuse everything', async () => {
    const handlers = createWanHandlers(null, null, () => NOW);
    for (const [path, methods] of Object.entries(handlers))
      for (const [method, handle] of Object.entries(methods))
        expect([path, method, await handle({ name: 'wan' })]).toMatchObject([
          path,
          method,
          refusal(5, /not part/),
        ]);
  });
});
