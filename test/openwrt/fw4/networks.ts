/** Logical networks with their devices and addresses: from netifd's dump, or from what UCI says of them. */
import type { InterfaceConfig } from '../netifd/config.ts';
import type { Network } from './state.ts';
import { parseSubnet, type Subnet } from './values.ts';

interface Address {
  readonly address: string;
  readonly mask: number;
}

const subnets = (addresses: readonly Address[] = []): Subnet[] =>
  addresses.flatMap(({ address, mask }) => parseSubnet(`${address}/${mask}`) ?? []);

/** An interface that is up, or one whose device is missing. */
export function networkOfConfig(config: InterfaceConfig, isUp: boolean): Network {
  return {
    device: config.device,
    addresses: isUp ? subnets([...config.addresses4, ...config.addresses6]) : [],
  };
}

/** As far as it is looked at; netifd is trusted. */
interface Dump {
  readonly interface?: readonly {
    readonly interface: string;
    readonly device?: string;
    readonly l3_device?: string;
    readonly 'ipv4-address'?: readonly Address[];
    readonly 'ipv6-address'?: readonly Address[];
  }[];
}

/** By name, from the JSON of `network.interface dump`; null if that was not answered. */
export function networksOfDump(json: string): ReadonlyMap<string, Network> | null {
  if (json.trim() === '') return null;
  const dump = JSON.parse(json) as Dump;
  return new Map(
    (dump.interface ?? []).map((one) => [
      one.interface,
      {
        device: one.l3_device ?? one.device,
        addresses: [...subnets(one['ipv4-address']), ...subnets(one['ipv6-address'])],
      },
    ]),
  );
}
