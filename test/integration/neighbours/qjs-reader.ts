/** Reads keepalived, conntrackd and the lease file once each and prints the outcomes as JSON. */
import { createConntrackd } from '../../../src/adapters/conntrackd.ts';
import { createDnsmasqLeases } from '../../../src/adapters/dnsmasq.ts';
import { createKeepalivedVrrp } from '../../../src/adapters/keepalived.ts';
import { fail } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import type { Runtime } from '../../../src/ports/runtime.ts';

const unused = () => {
  throw new Error('the readers only call');
};
const bus: Bus = {
  call: () => Promise.resolve(fail({ code: 'disconnected', status: 0, message: 'there is no ubus' })),
  provide: unused,
  subscribe: unused,
  listen: unused,
  send: unused,
  onConnection: unused,
  close: unused,
};

export async function readAll(runtime: Runtime): Promise<void> {
  const { files, processes, clock, timers } = runtime;
  const vrrp = createKeepalivedVrrp({ bus, files, processes, clock, timers });
  const outcomes = {
    vrrp: await vrrp.read(),
    again: await Promise.all([vrrp.read(), vrrp.read()]),
    conntrack: await createConntrackd(processes, '/tmp/conntrackd.conf').read(),
    leases: await createDnsmasqLeases(files).read(),
  };
  runtime.stdout(encodeText(`${JSON.stringify(outcomes)}\n`));
  runtime.exit(0);
}
