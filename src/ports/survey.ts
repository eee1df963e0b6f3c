import type { Survey as Counted, SurviveSituation } from '../core/conntrackd/survive.ts';
import type { Result } from '../lib/result.ts';

/** Looks at each connection that the kernel tracks, and at what conntrackd has of it. Whole sentences if it fails. */
export type Survey = (situation: SurviveSituation) => Promise<Result<Pick<Counted, 'result'>, string>>;
