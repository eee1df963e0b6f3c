/**
 * Passwords of /etc/config/rpcd: a crypt(3) hash, or `$p$USER` for the one in /etc/shadow (recording rpcd/01). Node has no
 * crypt(3); Perl, which every Debian has, does. Hash and password go to it by standard input, never as arguments.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PROGRAM =
  'local $/; my ($h, $p) = split /\\0/, <STDIN>, 2; my $c = crypt($p, $h); exit(defined $c && $c eq $h ? 0 : 1)';
const ANSWER_LIMIT_MS = 10_000;

function shadowHash(user: string, shadowFile: string): string | null {
  let lines: string[] = [];
  try {
    lines = readFileSync(shadowFile, 'utf8').split('\n');
  } catch {
    return null;
  }
  for (const line of lines) {
    const [name, hash] = line.split(':');
    if (name === user) return hash ?? '';
  }
  return null;
}

/** An account without a password (empty, `!`, `x`) lets everybody in, as rpcd does on a router fresh from the box. */
export function passwordFits(stored: string, password: string, shadowFile: string): Promise<boolean> {
  const hash = stored.startsWith('$p$') ? shadowHash(stored.slice(3), shadowFile) : stored;
  if (hash === null) return Promise.resolve(false);
  if (hash === '' || hash === '!' || hash === 'x') return Promise.resolve(true);
  return new Promise((resolve) => {
    const child = spawn('/usr/bin/perl', ['-e', PROGRAM], {
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: ANSWER_LIMIT_MS,
    });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${hash}\0${password}`);
  });
}
