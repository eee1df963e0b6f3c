/**
 * The state of each WAN in mwan3's words. With the mwan3 package as the engine it is that package's word. Otherwise it
 * is what netifd knows: down or without carrier is offline; up is online for a WAN without track_ip (mwan3's meaning);
 * a WAN that should be probed and is not is unknown, since being up says nothing about the far end. Our own engine's word
 * counts while it runs.
 */
import type { LinkStatus } from '../../api/status.ts';
import type { DeviceFacts, InterfaceFacts } from '../netifd/facts.ts';
import type { WanConfig } from '../policy/model.ts';
import { type State, shownConfig, type TrackedWan } from './state.ts';

const WORDS: readonly LinkStatus[] = ['online', 'offline', 'connecting', 'disconnecting', 'disabled'];

interface Finding {
  readonly state: LinkStatus;
  readonly reason: string;
  /** Monotonic, when somebody knows. */
  readonly since: number | null;
}

/**
 * netifd's interface of a WAN: NAME_4 or NAME_6 of its family if there is such a one, as a modem's or pppoe's protocol makes them, else
 * NAME (mwan3 2.12: mwan3_get_true_iface).
 */
export function wanInterface<T extends { readonly name: string }>(
  interfaces: readonly T[],
  { name, family }: Pick<WanConfig, 'name' | 'family'>,
): T | undefined {
  const own = `${name}_${family === 'ipv4' ? 4 : 6}`;
  return interfaces.find((item) => item.name === own) ?? interfaces.find((item) => item.name === name);
}

/** netifd's interface of the WAN; null if there is none or netifd could not be asked. */
export function interfaceOf(state: State, wan: Pick<WanConfig, 'name' | 'family'>): InterfaceFacts | null {
  return wanInterface(state.links.value?.interfaces ?? [], wan) ?? null;
}

/** The device that carries the interface's traffic, or would. */
export function deviceOf(state: State, item: InterfaceFacts | null): DeviceFacts | null {
  const name = item?.l3Device ?? item?.device ?? null;
  return state.links.value?.devices.find((device) => device.name === name) ?? null;
}

function byMwan3(state: State, wan: WanConfig, at: number): Finding {
  const { value, error } = state.mwan3;
  const facts = value?.interfaces.find(({ name }) => name === wan.name);
  if (facts === undefined) {
    const reason =
      value === null
        ? (error?.message ?? 'mwan3 has not been asked yet.')
        : `mwan3 says nothing of '${wan.name}'.`;
    return { state: 'unknown', reason, since: null };
  }
  const word = WORDS.find((known) => known === facts.status) ?? 'unknown';
  const seconds = facts.onlineS ?? facts.offlineS;
  const targets = facts.targets.map(({ address, status }) => `${address} ${status}`).join(', ');
  return {
    state: word,
    reason: `mwan3 says ${facts.status}, tracking ${facts.tracking}${targets === '' ? '' : `: ${targets}`}.`,
    since: seconds === null || seconds === 0 ? null : at - seconds * 1000,
  };
}

function byNetifd(state: State, wan: WanConfig, at: number): Finding {
  const { value, error } = state.links;
  if (value === null)
    return { state: 'unknown', reason: error?.message ?? 'netifd has not been asked yet.', since: null };
  const item = interfaceOf(state, wan);
  if (item === null)
    return { state: 'offline', reason: `netifd has no interface '${wan.name}'.`, since: null };
  const device = deviceOf(state, item);
  if (!item.up) {
    const errors = item.errors.map(({ code }) => code).join(', ');
    const why = item.pending ? ', it is being set up' : errors === '' ? '' : ` (${errors})`;
    return { state: 'offline', reason: `The interface is down${why}.`, since: null };
  }
  if (device?.carrier === false)
    return { state: 'offline', reason: `The device ${device.name} has no carrier.`, since: null };
  if (wan.track.targets.length === 0)
    return {
      state: 'online',
      reason: 'The interface is up; without track_ip that is all.',
      since: item.uptimeS === null ? null : at - item.uptimeS * 1000,
    };
  return {
    state: 'unknown',
    reason: 'The interface is up, but nothing probes its track_ip: the engine does not run.',
    since: null,
  };
}

function byUs(state: State, wan: WanConfig): Finding {
  const { multiWan } = state;
  const found = multiWan?.wans.find(({ name }) => name === wan.name);
  if (found === undefined)
    return { state: 'unknown', reason: `'${wan.name}' is not tracked yet.`, since: null };
  return { state: found.state, reason: found.reason, since: found.since };
}

function findState(state: State, wan: WanConfig, at: number): Finding {
  const engine = state.hagw.value?.enabled === false ? 'none' : state.hagw.value?.engine;
  if (engine === 'hagw' && state.multiWan?.running === true) return byUs(state, wan);
  if (!wan.enabled) return { state: 'disabled', reason: `mwan3.${wan.name}.enabled is 0.`, since: null };
  return engine === 'mwan3' ? byMwan3(state, wan, at) : byNetifd(state, wan, at);
}

/** The WANs of /etc/config/mwan3 as of now; `since` moves only with the state. */
export function deriveWans(state: State, at: number): readonly TrackedWan[] {
  const wans = (shownConfig(state)?.wans ?? []).map((wan): TrackedWan => {
    const { state: to, reason, since } = findState(state, wan, at);
    const known = state.wans.find(({ name }) => name === wan.name);
    if (known === undefined) return { name: wan.name, state: to, since, reason };
    if (known.state === to) return known.reason === reason ? known : { ...known, reason };
    // Out of the unknown nobody saw it enter its state; a state that was seen before can only have ended since.
    if (known.state === 'unknown') return { name: wan.name, state: to, since, reason };
    const isOlder = since === null || (known.since !== null && since < known.since);
    return { name: wan.name, state: to, since: isOlder ? at : since, reason };
  });
  const isSame = wans.length === state.wans.length && wans.every((wan, index) => wan === state.wans[index]);
  return isSame ? state.wans : wans;
}
