/** Runs nft in a network namespace of its own, which goes with the process. The rules meet no packet but loopback's. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const rootfs = join(import.meta.dirname, '../../../build/lab/rootfs');

export interface Nft {
  readonly name: string;
  /** The program with what goes before it. */
  readonly command: readonly string[];
}

function hostNft(): readonly Nft[] {
  const path = ['/usr/sbin/nft', '/sbin/nft'].find((candidate) => existsSync(candidate));
  if (path === undefined) return [];
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).split(' ')[1] ?? '';
  return [{ name: `this machine's nft ${version}`, command: [path] }];
}

/** The lab's nft (1.1.3), and this machine's if it has one (another version, with luck). */
export const PROGRAMS: readonly Nft[] = [
  { name: "the lab's nft", command: ['chroot', rootfs, '/usr/sbin/nft'] },
  ...hostNft(),
];

export type Step =
  | { readonly kind: 'load'; readonly text: string; readonly check?: true }
  | { readonly kind: 'list' };

const MARK = '#### next';

/**
 * Runs the steps one after the other in one fresh namespace; the first that fails throws with nft's words. Gives what each `list`
 * printed (without counters' values and elements' remaining lives).
 */
export function runNft({ command }: Nft, steps: readonly Step[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'hagw-nft-'));
  try {
    const program = command.map((word) => `'${word}'`).join(' ');
    const lines = steps.map((step, index) => {
      if (step.kind === 'list') return `${program} list table inet hagw; echo '${MARK}'`;
      const file = join(folder, `${index}.nft`);
      writeFileSync(file, step.text);
      return `${program} ${step.check ? '-c ' : ''}-f - < '${file}' || { echo "step ${index}" >&2; exit 1; }`;
    });
    const script = join(folder, 'run.sh');
    writeFileSync(script, `set -eu\n${lines.join('\n')}\n`);
    const output = execFileSync('unshare', ['--net', 'sh', script], { encoding: 'utf8', stdio: 'pipe' });
    return output
      .split(`${MARK}\n`)
      .slice(0, -1)
      .map((text) =>
        text.replace(/ expires [0-9a-z]+/g, '').replace(/counter packets \d+ bytes \d+/g, 'counter'),
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const load = (text: string): Step => ({ kind: 'load', text });
export const LIST: Step = { kind: 'list' };
