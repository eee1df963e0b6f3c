/**
 * /etc/config of a lab's router, as an administrator would write it by docs/uci-options.md and OpenWrt's guides. Pure:
 * a topology in, file contents by path out.
 */
import { type RouterPlan, sharedMac, type Topology, type Wan } from './topology.ts';
import { firewall } from './uci-firewall.ts';
import { file, type Options, section } from './uci-text.ts';

/** VRIDs: 10 on the LAN, 21, 22, … on the WANs. */
const LAN_VRID = 10;
const WAN_VRID = 21;

function network(topology: Topology, router: RouterPlan): string {
  const addressOf = (device: string): string =>
    router.ports.find((port) => port.device === device)?.address.split('/')[0] ?? '';
  const fixed = (device: string, netmask: string, more: Options = {}): string =>
    section('interface', device, { device, proto: 'static', ipaddr: addressOf(device), netmask, ...more });
  return file(
    section('interface', 'loopback', {
      device: 'lo',
      proto: 'static',
      ipaddr: '127.0.0.1',
      netmask: '255.0.0.0',
    }),
    fixed('lan', '255.255.255.0'),
    fixed('sync', '255.255.255.252'),
    // force_link 0: netifd tells of a lost carrier (its default for static interfaces is not to).
    ...topology.wans.map((wan) =>
      wan.isDynamic
        ? dynamic(wan)
        : fixed(wan.name, '255.255.255.0', { gateway: wan.gateway, metric: wan.metric, force_link: 0 }),
    ),
  );
}

/** What `hagw check` asks for. */
function dynamic(wan: Wan): string {
  const clientid = `01${sharedMac(wan).replaceAll(':', '')}`;
  const more = { auto: 0, norelease: 1, clientid, metric: wan.metric };
  return section('interface', wan.name, { device: wan.name, proto: 'dhcp', ...more });
}

function hagw(topology: Topology): string {
  return file(
    section('globals', 'globals', {
      enabled: 1,
      sync_interface: 'sync',
      advert_interval_ms: Math.round(topology.vrrp.advertInterval * 1000),
      engine: topology.engine,
      manage_pair: topology.managed ? 1 : 0,
      ...topology.globals,
    }),
    ...topology.routers.map((router) =>
      section('router', router.name.replace('-', '_'), {
        name: router.name,
        sync_address: router.syncAddress,
        priority: router.priority,
        ...(topology.managed ? { own_address: ownAddresses(router) } : {}),
      }),
    ),
    ...(topology.alone ? [] : addresses(topology)),
    ...topology.wans
      .filter(({ isDynamic }) => isDynamic)
      .map((wan) => section('wan', wan.name, { macaddr: sharedMac(wan) })),
  );
}

/** What a router has by itself on the networks that both are on. */
function ownAddresses({ ports }: RouterPlan): string[] {
  return ports.filter(({ device }) => device !== 'sync').map(({ address }) => address.split('/')[0] ?? '');
}

function addresses(topology: Topology): string[] {
  return [
    section('address', 'lan', {
      interface: 'lan',
      address: `${topology.lanVirtualAddress}/24`,
      vrid: LAN_VRID,
    }),
    ...topology.wans.flatMap((wan, at) =>
      wan.isDynamic
        ? []
        : section('address', wan.name, {
            interface: wan.name,
            address: `${wan.virtualAddress}/24`,
            vrid: WAN_VRID + at,
          }),
    ),
  ];
}

function keepalived(topology: Topology, router: RouterPlan): string {
  const globals = section('globals', 'globals', { router_id: router.name });
  if (topology.alone) return globals;
  const legs = [
    { name: 'lan', address: topology.lanVirtualAddress, vrid: LAN_VRID },
    ...topology.wans.map((wan, at) => ({
      name: wan.name,
      address: wan.virtualAddress,
      vrid: WAN_VRID + at,
    })),
  ];
  return file(
    // No vrrp_startup_delay: for as long as it lasts, a router that is backup does not take over.
    globals,
    ...legs.map(({ name, address }) =>
      section('ipaddress', '', { name: `vip_${name}`, address: `${address}/24`, device: name }),
    ),
    section('vrrp_sync_group', '', { name: 'gateway', group: legs.map(({ name }) => name) }),
    ...legs.map(({ name, vrid }) =>
      section('vrrp_instance', '', {
        name,
        state: 'BACKUP',
        interface: name,
        virtual_router_id: vrid,
        priority: router.priority,
        advert_int: topology.vrrp.advertInterval,
        version: topology.vrrp.version,
        nopreempt: 1,
        virtual_ipaddress: [`vip_${name}`],
      }),
    ),
  );
}

function mwan3(topology: Topology): string {
  const targets = topology.servers.slice(0, 2);
  return file(
    section('globals', 'globals', { mmx_mask: '0x3F00' }),
    ...topology.wans.map((wan) =>
      section('interface', wan.name, {
        enabled: 1,
        family: 'ipv4',
        track_ip: targets,
        reliability: 1,
        // hagw's engine runs by its own defaults: they are what is to be measured.
        ...(topology.engine === 'hagw' ? {} : { interval: 1, timeout: 1, down: 3, up: 3 }),
      }),
    ),
    ...topology.wans.map((wan) =>
      section('member', `${wan.name}_m1`, { interface: wan.name, metric: 1, weight: 1 }),
    ),
    section('policy', 'balanced', {
      use_member: topology.wans.map((wan) => `${wan.name}_m1`),
      last_resort: 'unreachable',
    }),
    section('rule', 'default_rule', { dest_ip: '0.0.0.0/0', family: 'ipv4', use_policy: 'balanced' }),
  );
}

function dhcp(topology: Topology): string {
  const gateway = topology.lanVirtualAddress;
  return file(
    section('dnsmasq', '', {
      domainneeded: 1,
      local: '/lan/',
      domain: 'lan',
      authoritative: 1,
      noresolv: 1,
      leasefile: '/tmp/dhcp.leases',
    }),
    section('dhcp', 'lan', {
      interface: 'lan',
      start: 150,
      limit: 50,
      leasetime: '12h',
      // Without it the init script lets no second server be on the LAN.
      force: 1,
      ...(topology.managed ? {} : { dhcp_option: [`3,${gateway}`, `6,${gateway}`] }),
    }),
  );
}

/** Contents by path. The page's account is root without a password, as on a router that was just set up. */
export function configFiles(topology: Topology, router: RouterPlan): ReadonlyMap<string, string> {
  const files = new Map([
    ['/etc/config/network', network(topology, router)],
    ['/etc/config/hagw', hagw(topology)],
    ['/etc/config/keepalived', keepalived(topology, router)],
    ['/etc/config/firewall', firewall(topology, router)],
    ['/etc/config/mwan3', topology.mwan3 ?? mwan3(topology)],
    ['/etc/config/dhcp', dhcp(topology)],
    ['/etc/config/system', section('system', '', { hostname: router.name, timezone: 'UTC' })],
    [
      '/etc/config/rpcd',
      section('login', '', { username: 'root', password: '$p$root', read: ['*'], write: ['*'] }),
    ],
    [
      '/etc/config/uhttpd',
      section('uhttpd', 'main', { listen_http: ['0.0.0.0:80'], home: '/www', ubus_prefix: '/ubus' }),
    ],
    ['/etc/openwrt-standin', `keepalived=${topology.keepalivedScript}\n`],
  ]);
  if (topology.managed) files.delete('/etc/config/keepalived');
  return files;
}
