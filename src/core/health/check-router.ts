/** The router itself: ubus, netifd, leases. */
import type { State } from '../engine/state.ts';
import type { Finding } from './catalogue.ts';

export function busFindings(state: State): readonly Finding[] {
  if (state.bus.connected) return [];
  return [
    {
      code: 'ubus-lost',
      where: '',
      text: 'The service is not connected to ubusd; it tries again by itself. Traffic does not depend on it.',
    },
  ];
}

export function netifdFindings(state: State): readonly Finding[] {
  const { value, error } = state.links;
  if (value === null && error !== null)
    return [{ code: 'netifd-unreadable', where: 'network', text: error.message }];
  const config = state.hagw.value;
  if (value === null || config === null) return [];
  const name = config.syncInterface;
  const where = 'hagw.globals.sync_interface';
  const sync = value.interfaces.find((item) => item.name === name);
  if (sync === undefined)
    return [
      {
        code: 'sync-interface-missing',
        where,
        text: `netifd has no interface '${name}' (it may be missing in /etc/config/network, or disabled).`,
      },
    ];
  const carrier = value.devices.find((device) => device.name === (sync.l3Device ?? sync.device))?.carrier;
  if (sync.up && carrier !== false) return [];
  return [
    {
      code: 'sync-interface-down',
      where,
      text: sync.up
        ? `The device ${sync.l3Device ?? ''} of '${name}' has no carrier: nothing reaches the partner over it.`
        : `Interface '${name}' is down: connection states and leases do not reach the partner.`,
    },
  ];
}

export function leaseFindings(state: State): readonly Finding[] {
  const { value, error } = state.leases;
  if (value === null) {
    if (error === null) return [];
    const code = error.code === 'absent' ? 'leases-missing' : 'leases-unreadable';
    return [{ code, where: 'dhcp', text: error.message }];
  }
  if (value.damaged === 0) return [];
  const lines = value.damaged === 1 ? '1 line is' : `${value.damaged} lines are`;
  return [{ code: 'leases-damaged', where: 'dhcp', text: `${lines} no leases in ${value.file}.` }];
}
