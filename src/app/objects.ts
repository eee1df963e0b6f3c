/** hagw's ubus objects: the methods of the table in src/api/methods.ts, over the engine's state. */
import { type MethodSpec, OBJECTS, type ObjectSpec } from '../api/methods.ts';
import { DEFAULT_LIMIT, eventsSince } from '../core/events/timeline.ts';
import { shownProblems, toHealth } from '../core/health/problems.ts';
import { noPlan } from '../core/pair/describe.ts';
import { toStatus } from '../core/status/status.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { Bus, BusError, BusMethod, BusTable, Provided } from '../ports/bus.ts';
import type { Files } from '../ports/files.ts';
import type { Log } from '../ports/log.ts';
import { type Arguments, checkArguments } from './arguments.ts';
import { type Handler, Refusal, type Reply, toTable } from './handler.ts';
import type { Duty } from './pair/duty.ts';
import type { HandoverWatch } from './pair/handover.ts';
import type { PairManager } from './pair/manager.ts';
import { createDutyHandlers } from './pair/objects.ts';
import { createVrrpHandlers } from './pair/vrrp-objects.ts';
import type { Reactor } from './reactor.ts';

/** ubusmsg.h's numbers. */
const INVALID_ARGUMENT = 2;
const PERMISSION_DENIED = 6;
const UNKNOWN_ERROR = 9;

/** A service that was started without the tools for it. */
const NO_PAIR = noPlan('off', 'This service does not write files of other packages.');

type Handlers = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

function numberOf(args: Arguments, name: string, otherwise: number): number {
  const value = args[name];
  return typeof value === 'number' ? value : otherwise;
}

function textOf(args: Arguments, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

/** One function per method of the table; a test holds the two against each other. */
function createHandlers(
  reactor: Reactor,
  wan: Handlers,
  pair: PairManager | null,
  duty: Duty | null,
  handover: HandoverWatch | null,
  files: Files,
): Handlers {
  return {
    ...wan,
    hagw: {
      ...wan['hagw'],
      status: () => toTable(toStatus(reactor.state(), reactor.now())),
      health: () => toTable(toHealth(shownProblems(reactor.state().problems, reactor.now()))),
      events: (args) => {
        const { timeline, program } = reactor.state();
        const since = numberOf(args, 'since', 0);
        const limit = numberOf(args, 'limit', DEFAULT_LIMIT);
        return toTable(eventsSince(timeline, program.run, since, limit, reactor.now()));
      },
      ...createDutyHandlers(duty, reactor),
      plan: () => toTable(pair?.plan() ?? NO_PAIR),
      apply: async () => toTable(pair === null ? NO_PAIR : await pair.apply()),
      reload: () => {
        pair?.changed();
        reactor.dispatch({ kind: 'reloadRequested', by: 'method' });
        return {};
      },
    },
    'hagw.vrrp': {
      ...createVrrpHandlers(reactor, files),
      handover: () => {
        handover?.told();
        return {};
      },
      notify: (args) => {
        const type = textOf(args, 'type');
        if (type === 'INSTANCE' || type === 'GROUP' || type === 'DAEMON') {
          const [name, action] = [textOf(args, 'name'), textOf(args, 'action')];
          reactor.dispatch({ kind: 'vrrpNotified', type, name, action });
        }
        return {};
      },
    },
  };
}

function refusal(status: number, message: string): Result<BusTable, BusError> {
  return fail({ code: 'status', status, message });
}

function toMethod(path: string, name: string, spec: MethodSpec, handle: Handler, log: Log): BusMethod {
  const types = Object.entries(spec.args).map(([argument, { type }]) => [argument, type] as const);
  return {
    name,
    args: Object.fromEntries(types),
    handle: (given, caller) => {
      const refuse = (status: number, why: string): Result<BusTable, BusError> => {
        log.write('warning', `Refused ${path} ${name} for user '${caller.user}': ${why}`);
        return refusal(status, why);
      };
      const answer = (reply: Reply): Result<BusTable, BusError> =>
        reply instanceof Refusal ? refuse(reply.status, reply.why) : ok(reply);
      const defect = (error: unknown): Result<BusTable, BusError> => {
        log.write('err', `${path} ${name} failed by a defect: ${String(error)}`);
        return refusal(UNKNOWN_ERROR, 'Failed by a defect; the log has it.');
      };
      if (spec.access === 'root' && caller.user !== 'root')
        return refuse(PERMISSION_DENIED, 'Only root may call it.');
      const args = checkArguments(spec, given);
      if (!args.ok) return refuse(INVALID_ARGUMENT, args.error);
      try {
        const reply = handle(args.value);
        return reply instanceof Promise ? reply.then(answer, defect) : answer(reply);
      } catch (error) {
        return defect(error);
      }
    },
  };
}

/** Registers all objects of the table; gives them by path. */
export function provideObjects(
  bus: Bus,
  reactor: Reactor,
  log: Log,
  wan: Handlers,
  pair: PairManager | null,
  duty: Duty | null,
  handover: HandoverWatch | null,
  files: Files,
): Readonly<Record<string, Provided>> {
  const handlers = createHandlers(reactor, wan, pair, duty, handover, files);
  const objects: readonly (readonly [string, ObjectSpec])[] = Object.entries(OBJECTS);
  const provided = objects.map(([path, { methods }]) => {
    const list = Object.entries(methods).flatMap(([name, spec]) => {
      const handle = handlers[path]?.[name];
      return handle === undefined ? [] : [toMethod(path, name, spec, handle, log)];
    });
    return [path, bus.provide(path, list)] as const;
  });
  return Object.fromEntries(provided);
}
