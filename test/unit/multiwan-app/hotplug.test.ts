import { describe, expect, it } from 'vitest';
import { createHotplug } from '../../../src/app/multiwan/hotplug.ts';
import { ok } from '../../../src/lib/result.ts';
import type { Completed, Processes, RunOptions } from '../../../src/ports/processes.ts';
import { createFakeFiles } from '../../fakes/files.ts';

interface Call {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  end(timedOut?: boolean): Promise<void>;
}

function rig(files: readonly string[]) {
  const calls: Call[] = [];
  const lines: string[] = [];
  const run = (argv: readonly string[], options: RunOptions) =>
    new Promise<ReturnType<typeof ok<Completed>>>((resolve) => {
      const none = new Uint8Array();
      calls.push({
        argv,
        env: options.env ?? {},
        async end(timedOut = false) {
          const exit = { kind: 'exited', code: 0 } as const;
          resolve(ok({ exit, stdout: none, stderr: none, timedOut, truncated: false }));
          for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
        },
      });
    });
  const processes = { run, start: () => expect.unreachable() } as unknown as Processes;
  const fake = createFakeFiles(Object.fromEntries(files.map((path) => [path, ''])));
  const hotplug = createHotplug(processes, fake.files, {
    write: (level, text) => lines.push(`${level} ${text}`),
  });
  return { hotplug, calls, lines };
}

const BOTH = ['/sbin/hotplug-call', '/etc/mwan3.user'];
const call = (action: 'connected' | 'disconnected' | 'ifup', first = false) => ({
  action,
  wan: 'wan',
  device: 'eth1',
  first,
});

describe('hotplug calls', () => {
  it("have mwan3's variables, hotplug's scripts first, then mwan3.user", async () => {
    const { hotplug, calls } = rig(BOTH);
    hotplug.push(call('connected', true));
    const variables = { ACTION: 'connected', INTERFACE: 'wan', DEVICE: 'eth1' };
    expect(calls.map(({ argv }) => argv)).toEqual([['/sbin/hotplug-call', 'iface']]);
    expect(calls[0]?.env).toMatchObject({ ...variables, FIRSTCONNECT: '1' });
    await calls[0]?.end();
    expect(calls[1]?.argv).toEqual(['/bin/sh', '/etc/mwan3.user']);
    expect(calls[1]?.env).toMatchObject(variables);
    expect(Object.keys(calls[1]?.env ?? {})).not.toContain('FIRSTCONNECT');
  });

  it('leave ifup to netifd, but not to mwan3.user', () => {
    const { hotplug, calls } = rig(BOTH);
    hotplug.push(call('ifup'));
    expect(calls.map(({ argv }) => argv[0])).toEqual(['/bin/sh']);
  });

  it('come one after the other, in order, and a slow script is named', async () => {
    const { hotplug, calls, lines } = rig(['/etc/mwan3.user']);
    hotplug.push(call('disconnected'));
    hotplug.push(call('connected'));
    expect(calls).toHaveLength(1);
    await calls[0]?.end(true);
    expect(lines).toEqual([expect.stringContaining('took longer than')]);
    expect(calls.map(({ env }) => env['ACTION'])).toEqual(['disconnected', 'connected']);
  });

  it('are nothing where there is no script', () => {
    const { hotplug, calls } = rig([]);
    hotplug.push(call('connected'));
    expect(calls).toEqual([]);
  });
});
