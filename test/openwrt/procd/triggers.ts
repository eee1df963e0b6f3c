/**
 * Triggers: what a service wants to have run at an event, with a delay that begins anew at each event. Rules are
 * json_script's, as far as rc.common writes them: run_script, if, eq, and, or, not, and lists of these. The condition is
 * evaluated at the event, the script runs after the delay; scripts run one after another. Held against
 * test/captures/procd (03, 08).
 */
import { asList, type BusTable, type BusValue } from './stand-in-bus.ts';

interface Trigger {
  readonly pattern: RegExp;
  readonly rule: BusValue;
  readonly delayMs: number;
  timer: NodeJS.Timeout | undefined;
}

export interface Triggers {
  /** Replaces the triggers of a service. */
  set(service: string, list: readonly BusValue[]): void;
  remove(service: string): void;
  fire(type: string, data: BusTable): void;
}

function patternOf(text: string): RegExp {
  const escaped = text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*');
  return new RegExp(`^${escaped}$`);
}

function decodeTrigger(value: BusValue): Trigger | undefined {
  const list = asList(value);
  const [name, rule, delay] = list ?? [];
  if (typeof name !== 'string' || rule === undefined) return undefined;
  return {
    pattern: patternOf(name),
    rule,
    delayMs: typeof delay === 'number' ? delay : 0,
    timer: undefined,
  };
}

function holds(condition: BusValue | undefined, data: BusTable): boolean {
  const [word, ...rest] = asList(condition) ?? [];
  if (word === 'eq') return rest.slice(1).includes(data[String(rest[0])] as BusValue);
  if (word === 'and') return rest.every((part) => holds(part, data));
  if (word === 'or') return rest.some((part) => holds(part, data));
  if (word === 'not') return !rest.some((part) => holds(part, data));
  return false;
}

/** The scripts that a rule asks for, given the data of the event. */
export function scriptsOf(rule: BusValue | undefined, data: BusTable): string[][] {
  const list = asList(rule) ?? [];
  if (asList(list[0]) !== undefined) return list.flatMap((part) => scriptsOf(part, data));
  if (list[0] === 'run_script') return [list.slice(1).map(String)];
  if (list[0] === 'if') return holds(list[1], data) ? scriptsOf(list[2], data) : scriptsOf(list[3], data);
  return [];
}

export function createTriggers(run: (argv: readonly string[]) => Promise<unknown>): Triggers {
  const byService = new Map<string, Trigger[]>();
  let queue: Promise<unknown> = Promise.resolve();

  function remove(service: string): void {
    for (const trigger of byService.get(service) ?? []) clearTimeout(trigger.timer);
    byService.delete(service);
  }

  function schedule(trigger: Trigger, scripts: readonly string[][]): void {
    clearTimeout(trigger.timer);
    trigger.timer = setTimeout(() => {
      trigger.timer = undefined;
      for (const argv of scripts) queue = queue.then(() => run(argv));
    }, trigger.delayMs);
  }

  return {
    set(service, list) {
      remove(service);
      const triggers = list.flatMap((value) => decodeTrigger(value) ?? []);
      if (triggers.length > 0) byService.set(service, triggers);
    },
    remove,
    fire(type, data) {
      for (const trigger of [...byService.values()].flat()) {
        if (!trigger.pattern.test(type)) continue;
        const scripts = scriptsOf(trigger.rule, data);
        if (scripts.length > 0) schedule(trigger, scripts);
      }
    },
  };
}
