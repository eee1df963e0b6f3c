/**
 * What an administrator does about each problem, for docs/problems.md. The finding's own text names the place; this is
 * where to look next. Not in the router's bundle: nothing there imports it.
 */
import type { ProblemCode } from './catalogue.ts';

const CONFIG_CHECK =
  'Correct the named place, then `/etc/init.d/hagw reload`; `hagw check --config DIR` tries a file beforehand.';
const NETWORK = 'Look at `ifstatus NAME` and /etc/config/network; a disabled interface is missing here, too.';

export const REMEDIES: Readonly<Partial<Record<ProblemCode, string>>> = {
  'config-missing': 'Write /etc/config/hagw (docs/uci-options.md); it is the same on both routers.',
  'config-broken': CONFIG_CHECK,
  'config-invalid': CONFIG_CHECK,
  'config-warning': CONFIG_CHECK,
  'sync-address-missing':
    'Give the sync interface the `sync_address` of this router, or correct it in both files.',
  'sync-interface-missing': NETWORK,
  'sync-interface-down': 'Look at the cable between the routers and whether the partner has power.',
  'address-interface-missing': NETWORK,
  'address-without-instance':
    'Add a `vrrp_instance` with that VRID on that device to /etc/config/keepalived.',
  'address-outside':
    'Correct the address or its length in /etc/config/hagw, or `uci set network.NAME.ipaddr=ADDRESS; uci set network.NAME.netmask=MASK; uci commit network; /etc/init.d/network reload`.',
  'sync-shared':
    'Give it a port of its own: `uci set network.SYNC.device=PORT; uci commit network; /etc/init.d/network reload`, on both routers.',
  'advert-too-fast':
    '`uci delete hagw.globals.advert_interval_ms; uci commit hagw; /etc/init.d/hagw reload`, or `uci set hagw.globals.advert_profile=fast`, on both routers.',
  'adverts-refused':
    'Give the pair another VRID (`uci set hagw.NAME.vrid=N; uci commit hagw; /etc/init.d/hagw reload`, on both routers), or make the other router of that VRID known. auth_, version and number of addresses must be the same on both.',
  'wan-no-route':
    "`uci set network.NAME.gateway=ADDRESS; uci commit network; /etc/init.d/network reload`; or a `route` section of keepalived in the instance's `virtual_routes`.",
  'keepalived-disabled':
    '`uci delete keepalived.globals.enabled; uci commit keepalived; /etc/init.d/keepalived start`',
  'vrrp-broken-word':
    'Take the quotation mark or the blank out: `uci set PLACE.name=NAME; uci commit keepalived; /etc/init.d/keepalived reload`. PLACE is what the finding names.',
  'vrrp-flag-zero':
    '`uci delete PLACE; uci commit keepalived; /etc/init.d/keepalived reload`. PLACE is what the finding names.',
  'vrrp-label-long':
    '`uci set PLACE=v; uci commit keepalived; /etc/init.d/keepalived reload`, or no option `device` at all (`uci delete keepalived.NAME.device`). PLACE is what the finding names.',
  'vrrp-interface':
    '`uci set PLACE=DEVICE; uci commit keepalived; /etc/init.d/keepalived restart`. PLACE is what the finding names, DEVICE what `ifstatus NAME` calls l3_device.',
  'vrrp-left-out':
    'Correct the name, or add the section: `uci add keepalived TYPE; uci set keepalived.@TYPE[-1].name=NAME; uci commit keepalived; /etc/init.d/keepalived reload`.',
  'track-weight':
    '`uci delete keepalived.SECTION.weight; uci commit keepalived; /etc/init.d/keepalived reload`: without it a failure puts the group into fault.',
  'track-script-unusable':
    'Put the program where no symbolic link is in its path (not below /var), `chmod 755` it, then `uci set PLACE=PATH; uci commit keepalived; /etc/init.d/keepalived reload`.',
  'vrrp-no-group':
    '`uci set keepalived.pair=vrrp_sync_group; uci set keepalived.pair.name=pair; uci add_list keepalived.pair.group=NAME` for each instance; `uci commit keepalived; /etc/init.d/keepalived reload`. Or let hagw write it: `uci set hagw.globals.manage_pair=1; uci commit hagw; /etc/init.d/hagw reload`.',
  'vrrp-preempt':
    "`uci set PLACE=1` for nopreempt (PLACE is what the finding names), `uci set keepalived.SECTION.state=BACKUP; uci commit keepalived; /etc/init.d/keepalived reload`. If it must return: `preempt_delay` 30 instead; for hagw's own, `uci set hagw.globals.preempt_delay_s=30; uci commit hagw`.",
  'vrrp-priority':
    '`uci set PLACE=N; uci commit keepalived; /etc/init.d/keepalived reload` on one of them: 250 here and 240 there.',
  'vrrp-password':
    '`uci delete PLACE; uci commit keepalived; /etc/init.d/keepalived reload`; let the firewall take adverts from the partner alone.',
  'firewall-protocol':
    '`uci set PLACE=NUMBER; uci commit firewall; /etc/init.d/firewall reload`. PLACE is what the finding names; `fw4 check` says whether the rest holds.',
  'firewall-left-out':
    '`uci set PLACE=VALUE; uci commit firewall; /etc/init.d/firewall reload`. PLACE is what the finding names; `fw4 check` says the rest.',
  'snat-missing':
    '`uci add firewall nat; uci set firewall.@nat[-1].src=ZONE; uci set firewall.@nat[-1].device=DEVICE; uci set firewall.@nat[-1].proto=all; uci set firewall.@nat[-1].target=SNAT; uci set firewall.@nat[-1].snat_ip=VIRTUAL; uci commit firewall; /etc/init.d/firewall reload`. Or let hagw write it (`manage_pair` 1).',
  'snat-not-virtual':
    '`uci set PLACE=VIRTUAL; uci commit firewall; /etc/init.d/firewall reload`. PLACE is what the finding names.',
  'nat-order':
    '`uci reorder SECTION=0; uci commit firewall; /etc/init.d/firewall reload`: ACCEPT stands before SNAT.',
  'zone-empty':
    '`uci add_list PLACE=NAME; uci commit firewall; /etc/init.d/firewall reload`. PLACE is what the finding names.',
  'ipset-prefix':
    '`uci set PLACE=dest_net` (or src_net) and `uci commit firewall; /etc/init.d/firewall reload`. PLACE is what the finding names.',
  'wan-input-accept':
    '`uci set PLACE=REJECT; uci commit firewall; /etc/init.d/firewall reload`. PLACE is what the finding names; rules for what is wanted come first.',
  'flow-offloading':
    '`uci set PLACE=0; uci commit firewall; /etc/init.d/firewall reload`. PLACE is what the finding names.',
  'dhcp-force':
    '`uci set PLACE=1; uci commit dhcp; /etc/init.d/dnsmasq restart`, on both. PLACE is what the finding names.',
  'dhcp-option':
    '`uci add_list PLACE=3,ADDRESS; uci add_list PLACE=6,ADDRESS; uci commit dhcp; /etc/init.d/dnsmasq restart`, after `uci del_list` of what is wrong there. PLACE is what the finding names.',
  'dhcp-handler': '`/etc/init.d/dnsmasq restart`',
  'tcp-liberal':
    '`echo net.netfilter.nf_conntrack_tcp_be_liberal=1 >>/etc/sysctl.conf; /etc/init.d/sysctl restart`, on both.',
  'tcp-loose':
    '`echo net.netfilter.nf_conntrack_tcp_loose=0 >>/etc/sysctl.conf; /etc/init.d/sysctl restart`, on both.',
  'protocols-missing':
    '`opkg install --force-reinstall base-files`, or copy /etc/protocols from the partner.',
  'conntrackd-wipes':
    'Take `conntrackd -t` out of /etc/hotplug.d/keepalived, or write `conntrackd kernel` into /etc/hagw/handover.conf, or take DisableExternalCache out of conntrackd.conf; then `/etc/init.d/conntrackd restart`.',
  'conntrackd-address':
    'Correct it in /etc/conntrackd/conntrackd.conf, or bring the sync interface up (`ifup NAME`); then `/etc/init.d/conntrackd restart`.',
  'wans-differ':
    'Put the `interface` sections of /etc/config/mwan3 in the same order, with the same mmx_mask: `uci reorder mwan3.NAME=N; uci commit mwan3; /etc/init.d/hagw reload`.',
  'pair-refused':
    'Nothing was touched. Correct the named place; `hagw plan` shows what would be written, and `hagw apply` does it at once.',
  'pair-failed':
    'All files are as before unless the finding says otherwise. Correct what it names, then `hagw apply`; it is tried again every 30 s.',
  'pair-setting':
    'hagw leaves your own sections alone: run the command that the finding ends with, or correct the named place.',
  'pair-contested':
    'Sections named hagw_* and files that begin with `# Made by hagw` are made from /etc/config/hagw: change that file, or set `manage_pair` to 0.',
  'keepalived-config-missing':
    'Write /etc/config/keepalived; `hagw print keepalived` shows what follows from it.',
  'keepalived-config-broken':
    'Correct the line that is named in /etc/config/keepalived, then restart keepalived.',
  'keepalived-config-warning': 'Correct the named place in /etc/config/keepalived, then restart keepalived.',
  'keepalived-alt-config': 'Remove `alt_config_file` from UCI keepalived, or look into that file yourself.',
  'keepalived-not-running':
    'The partner holds the virtual addresses. `logread -e Keepalived` says why it ended; `/etc/init.d/keepalived restart`.',
  'keepalived-unreadable':
    'The roles shown may be old. If it lasts: `/etc/init.d/keepalived restart`, on the backup first.',
  'instance-fault': 'Look for a cable, device or track script that failed: `logread -e Keepalived` names it.',
  'instance-missing': '`logread -e Keepalived` says what it refused; then `/etc/init.d/keepalived reload`.',
  'states-differ': 'Put all instances into one `vrrp_sync_group`, so that they move together.',
  'advert-interval-rounded': "Set `option version '3'` at the instance, on both routers.",
  'advert-interval-range': 'Set `advert_int` within the range, on both routers.',
  'advert-interval-differs': 'Set `advert_int` to the interval of the pair, on both routers.',
  'conntrackd-not-running':
    '`logread -e conntrack` says why. A crash leaves its lock file behind: remove it, then `/etc/init.d/conntrackd restart`.',
  'conntrackd-unreadable': 'If it lasts: `/etc/init.d/conntrackd restart`.',
  'sync-partner-silent':
    'On the partner: `conntrackd -s` and `/etc/init.d/conntrackd restart`; else something on the sync link drops its packets (`hagw_conntrackd` in the firewall).',
  'sync-stands-still':
    '`conntrackd -s` on both routers, twice: what does not move? `/etc/init.d/conntrackd restart`, on the backup first.',
  'sync-empty':
    '`conntrackd -n` on this router asks for all; `hagw survive` on the other says what it would have lost.',
  'sync-lost':
    'FTFW sends them again. A cable of its own for the sync link, or a larger `net.core.rmem_max`, ends it.',
  'sync-overload':
    'For a moment it is harmless: conntrackd reads the table again after 5 s. If it lasts: more connections come and go than this router can sync.',
  'conntrackd-link-down': 'Look at the cable of the sync interface, and at the partner.',
  'netifd-unreadable':
    'The WANs shown may be old. `ubus call network.interface dump` shows whether netifd answers.',
  'ubus-lost': 'ubusd ended or hangs; procd starts it again. Traffic goes on.',
  'wan-down': '`ifstatus NAME`; look at the modem and its cable.',
  'wans-all-down': 'As for one WAN; look for what they share, such as a switch or the power of the modems.',
  'wan-unknown-interface': NETWORK,
  'wan-without-metric': 'Set a different `metric` for each WAN in /etc/config/network.',
  'mwan3-config-missing': 'Write /etc/config/mwan3 with an `interface` section for each WAN.',
  'mwan3-config-broken': 'Correct the line that is named in /etc/config/mwan3.',
  'mwan3-config-warning': 'Correct the named place in /etc/config/mwan3.',
  'too-many-sections': 'Nothing is wrong with the traffic; the status shows only the first ones.',
  'mwan3-running':
    "`/etc/init.d/mwan3 disable; /etc/init.d/mwan3 stop`, or `option engine 'mwan3'` in /etc/config/hagw.",
  'mwan3-not-running': '`/etc/init.d/mwan3 enable; /etc/init.d/mwan3 start`, or choose another engine.',
  'engine-not-running':
    'The WANs keep the rules and routes that they have. The finding names what is in the way; then `hagw reload`.',
  'engine-trouble':
    'The finding names what the kernel refused or who changed it; `logread -e hagw` has the steps. `hagw reload` tries again.',
  'leases-missing': 'Fine where another machine serves DHCP; else look at `/etc/init.d/dnsmasq`.',
  'leases-unreadable': 'Look at the rights and the kind of the file that is named.',
  'leases-damaged': 'Look at the file that is named; a line half written passes by itself.',
  'split-brain':
    'It mends itself where the services reach each other: one of them yields. Look at the cables and firewalls between the routers, on the LAN and the sync interface.',
  'handover-incomplete':
    'hagw has the steps run again, three times. /var/run/hagw/handover.journal has each step; `/usr/lib/hagw/handover again` runs them once more.',
  'out-of-service': 'It serves again by itself when the reason is gone, or the partner can no longer serve.',
  'in-maintenance': '`hagw maintenance off` when the work is done.',
  'partner-unknown':
    'The link between the services is to come; until then nothing here goes out of service, and a switchover is refused.',
};
