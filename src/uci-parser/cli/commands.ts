/**
 * The verbs of the command. Each works on the files anew, as separate runs of `uci` do. Messages and exit statuses are
 * those of the recordings, and where these are silent those that libuci's command gives by its source.
 *
 * Left out: packages by path (`uci add /path/file type`), and `add_list` without an option, which libuci stages though
 * it can never be applied. `-m import` onto a file that cannot be read is refused; libuci overwrites it.
 */
import type { UciChange } from '../delta.ts';
import { toPosition } from '../delta.ts';
import { type PackageDraft, toDraft, type UciPackage } from '../model.ts';
import { anonymousId, isPackageName, isType } from '../names.ts';
import { parseInput, parsePackages } from '../parse.ts';
import { exportPackage } from '../print.ts';
import type { UciStoreErrorCode } from '../store.ts';
import type { Found } from './context.ts';
import {
  CommandFailed,
  type Context,
  failed,
  INVALID,
  lookUp,
  NOT_FOUND,
  orFail,
  UsageWanted,
} from './context.ts';
import { bareValue, showChange, showOption, showPackage, showSection } from './show.ts';

/** Wrong number of arguments or no such verb. */
export const USAGE_STATUS = 255;

/** libuci's error numbers, which `uci add` alone hands out as its exit status. */
const ERROR_NUMBERS: Readonly<Record<UciStoreErrorCode, number>> = {
  invalid: 2,
  notFound: 3,
  io: 4,
  parse: 5,
  changed: 4,
};

type SectionCommand = (context: Context, found: Found) => void;
type PackageCommand = (context: Context, found: Found) => void;

function stage({ store }: Context, found: Found, change: Omit<UciChange, 'section'>): void {
  const section = found.sectionName ?? '';
  const { op, option, value } = change;
  orFail(
    store.stage(found.pkg.name, [
      {
        op,
        section,
        ...(option === undefined ? {} : { option }),
        ...(value === undefined ? {} : { value }),
      },
    ]),
  );
}

function optionOf({ option }: Found): { readonly option?: string } {
  return option === undefined ? {} : { option };
}

function get({ io, options }: Context, { section, option, value, complete }: Found): void {
  if (!complete) throw new CommandFailed(NOT_FOUND);
  const shown = option === undefined ? section?.type : value;
  if (shown !== undefined) io.stdout(`${bareValue(shown, options.delimiter)}\n`);
}

function set(context: Context, found: Found): void {
  const { section, sectionName, option, value, given } = found;
  if (given === undefined || sectionName === undefined) throw new CommandFailed(INVALID);
  if (section === undefined && option !== undefined) throw new CommandFailed(INVALID);
  if (given === '') {
    if (found.complete) stage(context, found, { op: 'remove', ...optionOf(found) });
    return;
  }
  if (option === undefined && !isType(given)) throw new CommandFailed(INVALID);
  if ((option === undefined ? section?.type : value) === given) return;
  stage(context, found, { op: 'set', ...optionOf(found), value: given });
}

function addList(context: Context, found: Found): void {
  const { section, option, given } = found;
  if (section === undefined || option === undefined || given === undefined) throw new CommandFailed(INVALID);
  stage(context, found, { op: 'list-add', option, value: given });
}

function deleteList(context: Context, found: Found): void {
  const { section, option, value, given } = found;
  if (section === undefined || given === undefined) throw new CommandFailed(INVALID);
  if (option === undefined || value === undefined || typeof value === 'string') return;
  stage(context, found, { op: 'list-del', option, value: given });
}

function remove(context: Context, found: Found): void {
  const { section, option, value, given = '' } = found;
  const position = /^\s*[+-]?[0-9]+/.exec(given);
  if (given !== '' && position === null) throw new CommandFailed('');
  if (!found.complete) throw new CommandFailed(NOT_FOUND);
  if (section === undefined) throw new CommandFailed(INVALID);
  if (position === null || option === undefined || value === undefined || typeof value === 'string') {
    stage(context, found, { op: 'remove', ...optionOf(found) });
    return;
  }
  // An item of a list by its position; one that is not there is no error.
  const index = Number.parseInt(position[0], 10);
  if (index >= 0 && index < value.length) stage(context, found, { op: 'remove', option, value: given });
}

function rename(context: Context, found: Found): void {
  if (!found.complete) throw new CommandFailed(NOT_FOUND);
  if (found.section === undefined || found.given === undefined) throw new CommandFailed(INVALID);
  stage(context, found, { op: 'rename', ...optionOf(found), value: found.given });
}

function reorder(context: Context, found: Found): void {
  const { pkg, section, given } = found;
  if (section === undefined || given === undefined) throw new CommandFailed(NOT_FOUND);
  const position = toPosition(given);
  const place = Math.min(Math.max(position, 0), pkg.sections.length - 1);
  if (pkg.sections.indexOf(section) !== place)
    stage(context, found, { op: 'order', value: String(position) });
}

function revert({ store }: Context, { pkg, sectionName, option }: Found): void {
  // libuci's command says nothing and ends well even if it could not write.
  store.revert(pkg.name, sectionName, option);
}

function show({ io, options }: Context, { pkg, section, option, value, complete }: Found): void {
  if (!complete) throw new CommandFailed(NOT_FOUND);
  const { delimiter, extended } = options;
  const place = `${pkg.name}.${section?.name ?? ''}`;
  if (section === undefined) io.stdout(showPackage(pkg, extended, delimiter));
  else if (option === undefined || value === undefined) io.stdout(showSection(place, section, delimiter));
  else io.stdout(showOption(place, option, value, delimiter));
}

function changes({ io, store }: Context, { pkg }: Found): void {
  for (const change of orFail(store.changes(pkg.name))) io.stdout(showChange(pkg.name, change));
}

function commit({ options, store }: Context, { pkg }: Found): void {
  if (!options.commitNothing) orFail(store.commit(pkg.name, { nameAll: options.nameAll }));
}

function exportOne({ io, options }: Context, { pkg }: Found): void {
  io.stdout(exportPackage(pkg, { nameAll: options.nameAll }));
}

function add({ io, store }: Context, args: readonly string[]): void {
  const [name, type] = args;
  if (name === undefined || type === undefined || args.length > 2) throw new UsageWanted();
  if (!isPackageName(name) && !/^[./]/.test(name)) throw new CommandFailed(INVALID, ERROR_NUMBERS.invalid);
  const loaded = store.load(name);
  if (!loaded.ok) throw failed(loaded.error, ERROR_NUMBERS[loaded.error.code]);
  const section = anonymousId((loaded.value.made ?? loaded.value.sections.length) + 1, type);
  const staged = store.stage(name, [{ op: 'add', section, value: type }]);
  if (!staged.ok) throw failed(staged.error, ERROR_NUMBERS[staged.error.code]);
  io.stdout(`${section}\n`);
}

/** Writes packages at once, or (`-m`) stages what the input changes in the one that is there. */
function importAll(context: Context, args: readonly string[]): void {
  const { options, store, onParseError } = context;
  const [name] = args;
  if (args.length > 1 || (options.merge && name === undefined)) throw new UsageWanted();
  if (name !== undefined && !isPackageName(name)) throw new CommandFailed(INVALID);
  const text = context.input().rest();
  const reading = { strict: options.strict, onError: onParseError };
  if (options.merge && name !== undefined) {
    const present = store.load(name);
    if (present.ok) {
      merge(context, present.value, text);
      return;
    }
    if (present.error.code !== 'notFound') throw failed(present.error);
  }
  const parsed = name === undefined ? parsePackages(text, reading) : parseInput(text, { ...reading, name });
  if (!parsed.ok) throw new CommandFailed(parsed.error.message);
  for (const pkg of parsed.value) orFail(store.write(pkg, { nameAll: options.nameAll }));
}

function merge(context: Context, present: UciPackage, text: string): void {
  const draft: PackageDraft = toDraft(present);
  const staged: UciChange[] = [];
  const merged = parseInput(text, {
    strict: context.options.strict,
    onError: context.onParseError,
    name: present.name,
    into: draft,
    onChange: (change) => staged.push(change),
  });
  if (!merged.ok) throw new CommandFailed(merged.error.message);
  orFail(context.store.stage(present.name, staged));
}

/** Verbs about what one address leads to; those with `value` take `=…`. */
const SECTION_COMMANDS: Readonly<Record<string, { readonly run: SectionCommand; readonly value: boolean }>> =
  {
    get: { run: get, value: false },
    set: { run: set, value: true },
    add_list: { run: addList, value: true },
    del_list: { run: deleteList, value: true },
    del: { run: remove, value: true },
    delete: { run: remove, value: true },
    ren: { run: rename, value: true },
    rename: { run: rename, value: true },
    revert: { run: revert, value: false },
    reorder: { run: reorder, value: true },
  };

/** Verbs about one package or, without an argument, all of them. */
const PACKAGE_COMMANDS: Readonly<Record<string, PackageCommand>> = {
  show,
  changes,
  export: exportOne,
  commit,
};

function runPackageCommand(context: Context, command: PackageCommand, args: readonly string[]): number {
  if (args.length > 1) return USAGE_STATUS;
  const [text] = args;
  if (text !== undefined) return guarded(context, () => command(context, lookUp(context, text)));
  const names = context.store.packages();
  if (!names.ok) return guarded(context, () => orFail(names));
  // A package that cannot be read is told of and does not keep the others back.
  for (const name of names.value) guarded(context, () => command(context, lookUp(context, name)));
  return 0;
}

function runSectionCommand(
  context: Context,
  command: { readonly run: SectionCommand; readonly value: boolean },
  args: readonly string[],
): number {
  const [text] = args;
  if (text === undefined || args.length > 1) return USAGE_STATUS;
  return guarded(context, () => {
    const found = lookUp(context, text);
    if (found.given !== undefined && !command.value) throw new CommandFailed('');
    command.run(context, found);
  });
}

/** Runs a piece of work; its exit status. Errors go to standard error. */
function guarded(context: Context, work: () => void): number {
  try {
    work();
    return 0;
  } catch (error) {
    if (error instanceof UsageWanted) return USAGE_STATUS;
    if (!(error instanceof CommandFailed)) throw error;
    if (error.message !== '' && !context.options.quiet) context.io.stderr(`uci: ${error.message}\n`);
    return error.status;
  }
}

/** Runs one command; its exit status, `USAGE_STATUS` if it is none. `batch` and `help` are not among them. */
export function runCommand(context: Context, words: readonly string[]): number {
  const verb = (words[0] ?? '').toLowerCase();
  const args = words.slice(1);
  if (verb === 'add') return guarded(context, () => add(context, args));
  if (verb === 'import') return guarded(context, () => importAll(context, args));
  const section = new Map(Object.entries(SECTION_COMMANDS)).get(verb);
  if (section !== undefined) return runSectionCommand(context, section, args);
  const pkg = new Map(Object.entries(PACKAGE_COMMANDS)).get(verb);
  return pkg === undefined ? USAGE_STATUS : runPackageCommand(context, pkg, args);
}
