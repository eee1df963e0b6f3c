import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../src/build/bundle.mjs';
import { type Machine, startMachine, WHY_NOT } from '../neighbours/machine.ts';

/** The applier on the runtime that routers have, with the programs that they have, started as they start them. */
describe.skipIf(WHY_NOT !== '')(`applying under qjs ${WHY_NOT}`, () => {
  let machine: Machine;

  beforeAll(async () => {
    const entry = 'test/integration/multiwan-apply/qjs-main.js';
    const out = await bundle({ name: 'qjs-apply', entry, out: 'build/test/qjs-apply.js', kind: 'qjs' });
    machine = await startMachine();
    machine.write('/tmp/apply.js', readFileSync(out, 'utf8'));
  });
  afterAll(() => machine?.stop());

  it('applies, switches, checks, adopts and stops', () => {
    const life = JSON.parse(machine.run('qjs', '-m', '/tmp/apply.js'));
    const none = { findings: [], problems: [] };
    expect(life.first).toMatchObject({ ok: true, value: { how: 'applied', ...none } });
    expect(life.checked).toMatchObject({ ok: true, value: { how: 'unchanged', ...none } });
    expect(life.adopted).toMatchObject({ ok: true, value: { how: 'adopted', ...none } });
    expect(life.stopped).toMatchObject({ ok: true, value: none });
    expect(life.left).toEqual({ ok: true, value: null });
    expect(machine.run('ip', 'rule')).not.toContain('fwmark');
    console.info(`10 WANs, 100 rules under qjs: decision to kernel ${life.medianMs.toFixed(1)} ms (median)`);
  });
});
