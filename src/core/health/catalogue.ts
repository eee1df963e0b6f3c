/**
 * The catalogue of what can be wrong. A code is stable: scripts, the page and translations know it. `dependsOn` keeps a
 * consequence silent while its cause is shown; `visibleAfterMs` keeps what passes by itself from flapping.
 */
import type { Severity } from '../../api/status.ts';

export interface Warnable {
  readonly title: string;
  readonly severity: Severity;
  readonly visibleAfterMs: number;
  readonly dependsOn: readonly string[];
}

function warnable(
  severity: Severity,
  title: string,
  visibleAfterMs = 0,
  dependsOn: readonly string[] = [],
): Warnable {
  return { title, severity, visibleAfterMs, dependsOn };
}

/** A restart of a daemon under procd takes less (its pause after a crash is 5 s, and that should be seen). */
const RESTART_MS = 3000;

export const CATALOGUE = {
  'config-missing': warnable('error', 'hagw has no configuration'),
  'config-broken': warnable('error', 'The configuration of hagw cannot be read'),
  'config-invalid': warnable('error', 'The configuration of hagw is rejected'),
  'config-warning': warnable('warning', 'A setting of hagw has no effect'),
  'sync-address-missing': warnable('error', 'It is not clear which router of the pair this is', RESTART_MS, [
    'netifd-unreadable',
    'sync-interface-missing',
    'sync-interface-down',
  ]),
  'sync-interface-missing': warnable('error', 'The sync interface does not exist', 0, ['netifd-unreadable']),
  'sync-interface-down': warnable('error', 'The sync interface is down', 0, ['netifd-unreadable']),
  'address-interface-missing': warnable('error', 'The network of a virtual address does not exist', 0, [
    'netifd-unreadable',
  ]),
  'address-without-instance': warnable('warning', 'keepalived does not have a virtual address', RESTART_MS, [
    'keepalived-config-missing',
    'keepalived-config-broken',
    'address-interface-missing',
    'netifd-unreadable',
  ]),
  'address-outside': warnable('warning', 'A virtual address is outside the networks of its interface'),
  'sync-shared': warnable('warning', 'The sync link shares its cable with a network of the pair'),
  'advert-too-fast': warnable('warning', 'Adverts are sent faster than was measured'),
  'adverts-refused': warnable('error', 'keepalived hears adverts that it refuses'),
  'wan-no-route': warnable('error', 'A WAN has no way out'),
  'keepalived-disabled': warnable('error', 'keepalived is switched off'),
  'vrrp-broken-word': warnable('error', 'A word of keepalived breaks its configuration'),
  'vrrp-flag-zero': warnable('warning', 'A flag of keepalived counts although it is 0'),
  'vrrp-label-long': warnable('error', 'keepalived leaves a virtual address out for its label'),
  'vrrp-interface': warnable('error', 'keepalived has the name of a network where it wants a device'),
  'vrrp-left-out': warnable('warning', "A part of keepalived's configuration is left out"),
  'track-weight': warnable('warning', 'A weight has no effect in a sync group'),
  'track-script-unusable': warnable('error', 'keepalived does not run a track script'),
  'vrrp-no-group': warnable('error', 'The virtual addresses do not move together'),
  'vrrp-preempt': warnable('warning', 'A router that returns takes over at once'),
  'vrrp-priority': warnable('error', 'Both routers have the same priority'),
  'vrrp-password': warnable('notice', 'A VRRP password is in clear'),
  'firewall-protocol': warnable('error', 'An unknown protocol stops the whole firewall'),
  'firewall-left-out': warnable('warning', 'The firewall leaves a section out'),
  'snat-missing': warnable('error', "A WAN translates to the router's own address"),
  'snat-not-virtual': warnable('warning', 'A WAN translates to an address that is not virtual'),
  'nat-order': warnable('warning', 'An exception from translation never matches'),
  'zone-empty': warnable('warning', 'A firewall zone has no network'),
  'ipset-prefix': warnable('warning', 'A set of addresses loses its prefixes'),
  'wan-input-accept': warnable('warning', 'The firewall accepts what comes in by a WAN'),
  'flow-offloading': warnable('warning', 'Flow offloading passes by the marks of the WANs'),
  'dhcp-force': warnable('warning', 'The routers may keep each other from serving DHCP'),
  'dhcp-option': warnable('warning', 'DHCP clients do not get the virtual address'),
  'dhcp-handler': warnable('notice', 'dnsmasq does not call the handler of DHCP events'),
  // What hagw writes for the pair sets it, a moment after its first start.
  'tcp-liberal': warnable('warning', 'Connections may die after a split brain', 5000),
  'tcp-loose': warnable('notice', 'Connections are taken up in the middle'),
  'protocols-missing': warnable('error', 'conntrackd has no list of protocols'),
  'conntrackd-wipes': warnable('error', 'A script wipes the connections of the router'),
  'conntrackd-address': warnable('error', 'conntrackd has an address that is not ours'),
  'wans-differ': warnable('error', 'The routers number their WANs differently'),
  'pair-refused': warnable('error', "hagw does not write the pair's configuration"),
  'pair-failed': warnable('error', "The pair's configuration could not be written"),
  'pair-setting': warnable('warning', 'A setting of yours is in the way of the pair'),
  'pair-contested': warnable('warning', 'Somebody changes what hagw writes for the pair'),
  'keepalived-config-missing': warnable('error', 'keepalived has no configuration'),
  'keepalived-config-broken': warnable('error', 'The configuration of keepalived cannot be read'),
  'keepalived-config-warning': warnable('warning', 'A setting of keepalived has no effect'),
  'keepalived-alt-config': warnable('warning', "keepalived does not use UCI's configuration"),
  'keepalived-not-running': warnable('error', 'keepalived does not run', RESTART_MS, [
    'keepalived-config-missing',
  ]),
  'keepalived-unreadable': warnable('warning', 'keepalived does not answer', RESTART_MS),
  // keepalived takes up to a second to see that it may serve again.
  'instance-fault': warnable('error', 'A virtual router is in fault', 1500),
  'instance-missing': warnable('error', 'keepalived runs without a configured virtual router', RESTART_MS, [
    'keepalived-not-running',
    'keepalived-unreadable',
  ]),
  'states-differ': warnable('error', 'The virtual routers of this router differ in state', 2000),
  'advert-interval-rounded': warnable('warning', 'VRRPv2 has no adverts below one second'),
  'advert-interval-range': warnable('error', 'An advertisement interval is out of range'),
  'advert-interval-differs': warnable('warning', 'An advertisement interval is not the one of the pair', 0, [
    'advert-interval-range',
  ]),
  'conntrackd-not-running': warnable('error', 'conntrackd does not run', RESTART_MS),
  'conntrackd-unreadable': warnable('warning', 'conntrackd does not answer', RESTART_MS),
  'conntrackd-link-down': warnable('error', "conntrackd's link to the partner is down", 1000, [
    'conntrackd-not-running',
    'sync-interface-down',
  ]),
  'sync-partner-silent': warnable('error', "The partner's conntrackd does not answer", 0, [
    'conntrackd-not-running',
    'conntrackd-link-down',
    'sync-interface-down',
  ]),
  'sync-stands-still': warnable('error', 'Connections do not reach the partner', 0, ['sync-partner-silent']),
  'sync-empty': warnable('error', 'This router holds no connections for its partner', 0, [
    'sync-partner-silent',
  ]),
  'sync-lost': warnable('warning', 'The sync link loses packets'),
  'sync-overload': warnable('warning', 'conntrackd cannot keep up'),
  'netifd-unreadable': warnable('error', 'netifd does not answer', RESTART_MS, ['ubus-lost']),
  'ubus-lost': warnable('error', 'There is no connection to ubus', RESTART_MS),
  'wan-down': warnable('warning', 'A WAN is down', 1000, ['wans-all-down', 'wan-unknown-interface']),
  'wans-all-down': warnable('error', 'All WANs are down', 1000, ['netifd-unreadable']),
  'wan-unknown-interface': warnable('error', 'A WAN has no network interface', 0, ['netifd-unreadable']),
  'wan-without-metric': warnable('error', 'A WAN has no metric', 0, ['netifd-unreadable']),
  'mwan3-config-missing': warnable('warning', 'No WANs are configured'),
  'mwan3-config-broken': warnable('error', 'The configuration of the WANs cannot be read'),
  'mwan3-config-warning': warnable('warning', 'A setting of the WANs has no effect'),
  'too-many-sections': warnable('warning', 'Not everything that is configured is shown'),
  'mwan3-running': warnable('error', 'The mwan3 service runs beside hagw', RESTART_MS),
  'mwan3-not-running': warnable('error', 'The mwan3 service does not run', RESTART_MS, [
    'mwan3-config-missing',
  ]),
  'engine-not-running': warnable('error', "hagw does not move the WANs' traffic", RESTART_MS, [
    'mwan3-running',
    'mwan3-config-missing',
    'mwan3-config-broken',
    'netifd-unreadable',
    'ubus-lost',
  ]),
  'engine-trouble': warnable('error', 'The multi-WAN engine cannot do all that it should', 2000),
  'leases-missing': warnable('notice', 'This router has no DHCP leases', RESTART_MS),
  'leases-unreadable': warnable('warning', 'The DHCP leases cannot be read', RESTART_MS),
  'leases-damaged': warnable('warning', 'The lease file has lines that are no leases', RESTART_MS),
  'split-brain': warnable('error', 'Both routers are active'),
  'handover-incomplete': warnable('error', 'The last handover is not complete'),
  'out-of-service': warnable('warning', 'This router holds itself out of service', 1000, ['split-brain']),
  'in-maintenance': warnable('notice', 'This router is in maintenance'),
  'partner-unknown': warnable('notice', 'The partner is not connected', 0, [
    'config-missing',
    'config-broken',
    'sync-address-missing',
  ]),
} as const satisfies Record<string, Warnable>;

export type ProblemCode = keyof typeof CATALOGUE;

/** What a check found; the catalogue has the rest. */
export interface Finding {
  readonly code: ProblemCode;
  /** Section and option; empty if it is about none. */
  readonly where: string;
  /** What it means and what to do: whole sentences. */
  readonly text: string;
}
