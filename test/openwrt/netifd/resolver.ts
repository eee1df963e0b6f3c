/** /tmp/resolv.conf.d/resolv.conf.auto as netifd writes it: one block per interface that is up and names servers. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { InterfaceState } from './interface-state.ts';

export const RESOLVER_FILE = '/tmp/resolv.conf.d/resolv.conf.auto';

export function resolverText(states: readonly InterfaceState[]): string {
  return [...states]
    .sort((a, b) => (a.config.name < b.config.name ? -1 : 1))
    .flatMap(({ config, applied }) => {
      if (applied === undefined || applied.dns.length + applied.dnsSearch.length === 0) return [];
      return [
        `# Interface ${config.name}`,
        ...applied.dns.map((server) => `nameserver ${server}`),
        ...(applied.dnsSearch.length > 0 ? [`search ${applied.dnsSearch.join(' ')}`] : []),
      ];
    })
    .map((line) => `${line}\n`)
    .join('');
}

export function writeResolver(states: readonly InterfaceState[]): void {
  mkdirSync(dirname(RESOLVER_FILE), { recursive: true });
  writeFileSync(`${RESOLVER_FILE}.new`, resolverText(states));
  renameSync(`${RESOLVER_FILE}.new`, RESOLVER_FILE);
}
