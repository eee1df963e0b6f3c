/**
 * The lab's wires as lines for `ip -batch`: switches (bridges in the lab's own namespace), ISPs, internet, clients and
 * the routers' ports. Pure: nothing is run here.
 */
import type { ClientPlan, RouterPlan, Topology } from './topology.ts';

/** Lines for `ip -batch` in one network namespace; '' = the lab's own, where the switches are. */
export interface Batch {
  readonly namespace: string;
  readonly lines: readonly string[];
}

/** The switch's end of a port; at most 15 characters. */
export function switchPort(machine: string, device: string): string {
  return `${machine}.${device}`;
}

const sw = (network: string): string => `sw-${network}`;

/** Switches forward at once and know no multicast groups: VRRP must reach all. */
function switchLines(network: string): string[] {
  // `name` is written out: ip reads "br" as the beginning of "broadcast".
  return [
    `link add name ${sw(network)} type bridge mcast_snooping 0 forward_delay 0`,
    `link set dev ${sw(network)} up`,
  ];
}

function plug(machine: string, device: string, network: string, mac: string | null): string[] {
  const end = switchPort(machine, device);
  const address = mac === null ? '' : ` address ${mac}`;
  return [
    `link add name ${end} type veth peer name ${device} netns ${machine}${address}`,
    `link set dev ${end} master ${sw(network)}`,
    `link set dev ${end} up`,
  ];
}

/** Names of all network namespaces but the routers', which exist only while they have power. */
export function namespaces(topology: Topology): string[] {
  return [...topology.wans.map(({ isp }) => isp), 'internet', ...topology.clients.map(({ name }) => name)];
}

function clientBatch(client: ClientPlan, gateway: string): Batch {
  return {
    namespace: client.name,
    lines: [
      'link set dev lo up',
      `address add ${client.address}/24 dev lan`,
      'link set dev lan up',
      `route add default via ${gateway}`,
    ],
  };
}

/** Everything around the routers, in the order in which it has to be done. */
export function surroundings(topology: Topology): Batch[] {
  const own: string[] = ['link set dev lo up', ...switchLines('lan'), ...switchLines('sync')];
  for (const wan of topology.wans) {
    own.push(...switchLines(wan.name), ...plug(wan.isp, 'wan', wan.name, null));
    own.push(`link add name ${wan.isp} netns internet type veth peer name internet netns ${wan.isp}`);
  }
  for (const client of topology.clients) own.push(...plug(client.name, 'lan', 'lan', client.mac));
  const internet = [
    'link set dev lo up',
    ...topology.servers.map((address) => `address add ${address}/32 dev lo`),
  ];
  const isps = topology.wans.map((wan): Batch => {
    internet.push(
      `address add ${wan.uplink}.1/30 dev ${wan.isp}`,
      `link set dev ${wan.isp} up`,
      `route add ${wan.net}.0/24 via ${wan.uplink}.2`,
    );
    return {
      namespace: wan.isp,
      lines: [
        'link set dev lo up',
        `address add ${wan.gateway}/24 dev wan`,
        'link set dev wan up',
        `address add ${wan.uplink}.2/30 dev internet`,
        'link set dev internet up',
        `route add default via ${wan.uplink}.1`,
      ],
    };
  });
  return [
    { namespace: '', lines: own },
    { namespace: 'internet', lines: internet },
    ...isps,
    ...topology.clients.map((client) => clientBatch(client, topology.lanVirtualAddress)),
  ];
}

/** Plugs a router in. Its namespace exists and is empty; addresses are the router's own business. */
export function routerPorts(router: RouterPlan): Batch {
  return {
    namespace: '',
    lines: router.ports.flatMap(({ device, network, mac }) => plug(router.name, device, network, mac)),
  };
}

/** Cuts all wires of a router: the switches' ends go down. */
export function unplug(router: RouterPlan): string[] {
  return router.ports.map(({ device }) => `link set dev ${switchPort(router.name, device)} down`);
}

/**
 * A black hole: the ISP forwards nothing and says nothing, in both directions, while its own address goes on
 * answering, like an access network whose uplink is dead. RTN_BLACKHOLE sends no ICMP (ip-rule(8)).
 */
export function blackHole(on: boolean): string[] {
  const verb = on ? 'add' : 'del';
  return ['wan', 'internet'].map((device) => `rule ${verb} pref 1 iif ${device} type blackhole`);
}
