/** What the multi-WAN machine takes of the rest of the state, and what a change of it means to a WAN's tracker. */
import type { MultiWanConfig } from '../policy/model.ts';
import type { TrackEvent } from '../track/types.ts';
import type { Situation, WanFacts } from './multiwan-types.ts';
import type { State } from './state.ts';
import { wanInterface } from './wans.ts';

export const UNKNOWN_SITUATION: Situation = {
  engine: null,
  config: null,
  wans: null,
  devices: {},
  tableUses: [],
  mwan3Runs: null,
};

/**
 * The situation as the engine's state has it.
 * @param inForce the configuration that the machine goes by: where the file's cannot be used, its WANs are still those that count.
 */
export function situationOf(state: State, inForce: MultiWanConfig | null = null): Situation {
  const hagw = state.hagw.value;
  const config = state.multiWanConfig.value;
  const links = state.links.value;
  const interfaces = links?.interfaces ?? [];
  const up = interfaces.filter((item) => item.up);
  const all = [...(inForce === config ? [] : (inForce?.wans ?? [])), ...(config?.wans ?? [])];
  const wans = all.map(({ name, family }): [string, WanFacts] => {
    const known = wanInterface(interfaces, { name, family });
    const item = known?.up === true ? known : undefined;
    return [
      name,
      {
        up: item !== undefined,
        device: item?.l3Device ?? null,
        addresses: (item?.addresses ?? [])
          .filter((one) => one.family === family)
          .map(({ address, prefixLength }) => `${address}/${prefixLength}`),
        gateway: (family === 'ipv4' ? item?.defaultGateway4 : item?.defaultGateway6) ?? null,
      },
    ];
  });
  return {
    engine: hagw === null ? null : hagw.enabled ? hagw.engine : 'none',
    config,
    wans: links === null ? null : Object.fromEntries(wans),
    devices: Object.fromEntries(
      up.flatMap((item): [string, string][] => (item.l3Device === null ? [] : [[item.name, item.l3Device]])),
    ),
    tableUses: state.tableUses,
    mwan3Runs: state.services.value === null ? null : state.services.value.running.includes('mwan3'),
  };
}

/** Whether two states can have different situations: cheap, for each step. */
export function mayDiffer(a: State, b: State): boolean {
  return (
    a.hagw.value !== b.hagw.value ||
    a.multiWanConfig.value !== b.multiWanConfig.value ||
    a.tableUses !== b.tableUses ||
    a.links.value !== b.links.value ||
    a.services.value !== b.services.value
  );
}

/** Whether two situations say the same: a poll reads everything anew, and mostly nothing has happened. */
export function sameSituation(a: Situation, b: Situation): boolean {
  return a.config === b.config && JSON.stringify({ ...a, config: 0 }) === JSON.stringify({ ...b, config: 0 });
}

const DOWN: WanFacts = { up: false, device: null, addresses: [], gateway: null };

/**
 * The tracker's events for a change of its interface. @param before null = nothing was known. Another device is another
 * link: down and up again.
 */
export function linkEvents(before: WanFacts | null, now: WanFacts | undefined): readonly TrackEvent[] {
  const after = now ?? DOWN;
  if (before === null) return [{ kind: after.up ? 'linkUp' : 'linkDown' }];
  const events: TrackEvent[] = [];
  if (before.up && (!after.up || before.device !== after.device)) events.push({ kind: 'linkDown' });
  if (after.up && (!before.up || before.device !== after.device)) events.push({ kind: 'linkUp' });
  if (events.length > 0 || !after.up) return events;
  // A further address (a virtual one, a prefix's) is no other path; the loss of one may be.
  if (before.addresses.some((address) => !after.addresses.includes(address)))
    events.push({ kind: 'addressChanged' });
  if (before.gateway !== after.gateway) events.push({ kind: 'gatewayChanged' });
  return events;
}
