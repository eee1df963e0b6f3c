/**
 * The transaction that brings the kernel's table to the desired one. Where the kernel has what we wrote last, only the difference
 * is written; where somebody changed it, the whole table is put in its place, which keeps the elements of sets that others fill;
 * only where an object of a name of ours has become something else is the table made anew.
 */
import type { NftTable } from '../nft/objects.ts';
import { renderRecreate, renderReplace } from '../nft/update.ts';
import type { Desired } from '../policy/model.ts';
import { renderSwitch } from '../policy/switch.ts';
import type { TableFacts } from './decode-nft.ts';
import { digest } from './digest.ts';
import { compareFingerprints, type Fingerprint, fingerprint } from './fingerprint.ts';
import type { Finding } from './steps.ts';

/** What we wrote last. */
export interface AppliedTable {
  /** Digest of the table's text (`tableDigest`); of use only where the table itself is not known. */
  readonly text: string;
  /** What the kernel showed afterwards. */
  readonly fingerprint: Fingerprint;
  /** The table itself; null = another run of the service wrote it. */
  readonly table: NftTable | null;
}

export interface NftPlan {
  /** `keep`: nothing to do. */
  readonly kind: 'keep' | 'update' | 'replace' | 'recreate';
  readonly text: string;
  readonly findings: readonly Finding[];
}

const KEEP: NftPlan = { kind: 'keep', text: '', findings: [] };

/** Digests of objects: those that a switch leaves alone are the same objects. */
const digests = new WeakMap<object, string>();

/** Digest by which a table that we wrote is known again. */
export function tableDigest(table: NftTable): string {
  const parts = [...table.sets, ...table.chains].map((object) => {
    const known = digests.get(object) ?? digest(JSON.stringify(object));
    digests.set(object, known);
    return known;
  });
  return digest(parts.join(' '));
}

/** The update from one table of ours to another; the way back is the same with the two exchanged. */
export function planUpdate(before: NftTable, after: NftTable): NftPlan {
  if (before === after) return KEEP;
  const only = (nft: NftTable): Desired => ({ nft, rules: [], tables: [], notes: [] });
  const text = renderSwitch(only(before), only(after));
  return text === '' ? KEEP : { kind: 'update', text, findings: [] };
}

/**
 * @param applied what we wrote last, null = nothing that we know of.
 * @param actual what the kernel has, null = no such table.
 */
export function planNft(desired: NftTable, applied: AppliedTable | null, actual: TableFacts | null): NftPlan {
  if (actual === null) {
    const text = 'The table inet hagw was gone.';
    const findings: readonly Finding[] = applied === null ? [] : [{ code: 'missing', object: 'table', text }];
    return { kind: 'replace', text: renderReplace(desired), findings };
  }
  const existing = {
    chains: actual.chains.map(({ name }) => name),
    sets: actual.sets.map(({ name }) => name),
  };
  if (applied === null) {
    const findings: readonly Finding[] = [
      { code: 'left-over', object: 'table', text: 'A table inet hagw of unknown origin is replaced.' },
    ];
    return { ...whole(desired, existing, actual.others.length > 0), findings };
  }
  const now = fingerprint(actual, applied.table ?? desired);
  const { findings, mustRecreate } = compareFingerprints(applied.fingerprint, now);
  if (findings.length > 0) return { ...whole(desired, existing, mustRecreate), findings };
  if (applied.table !== null) return planUpdate(applied.table, desired);
  return applied.text === tableDigest(desired) ? KEEP : { ...whole(desired, existing, false), findings };
}

function whole(
  desired: NftTable,
  existing: { readonly chains: readonly string[]; readonly sets: readonly string[] },
  anew: boolean,
): Omit<NftPlan, 'findings'> {
  return anew
    ? { kind: 'recreate', text: renderRecreate(desired) }
    : { kind: 'replace', text: renderReplace(desired, existing) };
}
