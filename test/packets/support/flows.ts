/** Flows as the recordings have them, sent through the compiled state: what is marked, where it goes, by which shares. */
import type { CompileInput, Desired } from '../../../src/core/policy/model.ts';
import { type Packet, type Routed, routePacket, runHook, type Walk } from './tracer.ts';

export interface Flow {
  readonly proto: string;
  /** An address, `router`, or `inbound:N`. */
  readonly src: string;
  readonly dst: string;
  readonly sport?: number;
  readonly dport?: number;
}

export interface Outcome {
  /** Of the first packet, after the chains. */
  readonly mark: number;
  /** null = the connection is not kept, since its first packet did not get out. */
  readonly ctMark: number | null;
  /** Of the first packet, for an inbound flow of its answer. */
  readonly outDevice: string | null;
  readonly routed: Routed;
  readonly trail: readonly string[];
}

const PROTOCOLS: Readonly<Record<string, number>> = { udp: 17, tcp: 6, icmp: 1, '47': 47 };

export interface Router {
  readonly desired: Desired;
  readonly input: CompileInput;
  /** Elements that others put into sets. */
  readonly sets: Readonly<Record<string, readonly string[]>>;
  /** Device by which a LAN source comes in. */
  readonly deviceOf: (source: string) => string;
  /** The router's address on a device. */
  readonly addressOf: (device: string) => string;
}

type Begin = Pick<Walk, 'draw'> & Partial<Pick<Walk, 'seen' | 'sets' | 'logged'>>;

function startWalk(
  router: Router,
  packet: Packet,
  iif: string | null,
  oif: string | null,
  begin: Begin,
): Walk {
  const sets =
    begin.sets ?? new Map(Object.entries(router.sets).map(([name, elements]) => [name, new Set(elements)]));
  return { ...begin, packet, iif, oif, mark: 0, ctMark: 0, trail: [], sets };
}

function route(router: Router, walk: Walk): Routed {
  return routePacket(router.desired, router.input.routes, walk);
}

function outcome(walk: Walk, routed: Routed, ctMark: number): Outcome {
  const dropped = routed.kind === 'unreachable' || routed.kind === 'blackhole';
  return {
    mark: walk.mark,
    ctMark: dropped ? null : ctMark,
    outDevice: routed.kind === 'device' ? routed.device : null,
    routed,
    trail: walk.trail ?? [],
  };
}

/** A packet of the router: routed once for its source and device, and again if its mark has changed (route hook). */
function fromRouter(
  router: Router,
  unbound: Omit<Packet, 'source'> & Partial<Pick<Packet, 'source'>>,
  ctMark: number,
  begin: Begin,
  socketMark = 0,
): [Walk, Routed] {
  const source = unbound.source ?? '0.0.0.0';
  const first = routePacket(router.desired, router.input.routes, {
    packet: { ...unbound, source },
    mark: socketMark,
    iif: null,
  });
  // A socket that is bound to no address gets that of the first route's device.
  const packet = {
    ...unbound,
    source: unbound.source ?? (first.kind === 'device' ? router.addressOf(first.device) : source),
  };
  const walk = startWalk(router, packet, null, null, begin);
  walk.mark = socketMark;
  walk.ctMark = ctMark;
  if (first.kind !== 'device') return [walk, first];
  walk.oif = first.device;
  runHook(router.desired.nft, 'output', walk);
  return [walk, walk.mark === socketMark ? first : route(router, walk)];
}

/** One run of a flow with the given draw. */
export function sendFlow(router: Router, flow: Flow, begin: Begin, socketMark = 0): Outcome {
  const ports = {
    ...(flow.sport === undefined ? {} : { sourcePort: flow.sport }),
    ...(flow.dport === undefined ? {} : { destinationPort: flow.dport }),
  };
  const inbound = /^inbound:(\d+)$/.exec(flow.src)?.[1];
  const family = flow.dst.includes(':') ? ('ipv6' as const) : ('ipv4' as const);
  const packet = {
    family,
    destination: flow.dst,
    protocol: PROTOCOLS[flow.proto] ?? Number(flow.proto),
    ...ports,
  };
  if (flow.src === 'router') {
    const [walk, routed] = fromRouter(router, packet, 0, begin, socketMark);
    return outcome(walk, routed, walk.ctMark);
  }
  if (inbound === undefined) {
    const walk = startWalk(router, { ...packet, source: flow.src }, router.deviceOf(flow.src), null, begin);
    runHook(router.desired.nft, 'prerouting', walk);
    return outcome(walk, route(router, walk), walk.ctMark);
  }
  const device = `eth${inbound}`;
  const here = router.addressOf(device);
  const walk = startWalk(router, { ...packet, source: flow.dst, destination: here }, device, null, begin);
  runHook(router.desired.nft, 'prerouting', walk);
  const answer = { family, source: here, destination: flow.dst, protocol: packet.protocol };
  const [, routed] = fromRouter(router, answer, walk.ctMark, begin);
  return { ...outcome(walk, routed, walk.ctMark), mark: walk.mark };
}

/** Every outcome of a flow with its probability, by trying each number that numgen may draw. */
export function everyOutcome(
  router: Router,
  flow: Flow,
  begin: Omit<Begin, 'draw'> = {},
): readonly { readonly probability: number; readonly outcome: Outcome }[] {
  let bound = 1;
  const found: Outcome[] = [];
  for (let number = 0; number < bound; number += 1)
    found.push(
      sendFlow(router, flow, {
        ...begin,
        draw: (limit) => {
          bound = limit;
          return number;
        },
      }),
    );
  return found.map((item) => ({ probability: 1 / bound, outcome: item }));
}
