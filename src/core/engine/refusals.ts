/** Adverts that keepalived refuses, by its counters from dump to dump: somebody else on the wire has the VRID. */
import type { VrrpFacts } from '../keepalived/facts.ts';
import type { Refusal, State } from './state.ts';

/** vrrp_json.c: what it counts of adverts that it does not take. */
const REFUSED = [
  'packet_len_err',
  'advert_interval_err',
  'ip_ttl_err',
  'invalid_type_rcvd',
  'addr_list_err',
  'invalid_authtype',
  'authtype_mismatch',
  'auth_failure',
];
/** A change of addresses on one router after the other is no stranger. */
export const REFUSED_DUMPS = 3;
const FORGOTTEN_DUMPS = 3;

export function refusalsAfter({ vrrp, refusals }: State, { pid, instances }: VrrpFacts): readonly Refusal[] {
  const before = vrrp.value?.pid === pid ? vrrp.value.instances : [];
  return instances.flatMap(({ name, counters }): Refusal[] => {
    const then = before.find((item) => item.name === name)?.counters;
    const grown =
      then === undefined ? [] : REFUSED.filter((word) => (counters[word] ?? 0) > (then[word] ?? 0));
    const known = refusals.find(({ instance }) => instance === name);
    if (grown.length > 0)
      return [{ instance: name, counters: grown, grown: (known?.grown ?? 0) + 1, quiet: 0 }];
    return known === undefined || known.quiet >= FORGOTTEN_DUMPS
      ? []
      : [{ ...known, quiet: known.quiet + 1 }];
  });
}
