/**
 * Sessions of rpcd: an id of 32 hex digits, rights, values, an idle time. Object `session` (recordings rpcd/01, 03, 05).
 * Sessions live in memory: unlike the real one, none is kept over a restart.
 */
import { randomBytes } from 'node:crypto';
import { createUciStore, optionList, optionText } from 'uci-parser';
import { nodeFiles } from '../common/files.ts';
import { type Method, type Reply, STATUS } from '../common/link.ts';
import { type Arguments, type Entries, type Entry, flag, int, table, text } from '../common/values.ts';
import { type Account, grantByFiles, Rights } from './acl.ts';
import { passwordFits } from './passwords.ts';

export interface Session {
  readonly id: string;
  readonly timeoutSeconds: number;
  readonly rights: Rights;
  readonly data: Map<string, Entry>;
  expiresAtMs: number;
  timer: NodeJS.Timeout | null;
}

export interface Sessions {
  /** The session, whose time begins anew; undefined if there is none. */
  find(id: string | undefined): Session | undefined;
  /** Whether the session may; without an id everything is allowed: that is a local caller over ubus. */
  allows(id: string | undefined, scope: string, object: string, name: string): boolean;
  onEnd(ended: (id: string) => void): void;
  readonly methods: Readonly<Record<string, Method>>;
  /** Reads the rights of the null session again; logins have theirs from the moment of the login. */
  reload(): void;
  close(): void;
}

export interface SessionFolders {
  readonly configDir: string;
  readonly aclFolder: string;
  readonly shadowFile: string;
}

const DEFAULT_TIMEOUT_SECONDS = 300;
const NULL_SESSION = '0'.repeat(32);

export function createSessions(folders: SessionFolders): Sessions {
  const sessions = new Map<string, Session>();
  const ended: ((id: string) => void)[] = [];

  function end(session: Session): void {
    if (session.timer !== null) clearTimeout(session.timer);
    sessions.delete(session.id);
    for (const told of ended) told(session.id);
  }
  function touch(session: Session): void {
    if (session.timeoutSeconds <= 0) return;
    if (session.timer !== null) clearTimeout(session.timer);
    session.expiresAtMs = performance.now() + session.timeoutSeconds * 1000;
    session.timer = setTimeout(() => end(session), session.timeoutSeconds * 1000);
  }
  function create(id: string, timeoutSeconds: number): Session {
    const session = {
      id,
      timeoutSeconds,
      rights: new Rights(),
      data: new Map(),
      expiresAtMs: 0,
      timer: null,
    };
    sessions.set(id, session);
    touch(session);
    return session;
  }
  function find(id: string | undefined): Session | undefined {
    const session = sessions.get(id ?? '');
    if (session !== undefined) touch(session);
    return session;
  }

  function dump(session: Session): Entries {
    const remaining = session.timeoutSeconds <= 0 ? 0 : (session.expiresAtMs - performance.now()) / 1000;
    const data = [...session.data.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return [
      text('ubus_rpc_session', session.id),
      int('timeout', session.timeoutSeconds),
      int('expires', Math.ceil(remaining)),
      table('acls', session.rights.dump()),
      table('data', data),
    ];
  }

  async function login(args: Arguments): Promise<Reply> {
    const [username, password] = [args.text('username'), args.text('password')];
    if (username === undefined || password === undefined) return STATUS.invalidArgument;
    const store = createUciStore(nodeFiles, { configDir: folders.configDir });
    const config = store.load('rpcd');
    for (const section of config.ok ? config.value.sections : []) {
      if (section.type !== 'login' || optionText(section, 'username') !== username) continue;
      const stored = optionText(section, 'password');
      if (stored === undefined || !(await passwordFits(stored, password, folders.shadowFile))) continue;
      const account: Account = { read: optionList(section, 'read'), write: optionList(section, 'write') };
      const timeout = args.int('timeout') ?? DEFAULT_TIMEOUT_SECONDS;
      const session = create(randomBytes(16).toString('hex'), timeout);
      grantByFiles(session.rights, account, folders.aclFolder);
      session.data.set('username', text('username', username));
      return dump(session);
    }
    return STATUS.permissionDenied;
  }

  /** Runs `work` on the session of the arguments: 2 without an id, 4 if there is none. */
  const withSession =
    (work: (session: Session, args: Arguments) => Reply) =>
    (args: Arguments): Reply => {
      const id = args.text('ubus_rpc_session');
      if (id === undefined) return STATUS.invalidArgument;
      const session = find(id);
      return session === undefined ? STATUS.notFound : work(session, args);
    };

  const keysOf = (args: Arguments): string[] | undefined =>
    args.array('keys')?.flatMap((one) => (one.type === 'string' ? [one.value] : []));

  function changeRights(session: Session, args: Arguments, change: 'grant' | 'revoke'): Reply {
    const scope = args.text('scope') ?? 'ubus';
    const objects = args.array('objects');
    if (objects === undefined) {
      if (change === 'grant') return STATUS.invalidArgument;
      session.rights.revoke(scope);
      return STATUS.ok;
    }
    for (const pair of objects) {
      const [object, name] = pair.type === 'array' ? pair.value : [];
      if (object?.type !== 'string' || name?.type !== 'string') continue;
      session.rights[change](scope, object.value, name.value);
    }
    return STATUS.ok;
  }

  function setValues(session: Session, args: Arguments): Reply {
    const values = args.table('values');
    if (values === undefined) return STATUS.invalidArgument;
    for (const value of values) session.data.set(value.name, value);
    return STATUS.ok;
  }

  const ID = { ubus_rpc_session: 'string' } as const;
  const methods: Readonly<Record<string, Method>> = {
    create: {
      args: { timeout: 'int32' },
      handle: (args) =>
        dump(create(randomBytes(16).toString('hex'), args.int('timeout') ?? DEFAULT_TIMEOUT_SECONDS)),
    },
    list: {
      args: ID,
      // Without an id, which uhttpd always adds: a local caller sees all.
      handle: (args) =>
        args.text('ubus_rpc_session') === undefined
          ? { several: [...sessions.values()].map(dump) }
          : withSession((session) => dump(session))(args),
    },
    grant: {
      args: { ...ID, scope: 'string', objects: 'array' },
      handle: withSession((session, args) => changeRights(session, args, 'grant')),
    },
    revoke: {
      args: { ...ID, scope: 'string', objects: 'array' },
      handle: withSession((session, args) => changeRights(session, args, 'revoke')),
    },
    access: {
      args: { ...ID, scope: 'string', object: 'string', function: 'string' },
      handle: withSession((session, args) => {
        const [object, name] = [args.text('object'), args.text('function')];
        if (object === undefined || name === undefined) return session.rights.dump();
        return [flag('access', session.rights.allows(args.text('scope') ?? 'ubus', object, name))];
      }),
    },
    set: { args: { ...ID, values: 'table' }, handle: withSession(setValues) },
    get: {
      args: { ...ID, keys: 'array' },
      handle: withSession((session, args) => {
        const keys = keysOf(args);
        const wanted = [...session.data.values()].filter((one) => keys?.includes(one.name) ?? true);
        return [table('values', wanted)];
      }),
    },
    unset: {
      args: { ...ID, keys: 'array' },
      handle: withSession((session, args) => {
        for (const key of keysOf(args) ?? [...session.data.keys()]) session.data.delete(key);
        return STATUS.ok;
      }),
    },
    destroy: {
      args: ID,
      handle: withSession((session) => {
        end(session);
        return STATUS.ok;
      }),
    },
    login: { args: { username: 'string', password: 'string', timeout: 'int32' }, handle: login },
  };

  function reload(): void {
    sessions.delete(NULL_SESSION);
    grantByFiles(create(NULL_SESSION, 0).rights, null, folders.aclFolder);
  }
  reload();
  return {
    find,
    allows(id, scope, object, name) {
      if (id === undefined) return true;
      return find(id)?.rights.allows(scope, object, name) ?? false;
    },
    onEnd(told) {
      ended.push(told);
    },
    methods,
    reload,
    close() {
      for (const session of sessions.values()) if (session.timer !== null) clearTimeout(session.timer);
      sessions.clear();
    },
  };
}
