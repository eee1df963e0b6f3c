/** The methods `hagw switchover` and `maintenance`. */
import type { Switchover } from '../../api/status.ts';
import { type Now, wallOf } from '../../core/events/timeline.ts';
import { toStatus } from '../../core/status/status.ts';
import { type Handler, Refusal, toTable } from '../handler.ts';
import type { Reactor } from '../reactor.ts';
import type { Duty } from './duty.ts';

const NO_DATA = 5;
const ABSENT = new Refusal(NO_DATA, 'This service does not take part in a pair.');

export function createDutyHandlers(
  duty: Duty | null,
  reactor: Reactor,
): { readonly switchover: Handler; readonly maintenance: Handler } {
  return {
    switchover: async () => {
      if (duty === null) return ABSENT;
      const begun: Now = reactor.now();
      const outcome = await duty.switchover();
      const said: Switchover =
        typeof outcome === 'string'
          ? { ok: false, text: outcome, at: wallOf(begun.monotonicMs, begun), steps: [] }
          : { ...outcome, at: wallOf(outcome.at, reactor.now()), steps: [...outcome.steps] };
      return toTable(said);
    },
    maintenance: (args) => {
      if (duty === null) return ABSENT;
      duty.maintenance(args['on'] === true);
      return toTable(toStatus(reactor.state(), reactor.now()).duty);
    },
  };
}
