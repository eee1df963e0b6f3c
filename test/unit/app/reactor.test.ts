import { describe, expect, it } from 'vitest';
import { createReactor } from '../../../src/app/reactor.ts';
import type { Effect } from '../../../src/core/engine/messages.ts';
import { initialState } from '../../../src/core/engine/state.ts';
import { createFakeTime } from '../../fakes/time.ts';

function setUp(run: (effect: Effect, dispatch: () => void) => void = () => undefined) {
  const time = createFakeTime();
  const log: string[] = [];
  const startedAt = time.clock.monotonicMs();
  const state = initialState({ version: '0', hostname: 'h', run: 'r', startedAt });
  const ports = {
    clock: time.clock,
    timers: time.timers,
    log: { write: (_level: string, message: string) => log.push(message) },
  };
  const reactor = createReactor(state, ports, (effect) =>
    run(effect, () => reactor.dispatch({ kind: 'tick' })),
  );
  return { time, log, reactor };
}

describe('the reactor', () => {
  it('gives a past event the same time whenever asked, and follows a clock that is set', () => {
    const { time, reactor } = setUp();
    const first = reactor.now();
    time.stepWall(1);
    expect(reactor.now()).toEqual(first);
    time.stepWall(-2);
    expect(reactor.now()).toEqual(first);
    time.stepWall(5000);
    expect(reactor.now().wallMs).toBe(first.wallMs + 4999);
  });

  it('takes events one at a time, also those that effects dispatch', () => {
    const order: string[] = [];
    const { reactor } = setUp((effect, dispatch) => {
      order.push(effect.kind);
      if (effect.kind === 'log') dispatch();
    });
    reactor.dispatch({ kind: 'started' });
    expect(order.slice(0, 3)).toEqual(['log', 'notify', 'send']);
    expect(reactor.state().timeline.newest).toBe(1);
  });

  it('runs the other effects when one throws', () => {
    const ran: string[] = [];
    const { reactor, log } = setUp((effect) => {
      if (effect.kind === 'log') throw new Error('a defect');
      ran.push(effect.kind);
    });
    reactor.dispatch({ kind: 'started' });
    expect(log).toEqual(['The effect log failed by a defect: Error: a defect']);
    expect(ran).toEqual(['notify', 'send', 'read', 'read', 'read', 'read']);
    reactor.dispatch({ kind: 'busConnected' });
    expect(reactor.state().bus.connected).toBe(true);
  });

  it('has one timer for the next deadline, and none after its end', async () => {
    const { time, reactor } = setUp();
    reactor.dispatch({ kind: 'started' });
    reactor.dispatch({ kind: 'leasesRead', facts: { file: '/x', ipv4: 0, ipv6: 0, damaged: 0 } });
    expect(time.pending()).toBe(1);
    const before = reactor.state();
    await time.advance(10_000);
    expect(reactor.state().steppedAt).toBeGreaterThan(before.steppedAt);
    reactor.stop();
    expect(time.pending()).toBe(0);
    reactor.dispatch({ kind: 'busConnected' });
    expect(reactor.state().bus.connected).toBe(false);
  });
});
