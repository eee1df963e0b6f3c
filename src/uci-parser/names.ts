/** What libuci takes as a name, a type and a package, how it quotes, and the ids it gives to unnamed sections. */

/** Sections and options: letters, digits, underscore. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(text);
}

/** Packages: as names, with a hyphen. */
export function isPackageName(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text);
}

/** Types: printable ASCII without blank. */
export function isType(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** What an edit may carry as a value: libuci's commands take no control characters but tab and line ends. */
export function isValueText(text: string): boolean {
  return !/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text);
}

/** `value` in single quotes; a quote in it becomes `'\''`. */
export function quote(value: string): string {
  return `'${value.replace(/'/g, "'\\''")}'`;
}

/**
 * The id of the `position`-th section (from 1) of a package if it has no name: `cfg`, the position in at least two hex
 * digits, and the low 16 bits of D. J. Bernstein's hash of the type. It changes when a section before it comes or goes.
 */
export function anonymousId(position: number, type: string): string {
  let hash = 5381;
  for (let at = 0; at < type.length; at += 1) {
    hash = (hash * 33 + type.charCodeAt(at)) & 0xffff;
  }
  return `cfg${position.toString(16).padStart(2, '0')}${hash.toString(16).padStart(4, '0')}`;
}
