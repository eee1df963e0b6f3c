/** A plan in words, for people and programs alike. */
import type { PairPlan, PairSectionChange } from '../../api/pair.ts';
import type { HagwConfig } from '../config/hagw.ts';
import type { ConfigProblem } from '../config/uci.ts';
import { type Budget, budgetOf } from './budget.ts';
import type { Changes } from './plan.ts';
import type { PairPackage } from './types.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 100 ? 3 : 2)} s`;

const PACKAGE_EFFECTS: Readonly<Record<PairPackage, string>> = {
  keepalived: 'keepalived reads its configuration again; a router that is active stays so.',
  firewall:
    'The firewall is replaced in one transaction; connections that are open keep the address they have, and if that is not a virtual one they end at the next change of routers.',
  dhcp: 'dnsmasq starts anew; clients learn the virtual address as gateway when they renew their lease.',
};

function effectsOf(changes: Changes, budget: Budget): string[] {
  const effects: string[] = changes.packages.map((change) => PACKAGE_EFFECTS[change.package]);
  if (changes.services.includes('conntrackd'))
    effects.push(
      'conntrackd starts anew and asks the partner for all connections; until then it knows none.',
    );
  if (effects.length === 0) return [];
  const { advertIntervalMs, powerLossMs, cleanStopMs } = budget;
  const skew = seconds(cleanStopMs);
  return [
    ...effects,
    'No connection is lost by this.',
    `From then on: a loss of power of the active router, or of its cable inside, is noticed after at most ${seconds(powerLossMs)} (3 × ${seconds(advertIntervalMs)} + ${skew}), a stop of it after ${skew}.`,
  ];
}

function sectionChanges(changes: Changes): PairSectionChange[] {
  return [
    ...changes.packages.flatMap((change) =>
      change.sections.map(({ section, type, action, options }) => ({
        file: `/etc/config/${change.package}`,
        section: `${type} ${section}`,
        action,
        options: [...options],
      })),
    ),
    ...changes.files.map(({ path, before, after }): PairSectionChange => {
      const action = before === null ? 'add' : after === null ? 'remove' : 'change';
      return { file: path, section: '', action, options: [] };
    }),
  ];
}

export function describePlan(
  router: string,
  config: HagwConfig,
  state: PairPlan['state'],
  changes: Changes,
  problems: readonly ConfigProblem[],
): PairPlan {
  const budget = budgetOf(config);
  return {
    router,
    state,
    reason: '',
    changes: sectionChanges(changes),
    services: [...changes.services],
    effects: effectsOf(changes, budget),
    problems: problems.map(({ severity, where, text }) => ({ severity, where, text })),
    budget: {
      advert_interval_ms: budget.advertIntervalMs,
      power_loss_ms: budget.powerLossMs,
      clean_stop_ms: budget.cleanStopMs,
    },
  };
}

/** A plan that there is none. */
export function noPlan(
  state: 'off' | 'waiting' | 'refused',
  reason: string,
  problems: PairPlan['problems'] = [],
): PairPlan {
  return { router: null, state, reason, changes: [], services: [], effects: [], problems, budget: null };
}
