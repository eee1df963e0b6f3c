/**
 * Whether conntrackd really syncs. Every command of a running conntrackd exits 0, so the truth is in counters that move or do not: in
 * mode FTFW each side sends at least one packet a second, and what the active router has had to sync must move the partner's external
 * cache, of which the partner tells. Where nothing happens, a canary makes something happen. Pure; moments are monotonic milliseconds.
 */
import type { ConntrackFacts } from './facts.ts';

/** What a router tells its partner of its conntrackd. */
export interface SyncWord {
  /** Entries of the caches; null = there is no such cache. */
  readonly internal: number | null;
  readonly external: number | null;
  /** Changes that reached its external cache; begins anew with its conntrackd. */
  readonly taken: number;
}

interface Counter {
  readonly value: number;
  /** When it began to grow, with pauses below `EPISODE_MS`. */
  readonly since: number;
  readonly grewAt: number;
  readonly grew: boolean;
}

export type SyncState = 'syncs' | 'partner-silent' | 'stands-still';
export type SyncFault =
  | 'sync-partner-silent'
  | 'sync-stands-still'
  | 'sync-empty'
  | 'sync-lost'
  | 'sync-overload';

export interface SyncWatch {
  readonly counters: Readonly<Record<string, Counter>>;
  /** Something to sync of which the partner has not shown anything yet: since when, and what it had. */
  readonly pending: { readonly at: number; readonly taken: number } | null;
  readonly canaryAt: number | null;
  /** The first canary that has not been seen: when, and what `worked` was before. */
  readonly unseen: { readonly at: number; readonly worked: number } | null;
  readonly emptySince: number | null;
  readonly state: SyncState;
  readonly faults: readonly { readonly code: SyncFault; readonly text: string }[];
}

/** Three packets that did not come or go. */
export const STILL_MS = 3500;
const EPISODE_MS = 60_000;
/** Two growths so far apart are no single loss, which FTFW mends by itself. */
const LASTING_MS = 10_000;
/** The partner reads every 5 s by default, tells within 1 s, and we read every 5 s. */
const DUE_MS = 30_000;
const QUIET_MS = 30_000;
const CANARY_MS = 10_000;
const EMPTY_MS = 15_000;

const changesOf = ({ created, updated, destroyed }: ConntrackFacts['internal']): number =>
  created + updated + destroyed;

export function syncWordOf(facts: ConntrackFacts | null): SyncWord | null {
  if (facts === null) return null;
  const { internal, external } = facts;
  return { internal: internal.active, external: external.active, taken: changesOf(external) };
}

function follow(before: Counter | undefined, value: number, at: number): Counter {
  if (before === undefined || value < before.value) return { value, since: at, grewAt: at, grew: false };
  if (value === before.value) return before;
  const goesOn = before.grew && at - before.grewAt < EPISODE_MS;
  return { value, since: goesOn ? before.since : at, grewAt: at, grew: true };
}

/**
 * @param partner what the partner says now; null while it is not heard.
 * @param isActive whether this router's connections are the ones to be synced.
 */
export function watchSync(
  before: SyncWatch | null,
  facts: ConntrackFacts,
  partner: SyncWord | null,
  isActive: boolean,
  at: number,
): { readonly watch: SyncWatch; readonly canary: boolean } {
  const inside = facts.inside ?? {};
  const overruns = inside['netlink overrun'] ?? 0;
  const worked = changesOf(facts.internal);
  const values: Record<string, number> = {
    sent: facts.traffic?.packetsSent ?? 0,
    received: facts.traffic?.packetsReceived ?? 0,
    worked,
    lost: facts.packetsLost ?? 0,
    overruns,
    full: (inside['rsqueue not enough space errors'] ?? 0) + facts.internal.createFailed,
  };
  const counters: Record<string, Counter> = {};
  for (const [name, value] of Object.entries(values))
    counters[name] = follow(before?.counters[name], value, at);
  const still = (name: string): number => at - (counters[name]?.grewAt ?? at);
  const isGrowing = (name: string, forMs: number): boolean => {
    const counter = counters[name];
    return (
      counter?.grew === true && at - counter.grewAt < EPISODE_MS && counter.grewAt - counter.since >= forMs
    );
  };
  // Only FTFW has a resend queue, and only it sends without a reason.
  const limit = inside['rsqueue maximum elements'];
  const length = inside['rsqueue current elements'] ?? 0;
  const isRunning = facts.links.some(({ running }) => running);
  const isSilent = limit !== undefined && isRunning && still('received') >= STILL_MS;
  const isStill = limit !== undefined && isRunning && still('sent') >= STILL_MS;

  const listens = isActive && partner !== null && isRunning && !isSilent;
  let pending = listens ? (before?.pending ?? null) : null;
  if (pending !== null && partner?.taken !== pending.taken) pending = null;
  if (listens && pending === null && before !== null && worked !== before.counters['worked']?.value)
    pending = { at, taken: partner.taken };
  let unseen = listens ? (before?.unseen ?? null) : null;
  if (unseen?.worked !== worked) unseen = null;
  let canaryAt = before?.canaryAt ?? null;
  const isCaged = unseen !== null && at - unseen.at >= CANARY_MS;
  const isOverdue = pending !== null && at - pending.at >= DUE_MS;
  const canary =
    listens &&
    (canaryAt === null || at - canaryAt >= CANARY_MS) &&
    (still('worked') >= QUIET_MS || (pending !== null && at - pending.at >= CANARY_MS));
  if (canary) {
    canaryAt = at;
    unseen ??= { at, worked };
  }

  const own = facts.external.active;
  const isEmpty = !isActive && own === 0 && (partner?.internal ?? 0) > 0;
  const emptySince = isEmpty ? (before?.emptySince ?? at) : null;

  const faults: { code: SyncFault; text: string }[] = [];
  const add = (is: boolean, code: SyncFault, text: string): void => {
    if (is) faults.push({ code, text });
  };
  const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
  add(
    isSilent,
    'sync-partner-silent',
    `Nothing has come from the partner's conntrackd for ${seconds(still('received'))}.`,
  );
  add(isStill, 'sync-stands-still', `conntrackd has sent nothing for ${seconds(still('sent'))}.`);
  add(
    isCaged,
    'sync-stands-still',
    'conntrackd does not take notice of a test entry: the kernel tells it nothing, or its filter drops all.',
  );
  add(
    isOverdue,
    'sync-stands-still',
    `What conntrackd sends has not reached the partner's external cache for ${seconds(at - (pending?.at ?? at))}.`,
  );
  add(
    emptySince !== null && at - emptySince >= EMPTY_MS,
    'sync-empty',
    `conntrackd holds nothing for the partner, which has ${partner?.internal} connections.`,
  );
  add(
    isGrowing('lost', LASTING_MS),
    'sync-lost',
    `${values['lost']} packets have been lost on the sync link so far, and it goes on.`,
  );
  add(
    limit !== undefined && length * 2 >= limit,
    'sync-overload',
    `The resend queue has ${length} of ${limit} elements.`,
  );
  add(isGrowing('full', 0), 'sync-overload', 'A cache or the resend queue of conntrackd is full.');
  add(
    isGrowing('overruns', 0),
    'sync-overload',
    `conntrackd has lost events of the kernel (netlink overrun: ${overruns}).`,
  );

  const state =
    isStill || isCaged || isOverdue ? 'stands-still' : isSilent || !isRunning ? 'partner-silent' : 'syncs';
  return { watch: { counters, pending, canaryAt, unseen, emptySince, state, faults }, canary };
}
