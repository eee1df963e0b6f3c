import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createConntrackd } from '../../../src/adapters/conntrackd.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Completed, Processes } from '../../../src/ports/processes.ts';

const text = readFileSync(join(import.meta.dirname, '../../captures/conntrackd/run.txt'), 'utf8');
const both = text.split('=== both run')[1] ?? '';

/** What the real one printed for `conntrackd -s WHAT`. */
function recorded(what: string): string {
  const from = both.split(`$ conntrackd -s${what === '' ? '' : ` ${what}`}\n`)[1] ?? '';
  return from.slice(0, from.indexOf('[exit '));
}

function processes(answer: (what: string) => Partial<Completed>, started: string[] = []): Processes {
  return {
    start: () => fail({ code: 'ENOSYS', argv: [], message: 'not in this test' }),
    run: async (argv) => {
      started.push(argv.join(' '));
      const empty = encodeText('');
      return ok({
        exit: { kind: 'exited', code: 0 },
        stdout: empty,
        stderr: empty,
        timedOut: false,
        truncated: false,
        ...answer(argv.slice(4).join(' ')),
      });
    },
  };
}

const refusing = (stderr: string) =>
  processes(() => ({ exit: { kind: 'exited', code: 1 }, stderr: encodeText(stderr) }));

describe('conntrackd by its own client', () => {
  it('names the lock file that a crash leaves behind', async () => {
    const stderr = "[ERROR] can't connect: is conntrackd running? appropriate permissions?\n";
    for (const isLocked of [true, false]) {
      const reply = await createConntrackd(refusing(stderr), '/x.conf', 300, () => isLocked).read();
      expect(!reply.ok && reply.error.message.includes('/var/lock/conntrack.lock is there')).toBe(isLocked);
    }
  });

  it('asks by argument arrays with the configuration file, and seldom for what is inside', async () => {
    const started: string[] = [];
    const reader = createConntrackd(processes((what) => ({ stdout: encodeText(recorded(what)) }), started));
    expect(await reader.read()).toMatchObject({
      ok: true,
      value: { internal: { active: 7 }, links: [{ device: 'sync', running: true }], packetsLost: 0 },
    });
    expect(started).toEqual([
      'conntrackd -C /etc/conntrackd/conntrackd.conf -s',
      'conntrackd -C /etc/conntrackd/conntrackd.conf -s network',
      'conntrackd -C /etc/conntrackd/conntrackd.conf -s link',
      'conntrackd -C /etc/conntrackd/conntrackd.conf -s queue',
      'conntrackd -C /etc/conntrackd/conntrackd.conf -s runtime',
    ]);
  });

  it.each([
    [
      "[ERROR] can't connect: is conntrackd running? appropriate permissions?\n",
      'absent',
      'conntrackd does not run: nobody answers on the control socket of /x.conf.',
    ],
    [
      "[ERROR] can't open config file `/x.conf'\n",
      'absent',
      'conntrackd does not run: its configuration /x.conf cannot be read.',
    ],
    [
      "[ERROR] parsing config file in line (3), symbol '\u001b[2J': syntax error\nmore\n",
      'failed',
      "`conntrackd -C /x.conf -s` failed: [ERROR] parsing config file in line (3), symbol '?[2J': syntax error.",
    ],
    ['', 'failed', '`conntrackd -C /x.conf -s` failed: it gave no reason.'],
  ])('%j is %s', async (stderr, code, message) => {
    expect(await createConntrackd(refusing(stderr), '/x.conf').read()).toEqual({
      ok: false,
      error: { code, message },
    });
  });

  it('gives up on a daemon that does not answer', async () => {
    const wedged = processes(() => ({ exit: { kind: 'signalled', signal: 9 }, timedOut: true }));
    expect(await createConntrackd(wedged, '/x.conf', 300).read()).toEqual({
      ok: false,
      error: {
        code: 'timeout',
        message: 'conntrackd did not answer to `conntrackd -C /x.conf -s` within 300 ms.',
      },
    });
  });

  it('refuses an output without end', async () => {
    expect(await createConntrackd(processes(() => ({ truncated: true }))).read()).toMatchObject({
      error: { code: 'malformed' },
    });
  });

  it.each([
    ['ENOENT', 'absent', 'conntrackd is not installed: there is no program of that name.'],
    [
      'EACCES',
      'failed',
      'conntrackd cannot be started: Cannot start conntrackd: permission denied (EACCES).',
    ],
  ])('start error %s is %s', async (code, wanted, message) => {
    const none: Processes = {
      ...refusing(''),
      run: async (argv) =>
        fail({ code, argv, message: 'Cannot start conntrackd: permission denied (EACCES).' }),
    };
    expect(await createConntrackd(none).read()).toMatchObject({ error: { code: wanted, message } });
  });
});
