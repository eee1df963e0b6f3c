/**
 * The shell side: the calls that rc.common makes for the recorded init scripts must be the recorded ones, byte for byte as
 * JSON. It runs in the lab's root with a `ubus` that only writes down its arguments; no bus, no namespace of its own.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './machine.ts';

interface Recording {
  readonly initScript?: string;
  readonly timeline: readonly { readonly source: string; readonly line?: unknown }[];
}

const OVERLAY = join(import.meta.dirname, '../../openwrt/root');
let root: string;

/** The overlay's shell files with paths that lead into `root` instead of /. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hagw-shell-'));
  cpSync(OVERLAY, root, { recursive: true });
  for (const dir of ['bin', 'run', 'etc/init.d']) mkdirSync(join(root, dir), { recursive: true });
  for (const file of ['etc/rc.common', 'usr/lib/functions/procd.sh', 'usr/lib/functions.sh']) {
    const text = readFileSync(join(root, file), 'utf8')
      .replace(/\. \/(lib|usr)\//g, (_, top: string) => `. ${root}/${top === 'lib' ? 'usr/lib' : top}/`)
      .replace(/\/var\/lock/g, `${root}/run`);
    writeFileSync(join(root, file), text);
  }
  const program = (name: string, text: string) => {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  };
  program('ubus', `printf '%s\\n' "$3 $4" >>"${root}/calls"`);
  program('uci', `echo "$MODE_IN_UCI"`);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function callsOf(name: string, script: string, action: string, mode: string): string[] {
  // The scripts name themselves /etc/init.d/NAME; that name is what counts, not where this copy lies.
  const path = join(root, 'etc/init.d', name);
  writeFileSync(path, script);
  rmSync(join(root, 'calls'), { force: true });
  const ran = spawnSync('/bin/sh', [join(root, 'etc/rc.common'), path, action], {
    env: { PATH: `${root}/bin:/usr/bin:/bin`, MODE_IN_UCI: mode },
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  return readFileSync(join(root, 'calls'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.replaceAll(root, ''));
}

/** `method {json}` of the recorded calls, in order. */
function recorded(name: string): string[] {
  return capture<Recording>('procd', name).timeline.flatMap(({ source, line }) => {
    const found = /invoke: \{"objid":\d+,"method":"(\w+)","data":(.*)\}$/.exec(String(line));
    return source.startsWith('ubus monitor') && found !== null ? [`${found[1]} ${found[2]}`] : [];
  });
}

describe('rc.common and procd.sh', () => {
  const script = (name: string) => capture<Recording>('procd', name).initScript ?? '';

  it('starts and stops as recorded in 01', () => {
    const [start, , stop] = recorded('01');
    expect(callsOf('tsvc', script('01'), 'start', 'one')).toEqual([start]);
    expect(callsOf('tsvc', script('01'), 'reload', 'one')).toEqual([start]);
    expect(callsOf('tsvc', script('01'), 'stop', 'one')).toEqual([stop]);
  });

  it('passes quotes and respawn values as recorded in 04 and 09', () => {
    expect(callsOf('tcrash', script('04'), 'start', 'm3')).toEqual([recorded('04')[0]]);
    expect(callsOf('tstub', script('09'), 'start', 'm3')).toEqual([recorded('09')[0]]);
  });

  it('describes triggers as recorded in 08', () => {
    expect(callsOf('ttrig', script('08'), 'start', 'm3')).toEqual([recorded('08')[0]]);
  });

  it('escapes what JSON needs escaped', () => {
    const odd = `USE_PROCD=1
start_service() {
	procd_open_instance
	procd_set_param command /bin/echo "a\\"b\\\\c" "tab	" "$(printf 'two\\nlines')" ü
	procd_append_param command last
	procd_close_instance
}
`;
    const [call] = callsOf('todd', odd, 'start', '');
    expect(JSON.parse(call?.slice('set '.length) ?? '')).toEqual({
      name: 'todd',
      script: '/etc/init.d/todd',
      instances: {
        instance1: { command: ['/bin/echo', 'a"b\\c', 'tab\t', 'two\nlines', 'ü', 'last'] },
      },
      triggers: [],
    });
  });
});
