/**
 * Whether a table can be written at all: names, references, texts. What the kernel would refuse beyond that (loops of
 * chains, say) the compiler does not make. Gives sentences, empty when all is well.
 */
import { isDevice, isName, isPlain, LONGEST_COMMENT } from './names.ts';
import type { NftChain, NftMatch, NftStatement, NftTable } from './objects.ts';

/** nft cuts log prefixes beyond this (NF_LOG_PREFIXLEN 128). */
const LONGEST_PREFIX = 127;

function setsOf(part: NftMatch | NftStatement): readonly string[] {
  return part.kind === 'set' || part.kind === 'remember-source' ? [part.set] : [];
}

function devicesOf(part: NftMatch | NftStatement): readonly string[] {
  switch (part.kind) {
    case 'iif':
      return part.devices;
    case 'oif':
      return [part.device];
    case 'iif-map':
      return part.chains.map(({ device }) => device);
    default:
      return [];
  }
}

/** Chains that a statement leads to. */
export function targetsOf(part: NftMatch | NftStatement): readonly string[] {
  switch (part.kind) {
    case 'jump':
    case 'goto':
      return [part.chain];
    case 'balance':
      return part.shares.map(({ chain }) => chain);
    case 'mark-map':
    case 'iif-map':
    case 'address-map':
      return part.chains.map(({ chain }) => chain);
    default:
      return [];
  }
}

/** Lists of which nft accepts no empty one. */
function isEmpty(part: NftMatch | NftStatement): boolean {
  switch (part.kind) {
    case 'iif':
      return part.devices.length === 0;
    case 'address':
    case 'port':
      return part.any.length === 0;
    case 'icmp6-type':
      return part.types.length === 0;
    case 'balance':
      return (
        part.shares.length === 0 || part.shares.some(({ weight }) => !Number.isInteger(weight) || weight < 1)
      );
    case 'mark-map':
    case 'iif-map':
    case 'address-map':
      return part.chains.length === 0;
    default:
      return false;
  }
}

/**
 * What is wrong with a table, as whole sentences.
 *
 * @param checked chains whose rules are looked at, all by default; fewer where the others have been checked before.
 */
export function checkTable(table: NftTable, checked: readonly NftChain[] = table.chains): readonly string[] {
  const problems: string[] = [];
  const say = (wrong: boolean, text: string): void => {
    if (wrong) problems.push(text);
  };
  const sets = new Set(table.sets.map(({ name }) => name));
  const chains = new Set(table.chains.map(({ name }) => name));
  say(!isName(table.name), `Table '${table.name}' has a name that nft does not take.`);
  say(sets.size < table.sets.length, 'Two sets have one name.');
  say(chains.size < table.chains.length, 'Two chains have one name.');
  const named = checked === table.chains ? [...table.sets, ...checked] : checked;
  for (const { name, comment } of named) {
    say(!isName(name), `'${name}' is a name that nft does not take.`);
    say(!isPlain(comment, LONGEST_COMMENT), `The comment of '${name}' cannot be written.`);
  }
  for (const chain of checked)
    for (const [index, rule] of chain.rules.entries()) {
      const where = `Rule ${index + 1} of chain '${chain.name}'`;
      say(!isPlain(rule.comment, LONGEST_COMMENT), `${where} has a comment that cannot be written.`);
      for (const part of [...rule.matches, ...rule.statements]) {
        for (const set of setsOf(part))
          say(!sets.has(set), `${where} uses the set '${set}', which is not there.`);
        for (const target of targetsOf(part))
          say(!chains.has(target), `${where} leads to the chain '${target}', which is not there.`);
        for (const device of devicesOf(part))
          say(!isDevice(device), `${where} names the device '${device}', which cannot be one.`);
        say(isEmpty(part), `${where} has an empty list in its ${part.kind}.`);
        if (part.kind === 'log')
          say(!isPlain(part.prefix, LONGEST_PREFIX), `${where} has a log prefix that cannot be written.`);
      }
    }
  return problems;
}
