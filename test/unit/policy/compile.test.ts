import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinkStatus } from '../../../src/api/status.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import type { CompileInput, Desired, RuleConfig } from '../../../src/core/policy/model.ts';
import { recompile, renderSwitch, switchPolicies } from '../../../src/core/policy/switch.ts';
import { everything, sized } from '../../packets/support/situations.ts';

const chain = (desired: Desired, name: string) => desired.nft.chains.find((item) => item.name === name);
const devicesOf = (input: CompileInput) => ({ ...input.devices });

describe('compile', () => {
  it.each([
    ['online', true],
    ['disconnecting', true],
    ['connecting', false],
    ['offline', false],
    ['disabled', false],
    ['unknown', false],
  ] as const)('a WAN that is %s is used: %s', (state: LinkStatus, used) => {
    const [rule] = chain(compile(everything({ wanb: 'offline', wan: state })), 'policy4_both')?.rules ?? [];
    expect(rule?.comment).toBe(used ? 'all to wan' : 'all to lte');
  });

  it('uses no WAN that is disabled or has no device, whatever its state', () => {
    const input = everything({}, (text) =>
      text.replace("'wan'\n\toption enabled '1'", "'wan'\n\toption enabled '0'"),
    );
    expect(chain(compile(input), 'policy4_both')?.rules[0]?.comment).toBe('all to wanb');
    const links = everything().links.map((link) => (link.name === 'wan' ? { ...link, device: null } : link));
    const desired = compile({ ...everything(), links });
    expect(chain(desired, 'policy4_both')?.rules[0]?.comment).toBe('all to wanb');
    expect(
      desired.rules.filter(({ family }) => family === 'ipv4').map(({ preference }) => preference),
    ).toEqual([1003, 1003, 1006, 1006, 2001, 2003, 2006, 2061, 2062, 3001, 3003, 3006]);
    expect(desired.tables.find(({ table }) => table === 1)?.routes).toEqual([]);
  });

  it('adds the weights of two members of one WAN', () => {
    const input = everything({}, (text) =>
      text.replace(
        "config policy 'both'",
        "config member 'again'\n\toption interface 'wan'\n\toption metric '1'\n\toption weight '4'\n\nconfig policy 'both'\n\tlist use_member 'again'",
      ),
    );
    expect(chain(compile(input), 'policy4_both')?.rules[0]?.comment).toBe('wan 7, wanb 2');
  });

  it('leaves out the second of two WANs with one device, and says so', () => {
    const links = everything().links.map((link) =>
      link.name === 'wanb' ? { ...link, device: 'pppoe-wan' } : link,
    );
    const desired = compile({ ...everything(), links });
    expect(desired.notes).toContainEqual({
      where: 'mwan3.wanb',
      text: 'Has the device pppoe-wan, as wan has: it is left out.',
    });
    expect(chain(desired, 'policy4_both')?.rules[0]?.comment).toBe('all to wan');
  });

  it('leaves out WANs that the mask has no mark for, and says so', () => {
    const input = sized(61, 1);
    const desired = compile({ ...input, config: { ...input.config, mask: 0x3f00 } });
    expect(desired.notes).toEqual([
      { where: 'mwan3.w61', text: 'Is interface 61, but the mask has marks for 60 only: it is left out.' },
    ]);
    expect(() => compile({ ...input, config: { ...input.config, mask: 0x300 } })).toThrow(
      'fewer than three bits',
    );
  });

  /** A configuration that the decoder would not let through, or not as it is. */
  const withRule = (name: string, change: Partial<RuleConfig>): CompileInput => {
    const input = everything();
    const rules = input.config.rules.map((rule) => (rule.name === name ? { ...rule, ...change } : rule));
    return { ...input, config: { ...input.config, rules } };
  };

  it('leaves out a rule whose protocol nobody knows; a port without protocol is ignored', () => {
    const strange = compile(withRule('guests', { protocol: 'nosuch' }));
    expect(strange.notes).toContainEqual({
      where: 'mwan3.guests.proto',
      text: "Is 'nosuch', which is no protocol: the rule is left out.",
    });
    expect(chain(strange, 'rules4')?.rules.map(({ comment }) => comment)).not.toContain('rule guests');
    const ports = compile(withRule('guests', { destinationPorts: [{ first: 22, last: 22 }] }));
    expect(ports.notes).toContainEqual({
      where: 'mwan3.guests.dest_port',
      text: 'Is ignored, since proto is none that has ports (tcp, udp).',
    });
    expect(chain(ports, 'rules4')?.rules.map(({ comment }) => comment)).toContain('rule guests');
    const address = compile(withRule('guests', { sources: [{ address: 'x', mask: 32 }] }));
    expect(address.notes).toContainEqual({
      where: 'mwan3.guests.src_ip',
      text: 'Is no address: the rule is left out.',
    });
  });

  it('copies no route that cannot be said in words', () => {
    const input = everything();
    const routes = input.routes.map((route) =>
      route.destination === '192.168.7.0/24' ? { ...route, words: [] } : route,
    );
    const words = compile({ ...input, routes }).tables.flatMap((table) => table.routes);
    expect(words.filter(([word]) => word === '192.168.7.0/24')).toEqual([]);
    expect(words.every((item) => item.length > 0)).toBe(true);
  });

  it('takes a device that no rule can name for none', () => {
    const input = everything();
    const links = input.links.map((link) => (link.name === 'lte' ? { ...link, device: 'a" drop "' } : link));
    const desired = compile({ ...input, links, devices: { ...devicesOf(input), guest: 'x\ny' } });
    const notes = desired.notes.map(({ where }) => where);
    expect(notes).toContain('mwan3.lte');
    expect(notes).toContain('mwan3.guests.src_iface');
    expect(JSON.stringify(desired.nft)).not.toContain('drop');
  });

  it('keeps `from` in default routes only with source_routing', () => {
    const routes = (value: string) =>
      compile(
        everything({}, (text) =>
          text.replace("option logging '1'", `option logging '1'\n\toption source_routing '${value}'`),
        ),
      )
        .tables.find(({ table }) => table === 2)
        ?.routes.filter(([word]) => word === 'default')
        .map((words) => words.join(' '));
    expect(routes('0')).toEqual(['default via fe80::1 dev pppoe-wan proto static metric 512 pref medium']);
    expect(routes('1')).toEqual([
      'default from 2001:db8:1::/56 via fe80::1 dev pppoe-wan proto static metric 512 pref medium',
      'default from 2001:db8:1:ff::1 via fe80::1 dev pppoe-wan proto static metric 512 pref medium',
    ]);
  });

  it('is the same for the same input', () => {
    expect(JSON.stringify(compile(everything()))).toBe(JSON.stringify(compile(everything())));
  });

  it('throws on a policy that is not there: the decoder refuses such a configuration', () => {
    const input = withRule('lost', { use: { kind: 'policy', policy: 'nosuch' } });
    expect(() => compile(input)).toThrow("mwan3.lost uses the policy 'nosuch', which is not there.");
  });

  it('defines a set by its name alone', () => {
    const kinds = new Map<string, string>();
    const inputs = [
      everything(),
      everything({ wan: 'absent' }),
      sized(3, 3),
      everything({}, (text) => text.replaceAll("'ipv6'", "'ipv4'")),
    ];
    for (const input of inputs)
      for (const { name, type, flags, autoMerge } of compile(input).nft.sets) {
        const kind = JSON.stringify([type, flags, autoMerge]);
        expect(kinds.get(name) ?? kind, name).toBe(kind);
        kinds.set(name, kind);
      }
  });
});

describe('a switch', () => {
  const switched = (before: Parameters<typeof everything>[0], after: Parameters<typeof everything>[0]) =>
    switchPolicies(compile(everything(before)), compile(everything(after)));

  it('changes the policies and the sticky look-ups alone, and empties the sets of the dead WAN', () => {
    expect(switched({}, { wan: 'offline' })).toEqual({
      chains: ['policy4_both', 'sticky4_https'],
      flushSets: ['sticky4_1_https'],
    });
    expect(switched({}, { wanb: 'offline' })).toEqual({
      chains: ['policy4_both', 'policy4_a_policy_with_a_name_of_many_characters', 'sticky4_https'],
      flushSets: ['sticky4_3_https'],
    });
    expect(switched({}, { wan6: 'offline' })).toEqual({
      chains: ['policy6_both', 'sticky6_https'],
      flushSets: ['sticky6_2_https'],
    });
  });

  it('empties the set of a lower tier when the higher one is back', () => {
    expect(switched({ wan: 'offline', wanb: 'offline' }, {}).flushSets).toEqual(['sticky4_6_https']);
  });

  it('is empty when nothing that counts has changed', () => {
    expect(switched({}, { wan: 'disconnecting' })).toEqual({ chains: [], flushSets: [] });
    expect(switched({ lte: 'offline' }, {})).toEqual({ chains: [], flushSets: [] });
    expect(renderSwitch(compile(everything()), compile(everything({ wan: 'disconnecting' })))).toBe('');
  });

  it('has a text that names only what it changes', () => {
    const text = renderSwitch(compile(everything()), compile(everything({ wan6: 'offline' })));
    expect(text).toBe(
      [
        'flush chain inet hagw policy6_both',
        'flush chain inet hagw sticky6_https',
        'flush set inet hagw sticky6_2_https',
        'table inet hagw {',
        '\tchain policy6_both {',
        '\t\tgoto wan_wanb6 comment "!hagw: all to wanb6"',
        '\t}',
        '',
        '\tchain sticky6_https {',
        '\t\tip6 saddr @sticky6_4_https update @sticky6_4_https { ip6 saddr timeout 300s } goto wan_wanb6 comment "!hagw: seen on wanb6 before"',
        '\t\tjump policy6_both comment "!hagw: else policy both"',
        '\t\tmeta mark & 0x00003f00 == 0x00000200 update @sticky6_2_https { ip6 saddr timeout 300s } comment "!hagw: remember wan6"',
        '\t\tmeta mark & 0x00003f00 == 0x00000400 update @sticky6_4_https { ip6 saddr timeout 300s } comment "!hagw: remember wanb6"',
        '\t}',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('compiles to the same by the short way, from any states to any', () => {
    const words: readonly LinkStatus[] = ['online', 'offline', 'connecting'];
    const base = everything();
    const inputs = words.flatMap((wan) =>
      words.flatMap((wanb) =>
        words.map((wan6): CompileInput => {
          const states: Readonly<Record<string, LinkStatus>> = { wan, wanb, wan6 };
          const links = base.links.map((link) => ({ ...link, state: states[link.name] ?? link.state }));
          return { ...base, links };
        }),
      ),
    );
    for (const [index, input] of inputs.entries()) {
      const from = inputs[(index * 7 + 3) % inputs.length] ?? base;
      const previous = { input: from, desired: compile(from) };
      const short = recompile(previous, input);
      expect(short).toEqual(compile(input));
      const kept = short.nft.chains.filter((chain) => previous.desired.nft.chains.includes(chain));
      expect(kept.length).toBeGreaterThan(short.nft.chains.length - 7);
    }
  });

  it('compiles to the same by the short way after any walk of states, and keeps what is the same', () => {
    const words: readonly LinkStatus[] = [
      'online',
      'offline',
      'connecting',
      'disconnecting',
      'disabled',
      'unknown',
    ];
    const bases = [everything(), sized(12, 20)];
    fc.assert(
      fc.property(
        fc.constantFrom(...bases),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...words)), { minLength: 1, maxLength: 12 }),
        (base, walk) => {
          let previous = { input: base, desired: compile(base) };
          for (const [at, state] of walk) {
            const links = previous.input.links.map((link, index) =>
              index === at % base.links.length ? { ...link, state } : link,
            );
            const input: CompileInput = { ...base, links };
            const desired = recompile(previous, input);
            const wanted = compile(input);
            expect(desired).toEqual(wanted);
            expect(renderSwitch(previous.desired, desired)).toBe(renderSwitch(previous.desired, wanted));
            // What is equal is one object: otherwise the next switch would compare all of it.
            if (renderSwitch(previous.desired, desired) === '') expect(desired).toBe(previous.desired);
            previous = { input, desired };
          }
        },
      ),
      { seed: 20_261_121, numRuns: 25 },
    );
  });

  it('goes the long way when more than states has changed', () => {
    const base = everything();
    const previous = { input: base, desired: compile(base) };
    for (const input of [
      everything({ wan: 'absent' }),
      { ...base, routes: base.routes.slice(1) },
      { ...base, links: base.links.map((link) => ({ ...link, device: `${link.name}x` })) },
      { ...base, config: { ...base.config, mask: 0xff0000 } },
    ])
      expect(recompile(previous, input)).toEqual(compile(input));
  });
});
