/** build/bin/lab as an administrator uses it: the demo to its end, a lab that is kept, a shell in it, its page. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../lab/disk.ts';
import { run, until } from '../../lab/programs.ts';
import { readRecords } from '../../lab/records.ts';

const LAB = [process.execPath, join(REPOSITORY, 'build/bin/lab')] as const;

let kept: ChildProcess | null = null;
afterEach(() => {
  kept?.kill('SIGKILL');
  kept = null;
});

describe('lab demo', () => {
  it('shows both routers, a WAN that dies and a loss of power with their gaps, the return and the timeline, and ends well', async () => {
    const ran = await run([...LAB, 'demo'], { timeoutMs: 280_000 });
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    const steps = [
      /^ {2}gw-[ab] +active +since \d\d:\d\d:\d\d\.\d{3} +192\.168\.1\.1\/24 on lan, /m,
      /^gw-a# ubus call hagw status/m,
      /^gw-b# ubus call hagw status/m,
      /^The provider behind wan1 goes silent at /m,
      /^ {2}wan1 {2}offline /m,
      /^ {2}existing UDP flow +\d+\.\d{3} s /m,
      /^ {2}wan1 is back/m,
      /^gw-[ab] loses power at /m,
      /^ {2}gw-[ab] +no power$/m,
      /^ {2}ping +\d+\.\d{3} s /m,
      /^ {2}existing UDP flow +\d+\.\d{3} s /m,
      /^ {2}new UDP flows +\d+\.\d{3} s /m,
      /^gw-[ab] gets its power back at /m,
      /^gw-[ab]# hagw events$/m,
      /Sync group 'gateway' is active/,
    ];
    let from = 0;
    for (const step of steps) {
      const found = step.exec(ran.stdout.slice(from));
      expect(found, `${step} after:\n${ran.stdout.slice(0, from)}`).not.toBeNull();
      from += (found?.index ?? 0) + (found?.[0].length ?? 0);
    }
  });

  it('says that a command does not exist', async () => {
    const ran = await run([...LAB, 'demolish']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("lab: there is no command 'demolish'.");
  });
});

describe('lab shell', () => {
  it('keeps the pair, lets one in, shows the page, and ends at ^C', async () => {
    const child = spawn(LAB[0], [LAB[1], 'shell'], { stdio: 'ignore' });
    kept = child;
    const ended = once(child, 'exit');
    const record = await until('The pages of the pair', 120_000, () =>
      readRecords().find((one) => one.owner.pid === child.pid && Object.keys(one.pages).length === 2),
    );
    const exec = (...words: string[]): ReturnType<typeof run> =>
      run([...LAB, 'exec', '--lab', record.id, ...words]);
    expect(await exec('gw-b', 'hostname')).toEqual({ code: 0, stdout: 'gw-b\n', stderr: '' });
    expect((await exec('gw-a', 'sh', '-c', 'exit 7')).code).toBe(7);
    expect(await exec('gw-c', 'true')).toMatchObject({
      code: 1,
      stderr: "lab: 'gw-c' is no router that has power; there are gw-a and gw-b.\n",
    });
    expect((await run([...LAB, 'list'])).stdout).toContain(`${record.id}  owner ${child.pid}  gw-a gw-b`);

    const nobody = '00000000000000000000000000000000';
    for (const url of [record.pages['gw-a'], record.pages['gw-b']]) {
      const login = async (): Promise<unknown> => {
        const reply = await fetch(`${url}ubus`, {
          method: 'POST',
          body: JSON.stringify({
            jsonrpc: '2.0',
            id: 1,
            method: 'call',
            params: [nobody, 'session', 'login', { username: 'root', password: '' }],
          }),
        });
        return reply.json();
      };
      // rpcd comes to the bus when it is ready; until then there is no session to log in to.
      const reply = await until(`A login at ${url}`, 60_000, async () => {
        const found = await login();
        return JSON.stringify(found).includes('"error"') ? undefined : found;
      });
      expect(reply).toMatchObject({ id: 1, result: [0, { data: { username: 'root' } }] });
    }
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    expect(readRecords().map(({ id }) => id)).not.toContain(record.id);
  });
});
