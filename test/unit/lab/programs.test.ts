import { describe, expect, it } from 'vitest';
import { HopelessError, LabError, must, run, until } from '../../lab/programs.ts';

describe('a program', () => {
  it('gets its input and gives output, errors and status', async () => {
    const script = 'process.stdin.pipe(process.stdout); process.stderr.write("e"); process.exitCode = 3';
    const ran = await run([process.execPath, '-e', script], { stdin: 'words' });
    expect(ran).toEqual({ code: 3, stdout: 'words', stderr: 'e' });
  });

  it('is ended when its time is over, also if a child of it holds the pipes', async () => {
    const script =
      'require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 3000)"], { stdio: "inherit" })';
    const ran = await run([process.execPath, '-e', script], { timeoutMs: 500 });
    expect(ran).toMatchObject({ code: 137, stderr: '(ended after 500 ms without an answer)' });
  });

  it('that fails or is missing is an error with its words', async () => {
    await expect(must([process.execPath, '-e', 'console.error("why"); process.exit(4)'])).rejects.toThrow(
      /failed with exit status 4: why\.$/,
    );
    await expect(run(['/missing/program'])).rejects.toThrow('/missing/program could not be started');
  });
});

describe('waiting', () => {
  it('ends with the first value', async () => {
    let asked = 0;
    expect(await until('The third time', 5000, () => (++asked === 3 ? 'yes' : undefined), 1)).toBe('yes');
    expect(asked).toBe(3);
  });

  it('ends with what it waited for and the last reason', async () => {
    const probe = (): never => {
      throw new Error('still asleep');
    };
    await expect(until('The morning', 20, probe, 1)).rejects.toThrow(
      new LabError('The morning did not come about within 0 s (last: still asleep).'),
    );
  });

  it('ends at once when it is hopeless', async () => {
    let asked = 0;
    const probe = (): never => {
      asked += 1;
      throw new HopelessError('It is gone.');
    };
    await expect(until('Its return', 60_000, probe, 1)).rejects.toThrow('It is gone.');
    expect(asked).toBe(1);
  });
});
