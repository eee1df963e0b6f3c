/**
 * mwan3's score walk: what one round does to score and status. As recorded from mwan3 2.12 (track-*): the score stands at
 * up + down; the first bad round makes it `disconnecting`, `down` of them in a row `offline` with score 0; the first good one
 * `connecting` with score 1, `up` in a row `online` with the full score; one good round while disconnecting restores the
 * full score. A bad round while connecting starts over at 0; the status says so (offline).
 *
 *                  good round                      bad round
 *   online         online, full                    disconnecting, full − 1   (down = 1: offline, 0)
 *   disconnecting  online, full                    score − 1; at `up`: offline, 0
 *   offline        connecting, 1 (up = 1: online)  offline, 0
 *   connecting     score + 1; at `up`: online      offline, 0
 */
import type { LinkStatus } from '../../api/status.ts';

export type WalkStatus = Exclude<LinkStatus, 'disabled' | 'unknown'>;

export interface Walked {
  readonly status: WalkStatus;
  readonly score: number;
}

/** @param up @param down rounds, each ≥ 1. */
export function walk(from: Walked, good: boolean, up: number, down: number): Walked {
  const full: Walked = { status: 'online', score: up + down };
  const gone: Walked = { status: 'offline', score: 0 };
  if (good) {
    if (from.status === 'online' || from.status === 'disconnecting') return full;
    const score = (from.status === 'connecting' ? from.score : 0) + 1;
    return score >= up ? full : { status: 'connecting', score };
  }
  if (from.status === 'offline' || from.status === 'connecting') return gone;
  const score = (from.status === 'online' ? up + down : from.score) - 1;
  return score <= up ? gone : { status: 'disconnecting', score };
}
