/**
 * The surroundings in which the recordings of test/captures/rpcd were made, below a temporary folder: accounts, ACL files,
 * packages, the ubus services `t.obj`, `t.pub` and `service`, with ubusd, rpcd and uhttpd of the stand-in in this process.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectLink, type Link, type Method, STATUS } from '../../openwrt/common/link.ts';
import { array, flag, int, printJson, table } from '../../openwrt/common/values.ts';
import { type Rpcd, startRpcd } from '../../openwrt/rpcd/server.ts';
import { startUbusd, type Ubusd } from '../../openwrt/ubusd/server.ts';
import { startUhttpd, type Uhttpd } from '../../openwrt/uhttpd/server.ts';

export interface House {
  readonly root: string;
  readonly port: number;
  /** A connection as root, like the `ubus` command's. */
  readonly link: Link;
  /** Calls of `service event`, as JSON. */
  readonly events: string[];
  /** Lets `t.pub` notify its subscribers. */
  readonly publish: (name: string, n: number) => void;
  /** Whether somebody is subscribed to `t.pub`. */
  readonly isObserved: () => boolean;
  /** Ends ubusd with all connections, and starts it anew. */
  restartUbusd(): Promise<void>;
  close(): Promise<void>;
}

/** What the recordings' ACL file `t-admin`, which "grants everything", must have held: its traces are in the logins. */
const ADMIN = {
  't-admin': {
    read: { ubus: { '*': ['*'] }, uci: ['*'], file: { '/*': ['read', 'list', 'stat'] } },
    write: { ubus: { '*': ['*'] }, uci: ['*'], file: { '/*': ['write', 'exec'] } },
  },
};
const UNAUTHENTICATED = { unauthenticated: { read: { ubus: { session: ['access', 'login'] } } } };

const PACKAGE_T = `
config wan 'w1'
	option device 'eth1'
	option metric '10'
	list track '198.51.100.1'
	list track '198.51.100.2'

config rule
	option name 'first'

config rule
	option name 'second'
`;
const PACKAGE_SECRET = "\nconfig s 'a'\n\toption v 'x'\n";
const EMPTY_PACKAGES = [
  'dhcp',
  'firewall',
  'keepalived',
  'luci',
  'mwan3',
  'network',
  'system',
  'ucitrack',
  'uhttpd',
];

/** A hash as `passwd` makes it (MD5, the quickest). */
export const cryptOf = (password: string): string =>
  execFileSync('/usr/bin/perl', ['-e', 'local $/; print crypt(<STDIN>, q($1$salt$))'], {
    input: password,
  }).toString();

const login = (name: string, password: string, lists: string): string =>
  `config login\n\toption username '${name}'\n\toption password '${password}'\n${lists}\n`;

function rpcdConfig(): string {
  const list = (kind: string, group: string): string => `\tlist ${kind} '${group}'\n`;
  return [
    login('root', cryptOf('pwd'), list('read', '*') + list('write', '*')),
    login('ro1', cryptOf('ropass'), list('read', 't-test')),
    login('rw1', cryptOf('rwpass'), list('read', 't-test') + list('write', 't-test')),
    login('no1', cryptOf('nopass'), ''),
    login('plain1', 'plainpass', list('read', 't-test')),
  ].join('\n');
}

/** A provider as strict as ucode's: undeclared names and other types are refused with 2. */
function strict(method: Method): Method {
  const types: Record<string, string> = { string: 'string', int32: 'int32', boolean: 'int8' };
  return {
    args: method.args,
    handle: (args, caller) =>
      args.entries.every((one) => types[method.args[one.name] ?? ''] === one.type)
        ? method.handle(args, caller)
        : STATUS.invalidArgument,
  };
}

const session = { ubus_rpc_session: 'string' } as const;
const SERVICE: Readonly<Record<string, Method>> = {
  get: {
    args: { name: 'string', n: 'int32', flag: 'boolean', ...session },
    handle: (args) => [table('args', args.entries)],
  },
  list_all: {
    args: session,
    handle: () => [
      array(
        'all',
        [1, 2].map((value) => ({ type: 'int32', value })),
      ),
    ],
  },
  set: { args: { name: 'string', ...session }, handle: () => [flag('done', true)] },
  hidden: { args: session, handle: () => [int('no', 1)] },
  slow: {
    args: session,
    handle: () => new Promise((resolve) => setTimeout(() => resolve([flag('slow', true)]), 1500)),
  },
  none: { args: session, handle: () => undefined },
  fail: { args: { code: 'int32', ...session }, handle: (args) => args.int('code') ?? STATUS.ok },
  strict: { args: { name: 'string' }, handle: () => undefined },
};

/** `withAdmin` false: without the file that grants root everything. */
export async function openHouse(testAcl: unknown, withAdmin: boolean): Promise<House> {
  const root = mkdtempSync(join(tmpdir(), 'hagw-rpcd-'));
  const put = (path: string, content: string, mode = 0o600): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
  };
  const acl = (name: string, content: unknown): void =>
    put(`usr/share/rpcd/acl.d/${name}.json`, JSON.stringify(content).replaceAll('/tmp/', `${root}/tmp/`));
  acl('t-test', testAcl);
  acl('unauthenticated', UNAUTHENTICATED);
  if (withAdmin) acl('t-admin', ADMIN);
  for (const name of EMPTY_PACKAGES) put(`etc/config/${name}`, '');
  put('etc/config/t', PACKAGE_T);
  put('etc/config/secret', PACKAGE_SECRET);
  put('etc/config/rpcd', rpcdConfig());
  put('etc/init.d/log', '#!/bin/sh /etc/rc.common\nSTART=12\nSTOP=89\nUSE_PROCD=1\n', 0o755);
  put('etc/rc.d/S12log', '');
  put('tmp/allowed.txt', 'hello\n', 0o644);
  put('www/index.html', '<p>index</p>\n', 0o644);
  put('usr/share/luci/menu.d/x.json', '{}');
  mkdirSync(join(root, 'var/run/rpcd'), { recursive: true });

  const socket = join(root, 'ubus.sock');
  const start = (): Promise<Ubusd> =>
    startUbusd(
      [{ path: socket, user: { uid: 0, user: 'root', group: 'root' } }],
      join(root, 'usr/share/acl.d'),
    );
  let ubusd = await start();
  const link = connectLink(socket);
  const events: string[] = [];
  link.provide('service', {
    event: {
      args: { type: 'string', data: 'table' },
      handle: (args) => {
        events.push(printJson(table('', args.entries)));
        return undefined;
      },
    },
  });
  link.provide(
    't.obj',
    Object.fromEntries(Object.entries(SERVICE).map(([name, one]) => [name, strict(one)])),
  );
  const publisher = link.provide('t.pub', {
    fire: { args: { n: 'int32' }, handle: () => undefined },
    peek: { args: {}, handle: () => undefined },
  });
  await link.ready();
  const rpcd: Rpcd = startRpcd({ socket, root, execLimitMs: 10_000 });
  await rpcd.ready();
  const uhttpd: Uhttpd = await startUhttpd({
    socket,
    documentRoot: join(root, 'www'),
    menuFolder: join(root, 'usr/share/luci/menu.d'),
    listen: [{ host: '127.0.0.1', port: 0 }],
  });
  return {
    root,
    port: uhttpd.ports[0] ?? 0,
    link,
    events,
    publish: (name, n) => publisher.notify(name, [int('n', n)]),
    isObserved: () => publisher.isObserved(),
    async restartUbusd() {
      await ubusd.close();
      ubusd = await start();
    },
    async close() {
      await uhttpd.close();
      rpcd.close();
      link.close();
      await ubusd.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
