/**
 * Sections of UCI dhcp. A second `dhcp` section of a network, with `dhcpv4 disabled`, makes dnsmasq's init script write the DHCP
 * options with the network's tag and no second range; odhcpd merges both and keeps what the first one says of IPv6.
 */
import { texts } from '../config/network.ts';
import { optionText, type UciSection } from '../config/uci.ts';
import { idOf, isOurs, placeOf } from './situation.ts';
import type { Leg, Situation, WantedSection } from './types.ts';
import { boolWord } from './words.ts';

const ROUTER = '3';
const DNS = '6';

/** Pools of a network that give out IPv4 addresses. */
export function poolsOf(sections: readonly UciSection[], name: string): readonly UciSection[] {
  return sections.filter(
    (section) =>
      section.type === 'dhcp' &&
      !isOurs(section) &&
      optionText(section, 'interface') === name &&
      boolWord(optionText(section, 'ignore')) !== true &&
      optionText(section, 'dhcpv4') !== 'disabled',
  );
}

/** What only the pool's own section can mend. */
function reportPool(situation: Situation, pool: UciSection, gateway: string): void {
  const sections = situation.packages.dhcp ?? [];
  const where = placeOf('dhcp', sections, pool);
  const address = where.split(' ')[0] ?? where;
  const apply = 'uci commit dhcp; /etc/init.d/dnsmasq restart';
  if (boolWord(optionText(pool, 'force')) !== true)
    situation.report({
      severity: 'warning',
      where: `${where}.force`,
      text: `Is not set: dnsmasq looks for other DHCP servers when it starts, and each router may keep the other from serving. \`uci set ${address}.force=1; ${apply}\``,
    });
  // dnsmasq takes the last of two: only a pool behind our section would win.
  const ours = sections.findIndex(({ name }) => name === idOf(optionText(pool, 'interface') ?? ''));
  const items = ours < 0 || sections.indexOf(pool) < ours ? [] : texts(pool, 'dhcp_option');
  for (const item of items) {
    const [code = '', ...values] = item.split(',');
    const known = { [ROUTER]: ROUTER, [DNS]: DNS, 'option:router': ROUTER, 'option:dns-server': DNS }[code];
    if (known === undefined || values.join(',') === gateway) continue;
    const what = known === ROUTER ? 'gateway' : 'DNS server';
    situation.report({
      severity: 'warning',
      where: `${where}.dhcp_option`,
      text: `Has '${item}', so clients may get a ${what} that is not the virtual address ${gateway}. \`uci del_list ${address}.dhcp_option='${item}'; ${apply}\``,
    });
  }
}

function dhcpSection(pool: UciSection, leg: Leg, gateway: string): WantedSection {
  const same = ['networkid', 'instance'].flatMap((option): [string, string][] => {
    const value = optionText(pool, option);
    return value === null ? [] : [[option, value]];
  });
  return {
    type: 'dhcp',
    name: idOf(leg.interface),
    options: {
      interface: leg.interface,
      ...Object.fromEntries(same),
      dhcpv4: 'disabled',
      // Without it the script would look for other servers for this section, too.
      force: '1',
      dhcp_option: [`${ROUTER},${gateway}`, `${DNS},${gateway}`],
    },
  };
}

/** Networks inside whose clients get the virtual address, each with its pool. */
export function compileDhcp(situation: Situation): readonly WantedSection[] {
  const sections = situation.packages.dhcp ?? [];
  const main = sections.find(({ type }) => type === 'odhcpd');
  const isOdhcpd = main !== undefined && boolWord(optionText(main, 'maindhcp')) === true;
  const done = new Set<string>();
  return situation.legs.flatMap((leg) => {
    if (leg.isWan || !leg.dhcp || leg.family !== 'ipv4' || done.has(leg.interface)) return [];
    const [pool] = poolsOf(sections, leg.interface);
    if (pool === undefined) return [];
    done.add(leg.interface);
    const gateway = leg.address.split('/')[0] ?? '';
    if (isOdhcpd) {
      const address = (placeOf('dhcp', sections, pool).split(' ')[0] ?? '').trim();
      if (!texts(pool, 'router').includes(gateway))
        situation.report({
          severity: 'warning',
          where: `${placeOf('dhcp', sections, pool)}.router`,
          text: `Does not name it: odhcpd serves DHCP here and gives out the router's own address as gateway. \`uci add_list ${address}.router=${gateway}; uci add_list ${address}.dns=${gateway}; uci commit dhcp; /etc/init.d/odhcpd restart\``,
        });
      return [];
    }
    reportPool(situation, pool, gateway);
    return [dhcpSection(pool, leg, gateway)];
  });
}
