import { describe, expect, it } from 'vitest';
import type { LinkStatus } from '../../../src/api/status.ts';
import { renderTable } from '../../../src/core/nft/render.ts';
import { renderRecreate, renderRemove, renderReplace, renderUpdate } from '../../../src/core/nft/update.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import type { CompileInput, Desired } from '../../../src/core/policy/model.ts';
import { recompile, renderSwitch, switchPolicies } from '../../../src/core/policy/switch.ts';
import { RULESETS } from '../../golden/multiwan/rulesets.ts';
import { everything, sized } from '../../packets/support/situations.ts';
import { LIST, load, PROGRAMS, runNft } from './namespace.ts';

/** Real nft, real kernel: what we write is taken, and what is read back is what was meant. Nothing here sends a packet. */
const desired = (name: string): Desired => {
  const make = RULESETS[name];
  if (make === undefined) throw new Error(`no ruleset ${name}`);
  return make();
};

/** Elements that dnsmasq, the administrator and sticky rules would have put in. */
const FILLED = [
  'add element inet hagw ipset_streaming { 203.0.113.0/28, 198.51.100.9 }',
  'add element inet hagw dynamic4 { 198.18.0.0/15 }',
  'add element inet hagw sticky4_1_https { 192.168.1.100 timeout 5m }',
  'add element inet hagw sticky4_3_https { 192.168.1.101 timeout 5m }',
  '',
].join('\n');

function set(listing: string, name: string): string {
  return new RegExp(`\\tset ${name} \\{[^]*?\\n\\t\\}`).exec(listing)?.[0] ?? '';
}

describe.each(PROGRAMS)('$name', (nft) => {
  it.each(Object.keys(RULESETS))('takes %s', (name) => {
    const text = renderTable(desired(name).nft);
    const [first, again] = runNft(nft, [
      { kind: 'load', text, check: true },
      load(text),
      LIST,
      load(renderReplace(desired(name).nft)),
      LIST,
    ]);
    expect(first).toContain('chain prerouting');
    expect(again).toBe(first);
  });

  it('takes 250 WANs and 1000 rules', () => {
    const [listed = ''] = runNft(nft, [load(renderTable(compile(sized(250, 1000)).nft)), LIST]);
    // Without a family a rule stands in both.
    expect(listed.split('\n').filter((line) => line.includes('comment "!hagw: rule r')).length).toBe(2000);
    // The even ones are the better tier; the last one's share ends with the sum of the weights.
    expect(/15500-15749 : goto wan_w250 \}/.test(listed)).toBe(true);
  });

  it('gets from any ruleset to any other, as from nothing', () => {
    const names = [
      'balanced',
      'everything',
      'five-wans',
      'everything-third-tier',
      'custom-tables',
      'everything-wan-down',
    ];
    const fresh = new Map(
      names.map((name) => [name, runNft(nft, [load(renderTable(desired(name).nft)), LIST])[0]]),
    );
    const pairs = names.flatMap((from) => names.map((to) => [from, to] as const));
    for (const [from, to] of pairs) {
      const [before, after] = [desired(from).nft, desired(to).nft];
      const existing = {
        sets: before.sets.map((item) => item.name),
        chains: before.chains.map((item) => item.name),
      };
      const ways = [renderUpdate(before, after), renderReplace(after, existing), renderRecreate(after)];
      for (const text of from === to ? ways.slice(1) : ways) {
        const [listed] = runNft(nft, [load(renderTable(before)), load(text), LIST]);
        expect(sortedBlocks(listed), `${from} to ${to}`).toEqual(sortedBlocks(fresh.get(to)));
      }
    }
  });

  it('keeps what others put into sets, and empties the sticky sets of a dead WAN alone', () => {
    const before = compile(everything());
    const after = compile(everything({ wan: 'offline' }));
    const [old, switched, replaced] = runNft(nft, [
      load(renderTable(before.nft)),
      load(FILLED),
      LIST,
      load(renderSwitch(before, after)),
      LIST,
      load(renderReplace(after.nft)),
      LIST,
    ]);
    for (const name of ['ipset_streaming', 'dynamic4', 'sticky4_3_https']) {
      expect(set(old ?? '', name)).toContain('elements');
      expect(set(switched ?? '', name)).toBe(set(old ?? '', name));
      expect(set(replaced ?? '', name)).toBe(set(old ?? '', name));
    }
    expect(set(old ?? '', 'sticky4_1_https')).toContain('192.168.1.100');
    expect(set(switched ?? '', 'sticky4_1_https')).not.toContain('elements');
  });

  it('changes held networks without touching a chain', () => {
    const before = everything();
    const route = before.routes.find(({ destination }) => destination === '192.168.7.0/24');
    if (route === undefined) throw new Error('the situation has no such route');
    const many = Array.from({ length: 100 }, (_, index) => ({
      ...route,
      destination: `172.16.${index}.0/24`,
    }));
    const walk: readonly CompileInput[] = [
      before,
      { ...before, routes: [...before.routes, { ...route, destination: '192.168.0.0/16' }] },
      before,
      { ...before, routes: [...before.routes, ...many] },
      { ...before, routes: before.routes.filter((item) => item !== route) },
    ];
    let [last] = [compile(before)];
    const steps = [load(renderTable(last.nft)), LIST];
    for (const input of walk.slice(1)) {
      const next = compile(input);
      expect(switchPolicies(last, next).chains).toEqual([]);
      steps.push(load(renderSwitch(last, next)), LIST);
      last = next;
    }
    const listed = runNft(nft, steps);
    for (const [index, input] of walk.entries()) {
      const [fresh] = runNft(nft, [load(renderTable(compile(input).nft)), LIST]);
      expect(sortedBlocks(listed[index])).toEqual(sortedBlocks(fresh));
    }
  });

  it('ends a random walk through states where a fresh load does', () => {
    const seed = Number(process.env['SEED'] ?? 20_261_121);
    let random = seed;
    // A linear congruential generator (Numerical Recipes) will do, since the seed is printed.
    const below = (bound: number): number => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return Math.floor((random / 2 ** 32) * bound);
    };
    const words: readonly LinkStatus[] = ['online', 'offline', 'connecting', 'disconnecting'];
    const start = everything();
    let now = { input: start, desired: compile(start) };
    const steps = [load(renderTable(now.desired.nft))];
    for (let step = 0; step < 25; step += 1) {
      const links = now.input.links.map((link) =>
        below(3) === 0 ? { ...link, state: words[below(words.length)] ?? 'online' } : link,
      );
      const input = { ...now.input, links };
      const desired = recompile(now, input);
      const text = renderSwitch(now.desired, desired);
      if (text !== '') steps.push(load(text));
      now = { input, desired };
    }
    const [walked] = runNft(nft, [...steps, LIST]);
    const [fresh] = runNft(nft, [load(renderTable(compile(now.input).nft)), LIST]);
    expect(walked, `seed ${seed}`).toBe(fresh);
  });

  it('removes the table whether it is there or not', () => {
    const table = desired('balanced').nft;
    const steps = [
      load(renderRemove(table)),
      load(renderTable(table)),
      load(renderRemove(table)),
      load(renderTable(table)),
      LIST,
    ];
    expect(runNft(nft, steps)[0]).toContain('chain main');
  });
});

/** The blocks of a listing, in any order: a new object stands behind the old ones. */
function sortedBlocks(listing: string | undefined): readonly string[] {
  return (listing ?? '')
    .split(/\n(?=\t(?:set|chain) )/)
    .map((block) => block.replace(/\n\}?\s*$/, '').trim())
    .sort();
}
