import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ApplyRequest, createApplier } from '../../../src/app/multiwan/applier.ts';
import { INTENT_PATH, MEMORY_PATH } from '../../../src/core/plan/memory.ts';
import type { FlowDrop } from '../../../src/core/plan/steps.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import { marksOf } from '../../../src/core/policy/marks.ts';
import { ok } from '../../../src/lib/result.ts';
import type { Flows } from '../../../src/ports/flows.ts';
import { createFakeFiles } from '../../fakes/files.ts';
import { createFakeNft } from '../../fakes/nft.ts';
import { createFakeRouting } from '../../fakes/routing.ts';
import { everything } from '../../packets/support/situations.ts';

/** The service is killed at any moment; the next run knows the table as its own, and writes it only if the switch had not come about. */
const DEVICES = ['pppoe-wan', 'eth2', 'eth5', 'wwan0', 'br-lan', 'br-guest.7'];
const marks = marksOf(0x3f00);
type States = Readonly<Record<string, 'online' | 'offline'>>;

function request(states: States, drop: readonly FlowDrop[] = [], ports = '443'): ApplyRequest {
  const change = (text: string) => text.replace("dest_port '443'", `dest_port '${ports}'`);
  return { desired: compile(everything(states, change)), marks, drop, states };
}

const DROP: FlowDrop = { which: 'wan', wan: 'wan', family: 'ipv4', number: 1, mark: 0x100, mask: 0x3f00 };
const NO_FLOWS: Flows = {
  deleteByMark: async () => ok(1),
  deleteBySource: async () => ok(0),
  deleteAll: async () => ok(undefined),
  countByMark: async () => ok(0),
  count: async () => ok(0),
};

function createRouter() {
  const [nft, routing, files] = [createFakeNft(), createFakeRouting(DEVICES), createFakeFiles()];
  const ports = { nft: nft.nft, routing: routing.routing, flows: NO_FLOWS, files: files.files };
  let lives = Number.POSITIVE_INFINITY;
  /** Its calls do something until the life is over, and never come back after that. */
  const mortal = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        return typeof value !== 'function'
          ? value
          : (...words: unknown[]) => {
              lives -= 1;
              if (lives < 0) throw new Error('killed');
              return Reflect.apply(value, target, words) as unknown;
            };
      },
    });
  const doomed = {
    nft: mortal(ports.nft),
    routing: mortal(ports.routing),
    flows: mortal(ports.flows),
    files: mortal(ports.files),
  };
  return {
    nft,
    files,
    start: () => createApplier(ports),
    startDoomed: (calls: number) => {
      lives = calls;
      return createApplier(doomed);
    },
    state: async () => JSON.stringify([await nft.nft.readTable(), [...routing.text()].sort()]),
  };
}

const states = fc.record({
  wan: fc.constantFrom('online' as const, 'offline' as const),
  wanb: fc.constantFrom('online' as const, 'offline' as const),
  lte: fc.constantFrom('online' as const, 'offline' as const),
});
const act = fc.oneof(
  { weight: 4, arbitrary: states.map((to) => ({ kind: 'switch' as const, to })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'check' as const }) },
);

describe('a kill at any moment', () => {
  it('leaves what the next run adopts, or a table that it brings to the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 6 }), fc.nat(60), async (acts, calls) => {
        const router = createRouter();
        const applier = router.startDoomed(calls);
        try {
          for (const one of acts)
            await (one.kind === 'check' ? applier.check() : applier.apply(request(one.to)));
        } catch (error) {
          expect(String(error)).toContain('killed');
        }
        const next = router.start();
        const memory = next.recall();
        const wanted = request((memory?.states ?? { wan: 'online' }) as States);
        const reference = createRouter();
        await reference.start().apply(wanted);
        const isThere = (await router.state()) === (await reference.state());
        const before = router.nft.applied.length;
        const report = await next.apply(wanted);
        if (!report.ok) throw new Error(report.error.message);
        expect(report.value.findings.filter(({ object }) => object !== 'rule')).toEqual([]);
        expect(await router.state()).toBe(await reference.state());
        if (isThere && memory !== null)
          expect([report.value.how, router.nft.applied.length - before]).toEqual(['adopted', 0]);
        expect(router.files.text(INTENT_PATH)).toBeNull();
      }),
      { seed: 20_261_121, numRuns: 40 },
    );
  });

  it('keeps what somebody else did meanwhile from being taken for its own', async () => {
    const router = createRouter();
    const applier = router.start();
    await applier.apply(request({ wan: 'online' }));
    await applier.apply(request({ wan: 'offline' }));
    // Not a chain of the switch.
    router.nft.others('flush chain inet hagw known4\n');
    const report = await router.start().apply(request({ wan: 'offline' }));
    expect(report).toMatchObject({ ok: true, value: { how: 'applied', findings: [{ code: 'changed' }] } });
  });

  it('before the flows were dropped: the next run is told of them', async () => {
    const router = createRouter();
    await router.start().apply(request({ wan: 'online' }));
    const before = router.files.files.read(MEMORY_PATH);
    const applier = router.start();
    await applier.apply(request({ wan: 'online' }));
    await applier.apply(request({ wan: 'offline' }, [DROP]));
    expect(router.files.files.read(MEMORY_PATH)).toEqual(before);
    expect(router.start().recall()).toMatchObject({ states: { wan: 'offline' }, intent: { drop: [DROP] } });
  });

  it('and another configuration meanwhile: the table is replaced, and nobody is blamed', async () => {
    const router = createRouter();
    const applier = router.start();
    await applier.apply(request({ wan: 'online' }));
    await applier.apply(request({ wan: 'offline' }));
    const report = await router.start().apply(request({ wan: 'offline' }, [], '8443'));
    expect(report).toMatchObject({ ok: true, value: { how: 'applied', findings: [] } });
  });
});
