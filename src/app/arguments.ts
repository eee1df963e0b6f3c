/**
 * The arguments of a ubus call against the table of src/api/methods.ts. ubusd checks nothing; what is unknown, of the
 * wrong type or out of range is refused before the method sees it.
 */
import type { ArgumentSpec, MethodSpec } from '../api/methods.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { BusTable, BusValue } from '../ports/bus.ts';

/** uhttpd adds it to each call from the browser. */
const SESSION = 'ubus_rpc_session';
const INT32_MIN = -0x8000_0000;
const INT32_MAX = 0x7fff_ffff;
const LONGEST_TEXT = 256;

export type Argument = string | number | boolean | BusTable;
export type Arguments = Readonly<Record<string, Argument>>;

/** What is wrong with a value, to be read after the argument's name; null if nothing is. */
function fault(value: BusValue, spec: ArgumentSpec): string | null {
  if (spec.type === 'boolean') return typeof value === 'boolean' ? null : 'must be a boolean';
  if (spec.type === 'int32') {
    if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be an integer';
    const [min, max] = [spec.min ?? INT32_MIN, spec.max ?? INT32_MAX];
    return value < min || value > max ? `must be from ${min} to ${max}` : null;
  }
  if (spec.type === 'table')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'must be a table';
  if (typeof value !== 'string') return 'must be a string';
  const longest = spec.maxLength ?? LONGEST_TEXT;
  if (value.length > longest) return `must have at most ${longest} characters`;
  if (spec.oneOf !== undefined && !spec.oneOf.includes(value))
    return `must be one of ${spec.oneOf.join(', ')}`;
  return null;
}

/** A name from outside as it may stand in the log. */
function shown(name: string): string {
  return name.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
}

/** The arguments, or one sentence that names the first that is wrong. */
export function checkArguments(method: MethodSpec, given: BusTable): Result<Arguments, string> {
  const values: Record<string, Argument> = {};
  for (const [name, value] of Object.entries(given)) {
    const spec = Object.keys(method.args).includes(name) ? method.args[name] : undefined;
    if (spec === undefined && name === SESSION) continue;
    if (spec === undefined) return fail(`Argument '${shown(name)}' is unknown.`);
    const wrong = fault(value, spec);
    if (wrong !== null) return fail(`Argument '${name}' ${wrong}.`);
    // By its spec it is one of these; the compiler cannot see that.
    values[name] = value as Argument;
  }
  const missing = Object.keys(method.args).find(
    (name) => method.args[name]?.required === true && !Object.keys(values).includes(name),
  );
  return missing === undefined ? ok(values) : fail(`Argument '${missing}' is missing.`);
}
