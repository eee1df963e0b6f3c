import type { ProcessExit } from '../../../../src/ports/processes.ts';
import {
  bytes,
  type Case,
  check,
  codeOf,
  equal,
  mustRead,
  pattern,
  run,
  sameBytes,
  sleep,
  text,
  until,
} from './case.ts';

const mode = (value: number): string => value.toString(8);

export const fileCases: Case[] = [
  {
    name: 'what is written is read back, all byte values and nothing at all',
    run(bench) {
      const { files } = bench.runtime;
      for (const content of [pattern(200_000), new Uint8Array(0)]) {
        equal(codeOf(files.replace(`${bench.folder}/a`, content)), 'ok', 'replace');
        sameBytes(mustRead(bench, `${bench.folder}/a`), content, 'content');
      }
    },
  },
  {
    name: 'read refuses what is longer than the limit, and takes what is just as long',
    run({ runtime: { files }, folder }) {
      files.replace(`${folder}/a`, pattern(1000));
      equal(codeOf(files.read(`${folder}/a`, 1000)), 'ok', 'limit');
      equal(codeOf(files.read(`${folder}/a`, 999)), 'EFBIG', 'limit - 1');
    },
  },
  {
    name: 'files of /proc, which say that they are empty, are read',
    run(bench) {
      check(mustRead(bench, '/proc/self/status').length > 100, 'status');
    },
  },
  {
    name: 'a file that is kept open is read as it is now, also one that is not there yet, or longer than one read',
    run(bench) {
      const { runtime, folder } = bench;
      const path = `${folder}/a`;
      const read = runtime.keepOpen(path);
      equal(read(), null, 'before it is there');
      for (const content of ['one', 'x'.repeat(10_000), '']) {
        // Into the same file: one that is replaced is another.
        equal(codeOf(runtime.files.append(path, bytes(content))), 'ok', 'append');
        equal(read(), text(mustRead(bench, path)), 'content');
      }
      const uptime = runtime.keepOpen('/proc/uptime');
      const before = Number(uptime()?.split(' ')[0]);
      check(before > 0, 'uptime');
      const end = runtime.clock.monotonicMs() + 50;
      while (runtime.clock.monotonicMs() < end);
      check(Number(uptime()?.split(' ')[0]) > before, 'a later uptime');
    },
  },
  {
    name: 'concurrent readers see the old or the new content, never a part',
    async run(bench) {
      const { runtime, folder } = bench;
      const path = `${folder}/shared`;
      const contents = ['a'.repeat(300_000), 'b'.repeat(200_001)].map(bytes);
      const sums: string[] = [];
      for (const content of contents) {
        runtime.files.replace(path, content);
        sums.push(text((await run(bench, ['cksum', path])).stdout));
      }
      let exit: ProcessExit | undefined;
      let words = '';
      const reader = runtime.processes.start(['sh', '-c', 'while cksum "$1"; do :; done', 'sh', path], {
        onStdout: (chunk) => {
          words += text(chunk);
        },
        onExit: (how) => {
          exit = how;
        },
      });
      if (!reader.ok) throw new Error(reader.error.message);
      const lines = (): string[] => words.split('\n').slice(0, -1);
      // It reads beside us, at least so often, and until it has met both; it ends by itself only if it finds no file.
      for (let turn = 0; lines().length < 200 || new Set(lines()).size < 2; turn += 1) {
        equal(exit, undefined, 'reader');
        equal(codeOf(runtime.files.replace(path, contents[turn % 2] as Uint8Array)), 'ok', 'replace');
        await sleep(bench, 1);
      }
      reader.value.kill(15);
      await until(bench, 'end of the reader', () => exit !== undefined);
      const seen = [...new Set(lines())].map((line) => `${line}\n`);
      equal(seen.sort(), [...sums].sort(), 'what readers saw');
      equal(runtime.files.list(folder), { ok: true, value: ['shared'] }, 'no temporary file is left');
    },
  },
  {
    name: 'replace keeps the mode of an existing file, whatever the umask, and gives a new one the wanted mode',
    async run(bench) {
      const { runtime, folder } = bench;
      const modeOf = (path: string): string => {
        const info = runtime.files.info(path);
        return info.ok ? mode(info.value.mode) : info.error.code;
      };
      for (const wanted of [0o600, 0o644, 0o664, 0o755, 0o777]) {
        const path = `${folder}/${mode(wanted)}`;
        equal(codeOf(runtime.files.replace(path, bytes('new'), wanted)), 'ok', 'new');
        equal(modeOf(path), mode(wanted), 'mode of the new file');
        equal(codeOf(runtime.files.replace(path, bytes('again'), 0o640)), 'ok', 'again');
        equal(modeOf(path), mode(wanted), 'mode after the second time');
      }
      runtime.files.replace(`${folder}/default`, bytes(''));
      equal(modeOf(`${folder}/default`), '644', 'default mode');
    },
  },
  {
    name: 'a symbolic link stays and its target is replaced, also one that does not exist yet',
    async run(bench) {
      const { runtime, folder } = bench;
      const { files } = runtime;
      files.makeFolder(`${folder}/real`);
      files.replace(`${folder}/real/file`, bytes('old'));
      await run(bench, ['ln', '-s', 'real/file', `${folder}/relative`]);
      await run(bench, ['ln', '-s', `${folder}/relative`, `${folder}/second`]);
      await run(bench, ['ln', '-s', `${folder}/real/later`, `${folder}/dangling`]);
      await run(bench, ['ln', '-s', 'loop', `${folder}/loop`]);
      equal(codeOf(files.replace(`${folder}/second`, bytes('new'))), 'ok', 'replace');
      equal(codeOf(files.replace(`${folder}/dangling`, bytes('made'))), 'ok', 'replace');
      equal(text(mustRead(bench, `${folder}/real/file`)), 'new', 'target');
      equal(text(mustRead(bench, `${folder}/real/later`)), 'made', 'target that did not exist');
      equal(files.readLink(`${folder}/relative`), { ok: true, value: 'real/file' }, 'the link');
      equal(codeOf(files.replace(`${folder}/loop`, bytes('x'))), 'ELOOP', 'loop');
      equal(codeOf(files.readLink(`${folder}/real/file`)), 'EINVAL', 'no link');
    },
  },
  {
    name: 'failures have errno names and name the path',
    async run(bench) {
      const { runtime, folder } = bench;
      const { files } = runtime;
      files.replace(`${folder}/file`, bytes('x'));
      await run(bench, ['mkfifo', `${folder}/fifo`]);
      const codes = {
        read: codeOf(files.read(`${folder}/none`)),
        readFolder: codeOf(files.read(folder)),
        readFifo: codeOf(files.read(`${folder}/fifo`)),
        readBelowFile: codeOf(files.read(`${folder}/file/x`)),
        readNul: codeOf(files.read(`${folder}/file\0x`)),
        replaceNoFolder: codeOf(files.replace(`${folder}/none/x`, bytes(''))),
        replaceFolder: codeOf(files.replace(folder, bytes(''))),
        replaceFifo: codeOf(files.replace(`${folder}/fifo`, bytes(''))),
        replaceReadOnly: codeOf(files.replace('/proc/none', bytes(''))) !== 'ok',
        longName: codeOf(files.read(`${folder}/${'n'.repeat(300)}`)),
        list: codeOf(files.list(`${folder}/none`)),
        listFile: codeOf(files.list(`${folder}/file`)),
        info: codeOf(files.info(`${folder}/none`)),
        remove: codeOf(files.remove(`${folder}/none`)),
        removeFolder: codeOf(files.remove(folder)),
        rename: codeOf(files.rename(`${folder}/none`, `${folder}/x`)),
        makeFolder: codeOf(files.makeFolder(`${folder}/file`)),
        makeBelowFile: codeOf(files.makeFolder(`${folder}/file/x`)),
      };
      equal(
        codes,
        {
          read: 'ENOENT',
          readFolder: 'EISDIR',
          readFifo: 'EINVAL',
          readBelowFile: 'ENOTDIR',
          readNul: 'EINVAL',
          replaceNoFolder: 'ENOENT',
          replaceFolder: 'EISDIR',
          replaceFifo: 'EINVAL',
          replaceReadOnly: true,
          longName: 'ENAMETOOLONG',
          list: 'ENOENT',
          listFile: 'ENOTDIR',
          info: 'ENOENT',
          remove: 'ENOENT',
          removeFolder: 'EISDIR',
          rename: 'ENOENT',
          makeFolder: 'EEXIST',
          makeBelowFile: 'ENOTDIR',
        },
        'codes',
      );
      const missing = files.read(`${folder}/none`);
      const expected = `Cannot read ${folder}/none: there is no such file or folder (ENOENT).`;
      equal(missing.ok ? '' : missing.error.message, expected, 'message');
    },
  },
  {
    name: 'what the user may not read is EACCES',
    async run(bench) {
      bench.runtime.files.replace(`${bench.folder}/secret`, bytes('x'), 0o600);
      const done = await run(bench, [
        'setpriv',
        '--reuid',
        '65534',
        '--clear-groups',
        ...bench.self,
        'act',
        'read-secret',
        `${bench.folder}/secret`,
      ]);
      equal(text(done.stdout), 'EACCES EACCES', 'codes');
    },
  },
  {
    name: 'list is sorted by code point, info tells kind, size, mode and time, folders are made with parents',
    async run(bench) {
      const { runtime, folder } = bench;
      const { files } = runtime;
      equal(codeOf(files.makeFolder(`${folder}/a/b/c`, 0o700)), 'ok', 'new');
      equal(codeOf(files.makeFolder(`${folder}/a/b/c`)), 'ok', 'existing');
      for (const name of ['z', 'B', 'ä', '\u{1f600}', '\uff5e', '10', '9'])
        files.replace(`${folder}/${name}`, bytes(name));
      await run(bench, ['ln', '-s', 'z', `${folder}/link`]);
      equal(
        files.list(folder),
        { ok: true, value: ['10', '9', 'B', 'a', 'link', 'z', 'ä', '\uff5e', '\u{1f600}'] },
        'names',
      );
      const kinds = ['z', 'a', 'link', '../../../dev/null'].map((name) => {
        const info = files.info(name === '../../../dev/null' ? '/dev/null' : `${folder}/${name}`);
        return info.ok ? info.value.kind : info.error.code;
      });
      equal(kinds, ['file', 'directory', 'symlink', 'other'], 'kinds');
      const info = files.info(`${folder}/ä`);
      check(info.ok && info.value.sizeBytes === 2 && info.value.mode === 0o644, 'size and mode');
      check(info.ok && Math.abs(info.value.modifiedMs - runtime.clock.wallMs()) < 60_000, 'time');
      const made = files.info(`${folder}/a/b`);
      check(made.ok && made.value.mode === 0o700, 'mode of the folder');
    },
  },
  {
    name: 'append creates and adds, rename replaces, remove takes a link and not its target',
    async run(bench) {
      const { runtime, folder } = bench;
      const { files } = runtime;
      for (const word of ['one ', 'two ', 'three'])
        equal(codeOf(files.append(`${folder}/log`, bytes(word))), 'ok', word);
      equal(text(mustRead(bench, `${folder}/log`)), 'one two three', 'appended');
      files.replace(`${folder}/other`, bytes('other'));
      equal(codeOf(files.rename(`${folder}/log`, `${folder}/other`)), 'ok', 'rename');
      equal(text(mustRead(bench, `${folder}/other`)), 'one two three', 'renamed');
      await run(bench, ['ln', '-s', 'other', `${folder}/link`]);
      equal(codeOf(files.remove(`${folder}/link`)), 'ok', 'remove');
      equal(files.list(folder), { ok: true, value: ['other'] }, 'what is left');
    },
  },
];
