/**
 * Packages in `/etc/config` with their pending changes, as libuci keeps them: load, stage, changes, revert, commit; and
 * edits in place, which libuci has not.
 *
 * Against lost edits: libuci holds flock on the config file while it commits. Where the runtime has no flock
 * (`UciFiles.lock` absent: QuickJS, Node) every write is an atomic rename, and right before it the file is read once
 * more: if it is not what the work began with, a commit starts again and an edit in place starts again, a few times,
 * then ends in the error `changed`. What is left is the instant between that read and the rename.
 */
import { applyDelta, parseDelta, printDelta, type UciChange } from './delta.ts';
import { applyEdits, editPackage, type UciEdit } from './edit.ts';
import type { UciFileError, UciFiles } from './files.ts';
import type { UciPackage, UciParseError, UciResult } from './model.ts';
import { isPackageName } from './names.ts';
import { parsePackage } from './parse.ts';
import { type PrintOptions, printPackage } from './print.ts';
import { encodeText } from './text.ts';

export interface UciStoreOptions {
  /** Default `/etc/config`. */
  readonly configDir?: string;
  /** Where changes are staged. Default `/tmp/.uci`. */
  readonly deltaDir?: string;
  /** Further folders whose changes are read, before that of `deltaDir`. Default none. */
  readonly deltaPath?: readonly string[];
  /** A file here replaces the one of the same name in `configDir`. Default `/var/run/uci`; empty for none. */
  readonly overrideDir?: string;
  /** Default true; see `ParseOptions`. */
  readonly strict?: boolean;
  readonly onParseError?: (error: UciParseError) => void;
}

/** `changed`: the file was changed by another program again and again while we worked on it. */
export type UciStoreErrorCode = 'notFound' | 'io' | 'parse' | 'invalid' | 'changed';

export interface UciStoreError {
  readonly code: UciStoreErrorCode;
  /** A whole sentence that names the file or section. */
  readonly message: string;
  readonly path?: string;
  /** For `parse`. */
  readonly parse?: UciParseError;
}

export interface UciStore {
  /** Names of the packages in the config folder, sorted. */
  packages(): UciResult<readonly string[], UciStoreError>;
  /** The package with all pending changes applied. */
  load(name: string): UciResult<UciPackage, UciStoreError>;
  /** The package as the file has it. */
  loadCommitted(name: string): UciResult<UciPackage, UciStoreError>;
  /** Pending changes, those that no longer fit among them. */
  changes(name: string): UciResult<readonly UciChange[], UciStoreError>;
  /** Adds pending changes. */
  stage(name: string, changes: readonly UciChange[]): UciResult<void, UciStoreError>;
  /** Drops pending changes of `deltaDir`: of the package, of a section or of an option. */
  revert(name: string, section?: string, option?: string): UciResult<void, UciStoreError>;
  /** Writes file and pending changes as libuci does (comments go); false if nothing was pending that fits. */
  commit(name: string, options?: PrintOptions): UciResult<boolean, UciStoreError>;
  /** Writes a whole package over its file, as `uci import`. Pending changes stay. */
  write(pkg: UciPackage, options?: PrintOptions): UciResult<void, UciStoreError>;
  /** Edits the file in place, keeping comments and layout; false if the edits change nothing. Pending changes stay. */
  edit(name: string, edits: readonly UciEdit[]): UciResult<boolean, UciStoreError>;
}

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** How often a commit or edit begins anew because another program changed the file under it. Ours: enough for bursts. */
const ATTEMPTS = 5;

export function createUciStore(files: UciFiles, options: UciStoreOptions = {}): UciStore {
  return new Store(files, options);
}

interface ConfigFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

class Store implements UciStore {
  private readonly files: UciFiles;
  private readonly configDir: string;
  private readonly deltaDir: string;
  private readonly deltaPath: readonly string[];
  private readonly overrideDir: string;
  private readonly options: UciStoreOptions;

  constructor(files: UciFiles, options: UciStoreOptions) {
    this.files = files;
    this.options = options;
    this.configDir = options.configDir ?? '/etc/config';
    this.deltaDir = options.deltaDir ?? '/tmp/.uci';
    this.deltaPath = [...(options.deltaPath ?? []), this.deltaDir];
    this.overrideDir = options.overrideDir ?? '/var/run/uci';
  }

  packages(): UciResult<readonly string[], UciStoreError> {
    const listed = this.files.list(this.configDir);
    if (!listed.ok) return fail('notFound', `The folder ${this.configDir} cannot be listed.`, listed.error);
    return succeed(
      listed.value.filter((name) => {
        const info = isPackageName(name) ? this.files.info(`${this.configDir}/${name}`) : undefined;
        return info?.ok === true && info.value.kind !== 'directory';
      }),
    );
  }

  load(name: string): UciResult<UciPackage, UciStoreError> {
    const committed = this.loadCommitted(name);
    if (!committed.ok) return committed;
    return succeed(applyDelta(committed.value, this.pending(name)).package);
  }

  loadCommitted(name: string): UciResult<UciPackage, UciStoreError> {
    const file = this.readConfig(name);
    return file.ok ? this.parse(name, file.value) : file;
  }

  changes(name: string): UciResult<readonly UciChange[], UciStoreError> {
    const committed = this.loadCommitted(name);
    return committed.ok ? succeed(this.pending(name)) : committed;
  }

  stage(name: string, changes: readonly UciChange[]): UciResult<void, UciStoreError> {
    if (changes.length === 0) return succeed(undefined);
    const folder = this.files.info(this.deltaDir);
    if (!folder.ok) {
      const parent = this.deltaDir.replace(/\/+[^/]*\/*$/, '');
      if (parent !== '' && !this.files.info(parent).ok) {
        return fail('io', `The folder ${parent} for pending changes does not exist.`, folder.error);
      }
      const made = this.files.makeFolder(this.deltaDir, FOLDER_MODE);
      if (!made.ok) return fail('io', `The folder ${this.deltaDir} cannot be made.`, made.error);
    }
    const path = `${this.deltaDir}/${name}`;
    const content = encodeText(printDelta(name, changes));
    const done = this.locked(path, true, () => this.files.append(path, content, this.configMode(name)));
    return done.ok ? succeed(undefined) : fail('io', `${path} cannot be written.`, done.error);
  }

  revert(name: string, section?: string, option?: string): UciResult<void, UciStoreError> {
    const path = `${this.deltaDir}/${name}`;
    const present = this.files.read(path);
    if (!present.ok) return succeed(undefined);
    const delta = parseDelta(name, present.value);
    const kept = delta.changes.filter(
      (change) =>
        section !== undefined &&
        (change.section !== section || (option !== undefined && change.option !== option)),
    );
    // Lines that nobody can read go with the whole package and stay otherwise: they may be anybody's.
    const invalid = section === undefined ? [] : delta.invalid.map((line) => `${line}\n`);
    const content = encodeText(printDelta(name, kept) + invalid.join(''));
    const done = this.locked(path, true, () => this.files.replace(path, content));
    return done.ok ? succeed(undefined) : fail('io', `${path} cannot be written.`, done.error);
  }

  commit(name: string, options: PrintOptions = {}): UciResult<boolean, UciStoreError> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const file = this.readConfig(name);
      if (!file.ok) return file;
      const committed = this.parse(name, file.value);
      if (!committed.ok) return committed;
      const own = this.files.read(`${this.deltaDir}/${name}`);
      const { package: pkg, applied } = applyDelta(committed.value, this.pending(name));
      if (applied === 0) return succeed(false);
      const written = this.replaceUnchanged(file.value, encodeText(printPackage(pkg, options)));
      if (!written.ok) return written;
      if (!written.value) continue;
      const emptied = own.ok ? this.cutDelta(name, own.value) : succeed(undefined);
      return emptied.ok ? succeed(true) : emptied;
    }
    return changedUnderUs(name);
  }

  write(pkg: UciPackage, options: PrintOptions = {}): UciResult<void, UciStoreError> {
    if (!isPackageName(pkg.name)) return fail('invalid', `"${pkg.name}" is no name for a package.`);
    const path = `${this.configDir}/${pkg.name}`;
    const content = encodeText(printPackage(pkg, options));
    const done = this.locked(path, true, () => this.files.replace(path, content, FILE_MODE));
    return done.ok ? succeed(undefined) : fail('io', `${path} cannot be written.`, done.error);
  }

  edit(name: string, edits: readonly UciEdit[]): UciResult<boolean, UciStoreError> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const file = this.readConfig(name);
      if (!file.ok) return file;
      const edited = editPackage(file.value.bytes, edits, { name });
      if (!edited.ok) return fail('invalid', `${file.value.path}: ${edited.error.message}`);
      const content = encodeText(edited.value);
      if (sameBytes(content, file.value.bytes)) return succeed(false);
      const written = this.replaceUnchanged(file.value, content);
      if (!written.ok) return written;
      if (written.value) return succeed(true);
    }
    return changedUnderUs(name);
  }

  private readConfig(name: string): UciResult<ConfigFile, UciStoreError> {
    if (!isPackageName(name)) return fail('notFound', `"${name}" is no name for a package.`);
    const folders = this.overrideDir === '' ? [this.configDir] : [this.overrideDir, this.configDir];
    for (const folder of folders) {
      const path = `${folder}/${name}`;
      const read = this.files.read(path);
      if (read.ok) return succeed({ path, bytes: read.value });
      if (!isMissing(read.error)) return fail('io', `${path} cannot be read.`, read.error);
    }
    return fail('notFound', `There is no package ${name} in ${this.configDir}.`);
  }

  private parse(name: string, file: ConfigFile): UciResult<UciPackage, UciStoreError> {
    const { strict, onParseError } = this.options;
    const parsed = parsePackage(name, file.bytes, {
      ...(strict === undefined ? {} : { strict }),
      ...(onParseError === undefined ? {} : { onError: onParseError }),
    });
    if (parsed.ok) return parsed;
    const message = `${file.path}: ${parsed.error.message}.`;
    return { ok: false, error: { code: 'parse', message, path: file.path, parse: parsed.error } };
  }

  private pending(name: string): readonly UciChange[] {
    const changes: UciChange[] = [];
    for (const folder of this.deltaPath) {
      const read = this.files.read(`${folder}/${name}`);
      if (read.ok) for (const change of parseDelta(name, read.value).changes) changes.push(change);
    }
    return changes;
  }

  /** Writes unless the file is no longer what it was; false if so. */
  private replaceUnchanged(file: ConfigFile, content: Uint8Array): UciResult<boolean, UciStoreError> {
    let unchanged = true;
    const done = this.locked(file.path, true, () => {
      const again = this.files.read(file.path);
      unchanged = again.ok && sameBytes(again.value, file.bytes);
      return unchanged ? this.files.replace(file.path, content) : succeed(undefined);
    });
    return done.ok ? succeed(unchanged) : fail('io', `${file.path} cannot be written.`, done.error);
  }

  /** Leaves in the delta what was appended since `applied` was read: an empty file as a rule, as libuci does. */
  private cutDelta(name: string, applied: Uint8Array): UciResult<void, UciStoreError> {
    const path = `${this.deltaDir}/${name}`;
    const done = this.locked(path, true, () => {
      const now = this.files.read(path);
      if (!now.ok) return succeed(undefined);
      const grown =
        now.value.length > applied.length && sameBytes(now.value.subarray(0, applied.length), applied);
      return this.files.replace(path, grown ? now.value.subarray(applied.length) : new Uint8Array(0));
    });
    return done.ok ? succeed(undefined) : fail('io', `${path} cannot be emptied.`, done.error);
  }

  private configMode(name: string): number {
    const info = this.files.info(`${this.configDir}/${name}`);
    return info.ok && info.value.kind === 'file' ? info.value.mode & 0o777 : FILE_MODE;
  }

  private locked<T>(
    path: string,
    exclusive: boolean,
    work: () => UciResult<T, UciFileError>,
  ): UciResult<T, UciFileError> {
    const lock = this.files.lock?.(path, exclusive);
    if (lock !== undefined && !lock.ok) return isMissing(lock.error) ? work() : lock;
    try {
      return work();
    } finally {
      lock?.value();
    }
  }
}

/** What the edits would make of a package that is not in a file. */
export { applyEdits };

function succeed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

function fail(
  code: UciStoreErrorCode,
  message: string,
  cause?: UciFileError,
): { readonly ok: false; readonly error: UciStoreError } {
  if (cause === undefined) return { ok: false, error: { code, message } };
  return { ok: false, error: { code, message: `${message} (${cause.code})`, path: cause.path } };
}

function changedUnderUs(name: string): { readonly ok: false; readonly error: UciStoreError } {
  return fail(
    'changed',
    `Package ${name} was changed by another program each time it was about to be written.`,
  );
}

function isMissing(error: UciFileError): boolean {
  return error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR';
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
