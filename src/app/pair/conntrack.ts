/** The methods of `hagw.conntrack`. */
import type { Survive } from '../../api/conntrack.ts';
import { conntrackDetail, surviveSituationOf } from '../../core/status/conntrack.ts';
import type { Result } from '../../lib/result.ts';
import type { Timers } from '../../ports/clock.ts';
import type { Survey } from '../../ports/survey.ts';
import { type Handler, Refusal, toTable } from '../handler.ts';
import type { Reactor } from '../reactor.ts';

const UNKNOWN_ERROR = 9;
const NOT_SUPPORTED = 8;
/** What the partner says of its caches is up to 6 s old by default: so often, a second apart, it is looked at again. */
const LOOKS = 8;

export function createConntrackHandlers(
  reactor: Reactor,
  timers: Timers,
  survey: Survey | undefined,
): Readonly<Record<string, Handler>> {
  // One at a time, however often it is asked for.
  let running: Promise<Result<Survive, string>> | null = null;

  const look = async (make: Survey): Promise<Result<Survive, string>> => {
    const surveyed = await make(surviveSituationOf(reactor.state()));
    if (!surveyed.ok) return surveyed;
    for (let left = LOOKS; ; left -= 1) {
      const value = surveyed.value.result(reactor.state().duty?.partner?.sync ?? null);
      const isLate = value.router.reasons.some(({ reason }) => reason === 'not-at-partner');
      if (!isLate || left === 0) return { ok: true, value };
      await new Promise<void>((resolve) => timers.after(1000, resolve));
    }
  };

  return {
    status: () => toTable(conntrackDetail(reactor.state(), reactor.now())),
    survive: async () => {
      if (survey === undefined) return new Refusal(NOT_SUPPORTED, 'This service cannot look at connections.');
      running ??= look(survey);
      const result = await running;
      running = null;
      return result.ok ? toTable(result.value) : new Refusal(UNKNOWN_ERROR, result.error);
    },
  };
}
