/**
 * rpcd's object `uci` (recordings rpcd/20 to 28, 32 to 34): reading and staged writing of /etc/config, per session in
 * /var/run/rpcd/uci-SESSION, or without a session (a local caller over ubus) in /tmp/.uci and unchecked. Simpler than the real
 * one: `reload_config` only announces packages whose file changed since the last call.
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  createUciStore,
  findSection,
  type UciChange,
  type UciPackage,
  type UciSection,
  type UciStore,
  type UciStoreError,
} from 'uci-parser';
import { nodeFiles } from '../common/files.ts';
import { type ArgumentType, type Method, type Reply, STATUS } from '../common/link.ts';
import {
  type Arguments,
  array,
  type Entries,
  type Entry,
  flag,
  int,
  table,
  text,
  texts,
  type Value,
} from '../common/values.ts';
import type { Sessions } from './sessions.ts';
import { type ApplyFolders, createApplying } from './uci-apply.ts';
import { type Edit, editAdd, editDelete, editOrder, editRename, editSet, fits } from './uci-edit.ts';

export interface UciFolders extends ApplyFolders {
  /** /tmp/.uci */
  readonly deltaDir: string;
  readonly stateDir: string;
}

const ROLLBACK_SECONDS = 60;

function statusOf(error: UciStoreError): number {
  if (error.code === 'notFound') return STATUS.notFound;
  return error.code === 'invalid' ? STATUS.invalidArgument : STATUS.unknown;
}

const optionEntry = (name: string, value: string | readonly string[]): Entry =>
  typeof value === 'string' ? text(name, value) : texts(name, value);

function sectionEntries(section: UciSection, index?: number): Entries {
  return [
    flag('.anonymous', section.anonymous),
    text('.type', section.type),
    text('.name', section.name),
    ...(index === undefined ? [] : [int('.index', index)]),
    ...[...section.options].map(([name, value]) => optionEntry(name, value)),
  ];
}

/** [operation, section, option?, value?]; the position of `order` is a number (rpcd/21). */
function changeValue(change: UciChange): Value {
  const parts: Value[] = [change.op, change.section, change.option]
    .filter((one): one is string => one !== undefined)
    .map((value) => ({ type: 'string', value }));
  if (change.value !== undefined && change.op === 'order') {
    parts.push({ type: 'int32', value: Number(change.value) });
  } else if (change.value !== undefined) parts.push({ type: 'string', value: change.value });
  return { type: 'array', value: array('', parts).value as Entries };
}

function read(pkg: UciPackage, args: Arguments): Reply {
  const name = args.text('section');
  const option = args.text('option');
  if (name === undefined) {
    const wanted = pkg.sections.flatMap((section, index) =>
      fits(section, args) ? [table(section.name, sectionEntries(section, index))] : [],
    );
    return [table('values', wanted)];
  }
  const section = findSection(pkg, name);
  if (section === undefined) return undefined;
  if (option === undefined) return [table('values', sectionEntries(section))];
  const value = section.options.get(option);
  return value === undefined ? undefined : [optionEntry('value', value)];
}

export function createUci(
  folders: UciFolders,
  sessions: Sessions,
  announce: (config: string) => void,
): { readonly methods: Readonly<Record<string, Method>>; close(): void } {
  const { configDir } = folders;
  const plain = createUciStore(nodeFiles, { configDir, deltaDir: folders.deltaDir });
  const withState = createUciStore(nodeFiles, {
    configDir,
    deltaDir: folders.deltaDir,
    deltaPath: [folders.stateDir],
  });
  const sessionDir = (id: string): string => join(folders.runDir, `uci-${id}`);
  const storeOf = (id: string | undefined): UciStore =>
    id === undefined ? plain : createUciStore(nodeFiles, { configDir, deltaDir: sessionDir(id) });
  const sessionOf = (args: Arguments): string | undefined => args.text('ubus_rpc_session');

  sessions.onEnd((id) => rmSync(sessionDir(id), { recursive: true, force: true }));
  const applying = createApplying(folders, {
    commit(session, config) {
      storeOf(session).commit(config);
      announce(config);
    },
    mayWrite: (session, config) => sessions.allows(session, 'uci', config, 'write'),
    announce,
  });

  /** Arguments `config` (2 without it) and the right to it (6), then `work`. */
  function guarded(
    right: 'read' | 'write',
    work: (store: UciStore, config: string, args: Arguments) => Reply,
    required: readonly string[] = [],
  ): (args: Arguments) => Reply {
    return (args) => {
      const config = args.text('config');
      if (config === undefined || required.some((name) => args.text(name) === undefined)) {
        return STATUS.invalidArgument;
      }
      if (!sessions.allows(sessionOf(args), 'uci', config, right)) return STATUS.permissionDenied;
      return work(storeOf(sessionOf(args)), config, args);
    };
  }

  function get(store: UciStore, config: string, args: Arguments): Reply {
    const pkg = store.load(config);
    return pkg.ok ? read(pkg.value, args) : statusOf(pkg.error);
  }
  const edited =
    (work: (pkg: UciPackage, args: Arguments) => Edit) =>
    (store: UciStore, config: string, args: Arguments): Reply => {
      const pkg = store.load(config);
      if (!pkg.ok) return statusOf(pkg.error);
      const edit = work(pkg.value, args);
      if (typeof edit === 'number') return edit;
      const staged = store.stage(config, edit);
      return staged.ok ? undefined : statusOf(staged.error);
    };
  function add(store: UciStore, config: string, args: Arguments): Reply {
    let section = '';
    const status = edited((pkg) => {
      const added = editAdd(pkg, args);
      section = added.section;
      return added.edit;
    })(store, config, args);
    return status === undefined ? [text('section', section)] : status;
  }
  function changes(args: Arguments): Reply {
    const config = args.text('config');
    const session = sessionOf(args);
    const store = storeOf(session);
    const listOf = (name: string): Value[] => {
      const pending = store.changes(name);
      return pending.ok ? pending.value.map(changeValue) : [];
    };
    if (config !== undefined) {
      if (!sessions.allows(session, 'uci', config, 'read')) return STATUS.permissionDenied;
      const known = store.changes(config);
      return known.ok ? [array('changes', listOf(config))] : statusOf(known.error);
    }
    const names = store.packages();
    const perPackage = (names.ok ? names.value : [])
      .filter((name) => sessions.allows(session, 'uci', name, 'read'))
      .map((name) => array(name, listOf(name)))
      .filter((entry) => (entry.value as Entries).length > 0);
    return [table('changes', perPackage)];
  }
  function commit(store: UciStore, config: string): Reply {
    const done = store.commit(config);
    if (!done.ok) return statusOf(done.error);
    announce(config);
    return undefined;
  }
  function revert(store: UciStore, config: string): Reply {
    const known = store.changes(config);
    if (!known.ok) return statusOf(known.error);
    const done = store.revert(config);
    return done.ok ? undefined : statusOf(done.error);
  }
  const withSession =
    (work: (session: string, args: Arguments) => number) =>
    (args: Arguments): Reply => {
      const session = sessionOf(args);
      return session === undefined ? STATUS.invalidArgument : work(session, args);
    };

  const seen = new Map<string, number>();
  function reloadConfig(): Reply {
    const names = plain.packages();
    for (const name of names.ok ? names.value : []) {
      const changed = statSync(join(configDir, name)).mtimeMs;
      const before = seen.get(name);
      seen.set(name, changed);
      if (before !== undefined && before !== changed) announce(name);
    }
    return undefined;
  }

  const method = (args: Record<string, ArgumentType>, handle: (args: Arguments) => Reply): Method => ({
    args: { ...args, ubus_rpc_session: 'string' },
    handle,
  });
  const config = 'string';
  const place = { config, section: 'string' } as const;
  const choice = { ...place, type: 'string', match: 'table' } as const;
  const read1 = { ...place, option: 'string', type: 'string', match: 'table' } as const;
  return {
    methods: {
      configs: {
        args: {},
        handle: () => {
          const names = plain.packages();
          return names.ok ? [texts('configs', names.value)] : STATUS.notFound;
        },
      },
      get: method(read1, guarded('read', get)),
      state: method(
        read1,
        guarded('read', (_store, name, args) => get(withState, name, args)),
      ),
      add: method(
        { config, type: 'string', name: 'string', values: 'table' },
        guarded('write', add, ['type']),
      ),
      set: method({ ...choice, values: 'table' }, guarded('write', edited(editSet))),
      delete: method({ ...choice, option: 'string', options: 'array' }, guarded('write', edited(editDelete))),
      rename: method(
        { ...place, option: 'string', name: 'string' },
        guarded('write', edited(editRename), ['section', 'name']),
      ),
      order: method({ config, sections: 'array' }, guarded('write', edited(editOrder))),
      changes: method({ config }, changes),
      revert: method({ config }, guarded('write', revert)),
      commit: method({ config }, guarded('write', commit)),
      apply: method(
        { rollback: 'boolean', timeout: 'int32' },
        withSession((session, args) =>
          applying.apply(session, args.flag('rollback') ?? false, args.int('timeout') ?? ROLLBACK_SECONDS),
        ),
      ),
      confirm: method(
        {},
        withSession((session) => applying.confirm(session)),
      ),
      rollback: method(
        {},
        withSession((session) => applying.rollback(session)),
      ),
      reload_config: { args: {}, handle: reloadConfig },
    },
    close: () => applying.close(),
  };
}
