/**
 * What the recordings do not show of the command, held against libuci's own command as its source reads: aliases,
 * input from a file, `import` and errors within `batch`, exit statuses of odd calls.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeText } from 'uci-parser';
import { runUci } from 'uci-parser/cli';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rootedFiles } from '../../support/rooted-files.ts';

const FILE = "config wan 'w1'\n\toption device 'eth1'\n\tlist track 'a'\n\tlist track 'b c'\n\nconfig rule\n";
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'uci-command-'));
  mkdirSync(join(root, 'etc/config'), { recursive: true });
  mkdirSync(join(root, 'tmp/.uci'), { recursive: true });
  write('etc/config/t', FILE);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text);
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function uci(args: readonly string[], stdin = ''): { stdout: string; stderr: string; exit: number } {
  let stdout = '';
  let stderr = '';
  let left = stdin;
  const exit = runUci(args, {
    files: rootedFiles(root),
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    // As a pipe: what was read is gone.
    readStdin: () => {
      const bytes = encodeText(left);
      left = '';
      return bytes;
    },
  });
  return { stdout, stderr, exit };
}

const QUIET = { stdout: '', stderr: '', exit: 0 };

it('knows the short names of verbs, in capitals too', () => {
  expect(uci(['del', 't.w1.device'])).toEqual(QUIET);
  expect(uci(['ren', 't.w1=w2'])).toEqual(QUIET);
  expect(uci(['GET', 't.w2']).stdout).toBe('wan\n');
  expect(read('tmp/.uci/t')).toBe("-t.w1.device\n@t.w1='w2'\n");
});

it('takes an import within a batch from the rest of the input', () => {
  expect(uci(['batch'], "get t.w1\nimport t\nconfig z 'new'\n")).toEqual({ ...QUIET, stdout: 'wan\n' });
  expect(read('etc/config/t')).toBe("\nconfig z 'new'\n\n");
});

it('reads batch and import from the file of -f', () => {
  write('commands', 'get t.w1.device\nEXIT\nget t.w1\n');
  expect(uci(['-f', '/commands', 'batch'])).toEqual({ ...QUIET, stdout: 'eth1\n' });
  write('package', "config a 'b'\n");
  expect(uci(['-f', '/package', 'import', 'fresh'])).toEqual(QUIET);
  expect(read('etc/config/fresh')).toBe("\nconfig a 'b'\n\n");
  expect(uci(['-f', '/none', 'batch'])).toEqual({
    stdout: '',
    stderr: 'uci: No such file or directory',
    exit: 1,
  });
});

it('merges into a package that is not there by making it', () => {
  expect(uci(['-m', 'import', 'fresh'], 'config a b\n')).toEqual(QUIET);
  expect(read('etc/config/fresh')).toBe("\nconfig a 'b'\n\n");
  expect(uci(['-m', 'import'], 'config a b\n').exit).toBe(255);
});

it('says in a batch what is wrong with a line and goes on', () => {
  const lines = 'add t\nset t.w1.a 1 2 3\nbatch\nget t.w1\n';
  expect(uci(['batch'], lines)).toEqual({
    stdout: 'wan\n',
    stderr: 'Unknown command\nToo many arguments\nUnknown command\n',
    exit: 0,
  });
  expect(uci(['-q', 'batch'], lines)).toEqual({ ...QUIET, stdout: 'wan\n' });
});

it('takes setting nothing to nothing for done', () => {
  expect(uci(['set', 't.none='])).toEqual(QUIET);
  expect(uci(['set', 't.w1.none='])).toEqual(QUIET);
  expect(uci(['set', 't.none.x=']).stderr).toBe('uci: Invalid argument\n');
});

it('refuses what is no address, no type and no place for a value', () => {
  expect(uci(['get', 't.a-b'])).toEqual({ stdout: '', stderr: 'uci: Invalid argument\n', exit: 1 });
  expect(uci(['set', 't.w1=bad type']).stderr).toBe('uci: Invalid argument\n');
  expect(uci(['get', 't.w1=x'])).toEqual({ stdout: '', stderr: '', exit: 1 });
  expect(uci(['delete', 't.w1.track=x'])).toEqual({ stdout: '', stderr: '', exit: 1 });
  expect(uci(['reorder', 't.w1']).stderr).toBe('uci: Entry not found\n');
});

it('deletes an item of a list by its position, and nothing where there is none', () => {
  expect(uci(['delete', 't.w1.track=7'])).toEqual(QUIET);
  expect(uci(['delete', 't.w1.track=0'])).toEqual(QUIET);
  expect(read('tmp/.uci/t')).toBe("-t.w1.track='0'\n");
  expect(uci(['changes']).stdout).toBe('-t.w1.track\n');
  expect(uci(['show', 't.w1.track']).stdout).toBe("t.w1.track='b c'\n");
});

it('prints list items with white space in quotes', () => {
  expect(uci(['get', 't.w1.track']).stdout).toBe("a 'b c'\n");
});

it('does not let one unreadable package keep the others back', () => {
  write('etc/config/broken', 'bad\n');
  uci(['set', 't.w1.device=eth9']);
  const told = 'uci: Parse error (invalid command) at line 1, byte 0\n';
  expect(uci(['commit'])).toEqual({ stdout: '', stderr: told, exit: 0 });
  expect(read('etc/config/t')).toContain("option device 'eth9'");
  expect(uci(['add', 'broken', 'x']).exit).toBe(5);
});

it('shows how to use it for an unknown option, and that is no failure', () => {
  const odd = uci(['-Z', 'show', 't']);
  expect(odd.exit).toBe(0);
  expect(odd.stderr).toMatch(/^uci: unrecognized option: Z\nUsage: uci /);
  expect(uci(['-c']).stderr).toMatch(/^uci: option requires an argument: c\nUsage: uci /);
});

it('names unnamed sections in the file if -n is given at the commit', () => {
  uci(['set', 't.w1.device=eth9']);
  expect(uci(['-n', 'commit', 't'])).toEqual(QUIET);
  expect(read('etc/config/t')).toContain("config rule 'cfg02");
});
