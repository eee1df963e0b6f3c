/** What the verbs share: the store, the input, looking an address up, and how a command fails. */
import { parseAddress } from '../address.ts';
import {
  findSection,
  parseExtendedName,
  type UciPackage,
  type UciParseError,
  type UciSection,
  type UciValue,
} from '../model.ts';
import { Scanner } from '../scanner.ts';
import { createUciStore, type UciStore, type UciStoreError } from '../store.ts';
import { decodeText } from '../text.ts';
import type { UciIo } from './io.ts';
import type { UciCliOptions } from './usage.ts';

export const NOT_FOUND = 'Entry not found';
export const INVALID = 'Invalid argument';

/** Ends a command: what goes to standard error behind `uci: ` (nothing if empty), and the exit status. */
export class CommandFailed extends Error {
  readonly status: number;

  constructor(text: string, status = 1) {
    super(text);
    this.status = status;
  }
}

/** Called with the wrong number of arguments. */
export class UsageWanted extends Error {}

export interface Context {
  readonly io: UciIo;
  readonly options: UciCliOptions;
  readonly store: UciStore;
  /** Standard input or the file of `-f`, read once: `batch` takes it line by line, `import` what is left. */
  input(): Scanner;
  readonly onParseError: (error: UciParseError) => void;
}

export function createContext(io: UciIo, options: UciCliOptions, file: Uint8Array | undefined): Context {
  const onParseError = (error: UciParseError): void => {
    if (options.reportErrors) io.stderr(`${error.message}\n`);
  };
  const store = createUciStore(io.files, {
    configDir: options.configDir,
    deltaDir: options.folders[options.folders.length - 1] ?? '',
    deltaPath: options.folders.slice(0, -1),
    overrideDir: options.overrideDir,
    strict: options.strict,
    onParseError,
  });
  let scanner: Scanner | undefined;
  const input = (): Scanner => {
    scanner ??= new Scanner(decodeText(file ?? io.readStdin()));
    return scanner;
  };
  return { io, options, store, input, onParseError };
}

export function failed(error: UciStoreError, status = 1): CommandFailed {
  if (error.code === 'parse') return new CommandFailed(error.parse?.message ?? 'Parse error', status);
  if (error.code === 'notFound') return new CommandFailed(NOT_FOUND, status);
  return new CommandFailed(error.code === 'io' ? 'I/O error' : error.message, status);
}

export function orFail<T>(result: { ok: true; value: T } | { ok: false; error: UciStoreError }): T {
  if (!result.ok) throw failed(result.error);
  return result.value;
}

/** An address and what it leads to. */
export interface Found {
  readonly pkg: UciPackage;
  /** The section's own name where it was found, else as it was asked for. */
  readonly sectionName?: string;
  readonly option?: string;
  readonly given?: string;
  readonly section?: UciSection;
  readonly value?: UciValue;
  /** Whether everything that the address names is there. */
  readonly complete: boolean;
}

export function lookUp({ store }: Context, text: string): Found {
  const address = parseAddress(text);
  if (address === undefined) throw new CommandFailed('Parse error');
  const pkg = orFail(store.load(address.package));
  if (address.extended && parseExtendedName(address.section ?? '') === undefined) {
    throw new CommandFailed(INVALID);
  }
  const section = address.section === undefined ? undefined : findSection(pkg, address.section);
  const value = address.option === undefined ? undefined : section?.options.get(address.option);
  const sectionName = section?.name ?? address.section;
  return {
    pkg,
    ...(sectionName === undefined ? {} : { sectionName }),
    ...(address.option === undefined ? {} : { option: address.option }),
    ...(address.value === undefined ? {} : { given: address.value }),
    ...(section === undefined ? {} : { section }),
    ...(value === undefined ? {} : { value }),
    complete:
      address.section === undefined ||
      (section !== undefined && (address.option === undefined || value !== undefined)),
  };
}
