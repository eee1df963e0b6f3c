/** What the tables of /etc/config/mwan3 say of an option beside what every option table says. */
import type { OptionSpec } from './option.ts';

/** How an option relates to mwan3 2.12. */
export interface Origin {
  /** `mwan3`: its option; `hagw`: ours alone; `former`: of older versions, without effect in 2.12 and here. */
  readonly origin: 'mwan3' | 'hagw' | 'former';
  /** Where we differ from mwan3, and why; absent = not at all. */
  readonly differs?: string;
}

export type MultiWanTable = Readonly<Record<string, OptionSpec & Origin>>;
