import { describe, expect, it } from 'vitest';
import { createPairManager } from '../../../src/app/pair/manager.ts';
import type { PairConfigReport } from '../../../src/core/engine/pair-config.ts';
import { createFakeFiles } from '../../fakes/files.ts';
import { createFakePairTools } from '../../fakes/pair-tools.ts';
import { createFakeTime } from '../../fakes/time.ts';
import { inputOf, SETUPS } from '../pair/setups.ts';
import { writtenFor } from '../pair/written.ts';

const SETUP = SETUPS['two-wans'];
const WRITTEN = writtenFor(SETUP);
const FIREWALL = '/etc/config/firewall';

function house() {
  const { config, self, partner } = inputOf(SETUP);
  const fake = createFakeFiles(
    Object.fromEntries(Object.entries(SETUP.uci).map(([name, text]) => [`/etc/config/${name}`, text])),
  );
  const time = createFakeTime();
  const tools = createFakePairTools();
  const reports: PairConfigReport[] = [];
  const lines: string[] = [];
  const manager = createPairManager(
    {
      files: fake.files,
      tools: tools.tools,
      clock: time.clock,
      timers: time.timers,
      log: { write: (_level, text) => lines.push(text) },
    },
    (report) => reports.push(report),
  );
  return {
    ...tools,
    fake,
    time,
    manager,
    reports,
    lines,
    situation: { config, self, partner, interfaces: [] },
  };
}

describe('createPairManager', () => {
  it('writes nothing while it is not known who this is, then once', async () => {
    const { manager, time, fake, situation, reports } = house();
    manager.situation('netifd has not been asked yet.');
    await time.advance(60_000);
    expect(fake.changed).toEqual([]);
    expect(manager.plan()).toMatchObject({ state: 'waiting', reason: 'netifd has not been asked yet.' });
    manager.situation(situation);
    await time.advance(499);
    expect(fake.changed).toEqual([]);
    await time.advance(1);
    for (const [path, text] of Object.entries(WRITTEN.files)) expect(fake.text(path)).toBe(text);
    expect(reports.at(-1)).toEqual({ state: 'applied', problems: [], contested: '' });
    const count = fake.changed.length;
    manager.situation({ ...situation });
    manager.changed();
    await time.advance(60_000);
    expect(fake.changed.length).toBe(count);
    expect(reports.at(-1)).toEqual({ state: 'unchanged', problems: [], contested: '' });
    expect(time.pending()).toBe(0);
  });

  it('takes a burst of changes as one', async () => {
    const { manager, time, calls, situation } = house();
    manager.situation(situation);
    for (let round = 0; round < 10; round += 1) {
      await time.advance(100);
      manager.changed();
    }
    await time.advance(5000);
    expect(calls.filter((call) => call === 'reload firewall')).toHaveLength(1);
  });

  it('says who changes it back, and writes again after 30 s, not before', async () => {
    const { manager, time, fake, situation, reports, lines } = house();
    manager.situation(situation);
    await time.advance(500);
    fake.write(FIREWALL, SETUP.uci.firewall);
    manager.changed();
    await time.advance(1000);
    expect(reports.at(-1)).toMatchObject({ state: 'pending', contested: expect.stringContaining(FIREWALL) });
    expect(fake.text(FIREWALL)).toBe(SETUP.uci.firewall);
    for (let round = 0; round < 20; round += 1) {
      manager.changed();
      await time.advance(1000);
    }
    expect(fake.text(FIREWALL)).toBe(SETUP.uci.firewall);
    await time.advance(10_000);
    expect(fake.text(FIREWALL)).toBe(WRITTEN.files[FIREWALL]);
    expect(lines.some((line) => line.includes('written again'))).toBe(true);
    manager.changed();
    await time.advance(1000);
    expect(reports.at(-1)).toMatchObject({ state: 'unchanged', contested: '' });
  });

  it('does at once what it is asked to, even then', async () => {
    const { manager, time, fake, situation } = house();
    manager.situation(situation);
    await time.advance(500);
    fake.write(FIREWALL, SETUP.uci.firewall);
    expect((await manager.apply()).state).toBe('applied');
    expect((await manager.apply()).state).toBe('unchanged');
  });

  it('follows another configuration without waiting', async () => {
    const { manager, time, fake, situation } = house();
    manager.situation(situation);
    await time.advance(500);
    const self = { ...situation.self, priority: 200 };
    manager.situation({ ...situation, self, config: { ...situation.config, advertIntervalMs: 50 } });
    await time.advance(500);
    expect(fake.text('/etc/config/keepalived')).toMatch(/option priority '200'\n\toption advert_int '0.05'/);
  });

  it('names a file that is broken, touches nothing, and goes on when it is mended', async () => {
    const { manager, time, fake, situation, reports } = house();
    fake.write(FIREWALL, "config zone 'x\n");
    manager.situation(situation);
    await time.advance(1000);
    expect(fake.changed).toEqual([]);
    expect(reports.at(-1)).toMatchObject({ state: 'refused', problems: [{ where: 'firewall' }] });
    fake.write(FIREWALL, SETUP.uci.firewall);
    manager.changed();
    await time.advance(500);
    expect(reports.at(-1)).toMatchObject({ state: 'applied' });
  });

  it('tries again every 30 s what the checks refused', async () => {
    const { manager, time, fake, situation, reports, answers, calls } = house();
    answers.keepalived = () => ({ ok: true, value: ['Non-existent interface specified in configuration'] });
    manager.situation(situation);
    await time.advance(20_000);
    expect(calls).toEqual(['keepalived', 'table', 'table']);
    expect(reports.at(-1)).toMatchObject({ state: 'refused', problems: [{ where: 'keepalived' }] });
    answers.keepalived = () => ({ ok: true, value: [] });
    await time.advance(11_000);
    expect(fake.text('/etc/config/keepalived')).toBe(WRITTEN.files['/etc/config/keepalived']);
  });

  it('leaves all alone with manage_pair 0, and after its stop', async () => {
    const { manager, time, fake, situation, reports } = house();
    manager.situation({ ...situation, config: { ...situation.config, managePair: false } });
    await time.advance(1000);
    expect(reports.at(-1)).toMatchObject({ state: 'off', problems: [] });
    manager.situation(situation);
    manager.stop();
    await time.advance(60_000);
    expect(fake.changed).toEqual([]);
  });
});
