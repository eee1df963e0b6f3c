/**
 * What a plan is made of: steps for nft, ip and conntrack in the order in which they are run, what nft cannot take
 * back by itself with its inverse, and findings about what somebody else did to what is ours.
 */
import type { Family } from '../policy/model.ts';

/** One line of `ip -batch`, by words, and the line that takes it back. */
export interface IpCommand {
  readonly family: Family;
  /** `rule add …`, `route replace …`, `route del …`. */
  readonly words: readonly string[];
  readonly undo: readonly string[];
}

/** Connections that are dropped because a WAN is lost. */
export interface FlowDrop {
  /** `wan`: those that carry its mark; `all`: every one. */
  readonly which: 'wan' | 'all';
  readonly wan: string;
  /** Of the WAN: its flows have no other. */
  readonly family: Family;
  readonly number: number;
  readonly mark: number;
  readonly mask: number;
}

export type Step =
  /** Asks the kernel whether it would take the text, without changing anything. */
  | { readonly kind: 'check-nft'; readonly text: string }
  /** One transaction: all of it or nothing. It is the switch itself and is not taken back. */
  | { readonly kind: 'nft'; readonly text: string }
  /** One by one, in order; what was done before one that fails stays done. */
  | { readonly kind: 'ip'; readonly commands: readonly IpCommand[] }
  | { readonly kind: 'drop-flows'; readonly drop: FlowDrop };

/**
 * - `missing`: ours, and somebody removed it; it comes back.
 * - `changed`: ours, and somebody changed it; it becomes again what it was.
 * - `extra`: in a place that is ours alone; it is removed.
 * - `left-over`: of our shape, but of no use to this configuration (an earlier one's, or mwan3's); it is removed.
 * - `foreign`: somebody else's within our numbers; it is left alone.
 * - `unusable`: ours, but cannot be written; it is left out.
 */
export type FindingCode = 'missing' | 'changed' | 'extra' | 'left-over' | 'foreign' | 'unusable';

export interface Finding {
  readonly code: FindingCode;
  readonly object: 'table' | 'chain' | 'set' | 'rule' | 'route';
  /** A whole sentence that names the object. */
  readonly text: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly findings: readonly Finding[];
}

/** The line as `ip -batch` reads it. */
export function commandText(command: IpCommand): string {
  return command.words.join(' ');
}
