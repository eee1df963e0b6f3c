/** virtual_server of a keepalived.conf (IPVS, LVS). hagw makes no use of it; a user's own sections must come out whole. */
import { notifyLine, settings, topBlock } from './lines.ts';
import { boolOf, itemsOf, named, textOf, type UciSection } from './uci.ts';

const SERVER_SETTINGS = [
  'fwmark',
  'delay_loop',
  'lb_kind',
  'persistence_timeout',
  'persistence_granularity',
  'virtualhost',
  'protocol',
];

/** Options inside the block of a check. PING_CHECK has none; any other word gives no block. */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  PING_CHECK: [],
  TCP_CHECK: ['connect_timeout', 'connect_port'],
  MISC_CHECK: ['misc_path'],
  HTTP_GET: ['connect_timeout', 'connect_port', 'nb_get_retry', 'delay_before_retry'],
  SSL_GET: ['connect_timeout', 'connect_port', 'nb_get_retry', 'delay_before_retry'],
};

/** The block of a virtual_server; none if it is disabled or without address or port. */
export function renderVirtualServer(sections: readonly UciSection[], section: UciSection): readonly string[] {
  const address = textOf(section, 'ipaddr');
  const port = textOf(section, 'port');
  if (!boolOf(section, 'enabled', true) || address === '' || port === '') return [];
  const sorryAddress = textOf(section, 'sorry_server_ip');
  const sorryPort = textOf(section, 'sorry_server_port');
  return topBlock(`virtual_server ${address} ${port}`, [
    ...settings(section, '\t', SERVER_SETTINGS),
    `\tlb_algo ${textOf(section, 'lb_algo') || 'rr'}`,
    ...(sorryAddress === '' || sorryPort === '' ? [] : [`\tsorry_server ${sorryAddress} ${sorryPort}`]),
    ...itemsOf(section, 'real_server').flatMap((entry) =>
      named(sections, 'real_server', entry).flatMap((server) => realServer(sections, server)),
    ),
  ]);
}

function realServer(sections: readonly UciSection[], section: UciSection): readonly string[] {
  const weight = textOf(section, 'weight');
  const address = textOf(section, 'ipaddr');
  const port = textOf(section, 'port');
  if (!boolOf(section, 'enabled', true) || weight === '' || address === '' || port === '') return [];
  const check = textOf(section, 'check');
  const name = textOf(section, 'name');
  return [
    `\treal_server ${address} ${decimal(port)} {`,
    `\t\tweight ${decimal(weight)}`,
    notifyLine('notify_up', 'REAL_SERVER', name, '\t\t'),
    notifyLine('notify_down', 'REAL_SERVER', name, '\t\t'),
    ...checkBlock(sections, section, check),
    '\t}',
  ];
}

function checkBlock(sections: readonly UciSection[], section: UciSection, check: string): readonly string[] {
  const options = CHECKS[check];
  if (options === undefined) return [];
  const urls = check === 'HTTP_GET' || check === 'SSL_GET' ? itemsOf(section, 'url') : [];
  return [
    `\t\t${check} {`,
    ...settings(section, '\t\t\t', options),
    ...urls.flatMap((entry) => named(sections, 'url', entry).flatMap(urlBlock)),
    '\t\t}',
  ];
}

function urlBlock(section: UciSection): readonly string[] {
  const path = textOf(section, 'path');
  const digest = textOf(section, 'digest');
  if (path === '' || digest === '') return [];
  return ['\t\t\turl {', `\t\t\t\tpath ${path}`, `\t\t\t\tdigest ${digest}`, '\t\t\t}'];
}

/** printf's %d: a whole number, 0 for what is none. */
function decimal(value: string): string {
  return /^[+-]?\d{1,15}$/.test(value) ? String(Number(value)) : '0';
}
