/**
 * One rule as nft(8) reads it, in the spelling in which `nft list` writes it back where that is possible. Throws on what
 * check.ts would have named: to get there with an unchecked table is a defect of ours.
 */
import { commentText, isDevice, isName } from './names.ts';
import type { NftMatch, NftRule, NftStatement } from './objects.ts';

/** A mark or mask, eight digits as nft prints them. */
function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** The name as it is, if it may stand in a ruleset. */
export function nameText(name: string): string {
  if (!isName(name)) throw new Error(`'${name}' cannot be the name of an nftables object.`);
  return name;
}

function deviceText(name: string): string {
  if (!isDevice(name)) throw new Error(`'${name}' cannot be the name of a device.`);
  return `"${name}"`;
}

function oneOf(items: readonly string[]): string {
  const [only, ...rest] = items;
  return only !== undefined && rest.length === 0 ? only : `{ ${items.join(', ')} }`;
}

function rangeText(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function header(family: 'ipv4' | 'ipv6', side: 'source' | 'destination'): string {
  return `${family === 'ipv4' ? 'ip' : 'ip6'} ${side === 'source' ? 'saddr' : 'daddr'}`;
}

/** Addresses come from our own parser; this keeps anything else out of the text. */
export function addressText(text: string): string {
  if (!/^[0-9a-f:.]+(\/\d{1,3})?$/.test(text)) throw new Error(`'${text}' is no address.`);
  return text;
}

function matchText(match: NftMatch): string {
  switch (match.kind) {
    case 'family':
      return `meta nfproto ${match.family}`;
    case 'mark':
      return `meta mark & ${hex(match.mask)} ${match.negated ? '!=' : '=='} ${hex(match.value)}`;
    case 'iif':
      return `iifname ${oneOf(match.devices.map(deviceText))}`;
    case 'oif':
      return `oifname ${deviceText(match.device)}`;
    case 'address': {
      const field = header(match.family, match.side);
      const [first] = match.any;
      if (first !== undefined && typeof first.mask === 'string')
        return `${field} & ${addressText(first.mask)} == ${addressText(first.address)}`;
      const widest = match.family === 'ipv4' ? 32 : 128;
      return `${field} ${oneOf(
        match.any.map(({ address, mask }) => addressText(mask === widest ? address : `${address}/${mask}`)),
      )}`;
    }
    case 'set':
      return `${header(match.family, match.side)} @${nameText(match.set)}`;
    case 'protocol':
      return `meta l4proto ${match.protocol}`;
    case 'port':
      return `${match.protocol} ${match.side === 'source' ? 'sport' : 'dport'} ${oneOf(
        match.any.map(({ first, last }) => rangeText(first, last)),
      )}`;
    case 'icmp6-type':
      return `icmpv6 type ${oneOf(match.types.map(String))}`;
    case 'settled':
      return 'ct status seen-reply,snat,dnat';
  }
}

/** `meta mark set meta mark & KEEP | VALUE`; nft prints the kept bits together with the value's. */
function setMark(key: 'meta mark' | 'ct mark', mask: number, value: number): string {
  return `${key} set ${key} & ${hex(~mask | value)} | ${hex(value)}`;
}

function statementText(statement: NftStatement): string {
  switch (statement.kind) {
    case 'set-mark':
      return setMark('meta mark', statement.mask, statement.value);
    case 'set-ct-mark':
      return setMark('ct mark', statement.mask, statement.value);
    case 'balance': {
      let next = 0;
      const entries = statement.shares.map(({ chain, weight }) => {
        const first = next;
        next += weight;
        return `${rangeText(first, next - 1)} : goto ${nameText(chain)}`;
      });
      return `numgen random mod ${next} vmap { ${entries.join(', ')} }`;
    }
    case 'mark-map': {
      const key = statement.key === 'mark' ? 'meta mark' : 'ct mark';
      const entries = statement.chains.map(
        ({ value, chain }) => `${hex(value)} : ${statement.verdict} ${nameText(chain)}`,
      );
      return `${key} & ${hex(statement.mask)} vmap { ${entries.join(', ')} }`;
    }
    case 'iif-map': {
      const entries = statement.chains.map(
        ({ device, chain }) => `${deviceText(device)} : goto ${nameText(chain)}`,
      );
      return `iifname vmap { ${entries.join(', ')} }`;
    }
    case 'address-map': {
      const entries = statement.chains.map(
        ({ address, chain }) => `${addressText(address)} : goto ${nameText(chain)}`,
      );
      const field = header(statement.family, 'destination');
      return `ct ${statement.direction} ${field} vmap { ${entries.join(', ')} }`;
    }
    case 'remember-source':
      return `update @${nameText(statement.set)} { ${header(statement.family, 'source')} timeout ${statement.timeoutS}s }`;
    case 'log':
      return `log prefix "${statement.prefix}" level ${statement.level}`;
    case 'counter':
      return 'counter';
    case 'jump':
    case 'goto':
      return `${statement.kind} ${nameText(statement.chain)}`;
    case 'return':
      return 'return';
  }
}

/** The rule as one line without indentation. */
export function renderRule(rule: NftRule): string {
  return [
    ...rule.matches.map(matchText),
    ...rule.statements.map(statementText),
    commentText(rule.comment),
  ].join(' ');
}
