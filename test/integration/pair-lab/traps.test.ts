/** Traps in the administrator's own sections: found on a real router, and gone by the commands of the remedies. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Health } from '../../../src/api/status.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { waitForPair } from '../../lab/pair.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({ wans: 2, engine: 'hagw', managed: false });
}, 120_000);
afterAll(() => lab?.close());

/** Runs commands, has the service read, and waits until all that it complains of is what is named. */
async function waitFor(
  router: Router,
  commands: readonly string[],
  wanted: readonly string[],
): Promise<void> {
  for (const command of [...commands, 'hagw reload']) {
    const ran = await router.exec(['sh', '-c', command]);
    expect([command, ran.stderr, ran.code]).toEqual([command, '', 0]);
  }
  let seen: string[] = [];
  await until(`${router.name}: ${wanted.join(', ')}`, 20_000, async () => {
    const { problems } = JSON.parse((await router.exec(['hagw', 'check', '--json'])).stdout) as Health;
    seen = problems.map(({ code, where }) => `${code} ${where}`).sort();
    return JSON.stringify(seen) === JSON.stringify([...wanted].sort()) ? seen : undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)} Seen: ${seen.join(', ')}`);
  });
}

it('are found, and gone by the commands of docs/problems.md', async () => {
  const { backup } = await waitForPair(lab);
  const partner = `partner-unknown hagw.gw_${backup.name === 'gw-a' ? 'b' : 'a'}`;
  const loose = 'tcp-loose net.netfilter.nf_conntrack_tcp_loose';
  await waitFor(backup, [], [loose, partner]);
  await waitFor(
    backup,
    [
      'uci set keepalived.@vrrp_instance[0].accept=0',
      'uci set keepalived.chk=vrrp_script; uci set keepalived.chk.name=chk',
      'uci set keepalived.chk.script=/var/chk; uci commit keepalived',
      'uci set firewall.vrrp.proto=vrpp; uci delete firewall.snat_wan1; uci commit firewall',
      'uci delete dhcp.lan.force; uci commit dhcp',
      'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal',
    ],
    [
      loose,
      partner,
      'vrrp-flag-zero keepalived.@vrrp_instance[0].accept',
      'track-script-unusable keepalived.chk.script',
      'firewall-protocol firewall.vrrp.proto',
      'snat-missing firewall.@zone[1].masq',
      'dhcp-force dhcp.lan.force',
      'tcp-liberal net.netfilter.nf_conntrack_tcp_be_liberal',
    ],
  );
  await waitFor(
    backup,
    [
      'uci delete keepalived.@vrrp_instance[0].accept; uci set keepalived.chk.script=/usr/lib/hagw/ready; uci commit keepalived',
      'uci set firewall.vrrp.proto=112; uci add firewall nat >/dev/null; uci set firewall.@nat[-1].src=wan',
      'uci set firewall.@nat[-1].device=wan1; uci set firewall.@nat[-1].proto=all; uci set firewall.@nat[-1].target=SNAT',
      'uci set firewall.@nat[-1].snat_ip=203.0.113.10; uci commit firewall',
      'uci set dhcp.lan.force=1; uci commit dhcp',
      'echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal',
      'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose',
    ],
    [partner],
  );
}, 120_000);
