/** The connections line by line: tens of thousands of them are never held as text. */
import { createSurvey } from '../core/conntrackd/survive.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { Timers } from '../ports/clock.ts';
import type { Processes } from '../ports/processes.ts';
import type { Survey } from '../ports/survey.ts';

const SIGKILL = 9;
/** A line has about 250 characters. */
const LONGEST_LINE = 1024;

/** Addresses, words and numbers are ASCII: ten times faster under QuickJS than UTF-8, of megabytes. */
function textOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 1024)
    text += Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + 1024));
  return text;
}

export function createConnectionSurvey(processes: Processes, timers: Timers, timeoutMs = 10_000): Survey {
  /** @param take false = enough. */
  const stream = (argv: readonly string[], take: (line: string) => boolean): Promise<Result<void, string>> =>
    new Promise((resolve) => {
      let rest = '';
      let isOver = false;
      let failure = '';
      const command = argv.join(' ');
      const started = processes.start(argv, {
        onStdout: (bytes) => {
          if (isOver) return;
          const lines = (rest + textOf(bytes)).split('\n');
          rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
          isOver = !lines.every(take);
          if (isOver && started.ok) started.value.kill(SIGKILL);
        },
        onExit: (exit) => {
          timer.cancel();
          if (failure === '' && !isOver && (exit.kind !== 'exited' || exit.code !== 0))
            failure = `\`${command}\` failed.`;
          resolve(failure === '' ? ok(undefined) : fail(failure));
        },
      });
      const timer = timers.after(timeoutMs, () => {
        failure = `\`${command}\` did not end within ${timeoutMs} ms.`;
        if (started.ok) started.value.kill(SIGKILL);
      });
      if (started.ok) return;
      timer.cancel();
      resolve(fail(`${argv[0]} cannot be started: ${started.error.message}.`));
    });

  return async (situation) => {
    const survey = createSurvey(situation);
    // Without conntrackd nothing is synced, which the result then says.
    await stream(['conntrackd', '-i'], (line) => {
      survey.have(line);
      return true;
    });
    for (const family of ['ipv4', 'ipv6']) {
      const done = await stream(['conntrack', '-L', '-f', family], survey.count);
      if (!done.ok) return done;
    }
    return ok(survey);
  };
}
