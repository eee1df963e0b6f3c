/** The methods of `hagw.wan`, `hagw explain`, and mwan3's own object `mwan3` while our engine takes that package's place. */

import type { Now } from '../../core/events/timeline.ts';
import { wallOf } from '../../core/events/timeline.ts';
import { marksOf, wanMark } from '../../core/policy/marks.ts';
import { explainNow, mwan3Status, wanDetail, wanList } from '../../core/status/wan-detail.ts';
import { readHistory } from '../../core/track/history.ts';
import { parseIpAddress } from '../../lib/ip.ts';
import { fail, ok } from '../../lib/result.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Flows } from '../../ports/flows.ts';
import type { Arguments } from '../arguments.ts';
import { type Handler, Refusal, toTable } from '../handler.ts';
import type { MultiWanEngine } from './engine.ts';

const INVALID_ARGUMENT = 2;
const NOT_FOUND = 4;
const NO_DATA = 5;
const UNKNOWN_ERROR = 9;
const ASK_MS = 2000;

function textOf(args: Arguments, name: string): string | null {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(args: Arguments, name: string): number | null {
  const value = args[name];
  return typeof value === 'number' ? value : null;
}

const ABSENT = new Refusal(NO_DATA, "hagw's own multi-WAN engine is not part of this service.");

/** Handlers by object and method. @param engine null = there is none: everything is refused. */
export function createWanHandlers(
  engine: MultiWanEngine | null,
  flows: Flows | null,
  now: () => Now,
): Readonly<Record<string, Readonly<Record<string, Handler>>>> {
  const known = (args: Arguments): string | Refusal => {
    const name = textOf(args, 'name') ?? '';
    const isKnown = engine?.state().config?.wans.some((wan) => wan.name === name) ?? false;
    return isKnown
      ? name
      : new Refusal(NOT_FOUND, `There is no WAN '${name.replace(/[^\x20-\x7e]/g, '?')}'.`);
  };
  const withWan =
    (work: (engine: MultiWanEngine, name: string, args: Arguments) => ReturnType<Handler>): Handler =>
    (args) => {
      if (engine === null) return ABSENT;
      const name = known(args);
      return name instanceof Refusal ? name : work(engine, name, args);
    };
  const admin = (down: boolean): Handler =>
    withWan((one, wan, { persist }) => {
      one.dispatch({ kind: 'admin', wan, down, persist: typeof persist === 'boolean' ? persist : null });
      return {};
    });

  const release: Handler = async (args) => {
    if (engine === null || flows === null) return ABSENT;
    const client = textOf(args, 'client');
    if ((client === null) === (textOf(args, 'name') === null))
      return new Refusal(INVALID_ARGUMENT, 'One of name and client is needed.');
    if (client !== null) {
      const address = parseIpAddress(client);
      if (address === null) return new Refusal(INVALID_ARGUMENT, "Argument 'client' must be an address.");
      const done = await flows.deleteBySource(address.text);
      return done.ok ? { entries: done.value } : new Refusal(UNKNOWN_ERROR, done.error.message);
    }
    const name = known(args);
    if (name instanceof Refusal) return name;
    const { config } = engine.state();
    const wan = config?.wans.find((one) => one.name === name);
    if (config === null || wan === undefined) return ABSENT;
    const marks = marksOf(config.mask);
    const done = await flows.deleteByMark(wanMark(marks, wan.number), marks.mask, wan.family);
    return done.ok ? { entries: done.value } : new Refusal(UNKNOWN_ERROR, done.error.message);
  };

  const explain: Handler = (args) => {
    if (engine === null) return ABSENT;
    const flow = {
      source: textOf(args, 'source'),
      destination: textOf(args, 'destination') ?? '',
      protocol: textOf(args, 'protocol'),
      sourcePort: numberOf(args, 'source_port'),
      destinationPort: numberOf(args, 'destination_port'),
      inInterface: textOf(args, 'in_interface'),
    };
    const down = (textOf(args, 'down') ?? '').split(',').filter((name) => name !== '');
    const found = explainNow(engine.state(), flow, down);
    return found.ok ? toTable(found.value) : new Refusal(INVALID_ARGUMENT, found.error);
  };

  return {
    hagw: { explain },
    'hagw.wan': {
      list: () => (engine === null ? ABSENT : toTable(wanList(engine.state(), now()))),
      status: withWan((one, name) => toTable(wanDetail(one.state(), name, now()) ?? {})),
      history: withWan((one, name, args) => {
        const resolution = args['resolution'] === 'minute' ? 'minute' : 'second';
        const history = one.history(name);
        const moment = now();
        const slots =
          history === null
            ? []
            : readHistory(history, resolution, numberOf(args, 'count') ?? 300, moment.monotonicMs);
        return toTable({
          name,
          resolution,
          slots: slots.map(({ at, latencyMs, lossPct }) => ({
            at: wallOf(at, moment),
            latency_ms: latencyMs,
            loss_pct: lossPct === null ? null : Math.round(lossPct * 100) / 100,
          })),
        });
      }),
      up: admin(false),
      down: admin(true),
      probe: withWan((one, wan) => {
        one.dispatch({ kind: 'tracked', wan, event: { kind: 'trafficSuspicion' } });
        return {};
      }),
      release,
    },
  };
}

/**
 * Offers `mwan3`/`status`, once our engine runs and if nobody else does: the mwan3 package's object is its own.
 * It stays then, as objects do.
 */
export function createMwan3Object(
  bus: Bus,
  engine: () => MultiWanEngine | null,
  now: () => Now,
  /** Seconds that netifd has had each interface up. */
  uptimes: () => Readonly<Record<string, number>>,
) {
  let asked = false;
  return {
    offer(): void {
      if (asked) return;
      asked = true;
      bus.call('mwan3', 'status', { section: 'interfaces' }, ASK_MS).then(
        (reply) => {
          // Any other answer than "not found" is somebody's.
          if (reply.ok || reply.error.code !== 'status' || reply.error.status !== NOT_FOUND) return;
          bus.provide('mwan3', [
            {
              name: 'status',
              args: { section: 'string', interface: 'string', policies: 'string' },
              handle: (args) => {
                const one = engine();
                if (one === null || one.state().phase !== 'running')
                  return fail({ code: 'status', status: NOT_FOUND, message: 'The engine does not run.' });
                const all = mwan3Status(one.state(), uptimes(), now().monotonicMs);
                const section = args['section'];
                const table = toTable(all);
                return ok(
                  typeof section === 'string' && Object.keys(table).includes(section)
                    ? { [section]: table[section] ?? null }
                    : table,
                );
              },
            },
          ]);
        },
        () => undefined,
      );
    },
  };
}
