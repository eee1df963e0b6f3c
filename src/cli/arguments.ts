/** Words and options of a command: `--name VALUE`, `--name=VALUE`, `--flag`; options may stand anywhere after it. */
import { fail, ok, type Result } from '../lib/result.ts';

export interface OptionUse {
  /** The option takes a value, which the help calls so; null = a flag. */
  readonly value: string | null;
  readonly text: string;
  /** May be given several times; the values are joined by commas. */
  readonly repeats?: true;
}
export type OptionUses = Readonly<Record<string, OptionUse>>;

export interface Parsed {
  readonly words: readonly string[];
  /** Flags are present with an empty value. */
  readonly options: ReadonlyMap<string, string>;
}

/** The parsed arguments, or what is wrong with them as a sentence. */
export function parseArguments(args: readonly string[], uses: OptionUses): Result<Parsed, string> {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (!arg.startsWith('--')) {
      // A dash by itself stands for something left out.
      if (arg.startsWith('-') && arg !== '-') return fail(`There is no option '${arg}'.`);
      words.push(arg);
      continue;
    }
    const [, name = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    const use = Object.keys(uses).includes(name) ? uses[name] : undefined;
    if (use === undefined) return fail(`There is no option '--${name}' here.`);
    const before = options.get(name);
    if (before !== undefined && use.repeats !== true) return fail(`Option '--${name}' is given twice.`);
    if (use.value === null) {
      if (inline !== undefined) return fail(`Option '--${name}' takes no value.`);
      options.set(name, '');
      continue;
    }
    const value = inline ?? args[index + 1];
    if (value === undefined || value === '') return fail(`Option '--${name}' needs a value: ${use.value}.`);
    if (inline === undefined) index += 1;
    options.set(name, before === undefined ? value : `${before},${value}`);
  }
  return ok({ words, options });
}

/** A whole number from an option; the sentence says what it must be. */
export function numberOption(
  parsed: Parsed,
  name: string,
  min: number,
  max: number,
): Result<number | null, string> {
  const text = parsed.options.get(name);
  if (text === undefined) return ok(null);
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value < min || value > max)
    return fail(`Option '--${name}' must be a whole number from ${min} to ${max}.`);
  return ok(value);
}
