import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/environment.ts';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import { MWAN3 } from '../../fakes/router.ts';
import { GONE, run } from './run.ts';

const example = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../docs/examples', name), 'utf8');
const YAML = example('fault-tolerant-router.yaml');
const OPENBSD = example('openbsd-multipath.txt');
const NETWORK = `
config interface 'fibre'
	option device 'em1'
	option proto 'dhcp'

config interface 'cable'
	option device '@base'
	option proto 'static'

config interface 'base'
	option device 'em2'
	option disabled '0'
`;
const FILES = { '/x/router.yaml': YAML, '/x/gateway': OPENBSD, '/x/mwan3': MWAN3, '/net/network': NETWORK };
const importing = (...args: readonly string[]) => run(['import', ...args], { ok: false, error: GONE }, FILES);

const namesIn = (text: string) => {
  const reading = parseConfig('mwan3', ok(encodeText(text)));
  return reading.kind === 'read'
    ? reading.sections.flatMap(({ type, name }) => (type === 'interface' ? [name] : []))
    : reading;
};

describe('hagw import', () => {
  it('says on the router that foreign files are for another machine', async () => {
    const { code, out, err } = await run(['import', '/x/gateway'], undefined, FILES, false, {});
    expect({ code, out }).toEqual({ code: EXIT.badConfig, out: '' });
    expect(err).toBe(
      "hagw: /x/gateway: The router's program does not read openbsd; run hagw import on another machine.\n",
    );
  });

  it.each([
    ['/x/router.yaml', ['wan', 'wanb', 'wanc', 'wand'], /^9 mapped uplinks\[0\]\.weight: Is the weight/m],
    ['/x/gateway', ['wan', 'wanb', 'wanc'], /^\d+ mapped external test: Is track_ip 192\.0\.2\.53 of wan\./m],
    ['/x/mwan3', ['wan', 'wanb'], /^- mapped interface\.interval: Is not set for wan, wanb/m],
    ['/x', ['wan', 'wanb'], /interface\.interval/],
  ])('prints %s as sections that can be read, and notes beside them', async (path, names, note) => {
    const { code, out, err, calls } = await importing(path);
    expect({ code, calls }).toEqual({ code: EXIT.ok, calls: [] });
    expect(namesIn(out)).toEqual(names);
    expect(err).toMatch(note);
  });

  it('says the same by a system that is named', async () => {
    expect(await importing('/x/gateway', '--from', 'openbsd')).toEqual(await importing('/x/gateway'));
    expect((await importing('/x/router.yaml', '--from=mwan3')).code).toBe(EXIT.badConfig);
  });

  it('names interfaces as UCI network does', async () => {
    const { out } = await importing('/x/gateway', '--config', '/net');
    // em2 has two names, the later one counts.
    expect(namesIn(out)).toEqual(['fibre', 'base', 'wanc']);
  });

  it('gives JSON on one line', async () => {
    const { out, err } = await importing('/x/gateway', '--json');
    expect(err).toBe('');
    const value = JSON.parse(out);
    expect(value.sections[0]).toMatchObject({ type: 'globals', name: 'globals' });
    expect(value.notes.length).toBeGreaterThan(3);
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ['a YAML that is not understood', ['/f'], 'uplinks:\n  - {a: 1}\n', /^hagw: \/f: Line 2: /],
    ['no default route', ['/f', '--from', 'openbsd'], '# nothing\n', /^hagw: \/f: Line 1: Has no /],
    ['broken UCI', ['/f'], "config rule 'a'\n\toption 'b\n", /^hagw: \/f: .*line 2/],
    ['nothing of the kind', ['/f'], 'hello\n', /none of mwan3, .*--from/],
    ['no file', ['/g'], '', /no file \/g\./],
    ['a folder of nothing', ['/'], '', /no file \/mwan3\.|There is no file/],
    ['a folder for one file', ['/d', '--from', 'openbsd'], '', /\/d: Is a folder/],
  ])('refuses with file and line: %s', async (_what, args, text, message) => {
    const { code, out, err } = await run(['import', ...args], undefined, { '/f': text, '/d/mwan3': '' });
    expect({ code, out }).toEqual({ code: EXIT.badConfig, out: '' });
    expect(err).toMatch(message);
    expect(err.split('\n')).toHaveLength(2);
  });

  it('refuses a system that nobody knows, as a wrong call', async () => {
    const { code, err } = await importing('/x/mwan3', '--from', 'pbr');
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(/must be mwan3, fault_tolerant_router or openbsd/);
  });

  it('lets no name speak to the terminal', async () => {
    const files = { '/f': "config interface 'wan'\n\toption enabled '1'\n\toption 'family' 'a\x1b[2J'\n" };
    expect((await run(['import', '/f'], undefined, files)).err).not.toContain('\x1b');
  });
});
