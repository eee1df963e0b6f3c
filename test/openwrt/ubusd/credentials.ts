/**
 * Who is at the other end of a Unix socket. Node has no SO_PEERCRED; Perl, which every Debian has, asks the kernel for
 * it on the connection itself (unix(7)), which costs 2 to 3 ms per connection. Names come from /etc/passwd and
 * /etc/group; like ubusd, an id without an entry is turned away.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Credentials } from './acl.ts';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const QUESTION = `print join " ", unpack("l3", getsockopt(STDIN, ${SOL_SOCKET}, ${SO_PEERCRED}))`;
const ANSWER_LIMIT_MS = 5000;

/** The name in the first field of the line whose third field is `id` (passwd(5), group(5)). */
function nameOf(file: string, id: number): string | null {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const fields = line.split(':');
    if (fields[2] === String(id)) return fields[0] ?? null;
  }
  return null;
}

/** uid, user and group of the process that connected; null if an id has no name or nobody can tell. */
export function peerCredentials(socket: Socket): Promise<Credentials | null> {
  return new Promise((resolve) => {
    const child = spawn('/usr/bin/perl', ['-e', QUESTION], {
      stdio: [socket, 'pipe', 'inherit'],
      timeout: ANSWER_LIMIT_MS,
    });
    let answer = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1');
    });
    child.on('error', (error) => {
      process.stderr.write(`ubusd: perl cannot be started to ask for a client's uid: ${error.message}\n`);
      resolve(null);
    });
    child.on('close', () => {
      const [, uid, gid] = /^\d+ (\d+) (\d+)$/.exec(answer) ?? [];
      if (uid === undefined || gid === undefined) return resolve(null);
      const user = nameOf('/etc/passwd', Number(uid));
      const group = nameOf('/etc/group', Number(gid));
      resolve(user === null || group === null ? null : { uid: Number(uid), user, group });
    });
  });
}
