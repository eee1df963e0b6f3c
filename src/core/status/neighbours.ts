/** The parts of the status about conntrackd and the leases. */
import type { ConntrackStatus, Knowledge, LeasesStatus } from '../../api/status.ts';
import type { Reading, State } from '../engine/state.ts';

/** Known, or not with the reason. `who` names the neighbour for the time before the first answer. */
export function knowledge(reading: Reading<unknown>, who: string): Knowledge {
  if (reading.value !== null) return { known: true, reason: '' };
  return { known: false, reason: reading.error?.message ?? `${who} has not been asked yet.` };
}

export function conntrackStatus(state: State): ConntrackStatus {
  const { value, error } = state.conntrack;
  const isAbsent = error?.code === 'absent';
  const link = value?.links.find(({ role }) => role === 'ACTIVE') ?? value?.links[0] ?? null;
  return {
    // That it does not run is known, and all there is to know.
    ...(isAbsent ? { known: true, reason: '' } : knowledge(state.conntrack, 'conntrackd')),
    running: isAbsent ? false : value === null ? null : true,
    internal_entries: value?.internal.active ?? null,
    external_entries: value?.external.active ?? null,
    link_device: link?.device ?? null,
    link_running: link?.running ?? null,
    packets_sent: value?.traffic?.packetsSent ?? null,
    packets_received: value?.traffic?.packetsReceived ?? null,
    send_errors: value?.traffic?.sendErrors ?? null,
    receive_errors: value?.traffic?.receiveErrors ?? null,
    packets_lost: value?.packetsLost ?? null,
  };
}

export function leasesStatus(state: State): LeasesStatus {
  const { value } = state.leases;
  return {
    ...knowledge(state.leases, "dnsmasq's lease file"),
    file: value?.file ?? null,
    ipv4: value?.ipv4 ?? 0,
    ipv6: value?.ipv6 ?? 0,
  };
}
