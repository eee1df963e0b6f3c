/**
 * A router's root for the handover scripts alone: namespaces of its own, the stand-ins' files over the lab's root, /bin/sh =
 * dash or busybox ash, the real nft, and fakes of the other programs that write down how they were called and can be told
 * to fail, to hang or to take their time. Ends with `close`, or with the test's process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Ran, run, until } from '../../lab/programs.ts';
import { childrenOf } from '../../lab/records.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const LIB = 'usr/lib/hagw';
const OURS = [
  ...readdirSync(join(REPOSITORY, 'files', LIB)).map((name) => `${LIB}/${name}`),
  'etc/hotplug.d/keepalived/90-hagw',
  'etc/init.d/hagw-pair',
];

/** /var is a link to /tmp, as on OpenWrt. */
export const RUN = '/tmp/run/hagw';
export const LOCK = '/tmp/lock/conntrack.lock';

export type Shell = 'dash' | 'ash';

/** pid 1 reaps whatever is handed to it, as procd does, and ends with its standard input. */
const BOOT = `
set -e
mount -t tmpfs house "$1"
mkdir "$1/upper" "$1/work" "$1/root"
root="$1/root"
mount -t overlay -o "lowerdir=$2:$3,upperdir=$1/upper,workdir=$1/work" house "$root"
for dir in run tmp; do mount -t tmpfs ram "$root/$dir"; done
mount -t proc proc "$root/proc"
[ "$4" = dash ] || { rm "$root/usr/bin/sh"; ln -s busybox "$root/usr/bin/sh"; }
echo ready
exec chroot "$root" /usr/bin/dash -c 'exec 3<&0; cat <&3 & wait'
`;

/** Behaviour is in /run/fake/NAME.FIRST-ARGUMENT: `fail`, `hang` (in a child), `stop` (as after SIGSTOP), `slow SECONDS`. */
const FAKE = `#!/bin/sh
name="\${0##*/}"
echo "$name $*" >>/run/calls
read -r how seconds 2>/dev/null </run/fake/"$name.$1"
case "$how" in
	fail) echo "fake: $name $1 fails" >&2; exit 1 ;;
	hang) sleep 1000 ;;
	stop) kill -STOP $$ ;;
	slow) sleep "$seconds" ;;
esac
`;

const CONNTRACKD = `${FAKE}
[ -e /run/no-conntrackd ] || exit 0
echo "conntrackd: can't connect: is conntrackd running?" >&2
exit 1
`;

const NFT = `${FAKE}
exec /usr/sbin/nft.real "$@"
`;

const CONNTRACKD_INIT = `${FAKE}
[ -e /var/lock/conntrack.lock ] || rm -f /run/no-conntrackd
`;

export const PAIR_NFT = `table inet hagw_pair {}
delete table inet hagw_pair
table inet hagw_pair {
	set standby {
		type ifname
	}
	chain input {
		type filter hook input priority filter - 10; policy accept;
		iifname @standby udp dport { 67, 547 } drop
	}
}
`;

export const CONF = `# made by hagw
watch GROUP hagw_pair
standby br-lan
standby br-guest.2
conntrackd cache
serve dnsmasq /tmp/dhcp.leases
later whatever it means
`;

/** A line of the journal. */
export interface Line {
  readonly uptime: number;
  readonly sequence: number;
  readonly state: string;
  readonly step: string;
  readonly ms: number;
  readonly outcome: string;
  readonly words: string;
}

export interface House {
  /** A command line of the house's shell. */
  sh(command: string, timeoutMs?: number): Promise<Ran>;
  /** Empty if it is missing. */
  read(path: string): string;
  write(path: string, content: string, mode?: number): void;
  remove(path: string): void;
  /** `conntrackd.-c`, `dnsmasq.restart`, … and how it behaves from now on; '' = as it should. */
  fake(call: string, how: string): void;
  /** What the fakes were called with so far, but nft and logger. */
  calls(): string[];
  journal(): Line[];
  /** `active`, `standby` by the real table's set, `none` without the table. */
  role(): Promise<'active' | 'standby' | 'none' | string>;
  /** Processes of a handover and its fakes: name and state. */
  processes(): string[];
  /** Waits until none is left. */
  quiet(timeoutMs?: number): Promise<void>;
  /** The calls of one change of state as keepalived makes them, started in this order and running at once. */
  change(state: 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP', order?: readonly number[]): Promise<void>;
  /** Everything as after a boot. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const OUR_PROCESSES = ['handover', 'conntrackd', 'dnsmasq', 'nft', 'ubus', 'logger', 'sleep', 'hotplug-call'];

/** The calls of a change, as recorded of keepalived 2.3.3: environment and arguments. */
export function callsOf(state: string): string[] {
  const call = (environment: string, more = '') =>
    `env -i ${environment} /sbin/hotplug-call keepalived${more}`;
  const instances = ['hagw_lan', 'hagw_wan'].map((name) =>
    call(`ACTION=NOTIFY_${state} TYPE=INSTANCE NAME=${name}`),
  );
  const group = call(`ACTION=NOTIFY TYPE=GROUP NAME=hagw_pair`, ` GROUP hagw_pair ${state} 0`);
  // At a stop the group itself says nothing else.
  return state === 'STOP'
    ? [...instances, group]
    : [...instances, call(`ACTION=NOTIFY_${state} TYPE=GROUP NAME=hagw_pair`), group];
}

export async function openHouse(shell: Shell): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'hagw-handover-'));
  const layers = [join(REPOSITORY, 'build/openwrt/root'), join(REPOSITORY, 'build/lab/rootfs')];
  const child: ChildProcess = spawn(
    'unshare',
    [
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
      ...['sh', '-c', BOOT, 'sh', folder, ...layers, shell],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let words = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    words += bytes.toString();
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    words += bytes.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const pid = await until('The house', 15_000, () => {
    if (child.exitCode !== null) throw new Error(`The house ended at once: ${words}`);
    const [first] = child.pid === undefined ? [] : childrenOf(child.pid);
    return words.includes('ready') ? first : undefined;
  });
  const inside = join(folder, 'root');
  // The mounts are seen by processes of the house only.
  const real = (path: string) => `/proc/${pid}/root${path.startsWith('/') ? '' : '/'}${path}`;
  await until('The root', 15_000, () =>
    existsSync(real('/usr/sbin/nft')) && existsSync(real('/proc/1/stat')) && !existsSync(real(inside))
      ? true
      : undefined,
  );

  const write: House['write'] = (path, content, mode = 0o644) => {
    mkdirSync(dirname(real(path)), { recursive: true });
    writeFileSync(real(path), content, { mode });
  };
  const read: House['read'] = (path) => (existsSync(real(path)) ? readFileSync(real(path), 'utf8') : '');
  const remove: House['remove'] = (path) => rmSync(real(path), { force: true, recursive: true });
  const sh: House['sh'] = (command, timeoutMs = 60_000) =>
    run(
      [
        ...['nsenter', `--target=${pid}`, '--mount', '--pid', '--net', '--root', '--wd', '--'],
        ...['/bin/sh', '-c', command],
      ],
      { timeoutMs },
    );

  for (const path of OURS) {
    mkdirSync(dirname(real(path)), { recursive: true });
    rmSync(real(path), { force: true });
    copyFileSync(join(REPOSITORY, 'files', path), real(path));
  }
  copyFileSync(real('/usr/sbin/nft'), real('/usr/sbin/nft.real'));
  for (const [path, content] of [
    ['/usr/sbin/nft', NFT],
    ['/usr/sbin/conntrackd', CONNTRACKD],
    ['/usr/sbin/ubus', FAKE],
    ['/usr/sbin/logger', FAKE],
    ['/etc/init.d/dnsmasq', FAKE],
    ['/etc/init.d/conntrackd', CONNTRACKD_INIT],
  ] as const) {
    rmSync(real(path), { force: true });
    write(path, content, 0o755);
  }

  const processes = (): string[] =>
    readdirSync(real('/proc')).flatMap((name) => {
      const status = /^\d+$/.test(name) ? read(`/proc/${name}/status`) : '';
      const comm = /^Name:\t(.*)$/m.exec(status)?.[1] ?? '';
      const state = /^State:\t(\S)/m.exec(status)?.[1] ?? '';
      return OUR_PROCESSES.includes(comm) && state !== 'Z' ? [`${comm} ${state} ${name}`] : [];
    });

  const house: House = {
    sh,
    read,
    write,
    remove,
    fake: (call, how) => (how === '' ? remove(`/run/fake/${call}`) : write(`/run/fake/${call}`, `${how}\n`)),
    calls: () =>
      read('/run/calls')
        .split('\n')
        .filter((line) => line !== '' && !/^(nft|logger|ubus) /.test(line)),
    journal: () =>
      read(`${RUN}/handover.journal`)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [uptime, sequence, state = '', step = '', ms, outcome = '', ...rest] = line.split(' ');
          return {
            uptime: Number(uptime),
            sequence: Number(sequence),
            state,
            step,
            ms: Number(ms),
            outcome,
            words: rest.join(' '),
          };
        }),
    async role() {
      const listed = await sh('/usr/sbin/nft.real list set inet hagw_pair standby');
      if (listed.code !== 0) return 'none';
      const elements = /elements = \{([^}]*)\}/.exec(listed.stdout)?.[1] ?? '';
      const found = [...elements.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '').sort();
      if (found.length === 0) return 'active';
      return found.join() === 'br-guest.2,br-lan' ? 'standby' : `standby on ${found.join()} only`;
    },
    processes,
    async quiet(timeoutMs = 30_000) {
      let left: string[] = [];
      await until('Quiet', timeoutMs, () => {
        left = processes();
        return left.length === 0 ? true : undefined;
      }).catch((error: unknown) => {
        throw new Error(`${String(error)} Still there: ${left.join(', ')}.`);
      });
    },
    async change(state, order) {
      const calls = callsOf(state);
      const wanted = order === undefined ? calls : order.map((at) => calls[at] ?? ':');
      await sh(wanted.map((call) => `${call} &`).join('\n'));
    },
    async reset() {
      await house.quiet();
      for (const path of [RUN, '/run/fake', '/run/calls', '/run/no-conntrackd', LOCK]) remove(path);
      await sh(
        '/usr/sbin/nft.real flush ruleset; echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal',
      );
      write('/etc/hagw/handover.conf', CONF);
      write('/etc/hagw/pair.nft', PAIR_NFT);
    },
    async close() {
      kill();
      await ended;
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await house.reset();
  return house;
}
