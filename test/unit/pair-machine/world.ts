/**
 * Two pair machines in a world of their own: routers that lose power, services that die, links that lose, delay and repeat messages,
 * clocks of different origin and rate, and a VRRP that behaves as keepalived does: `ready` looks at the lease once a second or
 * when kicked, the active one stays active, both become active when they do not hear each other.
 */
import type { VrrpState } from '../../../src/api/status.ts';
import { INITIAL_PAIR, nextPairDeadline, stepPair } from '../../../src/core/engine/pair.ts';
import { decodeMessage, encodeMessage } from '../../../src/core/engine/pair-message.ts';
import type {
  PairEffect,
  PairEvent,
  PairSituation,
  PairState,
  SwitchoverOutcome,
} from '../../../src/core/engine/pair-types.ts';

export const HOLD_MS = 1000;
/** The world moves in steps of this. */
export const STEP_MS = 100;
/** A router that hears no adverts becomes active after so long. */
const TAKEOVER_MS = 300;

export interface Modelled {
  readonly name: string;
  power: boolean;
  /** null = the service is dead. */
  machine: PairState | null;
  wanUp: boolean | null;
  maintenance: boolean;
  lanUp: boolean;
  role: VrrpState;
  /** What `ready` last found. */
  scriptOut: boolean;
  /** The lease file: world time until which it holds. */
  leaseUntil: number;
  partnerFile: string;
  run: number;
  /** Changes of role that were seen. */
  moves: number;
  readonly outcomes: SwitchoverOutcome[];
  readonly texts: string[];
  looksAt: number;
  fitSince: number;
  readonly offset: number;
  readonly rate: number;
}

export interface Link {
  up: boolean;
  /** Milliseconds that a message takes at most, and the share that is lost or comes twice. */
  delayMs: number;
  loss: number;
}

export class World {
  now = 100_000;
  readonly routers: readonly [Modelled, Modelled];
  readonly link: Link = { up: true, delayMs: 100, loss: 0 };
  pathsUp = true;
  readonly #random: () => number;
  #wire: { at: number; to: 0 | 1; text: string }[] = [];

  constructor(random: () => number) {
    this.#random = random;
    this.routers = [this.#make('gw-a', 5_000, 1), this.#make('gw-b', 900_000, 1.001)];
    for (const index of [0, 1] as const) this.startService(index);
  }

  #make(name: string, offset: number, rate: number): Modelled {
    return {
      name,
      power: true,
      machine: null,
      wanUp: true,
      maintenance: false,
      lanUp: true,
      role: 'backup',
      scriptOut: false,
      leaseUntil: 0,
      partnerFile: '',
      run: 0,
      moves: 0,
      outcomes: [],
      texts: [],
      looksAt: 0,
      fitSince: 0,
      offset,
      rate,
    };
  }

  local(router: Modelled): number {
    return router.offset + this.now * router.rate;
  }

  startService(index: 0 | 1): void {
    const router = this.routers[index];
    if (router.machine !== null || !router.power) return;
    router.run += 1;
    router.machine = INITIAL_PAIR;
    this.dispatch(index, {
      kind: 'began',
      run: `${router.name}-${router.run}`,
      maintenance: router.maintenance,
    });
    this.tellSituation(index);
  }

  killService(index: 0 | 1): void {
    this.routers[index].machine = null;
  }

  powerOff(index: 0 | 1): void {
    const router = this.routers[index];
    this.killService(index);
    Object.assign(router, { power: false, role: 'stop', leaseUntil: 0, scriptOut: false, partnerFile: '' });
  }

  powerOn(index: 0 | 1): void {
    const router = this.routers[index];
    if (router.power) return;
    Object.assign(router, { power: true, role: 'backup', fitSince: this.now });
    this.startService(index);
  }

  tellSituation(index: 0 | 1): void {
    const router = this.routers[index];
    const situation: PairSituation = {
      name: router.name,
      priority: index === 0 ? 250 : 240,
      partner: index === 0 ? 'gw-b' : 'gw-a',
      partnerPriority: index === 0 ? 240 : 250,
      role: router.role,
      usable: router.wanUp,
      usableWans: router.wanUp === true ? ['wan'] : [],
      holdMs: HOLD_MS,
    };
    this.dispatch(index, { kind: 'situation', situation });
  }

  dispatch(index: 0 | 1, event: PairEvent): void {
    const router = this.routers[index];
    if (router.machine === null) return;
    const { state, effects } = stepPair(router.machine, event, this.local(router));
    router.machine = state;
    for (const effect of effects) this.#run(index, effect);
  }

  #run(index: 0 | 1, effect: PairEffect): void {
    const router = this.routers[index];
    switch (effect.kind) {
      case 'lease': {
        router.leaseUntil =
          effect.until === null ? 0 : this.now + (effect.until - this.local(router)) / router.rate;
        // keepalived reads its configuration anew before it looks.
        if (effect.kick) router.looksAt = Math.min(router.looksAt, this.now + this.#random() * 500);
        return;
      }
      case 'tell':
        this.#send(index === 0 ? 1 : 0, encodeMessage(effect.message));
        return;
      case 'read': {
        const decoded = router.partnerFile === '' ? null : decodeMessage(router.partnerFile);
        const message = decoded?.ok === true ? decoded.value : null;
        this.dispatch(index, { kind: 'heard', message, reason: 'nothing there' });
        return;
      }
      case 'flush':
        this.dispatch(index, { kind: 'flushed', ok: true, text: '' });
        return;
      case 'keepMaintenance':
        router.maintenance = effect.on;
        return;
      case 'switched':
        router.outcomes.push(effect.outcome);
        return;
      case 'happened':
        router.texts.push(effect.happening.text);
        return;
      case 'adopt':
        return;
    }
  }

  #send(to: 0 | 1, text: string): void {
    if (!this.link.up) return;
    const copies = this.#random() < this.link.loss ? (this.#random() < 0.3 ? 2 : 0) : 1;
    for (let copy = 0; copy < copies; copy += 1)
      this.#wire.push({ at: this.now + this.#random() * this.link.delayMs, to, text });
  }

  #look(router: Modelled): void {
    router.scriptOut = router.leaseUntil > this.now;
    router.looksAt = this.now + 1000;
  }

  #vrrp(): void {
    const before = this.routers.map(({ role }) => role);
    for (const router of this.routers) {
      if (!router.power) continue;
      if (this.now >= router.looksAt) this.#look(router);
      const isFit = router.lanUp && !router.scriptOut;
      if (!isFit) {
        router.role = 'fault';
        router.fitSince = this.now + STEP_MS;
      } else if (router.role === 'fault') router.role = 'backup';
    }
    const [a, b] = this.routers;
    const hear = this.pathsUp && a.lanUp && b.lanUp;
    if (hear && a.role === 'active' && b.role === 'active') b.role = 'backup';
    for (const [self, other] of [
      [a, b],
      [b, a],
    ] as const) {
      if (hear && other.role === 'active') self.fitSince = this.now;
      const isDue = this.now - self.fitSince >= TAKEOVER_MS || (hear && other.scriptOut);
      if (self.role === 'backup' && isDue && !(hear && other.role === 'active')) self.role = 'active';
    }
    this.routers.forEach((router, index) => {
      if (router.role === before[index]) return;
      router.moves += 1;
      this.tellSituation(index as 0 | 1);
    });
  }

  /** One step of the world. */
  step(): void {
    this.now += STEP_MS;
    const due = this.#wire.filter(({ at }) => at <= this.now);
    this.#wire = this.#wire.filter(({ at }) => at > this.now);
    for (const { to, text } of due) {
      const router = this.routers[to];
      if (router.power && this.link.up) router.partnerFile = text;
    }
    this.#vrrp();
    for (const index of [0, 1] as const) {
      const router = this.routers[index];
      if (router.machine === null) continue;
      const at = nextPairDeadline(router.machine, this.local(router));
      if (at !== null && at <= this.local(router)) this.dispatch(index, { kind: 'tick' });
    }
  }

  /** Out by a lease, as keepalived has it or will have it at its next look. */
  isHeldOut(index: 0 | 1): boolean {
    const router = this.routers[index];
    return router.power && (router.scriptOut || router.leaseUntil > this.now);
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
