/** Addresses as the `uci` command and deltas write them: `package.section.option=value`. */
import { isName, isPackageName, isValueText } from './names.ts';

export interface UciAddress {
  readonly package: string;
  /** A name, or `@type[n]` and whatever else is no name (`extended`). */
  readonly section?: string;
  readonly option?: string;
  readonly value?: string;
  readonly extended: boolean;
}

/** Undefined if the text is no address: libuci's `Parse error`. */
export function parseAddress(text: string): UciAddress | undefined {
  const equals = text.indexOf('=');
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  const parts = (equals < 0 ? text : text.slice(0, equals)).split('.', 4);
  const [name, section, option] = parts;
  if (parts.length > 3 || name === undefined || !isPackageName(name)) return undefined;
  if (option !== undefined && !isName(option)) return undefined;
  if (value !== undefined && !isValueText(value)) return undefined;
  return {
    package: name,
    ...(section === undefined ? {} : { section }),
    ...(option === undefined ? {} : { option }),
    ...(value === undefined ? {} : { value }),
    extended: section !== undefined && !isName(section),
  };
}
