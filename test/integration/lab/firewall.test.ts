/** The stand-in of firewall4 at work on a router, where its recordings (test/golden/fw4) show text alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../../lab/lab.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

let lab: Lab;
let router: Router;
beforeAll(async () => {
  lab = await createLab({ alone: true, packages: [] });
  router = lab.routers['gw-a'];
  await until('the firewall of all interfaces', 30_000, async () => {
    const jumps = await chain('input');
    return jumps.includes('"wan2"') ? true : undefined;
  });
}, 120_000);
afterAll(async () => {
  await lab?.close();
});

const chain = async (name: string): Promise<string> =>
  (await router.exec(['nft', '--stateless', 'list', 'chain', 'inet', 'fw4', name])).stdout;

const ruleset = (): Promise<string> => router.must(['nft', '--stateless', 'list', 'ruleset']);

/** Adds a rule for packets from the WANs, as `uci` does it. */
async function addRule(options: Readonly<Record<string, string>>): Promise<void> {
  const name = (await router.must(['uci', 'add', 'firewall', 'rule'])).trim();
  for (const [option, value] of Object.entries({ src: 'wan', target: 'ACCEPT', ...options })) {
    await router.must(['uci', 'set', `firewall.${name}.${option}=${value}`]);
  }
  await router.must(['uci', 'commit', 'firewall']);
}

describe('fw4 on a router', () => {
  it('lets the LAN out, and nobody in', async () => {
    const watch = await lab.client.watch();
    await watch.answering();
    await watch.stop();
    const wan = lab.topology.routers[0].ports.find(({ device }) => device === 'wan1')?.address.split('/')[0];
    await lab.runIn('isp1', ['ping', '-c', '1', '-W', '5', wan ?? '']);
    await expect(lab.runIn('isp1', ['socat', '-T5', '-', `TCP:${wan}:80,connect-timeout=5`])).rejects.toThrow(
      /refused/,
    );
  });

  it('names the zone of a network, and its devices', async () => {
    expect(await router.must(['fw4', 'network', 'wan2'])).toBe('wan\n');
    expect(await router.must(['fw4', 'zone', 'wan'])).toBe('wan1\nwan2\n');
    expect((await router.exec(['fw4', 'network', 'sync'])).code).toBe(1);
    expect(await router.must(['fw4', 'check'])).toBe('Ruleset passes nftables check.\n');
  });

  it('takes a change of /etc/config/firewall when it is told of it, and says which section it skips', async () => {
    await router.must(['reload_config']);
    await addRule({ name: 'Good', proto: 'tcp', dest_port: '8443' });
    await addRule({ name: 'Bad', proto: 'tcp', dest_port: '8443-' });
    await router.must(['reload_config']);
    await until('the rule', 20_000, async () =>
      (await chain('input_wan')).includes('tcp dport 8443') ? true : undefined,
    );
    expect(await chain('input_wan')).not.toContain('Bad');
    await until('the line in the log', 10_000, async () =>
      /\[!\] Section @rule\[4\] \(Bad\) skipped due to invalid options/.test(await router.must(['logread']))
        ? true
        : undefined,
    );
  });

  it('stays as it was when one section names a protocol that nobody knows', async () => {
    const before = await ruleset();
    await addRule({ name: 'Typo', proto: 'vrpp' });
    const reload = await router.exec(['fw4', 'reload']);
    expect(reload.code).not.toBe(0);
    expect(reload.stderr).toContain('Could not resolve protocol name');
    expect((await router.exec(['fw4', 'restart'])).stderr).toContain('not doing firewall restart');
    expect(await ruleset()).toBe(before);
    await router.must(['uci', 'delete', 'firewall.@rule[-1]']);
    await router.must(['uci', 'commit', 'firewall']);
    await router.must(['fw4', 'restart']);
    expect(await ruleset()).toBe(before);
  });

  it('is started once, and stopping it takes the tables of others too', async () => {
    expect(await router.exec(['fw4', 'start'])).toMatchObject({
      code: 1,
      stderr: 'The fw4 firewall appears to be already loaded.\n',
    });
    await router.must(['nft', 'add', 'table', 'inet', 'other']);
    await router.must(['/etc/init.d/firewall', 'stop']);
    expect(await ruleset()).toBe('');
    expect((await router.exec(['fw4', 'reload'])).stderr).toBe(
      'The fw4 firewall does not appear to be loaded.\n',
    );
    await router.must(['/etc/init.d/firewall', 'start']);
    expect(await chain('input')).toContain('"wan2"');
  });
});
