import type { Mwan3Facts } from '../core/mwan3/facts.ts';
import type { ReadError } from '../core/neighbours/read-error.ts';
import type { Result } from '../lib/result.ts';

export type { Mwan3Facts, Mwan3InterfaceFacts, Mwan3PolicyFacts } from '../core/mwan3/facts.ts';

/** The mwan3 package, where it is the engine. */
export interface Mwan3 {
  /** `absent` = nobody offers the object `mwan3` on the bus: the package is not installed. */
  read(): Promise<Result<Mwan3Facts, ReadError>>;
}
