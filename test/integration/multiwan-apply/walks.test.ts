import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyRequest } from '../../../src/app/multiwan/applier.ts';
import type { KernelRoute } from '../../../src/core/policy/model.ts';
import { WHY_NOT } from '../neighbours/machine.ts';
import { good, type Rig, request, type States, startRig } from './rig.ts';

/** Whatever the way, the kernel ends where a fresh start leads. WALK_SEED takes other ways than the usual ones. */
const SEED = Number(process.env['WALK_SEED'] ?? 20_261_121);
const STEPS = 24;

/** Marsaglia's xorshift32: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const WANS = ['wan', 'wanb', 'wan6', 'wanb6', 'lte'];
const STATES = ['online', 'offline', 'absent', 'connecting', 'disconnecting'] as const;

/** What the administrator does to the configuration. */
const CHANGES: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replace("option dest_port '443'", "option dest_port '443,8443'"),
  (text) => text.replace(/config rule 'films'[\s\S]*?\n\n/, ''),
  (text) =>
    text.replace(
      "config interface 'lte'\n\toption enabled '1'",
      "config interface 'lte'\n\toption enabled '0'",
    ),
  (text) => text.replace("'0x3F00'", "'0xFF0000'"),
  (text) => text.replace("option sticky '1'", "option sticky '0'"),
  (text) => `${text}\nconfig interface 'wanc'\n\toption enabled '1'\n`,
];

/** What others do to the kernel. */
const ACCIDENTS: readonly (readonly string[])[] = [
  ['nft', 'delete', 'table', 'inet', 'hagw'],
  ['nft', 'flush', 'table', 'inet', 'hagw'],
  ['nft', 'add', 'chain', 'inet', 'hagw', 'stray'],
  ['ip', 'rule', 'flush'],
  ['ip', 'route', 'flush', 'table', '1'],
  ['ip', '-6', 'route', 'flush', 'table', '2'],
];

function walkStep(pick: (below: number) => number, routes: readonly KernelRoute[]): ApplyRequest {
  const states: States = Object.fromEntries(
    WANS.map((name) => [name, STATES[pick(STATES.length)] ?? 'online']),
  );
  return request(routes, states, [], CHANGES[pick(CHANGES.length)]);
}

describe.skipIf(WHY_NOT !== '')(`random walks, seed ${SEED} ${WHY_NOT}`, () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.stop());

  it.each([1, 2, 3])('walk %i ends where a fresh start leads', async (number) => {
    const pick = numbers(SEED * 7 + number);
    const routes = await rig.routes();
    let applier = rig.fresh();
    let last = walkStep(pick, routes);
    const trail: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      last = walkStep(pick, routes);
      const { how, problems } = good(await applier.apply(last));
      expect(problems, trail.join(' ')).toEqual([]);
      trail.push(how);
      const event = pick(6);
      if (event === 0) {
        const accident = ACCIDENTS[pick(ACCIDENTS.length)] ?? [];
        trail.push(accident.join('-'));
        // The table may be gone already.
        rig.machine.run('sh', '-c', '"$@" 2>/dev/null || true', 'sh', ...accident);
        if (accident.includes('rule'))
          rig.machine.run('ip', 'rule', 'add', 'pref', '32766', 'lookup', 'main');
        good(await applier.check());
      } else if (event === 1) {
        trail.push('restart');
        applier = rig.fresh();
      } else if (event === 2) {
        good(await applier.check());
      }
    }
    good(await applier.apply(last));
    good(await applier.check());
    const walked = await rig.state();
    good(await applier.stop(last.marks));
    rig.files.remove('/var/run/hagw/multiwan.json');
    good(await rig.fresh().apply(last));
    expect(walked, `seed ${SEED}, walk ${number}: ${trail.join(' ')}`).toBe(await rig.state());
    good(await rig.fresh().stop(last.marks));
  });
});
