/**
 * The commands that the recordings ran between their requests: `uci` on the library's store, `ubus` on a plain
 * connection, `cat` and `ls` by a real shell with the paths below the house's root.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createUciStore, optionText, parseAddress, printDelta, type UciStore } from 'uci-parser';
import { nodeFiles } from '../../openwrt/common/files.ts';
import { ARGUMENT } from '../../openwrt/common/link.ts';
import { parseJson, printJson, table } from '../../openwrt/common/values.ts';
import type { House } from './house.ts';

export interface ShellResult {
  readonly stdout: string;
  readonly exit: number;
}

/** One `uci` command; only what the recordings use. */
function uci(store: UciStore, words: readonly string[]): string {
  const [verb, text = ''] = words;
  if (verb === 'changes') {
    const names = store.packages();
    return (names.ok ? names.value : [])
      .map((name) => {
        const pending = store.changes(name);
        return pending.ok ? printDelta(name, pending.value) : '';
      })
      .join('');
  }
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`No address: ${text}`);
  if (verb === 'get') {
    const pkg = store.load(address.package);
    const section = pkg.ok ? pkg.value.sections.find((one) => one.name === address.section) : undefined;
    return section === undefined ? '' : `${optionText(section, address.option ?? '') ?? ''}\n`;
  }
  if (verb === 'revert') store.revert(address.package);
  else if (verb === 'set') {
    const { section = '', option = '', value = '' } = address;
    store.stage(address.package, [{ op: 'set', section, option, value }]);
  } else throw new Error(`The recordings have no uci ${verb}.`);
  return '';
}

function signature(entries: Awaited<ReturnType<House['link']['lookup']>>[number]): string {
  const names: Record<number, string> = {
    [ARGUMENT.array]: 'Array',
    [ARGUMENT.table]: 'Table',
    [ARGUMENT.string]: 'String',
    [ARGUMENT.int32]: 'Integer',
    [ARGUMENT.boolean]: 'Boolean',
  };
  return entries.signature
    .map((method) => {
      const args = method.type === 'table' ? method.value : [];
      return `\t"${method.name}":{${args.map((one) => `"${one.name}":"${names[Number(one.value)]}"`).join(',')}}\n`;
    })
    .join('');
}

async function ubus(house: House, command: string): Promise<ShellResult> {
  const listed = /^ubus -v list (\S+) \| sed 1d$/.exec(command);
  if (listed !== null) {
    const [found] = await house.link.lookup(listed[1]);
    return found === undefined ? { stdout: '', exit: 4 } : { stdout: signature(found), exit: 0 };
  }
  const called = /^ubus call (\S+) (\S+)(?: '(.*)')?(?: \| sed .*)?$/.exec(command);
  const args = parseJson(called?.[3] ?? '{}');
  if (called === null || args?.type !== 'table') throw new Error(`Not understood: ${command}`);
  const { status, replies } = await house.link.call(called[1] ?? '', called[2] ?? '', args.value);
  return {
    stdout: replies.map((reply) => printJson(table('', reply))).join('\n'),
    exit: status === 0 ? 0 : 256 - status,
  };
}

export async function runShell(house: House, command: string): Promise<ShellResult> {
  if (command.startsWith('ubus ')) return ubus(house, command);
  const store = createUciStore(nodeFiles, {
    configDir: join(house.root, 'etc/config'),
    deltaDir: join(house.root, 'tmp/.uci'),
  });
  let stdout = '';
  let exit = 0;
  // A `;` inside a sed script is of no concern: the recordings have none.
  const parts = command.startsWith('cd ') || command.includes('| sed') ? [command] : command.split('; ');
  for (const part of parts) {
    if (part.startsWith('uci ')) {
      stdout += uci(store, part.split(' ').slice(1));
      exit = 0;
      continue;
    }
    const line = part.replace(/\/(etc\/config|var\/run\/rpcd)/g, `${house.root}/$1`);
    const done = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
    stdout += done.stdout.replaceAll(house.root, '');
    exit = done.status ?? -1;
  }
  return { stdout, exit };
}
