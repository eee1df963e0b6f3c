/** Replies of the methods of `hagw.wan` about /etc/config/mwan3. */

export interface WanConfigProblem {
  severity: 'error' | 'warning';
  /** Section and option, e.g. `mwan3.wan.interval`. */
  where: string;
  /** A whole sentence. */
  text: string;
}

export interface WanSection {
  /** Name, or uci's id of a section without one; the id holds as long as the sections before it do. */
  name: string;
  anonymous: boolean;
  type: string;
  /** Position among the sections of its type, from 0: an interface's number is one more, a rule's its rank. */
  index: number;
  /** What is staged of it. */
  staged: 'no' | 'added' | 'changed';
  /** As the file has them, with what is staged. */
  options: Readonly<Record<string, string | readonly string[]>>;
  /** What is in force with them: the options and the defaults, typed. */
  effective: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  problems: readonly WanConfigProblem[];
}

/** Reply of `get`. */
export interface WanSections {
  sections: readonly WanSection[];
  /** How many there are; if more than `offset` and the given ones, ask again from there. */
  total: number;
  /** How many changes are staged. */
  changes: number;
  /** What is wrong with the file as a whole. */
  problems: readonly WanConfigProblem[];
}

/** Reply of `set`, `add`, `delete`, `revert`, `commit`. */
export interface Edited {
  /** False: refused, nothing was staged or written, and `problems` says why. */
  done: boolean;
  /** The section: for `add` of one without a name its id. */
  name: string;
  /** How many changes were staged, dropped or written. */
  changes: number;
  /** With `done`: what it newly warns of. */
  problems: readonly WanConfigProblem[];
}

/** Reply of `changes`: [operation, section, option?, value?], in rpcd's words. */
export interface WanChanges {
  changes: readonly (readonly string[])[];
  /** How many there are; very many are not all given. */
  total: number;
}
