/**
 * What may stand in the text of a ruleset: names of objects, of devices, comments. The renderer refuses everything else, so
 * nothing from a configuration reaches nft unchecked; the compiler makes names that pass.
 */

/** Longest name of a chain or set that the kernel takes is 127 bytes less than this (NFT_NAME_MAXLEN 256). */
const LONGEST_NAME = 200;
/** IFNAMSIZ less its end. */
const LONGEST_DEVICE = 15;
/** Userdata of a comment: 128 bytes with its end, less our label. */
export const LONGEST_COMMENT = 120;
const LABEL = '!hagw: ';

/** A chain's or set's name as nft(8) reads it without quotes. */
export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.]*$/.test(text) && text.length <= LONGEST_NAME;
}

/**
 * A device's name as the kernel takes it (no blank, slash, colon) that can stand in quotes; no `*`, which nft would read as a wildcard.
 */
export function isDevice(text: string): boolean {
  return (
    /^[A-Za-z0-9_.@+=,~^%#!?&$()[\]{}<>|;'`-]+$/.test(text) &&
    text.length <= LONGEST_DEVICE &&
    !/^\.{1,2}$/.test(text)
  );
}

/** Whether a text can be a comment or the prefix of a log line. */
export function isPlain(text: string, longest: number): boolean {
  return /^[\x20-\x7e]*$/.test(text) && !/["\\]/.test(text) && text.length <= longest;
}

/** Part of a name made of any text: one to one, and itself for letters, digits and underscores. */
export function nameOf(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, (sign) => `.${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text made fit to be a comment: other characters become `?`, what is too long is cut. */
export function plain(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]|["\\]/g, '?');
  return clean.length <= LONGEST_COMMENT ? clean : `${clean.slice(0, LONGEST_COMMENT - 3)}...`;
}

/** `comment "!hagw: …"`. */
export function commentText(text: string): string {
  return `comment "${LABEL}${text}"`;
}
