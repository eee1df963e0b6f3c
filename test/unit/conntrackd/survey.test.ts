import { describe, expect, it } from 'vitest';
import { createConnectionSurvey } from '../../../src/adapters/survey.ts';
import { MOST_CONNECTIONS, type SurviveSituation } from '../../../src/core/conntrackd/survive.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Timers } from '../../../src/ports/clock.ts';
import type { ProcessExit, Processes } from '../../../src/ports/processes.ts';

const SITUATION: SurviveSituation = {
  virtual: new Map([['203.0.113.10', 'wan1']]),
  own: new Map(),
  wans: ['wan1'],
  marks: null,
  blocked: '',
};

const tuples = (port: number): string =>
  `src=192.168.1.100 dst=192.0.2.1 sport=${port} dport=80 src=192.0.2.1 dst=203.0.113.10 sport=80 dport=${port} [ASSURED] mark=0`;
const cached = (port: number): string => `tcp      6 ESTABLISHED ${tuples(port)} [active since 2s]\n`;
const tracked = (port: number): string => `tcp      6 431999 ESTABLISHED ${tuples(port)} use=1\n`;

const never: Timers = { after: () => ({ cancel: () => undefined }) };

interface Program {
  readonly output: string;
  readonly exit?: ProcessExit;
}

/** Programs that write their output in pieces of `piece` bytes until they are killed. */
function processes(
  programs: Readonly<Record<string, Program>>,
  piece: number,
  killed: string[] = [],
): Processes {
  return {
    run: async (argv) => fail({ code: 'ENOSYS', argv, message: 'not in this test' }),
    start: (argv, handlers) => {
      const command = argv.join(' ');
      const { output, exit } = programs[command] ?? { output: '' };
      let isKilled = false;
      setImmediate(() => {
        for (let at = 0; at < output.length && !isKilled; at += piece)
          handlers.onStdout?.(encodeText(output.slice(at, at + piece)));
        handlers.onExit(isKilled ? { kind: 'signalled', signal: 9 } : (exit ?? { kind: 'exited', code: 0 }));
      });
      return ok({
        pid: 1,
        write: () => undefined,
        queuedBytes: () => 0,
        closeInput: () => undefined,
        kill: () => {
          isKilled = true;
          killed.push(command);
        },
      });
    },
  };
}

describe('the survey of connections', () => {
  it.each([1, 7, 4096])('reads lines that come in pieces of %i bytes', async (piece) => {
    const programs = {
      'conntrackd -i': { output: cached(1) + cached(2) },
      'conntrack -L -f ipv4': { output: tracked(1) + tracked(2) + tracked(3) },
    };
    const made = await createConnectionSurvey(processes(programs, piece), never)(SITUATION);
    if (!made.ok) throw new Error(made.error);
    expect(made.value.result(null)).toMatchObject({
      total: 3,
      router: { survive: 2, reasons: [{ reason: 'not-synced', count: 1 }] },
    });
  });

  it('ends the program when it has seen enough, which is no failure', async () => {
    const killed: string[] = [];
    let output = '';
    for (let port = 0; port < MOST_CONNECTIONS + 5000; port += 1) output += tracked(port);
    const programs = { 'conntrack -L -f ipv4': { output } };
    const made = await createConnectionSurvey(processes(programs, 65536, killed), never)(SITUATION);
    if (!made.ok) throw new Error(made.error);
    expect(killed).toContain('conntrack -L -f ipv4');
    expect(made.value.result(null)).toMatchObject({ total: MOST_CONNECTIONS, truncated: true });
  });

  it('fails with a sentence if conntrack does, not if conntrackd does not run', async () => {
    const exit = { kind: 'exited', code: 1 } as const;
    const without = processes({ 'conntrackd -i': { output: '', exit } }, 10);
    expect((await createConnectionSurvey(without, never)(SITUATION)).ok).toBe(true);
    const broken = processes({ 'conntrack -L -f ipv4': { output: '', exit } }, 10);
    expect(await createConnectionSurvey(broken, never)(SITUATION)).toEqual({
      ok: false,
      error: '`conntrack -L -f ipv4` failed.',
    });
  });
});
