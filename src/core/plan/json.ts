/** Reading of what `ip -j` and `nft -j` print: JSON that is one array or table, or nothing at all. */

import { fail, type Result } from '../../lib/result.ts';
import { decoding, type Value } from '../neighbours/value.ts';

/**
 * @param who the command, for the sentence.
 * @param empty what no output at all means (`ip -j` prints nothing for some empty lists).
 */
export function decodeJson<T>(
  text: string,
  who: string,
  empty: Value,
  decode: (value: Value) => T,
): Result<T, string> {
  let value: Value = empty;
  if (text.trim() !== '') {
    try {
      value = JSON.parse(text) as Value;
    } catch {
      return fail(`\`${who}\` answered something that is no JSON.`);
    }
  }
  const outcome = decoding(() => decode(value));
  return outcome.ok ? outcome : fail(`\`${who}\` answered something unknown: ${outcome.error}.`);
}
