/** From configuration to what the pair needs of other packages: pure, and the same for the same input. */
import type { ConfigProblem } from '../config/uci.ts';
import { compileDhcp } from './compile-dhcp.ts';
import { compileFiles } from './compile-files.ts';
import { compileFirewall } from './compile-firewall.ts';
import { compileKeepalived } from './compile-keepalived.ts';
import { runningWans } from './compile-wans.ts';
import { situationOf } from './situation.ts';
import { type Compiled, PAIR_PACKAGES, type PairInput, type Wanted } from './types.ts';

/** `wanted` is null as soon as one problem is an error: half a pair is worse than the one before. */
export function compilePair(input: PairInput): Compiled {
  const problems: ConfigProblem[] = [];
  const report = (problem: ConfigProblem): void => {
    const isKnown = problems.some(({ where, text }) => where === problem.where && text === problem.text);
    if (!isKnown) problems.push(problem);
  };
  if (input.packages.network === null)
    report({ severity: 'error', where: 'network', text: 'There is no /etc/config/network.' });
  const situation = situationOf(input, report);
  if (situation === null) return { wanted: null, problems };
  const wans = runningWans(situation);
  const wanted: Wanted = {
    sections: {
      keepalived: compileKeepalived(situation),
      firewall: compileFirewall(situation),
      dhcp: compileDhcp(situation),
    },
    files: compileFiles(situation, wans ?? []),
  };
  for (const name of PAIR_PACKAGES) {
    const names = wanted.sections[name].map((section) => section.name);
    const twice = names.find((item, index) => names.indexOf(item) !== index);
    if (twice === undefined) continue;
    const text = `Two sections of ${name} would be called ${twice}: give the address sections other names.`;
    report({ severity: 'error', where: 'hagw', text });
  }
  return { wanted: problems.some(({ severity }) => severity === 'error') ? null : wanted, problems };
}
