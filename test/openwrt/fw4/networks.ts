/** Logical networks with their devices and addresses: from netifd's dump over ubus, or from what UCI says of them. */
import { connectLink } from '../common/link.ts';
import type { Entries, Value } from '../common/values.ts';
import type { InterfaceConfig } from '../netifd/config.ts';
import type { Network } from './state.ts';
import { parseSubnet, type Subnet } from './values.ts';

const subnets = (addresses: readonly { address: string; mask: number }[]): Subnet[] =>
  addresses.flatMap(({ address, mask }) => parseSubnet(`${address}/${mask}`) ?? []);

/** An interface that is up, or one whose device is missing. */
export function networkOfConfig(config: InterfaceConfig, isUp: boolean): Network {
  return {
    device: config.device,
    addresses: isUp ? subnets([...config.addresses4, ...config.addresses6]) : [],
  };
}

const find = (table: Entries, name: string): Value | undefined => table.find((one) => one.name === name);

function text(table: Entries, name: string): string | undefined {
  const found = find(table, name);
  return found?.type === 'string' ? found.value : undefined;
}

function members(table: Entries, name: string): readonly Entries[] {
  const found = find(table, name);
  return found?.type === 'array'
    ? found.value.flatMap((one) => (one.type === 'table' ? [one.value] : []))
    : [];
}

function addressesOf(table: Entries, name: string): Subnet[] {
  return members(table, name).flatMap((one) => {
    const mask = find(one, 'mask');
    const address = text(one, 'address');
    return address === undefined || mask?.type !== 'int32' ? [] : subnets([{ address, mask: mask.value }]);
  });
}

/** By name; none before netifd has come up; null without ubusd. */
export async function networksFromUbus(socket: string): Promise<ReadonlyMap<string, Network> | null> {
  const link = connectLink(socket);
  const giveUp = new Promise<null>((resolve) => setTimeout(resolve, 3000, null).unref());
  try {
    const isThere = await Promise.race([link.ready().then(() => true), giveUp]);
    if (isThere === null) return null;
    const { status, replies } = await link.call('network.interface', 'dump', []);
    if (status !== 0) return new Map();
    return new Map(
      members(replies[0] ?? [], 'interface').map((one) => [
        text(one, 'interface') ?? '',
        {
          device: text(one, 'l3_device') ?? text(one, 'device'),
          addresses: [...addressesOf(one, 'ipv4-address'), ...addressesOf(one, 'ipv6-address')],
        },
      ]),
    );
  } finally {
    link.close();
  }
}
