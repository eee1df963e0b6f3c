/**
 * Replays test/captures/procd on the stand-in: the same commands in the same order on one machine, one recording after
 * another as they were made; notifications of object `service` and results of `service list` must be the recorded ones,
 * process ids aside. What is left out, and why:
 *
 * | recording | left out | why |
 * |---|---|---|
 * | all | lines of `ubus monitor` | test/integration/procd/shell.test.ts holds the same calls, without a bus |
 * | 04, 05 | `sleep 0.2` is a wait for the test's word; 04's respawn after 4 s, not 1 | time to look at the instance, running and not |
 * | 03, 08, 09 | triggers after 5 s, not 1; `term_timeout` 6 s, not 2 | events that were close together stay so on a busy machine |
 * | all | `ms` | no timing assertions; the order is compared |
 * | 07 | order between instances | they end on their own |
 * | 07 | outputs of failed `ubus call`s | the command line's own tests have them |
 * | 09 | the closing `pgrep` | it counts the shell that runs it, which differs |
 * | 10 | services of a whole OpenWrt (log, uhttpd, …) | the stand-in keeps the log itself |
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMachine, capture, type Machine, until } from './machine.ts';

interface Entry {
  readonly ms: number;
  readonly source: string;
  readonly command?: string;
  readonly line?: unknown;
  readonly result?: unknown;
  readonly output?: string;
  readonly tookMs?: number;
}

interface Recording {
  readonly name: string;
  readonly initScript?: string;
  readonly timeline: readonly Entry[];
}

const OWN = ['network', 'rpcd', 'uhttpd', 'dnsmasq', 'conntrackd', 'keepalived'];
const DEADLINE_MS = 30_000;

let machine: Machine;
const received: unknown[] = [];

beforeAll(async () => {
  machine = await bootMachine(`mkdir -p "$root/etc/config"
printf "config main 'main'\\n\\toption mode 'one'\\n" >"$root/etc/config/t"`);
  await new Promise<void>((resolve) => {
    machine.ubus.subscribe('service', {
      onNotify(name, data) {
        // The machine's own services come and go as they like.
        if (!OWN.includes(String(data['service']))) received.push({ [name]: plain(data) });
      },
      onAttached: resolve,
    });
  });
});

afterAll(() => machine?.stop());

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Process ids by their order of appearance, so that two runs can be compared. */
function withoutPids(value: unknown, seen: Map<number, number>): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutPids(item, seen));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key !== 'pid' || typeof item !== 'number') return [key, withoutPids(item, seen)];
      if (!seen.has(item)) seen.set(item, seen.size + 1);
      return [key, seen.get(item)];
    }),
  );
}

/** A step is listed at its end; what it caused stands in front of it and is put behind. */
function inOrder(timeline: readonly Entry[]): Entry[] {
  const ordered: Entry[] = [];
  for (const entry of timeline) {
    let place = ordered.length;
    if (entry.source === 'step') {
      const began = entry.ms - (entry.tookMs ?? 0);
      const isEffect = (other: Entry | undefined) =>
        other?.source.startsWith('ubus') === true && other.ms >= began;
      while (isEffect(ordered[place - 1])) place -= 1;
    }
    ordered.splice(place, 0, entry);
  }
  return ordered;
}

function listArguments(command: string): Record<string, string | boolean> {
  return JSON.parse(/\{.*\}/.exec(command)?.[0] ?? '{}') as Record<string, string | boolean>;
}

/** A step that only reads is done again until a trigger's script has written what it reads. */
async function runStep(command: string, output: string): Promise<void> {
  if (command.startsWith('cat ')) {
    await until(command, DEADLINE_MS, async () =>
      (await machine.sh(command)).output === output ? true : undefined,
    );
    return;
  }
  const ran = await machine.sh(command);
  if (output.startsWith('Command failed')) expect(ran.output, command).toContain('Command failed');
  else expect(ran.output, command).toBe(output);
}

/** Instances end and start independently of each other: where there are several, each has its own order. */
function comparable(notes: readonly unknown[], perInstance: boolean): unknown {
  const plainNotes = notes.map((note) => withoutPids(note, new Map()));
  if (!perInstance) return plainNotes;
  const groups: Record<string, unknown[]> = {};
  for (const note of plainNotes) {
    const [data] = Object.values(note as Record<string, { service?: string; instance?: string }>);
    const key = `${data?.service ?? ''} ${data?.instance ?? ''}`;
    groups[key] = [...(groups[key] ?? []), note];
  }
  return groups;
}

/** `before` is called ahead of each step and each notification, for what the recorder did without a step of its own. */
async function replay(
  recording: Recording,
  before: (entry: Entry) => void | Promise<void> = () => undefined,
  perInstance = false,
): Promise<void> {
  const expectedPids = new Map<number, number>();
  const actualPids = new Map<number, number>();
  const expectedNotes: unknown[] = [];
  const first = received.length;
  for (const entry of inOrder(recording.timeline)) {
    if (entry.source === 'ubus subscribe service') {
      expectedNotes.push(entry.line);
      await before(entry);
      await until(`${recording.name}: ${JSON.stringify(entry.line)}`, DEADLINE_MS, () =>
        received.length - first >= expectedNotes.length ? true : undefined,
      );
    } else if (entry.source === 'step') {
      if (entry.command?.includes('pgrep')) continue;
      await before(entry);
      await runStep(entry.command ?? '', entry.output ?? '');
    } else if (entry.source === 'list') {
      const args = entry.command === 'service list verbose' ? null : listArguments(entry.command ?? '');
      const expected = withoutPids(entry.result, expectedPids);
      let actual: unknown;
      await until(`${recording.name}: ${entry.command}`, DEADLINE_MS, async () => {
        const list = await machine.call('service', 'list', args ?? { verbose: true });
        const shown = args === null ? { ttrig: list['ttrig'] } : list;
        const trial = new Map(actualPids);
        actual = withoutPids(plain(shown), trial);
        if (JSON.stringify(actual) !== JSON.stringify(expected)) return undefined;
        for (const [pid, number] of trial) actualPids.set(pid, number);
        return true;
      }).catch(() => expect(actual, `${recording.name}, ${entry.ms} ms: ${entry.command}`).toEqual(expected));
    }
  }
  expect(comparable(received.slice(first), perInstance)).toEqual(comparable(expectedNotes, perInstance));
}

function install(name: string, script: string): void {
  machine.write(`/etc/init.d/${name}`, script, 0o755);
}

const GATE = '/tmp/gate';
const WAIT = `until rm ${GATE} 2>/dev/null; do sleep 0.05; done`;

/** The recording with programs that end at the test's word, and times in which a busy machine gets to looking. */
function slower(name: string): Recording {
  const text = JSON.stringify(capture<Recording>('procd', name))
    .replaceAll('sleep 0.2', WAIT)
    .replaceAll('respawn 3600 1 2', 'respawn 3600 4 2')
    .replaceAll('"timeout":1,', '"timeout":4,')
    .replaceAll('interface.*.up\\" 1000 ', 'interface.*.up\\" 5000 ')
    .replace(/(\["interface\.\*\.up",.*?),1000\]/g, '$1,5000]')
    .replaceAll('term_timeout 2', 'term_timeout 6')
    .replaceAll('"term_timeout":2,', '"term_timeout":6,');
  return JSON.parse(text) as Recording;
}

const scriptOf = (name: string) => slower(name).initScript ?? '';

/** Lets the program end when its end is what comes next. */
function openGate({ line }: Entry): void {
  if (JSON.stringify(line)?.startsWith('{"instance.stop"')) machine.write(GATE, '');
}

describe('procd, as recorded', () => {
  it('01: starts, keeps and stops an instance', async () => {
    install('tsvc', scriptOf('01'));
    await replay(capture('procd', '01'));
  });

  it('02: restarts only for what matters', async () => {
    const recording = capture<Recording>('procd', '02');
    const last = recording.timeline.filter((entry) => entry.source === 'step').pop();
    await replay(recording, (step) => {
      if (step === last) install('tsvc', scriptOf('01').replace('key=value', 'key=changed'));
    });
    install('tsvc', scriptOf('01'));
  });

  it('03: reloads after config.change', async () => {
    const slow = 'service_triggers() {\n\tPROCD_RELOAD_DELAY=5000\n\t';
    install('tsvc', scriptOf('01').replace('service_triggers() { ', slow));
    await replay(capture('procd', '03'));
  });

  it('04: respawns and gives up', async () => {
    install('tcrash', scriptOf('04'));
    await replay(slower('04'), openGate);
  });

  it('05: respawns by default every 5 s', async () => {
    install('tcrash5', scriptOf('04').replace('respawn 3600 4 2', 'respawn'));
    await replay(slower('05'), openGate);
  });

  it('06: keeps the exit code without respawn', async () => {
    install(
      'tonce',
      scriptOf('04')
        .replace(`${WAIT}; exit 3`, 'exit 7')
        .replace(/.*respawn.*\n/, ''),
    );
    await replay(capture('procd', '06'));
  });

  it('07: takes set, add, signal and delete by hand', () =>
    replay(capture('procd', '07'), () => undefined, true));

  it('08: runs raw triggers once after their delay', async () => {
    install('ttrig', scriptOf('08'));
    await replay(slower('08'));
  });

  it('09: kills what ignores SIGTERM', async () => {
    install('tstub', scriptOf('09'));
    await replay(slower('09'), async (entry) => {
      if (!entry.command?.endsWith('stop')) return;
      // Its shell has set the trap once it sleeps.
      await until('The trap', DEADLINE_MS, async () => {
        const list = JSON.stringify(await machine.call('service', 'list', { name: 'tstub' }));
        const pid = /"pid":(\d+)/.exec(list)?.[1];
        return (await machine.sh(`pgrep -x -P ${pid} sleep`)).code === 0 ? true : undefined;
      });
    });
  });

  it('10: lists all services of the recordings before', async () => {
    const all = capture<Recording>('procd', '10').timeline[0]?.result as readonly string[];
    const ours = ['bad', 'bad2', 'network', 'rpcd', 'tcrash', 'tonce', 'tsvc', 'ttrig', 'uhttpd'];
    const listed = Object.keys(await machine.call('service', 'list'));
    expect(listed.filter((name) => all.includes(name))).toEqual(all.filter((name) => ours.includes(name)));
    expect(await machine.call('service', 'list', { name: 'nope' })).toEqual({});
  });
});
