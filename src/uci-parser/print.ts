/** From a package to text, as libuci writes it. Layout and comments of a file are `editPackage`'s business. */
import type { UciPackage, UciSection } from './model.ts';
import { quote } from './names.ts';

export interface PrintOptions {
  /** Write the ids of unnamed sections as names, as `uci -n`. */
  readonly nameAll?: boolean;
}

/** What `uci commit` writes. */
export function printPackage(pkg: UciPackage, options: PrintOptions = {}): string {
  const parts = pkg.sections.map((section) => printSection(section, options));
  parts.push('\n');
  return parts.join('');
}

/** What `uci export` prints: the same behind a `package` line. */
export function exportPackage(pkg: UciPackage, options: PrintOptions = {}): string {
  return `package ${pkg.name}\n${printPackage(pkg, options)}`;
}

function printSection(section: UciSection, options: PrintOptions): string {
  const named = !section.anonymous || options.nameAll === true;
  const lines = [`\nconfig ${printType(section.type)}${named ? ` ${quote(section.name)}` : ''}\n`];
  for (const [name, value] of section.options) {
    if (typeof value === 'string') lines.push(`\toption ${name} ${quote(value)}\n`);
    else for (const item of value) lines.push(`\tlist ${name} ${quote(item)}\n`);
  }
  return lines.join('');
}

/**
 * libuci writes types bare and so loses those with quotes, `#`, `;` or a backslash at the next read; we quote them.
 */
export function printType(type: string): string {
  return /['"#;\\]/.test(type) ? quote(type) : type;
}
