/**
 * rpcd's object `file` (recordings rpcd/30, 32): read, write, list, stat, md5, remove, exec by full path, each asking
 * for the path in scope `file` if there is a session. Programs are started without a shell.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  appendFileSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ArgumentType, type Method, type Reply, STATUS } from '../common/link.ts';
import { type Arguments, type Entries, int, text } from '../common/values.ts';
import type { Sessions } from './sessions.ts';

/** rpcd's own limits (file.c): of a file it hands out, and of a program's output. */
const MAX_READ_BYTES = 128 * 1024;
const MAX_OUTPUT_BYTES = 256 * 1024;

const CODES: Readonly<Record<string, number>> = {
  ENOENT: STATUS.notFound,
  ENOTDIR: STATUS.invalidArgument,
  EACCES: STATUS.permissionDenied,
  EPERM: STATUS.permissionDenied,
  EISDIR: STATUS.notSupported,
};
const statusOf = (error: unknown): number =>
  CODES[(error as NodeJS.ErrnoException).code ?? ''] ?? STATUS.unknown;

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFile()) return 'file';
  if (stat.isSocket()) return 'socket';
  if (stat.isFIFO()) return 'fifo';
  return stat.isBlockDevice() ? 'block' : 'char';
}

/** The name in the first field of the line with this id (passwd(5), group(5)). */
function nameOf(file: string, id: number): string | null {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((one) => one.split(':')[2] === String(id));
  return line?.split(':')[0] ?? null;
}

function statEntries(stat: Stats): Entries {
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const [user, group] = [nameOf('/etc/passwd', stat.uid), nameOf('/etc/group', stat.gid)];
  return [
    text('type', kindOf(stat)),
    int('size', stat.size),
    int('mode', stat.mode),
    int('atime', seconds(stat.atimeMs)),
    int('mtime', seconds(stat.mtimeMs)),
    int('ctime', seconds(stat.ctimeMs)),
    int('inode', stat.ino),
    int('uid', stat.uid),
    int('gid', stat.gid),
    ...(user === null ? [] : [text('user', user)]),
    ...(group === null ? [] : [text('group', group)]),
  ];
}

/** The executable's path: itself if it has a slash, else the first in PATH; null if there is none. */
function lookUp(command: string): string | null {
  const places = command.includes('/')
    ? [command]
    : (process.env.PATH ?? '').split(':').map((folder) => join(folder, command));
  for (const place of places) {
    try {
      accessSync(place, constants.X_OK);
      return place;
    } catch {
      // not there
    }
  }
  return null;
}

function run(
  command: string,
  params: readonly string[],
  env: Record<string, string>,
  limitMs: number,
): Promise<Reply> {
  return new Promise((resolve) => {
    const child = spawn(command, params, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (bytes: Buffer) => {
        if (output[name].length + bytes.length > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
        else output[name] += bytes.toString('utf8');
      });
    }
    child.on('error', (error) => resolve(statusOf(error)));
    child.on('close', (code) => {
      if (code === null) return resolve(STATUS.timeout);
      resolve([
        int('code', code),
        ...(output.stdout === '' ? [] : [text('stdout', output.stdout)]),
        ...(output.stderr === '' ? [] : [text('stderr', output.stderr)]),
      ]);
    });
  });
}

export function createFile(sessions: Sessions, execLimitMs: number): Readonly<Record<string, Method>> {
  const id = { ubus_rpc_session: 'string' } as const;

  /** The argument `path` (2 without it), the right to it (6), then `work`; errno becomes a status. */
  const onPath =
    (right: string, work: (path: string, args: Arguments) => Reply) =>
    (args: Arguments): Reply => {
      const path = args.text('path');
      if (path === undefined || path === '') return STATUS.invalidArgument;
      if (!sessions.allows(args.text('ubus_rpc_session'), 'file', path, right))
        return STATUS.permissionDenied;
      try {
        return work(path, args);
      } catch (error) {
        return statusOf(error);
      }
    };

  function write(path: string, args: Arguments): Reply {
    const data = args.text('data');
    if (data === undefined) return STATUS.invalidArgument;
    const bytes = Buffer.from(data, args.flag('base64') ? 'base64' : 'utf8');
    const options = { mode: args.int('mode') ?? 0o666 };
    if (args.flag('append')) appendFileSync(path, bytes, options);
    else writeFileSync(path, bytes, options);
    return STATUS.ok;
  }

  async function exec(args: Arguments): Promise<Reply> {
    const command = args.text('command');
    if (command === undefined || command === '') return STATUS.invalidArgument;
    const session = args.text('ubus_rpc_session');
    const params = (args.array('params') ?? []).flatMap((one) => (one.type === 'string' ? [one.value] : []));
    const env = args.table('env') ?? [];
    const place = lookUp(command);
    if (place === null) return STATUS.notFound;
    // With arguments or environment the whole command line may be the pattern; a set environment needs a local caller.
    const line = [place, ...params].join(' ');
    const allowed =
      sessions.allows(session, 'file', place, 'exec') || sessions.allows(session, 'file', line, 'exec');
    if (!allowed || (session !== undefined && env.length > 0)) return STATUS.permissionDenied;
    const variables = Object.fromEntries(
      env.flatMap((one) => (one.type === 'string' ? [[one.name, one.value]] : [])),
    );
    return run(place, params, variables, execLimitMs);
  }

  const path: Record<string, ArgumentType> = { path: 'string' };
  const stat = (look: (path: string) => Stats): Method => ({
    args: { ...path, ...id },
    handle: onPath('stat', (target) => [text('path', target), ...statEntries(look(target))]),
  });
  return {
    read: {
      args: { ...path, base64: 'boolean', ...id },
      handle: onPath('read', (target, args) => {
        const bytes = readFileSync(realpathSync(target)).subarray(0, MAX_READ_BYTES);
        return [text('data', bytes.toString(args.flag('base64') ? 'base64' : 'utf8'))];
      }),
    },
    write: {
      args: { ...path, data: 'string', append: 'boolean', mode: 'int32', base64: 'boolean', ...id },
      handle: onPath('write', write),
    },
    list: {
      args: { ...path, ...id },
      handle: onPath('list', (target) => {
        const entries = readdirSync(target)
          .sort()
          .map((name) => ({
            name: '',
            type: 'table' as const,
            value: [text('name', name), ...statEntries(lstatSync(join(target, name)))],
          }));
        return [{ name: 'entries', type: 'array', value: entries }];
      }),
    },
    lstat: stat(lstatSync),
    stat: stat(statSync),
    md5: {
      args: { ...path, ...id },
      handle: onPath('read', (target) => [
        text('md5', createHash('md5').update(readFileSync(target)).digest('hex')),
      ]),
    },
    remove: {
      args: { ...path, ...id },
      handle: onPath('write', (target) => {
        rmSync(target);
        return STATUS.ok;
      }),
    },
    exec: { args: { command: 'string', params: 'array', env: 'table', ...id }, handle: exec },
  };
}
