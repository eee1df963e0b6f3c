/**
 * From the decision that a WAN is lost to the kernel: compiler, nft and all, under QuickJS in a namespace of its own, by number of WANs
 * and rules. What the client feels of it is in multiwan-gaps.ts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOTFS } from '../lab/disk.ts';
import { must } from '../lab/programs.ts';
import type { BenchGroup } from './group.ts';
import type { SwitchTimes } from './multiwan-switch-qjs.ts';
import { type Row, rowOf } from './rows.ts';

/** WANs, rules, goal in ms. */
const SIZES = [
  [10, 100, 20],
  [50, 300, null],
  [250, 1000, null],
] as const;
const RUNS = 10;
const BUILT = 'build/bench/multiwan-switch.js';

/** Devices dev1 … with an address and a default route each. */
function links(wans: number): string {
  const lines = Array.from({ length: wans }, (_, at) => at + 1).flatMap((number) => [
    `link add dev${number} type veth peer name peer${number}`,
    `link set peer${number} up`,
    `link set dev${number} up`,
    `address add 10.0.${number}.2/24 dev dev${number}`,
    `route add default via 10.0.${number}.1 dev dev${number} metric ${number}`,
  ]);
  return `${lines.join('\n')}\n`;
}

/** The lab's root, read only, in namespaces that end with their first process; $1 root, $2 program, then its arguments. */
const SET_UP = [
  'set -e',
  'mount --make-rprivate /',
  'mount --bind "$1" "$1"',
  'mount -o remount,bind,ro "$1"',
  'mount -t tmpfs tmpfs "$1/run"',
  'mount -t tmpfs tmpfs "$1/tmp"',
  'mount -t proc proc "$1/proc"',
  'mount --rbind /dev "$1/dev"',
  'cp "$2" "$1/tmp/switch.js"',
  'root=$1; shift 2',
  'chroot "$root" ip link set lo up',
  'chroot "$root" ip -batch -',
  'exec chroot "$root" qjs -m /tmp/switch.js "$@"',
].join('\n');

async function timesOf(root: string, wans: number, rules: number): Promise<SwitchTimes> {
  const enter = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', SET_UP, 'sh'];
  const words = await must([...enter, ROOTFS, join(root, BUILT), String(wans), String(rules), String(RUNS)], {
    stdin: links(wans),
    timeoutMs: 300_000,
  });
  return JSON.parse(words) as SwitchTimes;
}

export const multiwanSwitch: BenchGroup = {
  names: [
    ...SIZES.flatMap(([wans, rules]) => [
      `wan-switch-${wans}-${rules}`,
      `wan-switch-${wans}-${rules}-decide`,
      `wan-switch-${wans}-${rules}-nft-ended`,
    ]),
    'wan-switch-empty',
  ],
  async run({ root, say }) {
    if (!existsSync(join(root, BUILT))) throw new Error(`${BUILT} is missing: run 'make build' first.`);
    const rows: Row[] = [];
    const empty: number[] = [];
    for (const [wans, rules, goal] of SIZES) {
      say(`a switch with ${wans} WANs and ${rules} rules`);
      const times = await timesOf(root, wans, rules);
      rows.push(rowOf(`wan-switch-${wans}-${rules}`, 'ms', times.kernel, goal));
      rows.push(rowOf(`wan-switch-${wans}-${rules}-decide`, 'ms', times.decided));
      rows.push(rowOf(`wan-switch-${wans}-${rules}-nft-ended`, 'ms', times.ended));
      empty.push(...times.empty);
    }
    return [...rows, rowOf('wan-switch-empty', 'ms', empty)];
  },
};
