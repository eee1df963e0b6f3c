/** Words of UCI that every package spells alike. */

/** As /lib/functions.sh reads a boolean; null = not set, or another word. */
export function boolWord(text: string | null): boolean | null {
  if (text === null) return null;
  if (['1', 'yes', 'on', 'true', 'enabled'].includes(text)) return true;
  return ['0', 'no', 'off', 'false', 'disabled'].includes(text) ? false : null;
}
