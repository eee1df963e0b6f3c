import { describe, expect, it } from 'vitest';
import { createPairApplier } from '../../../src/app/pair/applier.ts';
import { compilePair } from '../../../src/core/pair/compile.ts';
import { CONNTRACKD_FILE, TABLE_FILE, WORD_FILE } from '../../../src/core/pair/types.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import { decodeText } from '../../../src/lib/text.ts';
import { createFakeFiles } from '../../fakes/files.ts';
import { createFakePairTools } from '../../fakes/pair-tools.ts';
import { inputOf, SETUPS } from '../pair/setups.ts';
import { writtenFor } from '../pair/written.ts';

const SETUP = SETUPS['two-wans'];
const WRITTEN = writtenFor(SETUP);
const { wanted } = compilePair(inputOf(SETUP));
if (wanted === null) throw new Error('the setup must compile');

/** /etc/config as it comes, an applier on it, and all that is there at any moment. */
function house(more: Readonly<Record<string, string>> = {}) {
  const before = {
    '/etc/config/firewall': SETUP.uci.firewall,
    '/etc/config/dhcp': SETUP.uci.dhcp,
    ...more,
  };
  const fake = createFakeFiles(before);
  const tools = createFakePairTools();
  const paths = [...new Set([...Object.keys(before), ...Object.keys(WRITTEN.files)])];
  const all = () =>
    Object.fromEntries(paths.flatMap((path) => (fake.text(path) === null ? [] : [[path, fake.text(path)]])));
  return { fake, ...tools, before, all };
}

describe('createPairApplier', () => {
  it('checks first, writes all, then has the services read it in their order', async () => {
    const { fake, tools, calls, all } = house();
    const applier = createPairApplier(fake.files, tools);
    expect(await applier.apply(wanted)).toMatchObject({ state: 'applied', problems: [] });
    expect(all()).toEqual(WRITTEN.files);
    expect(calls).toEqual([
      ...['keepalived', 'keepalived', 'table', 'table', 'fw4 check'],
      ...['firewall', 'conntrackd', 'handover', 'dnsmasq', 'keepalived'].map((name) => `reload ${name}`),
    ]);
    calls.length = 0;
    fake.changed.length = 0;
    expect(await applier.apply(wanted)).toMatchObject({ state: 'unchanged', problems: [] });
    expect([calls, fake.changed]).toEqual([[], []]);
  });

  it('touches nothing when keepalived complains of what is new', async () => {
    for (const answer of [ok(['Unknown keyword foo']), fail('keepalived is not installed.')]) {
      const { fake, tools, answers, before, all } = house();
      answers.keepalived = () => answer;
      const outcome = await createPairApplier(fake.files, tools).apply(wanted);
      expect(outcome).toMatchObject({
        state: 'refused',
        problems: [{ severity: 'error', where: 'keepalived' }],
      });
      expect(all()).toEqual(before);
    }
  });

  it('goes on where keepalived complained before, too', async () => {
    const { fake, tools, answers } = house({
      '/etc/config/keepalived': "config vrrp_instance\n\toption name 'mine'\n\toption auth_pass 'x'\n",
    });
    answers.keepalived = (text) =>
      ok(text.includes('vrrp_instance mine') ? ['(mine) something harmless'] : []);
    expect(await createPairApplier(fake.files, tools).apply(wanted)).toMatchObject({ state: 'applied' });
    expect(fake.text('/etc/config/keepalived')).toMatch(/^config vrrp_instance\n\toption name 'mine'/);
  });

  it('touches nothing when nft refuses the table, and does without the copies of adverts when it refuses those', async () => {
    const { fake, tools, answers, before, all } = house();
    const refuse = (name: string) => (text: string) =>
      text.includes(`table ${name}`) ? fail('nft says no.') : ok(undefined);
    answers.table = refuse('inet hagw_pair');
    const applier = createPairApplier(fake.files, tools);
    expect(await applier.apply(wanted)).toMatchObject({
      state: 'refused',
      problems: [{ where: TABLE_FILE }],
    });
    expect(all()).toEqual(before);
    answers.table = refuse('ip hagw_word');
    expect(await applier.apply(wanted)).toMatchObject({
      state: 'applied',
      problems: [{ severity: 'warning', where: WORD_FILE }],
    });
    expect(fake.text(WORD_FILE)).toBeNull();
    expect(await applier.apply(wanted)).toMatchObject({
      state: 'unchanged',
      problems: [{ where: WORD_FILE }],
    });
  });

  it('puts all files back when one cannot be written, whichever it is', async () => {
    for (const path of Object.keys(WRITTEN.files)) {
      const { fake, tools, calls, before, all } = house();
      const files = {
        ...fake.files,
        replace: (target: string, content: Uint8Array) =>
          target === path
            ? fail({ code: 'ENOSPC', path, message: `${path}: no space left on device` })
            : fake.files.replace(target, content),
      };
      const outcome = await createPairApplier(files, tools).apply(wanted);
      expect(outcome).toMatchObject({ state: 'failed', problems: [{ where: path }] });
      expect(all(), path).toEqual(before);
      expect(calls.filter((call) => call.startsWith('reload'))).toEqual([]);
    }
  });

  it('puts all files back when fw4 refuses what came of it', async () => {
    const { fake, tools, answers, calls, before, all } = house();
    answers.firewall = () => fail('`fw4 check` failed: syntax error.');
    expect(await createPairApplier(fake.files, tools).apply(wanted)).toMatchObject({
      state: 'failed',
      problems: [{ where: 'firewall', text: '`fw4 check` failed: syntax error.' }],
    });
    expect(all()).toEqual(before);
    expect(calls.filter((call) => call.startsWith('reload'))).toEqual([]);
  });

  it('begins anew when somebody writes while it checks, and gives up if he goes on', async () => {
    const { fake, tools, answers } = house();
    let times = 1;
    answers.table = () => {
      if (times > 0) fake.write('/etc/config/firewall', `${fake.text('/etc/config/firewall')}\n# ${times}\n`);
      times -= 1;
      return ok(undefined);
    };
    const applier = createPairApplier(fake.files, tools);
    expect(await applier.apply(wanted)).toMatchObject({ state: 'applied' });
    expect(fake.text('/etc/config/firewall')).toContain('# 1\n');
    fake.remove(TABLE_FILE);
    fake.write('/etc/config/firewall', SETUP.uci.firewall);
    times = 100;
    expect(await applier.apply(wanted)).toMatchObject({ state: 'failed' });
    expect(fake.text('/etc/config/firewall')).not.toContain('hagw_');
    expect(fake.text(TABLE_FILE)).toBeNull();
  });

  it("leaves the user's conntrackd.conf alone and says so, and a service that fails does not stop the next", async () => {
    const { fake, tools, answers, calls } = house({ [CONNTRACKD_FILE]: 'Sync {\n}\n' });
    const applier = createPairApplier(fake.files, tools);
    expect(await applier.apply(wanted)).toMatchObject({
      state: 'refused',
      problems: [{ where: CONNTRACKD_FILE }],
    });
    expect(fake.changed).toEqual([]);
    fake.remove(CONNTRACKD_FILE);
    answers.reload = (name) =>
      name === 'dnsmasq' ? fail('`/etc/init.d/dnsmasq reload` failed: it ended with 1.') : ok(undefined);
    expect(await applier.apply(wanted)).toMatchObject({ state: 'applied', problems: [{ where: 'dnsmasq' }] });
    expect(calls.at(-1)).toBe('reload keepalived');
  });

  it('keeps what is no UTF-8', async () => {
    const { fake, tools } = house();
    const bytes = new Uint8Array([35, 32, 0xe9, 10]);
    const content = fake.files.read('/etc/config/dhcp');
    if (!content.ok) throw new Error('no dhcp');
    fake.files.replace('/etc/config/dhcp', new Uint8Array([...bytes, ...content.value]));
    await createPairApplier(fake.files, tools).apply(wanted);
    const after = fake.files.read('/etc/config/dhcp');
    if (!after.ok) throw new Error('no dhcp');
    expect([...after.value.slice(0, 4)]).toEqual([...bytes]);
    expect(decodeText(after.value)).toContain('hagw_lan');
  });
});
