/** What `uci show`, `get` and `changes` print. */
import type { UciChange } from '../delta.ts';
import type { UciPackage, UciSection, UciValue } from '../model.ts';
import { quote } from '../names.ts';

/** A value in quotes, list items with the delimiter between them. */
function quotedValue(value: UciValue, delimiter: string): string {
  return typeof value === 'string' ? quote(value) : value.map(quote).join(delimiter);
}

/** A value as `get` prints it: bare, but for list items that hold white space. */
export function bareValue(value: UciValue, delimiter: string): string {
  if (typeof value === 'string') return value;
  return value.map((item) => (/[ \t\r\n]/.test(item) ? quote(item) : item)).join(delimiter);
}

export function showOption(place: string, option: string, value: UciValue, delimiter: string): string {
  return `${place}.${option}=${quotedValue(value, delimiter)}\n`;
}

export function showSection(place: string, section: UciSection, delimiter: string): string {
  const options = [...section.options].map(([name, value]) => showOption(place, name, value, delimiter));
  return `${place}=${section.type}\n${options.join('')}`;
}

/** All sections; unnamed ones as `@type[n]` if `extended`, else by their ids. */
export function showPackage(pkg: UciPackage, extended: boolean, delimiter: string): string {
  const counts = new Map<string, number>();
  return pkg.sections
    .map((section) => {
      const index = counts.get(section.type) ?? 0;
      counts.set(section.type, index + 1);
      const name = section.anonymous && extended ? `@${section.type}[${index}]` : section.name;
      return showSection(`${pkg.name}.${name}`, section, delimiter);
    })
    .join('');
}

/** A pending change in the form of `uci changes`: renames and moves look like a set. */
export function showChange(name: string, { op, section, option, value }: UciChange): string {
  const place = `${name}.${section}${option === undefined ? '' : `.${option}`}`;
  const sign = op === 'list-add' ? '+' : op === 'list-del' ? '-' : '';
  if (op === 'remove') return `-${place}\n`;
  return `${place}${value === undefined ? '' : `${sign}=${quote(value)}`}\n`;
}
