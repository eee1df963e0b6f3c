/**
 * rpcd's object `rc` (recording rpcd/30): init scripts with their START and STOP numbers, whether they are enabled
 * (/etc/rc.d) and running (the script's own word), and starting and stopping them.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Method, type Reply, STATUS } from '../common/link.ts';
import { type Entry, flag, int, table } from '../common/values.ts';

const ACTIONS = ['disable', 'enable', 'reload', 'restart', 'start', 'stop'];
/** How long `SCRIPT running` may take: rpcd's own limit. */
const RUNNING_LIMIT_MS = 2000;
const MAX_LISTED = 200;

function exitCode(argv: readonly [string, ...string[]], limitMs: number): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: 'ignore', timeout: limitMs, killSignal: 'SIGKILL' });
    child.on('error', () => resolve(null));
    child.on('exit', (code) => resolve(code));
  });
}

export function createRc(root: string, execLimitMs: number): Readonly<Record<string, Method>> {
  const folder = join(root, 'etc/init.d');
  const rcFolder = join(root, 'etc/rc.d');
  const scriptOf = (name: string): string | null => {
    const path = join(folder, name);
    if (name.includes('/') || !existsSync(path) || !statSync(path).isFile()) return null;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      return null;
    }
  };

  async function describe(name: string, skipRunning: boolean): Promise<Entry | null> {
    const path = scriptOf(name);
    if (path === null) return null;
    const script = readFileSync(path, 'utf8');
    if (!script.startsWith('#!/bin/sh /etc/rc.common')) return null;
    const number = (variable: string): number | null => {
      const found = new RegExp(`^${variable}=["']?(\\d+)`, 'm').exec(script);
      return found === null ? null : Number(found[1]);
    };
    const [start, stop] = [number('START'), number('STOP')];
    const links = existsSync(rcFolder) ? readdirSync(rcFolder) : [];
    const running = skipRunning ? null : await exitCode([path, 'running'], RUNNING_LIMIT_MS);
    return table(name, [
      ...(start === null ? [] : [int('start', start)]),
      ...(stop === null ? [] : [int('stop', stop)]),
      flag(
        'enabled',
        links.some((link) => /^S\d\d/.test(link) && link.slice(3) === name),
      ),
      ...(skipRunning ? [] : [flag('running', running === 0)]),
    ]);
  }

  return {
    list: {
      args: { name: 'string', skip_running_check: 'boolean' },
      async handle(args): Promise<Reply> {
        const name = args.text('name');
        const names = name === undefined ? readdirSync(folder).sort().slice(0, MAX_LISTED) : [name];
        const entries: Entry[] = [];
        for (const one of names) {
          const entry = await describe(one, args.flag('skip_running_check') ?? false);
          if (entry !== null) entries.push(entry);
        }
        return entries.length === 0 && name !== undefined ? undefined : entries;
      },
    },
    init: {
      args: { name: 'string', action: 'string' },
      async handle(args): Promise<Reply> {
        const [name, action] = [args.text('name'), args.text('action')];
        if (name === undefined || action === undefined) return STATUS.invalidArgument;
        const path = scriptOf(name);
        if (path === null) return STATUS.notFound;
        if (!ACTIONS.includes(action)) return STATUS.invalidArgument;
        await exitCode([path, action], execLimitMs);
        return undefined;
      },
    },
  };
}
