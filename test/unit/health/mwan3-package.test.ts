import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toStatus } from '../../../src/core/status/status.ts';
import { HAGW } from '../../fakes/router.ts';
import { at, configRead, healthy } from '../engine/situations.ts';

/** The WANs' file where the mwan3 package is the engine: it rejects no file, but cannot do all that ours can. */
const MWAN3_ENGINE = HAGW.replace("'none'", "'mwan3'");

const findings = (mwan3: string, hagw = MWAN3_ENGINE) =>
  healthy([configRead(hagw, mwan3)]).problems.map(({ code, where, text }) => ({ code, where, text }));

describe('/etc/config/mwan3 under the mwan3 package', () => {
  it.each<[string, string, string]>([
    ["config policy 'sixteen_chars_xy'", 'mwan3.sixteen_chars_xy', 'all rules fail'],
    ["config interface 'fourteen_chars'", 'mwan3.fourteen_chars', '14 characters'],
    [
      "config interface 'w'\n\tlist track_ip '10.0.0.1'\n\toption reliability '2'",
      'mwan3.w.reliability',
      'with mwan3 it is never online',
    ],
    ["config member 'm'\n\toption interface 'nope'", 'mwan3.m.interface', 'no interface section'],
    ["config policy 'p'\n\tlist use_member 'nope'", 'mwan3.p.use_member', 'no member section'],
    ["config policy 'p'\n\toption last_resort 'Default'", 'mwan3.p.last_resort', 'unreachable is used'],
    ['config interface', 'mwan3.@interface[0]', 'no name'],
    [`config interface '${'n'.repeat(3000)}'`, `mwan3.${'n'.repeat(64)}…`, '3000 characters'],
  ])('%j is a warning', (mwan3, where, part) => {
    const text = expect.stringContaining(part);
    expect(findings(mwan3)).toContainEqual({ code: 'mwan3-config-warning', where, text });
  });

  it("a name that is long is ours to use, and mwan3's not", () => {
    const text = "config interface 'fourteen_chars'\n\toption enabled '0'\n";
    const places = (hagw: string) => findings(text, hagw).map(({ where }) => where);
    expect(places(MWAN3_ENGINE)).toContain('mwan3.fourteen_chars');
    expect(places(HAGW.replace("'none'", "'hagw'"))).not.toContain('mwan3.fourteen_chars');
  });

  it('shows the WANs and policies of a file that our own engine would reject', () => {
    const mwan3 = readFileSync(
      join(import.meta.dirname, '../../captures/mwan3/01-balanced-3-2/mwan3'),
      'utf8',
    );
    const state = healthy([
      configRead(MWAN3_ENGINE, `${mwan3}\nconfig policy 'odd'\n\tlist use_member 'nope'\n`),
    ]);
    const status = toStatus(state, at(5000));
    expect(status.wans.length).toBeGreaterThan(1);
    expect(status.policies.map(({ name }) => name)).toContain('odd');
    expect(state.multiWanConfig.value).not.toBe(state.multiWanConfig.draft);
    const members = status.policies.flatMap((policy) => policy.members.map((member) => member.interface));
    for (const name of members) expect(status.wans.map((wan) => wan.name)).toContain(name);
  });
});
