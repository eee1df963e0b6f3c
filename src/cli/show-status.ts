/** `hagw status` for people: the reply of `ubus call hagw status` as text. Shows what it is given and infers nothing. */
import type { LinkStatus, Problem, Status, VrrpInstance, VrrpState } from '../api/status.ts';
import { type Cell, clean, createPaint, durationText, type Paint, tableText, timeText } from './format.ts';

type Painter = (text: string) => string;

function statePaint(state: VrrpState | LinkStatus, paint: Paint): Painter {
  if (state === 'active' || state === 'online') return paint.good;
  if (state === 'fault' || state === 'offline' || state === 'stop') return paint.bad;
  if (state === 'backup' || state === 'disabled') return (text) => text;
  return paint.warn;
}

export function severityPaint(severity: Problem['severity'], paint: Paint): Painter {
  return { error: paint.bad, warning: paint.warn, notice: paint.dim }[severity];
}

function sinceText(since: number | null, now: number): string {
  return since === null ? '' : `since ${timeText(since)} (${durationText(now - since)})`;
}

function cell(text: string, paint?: Painter): Cell {
  return paint === undefined ? { text: clean(text) } : { text: clean(text), paint };
}

function routerText({ router, partner, duty, engine, time }: Status, paint: Paint): string {
  const name = router.name ?? router.hostname;
  const where = router.sync_address === null ? '' : ` ${router.sync_address}`;
  const since = sinceText(router.since, time);
  const lines = [
    [
      cell('Router', paint.strong),
      cell(`${name}${where}`),
      cell(router.role, statePaint(router.role, paint)),
      cell(since),
    ],
    [cell(''), cell(router.role_reason, paint.dim)],
    ...(router.known ? [] : [[cell(''), cell(router.reason, paint.warn)]]),
    [
      cell('Partner', paint.strong),
      cell(`${partner.name ?? 'unknown'}${partner.sync_address === null ? '' : ` ${partner.sync_address}`}`),
      ...(partner.known
        ? [cell(partner.role, statePaint(partner.role, paint)), cell(partner.out === true ? 'held out' : '')]
        : [cell('unknown', paint.warn), cell(partner.reason)]),
    ],
    ...(duty.out === null && !duty.maintenance ? [] : [dutyCells(duty, time, paint)]),
    [
      cell('Engine', paint.strong),
      cell(engine.mode),
      cell(engine.running ? 'running' : 'not running', engine.running ? paint.good : paint.warn),
      cell(engine.reason),
    ],
  ];
  // Reasons are long: kept out of the columns' widths.
  return lines.map((line) => tableText([line.map(pad)], '')).join('');
}

function dutyCells({ out, since, waits }: Status['duty'], time: number, paint: Paint): readonly Cell[] {
  const word = out === null ? 'maintenance' : `out: ${out}`;
  return [
    cell('Duty', paint.strong),
    cell(word, paint.warn),
    cell(''),
    cell(waits === '' ? sinceText(since, time) : waits),
  ];
}

const WIDTHS = [8, 24, 12];

function pad(item: Cell, column: number): Cell {
  return { ...item, text: item.text.padEnd(WIDTHS[column] ?? 0) };
}

function wansText({ wans, policies, time }: Status, paint: Paint): string {
  if (wans.length === 0) return `${paint.strong('WANs')}  none configured\n`;
  const rows = wans.map((wan) => [
    cell(wan.name),
    cell(wan.state, statePaint(wan.state, paint)),
    cell(wan.device ?? '-'),
    cell(wan.addresses.join(' ') || '-'),
    cell(wan.gateway === null ? '-' : `via ${wan.gateway}`),
    cell(wan.metric === null ? '-' : `metric ${wan.metric}`),
    cell(wan.state === 'online' ? sinceText(wan.since, time) : wan.reason, paint.dim),
  ]);
  const policyRows = policies.map((policy) => [
    cell(policy.name),
    cell(
      policy.members
        .map((member) => `${member.interface} ${member.metric}:${member.weight} ${member.state}`)
        .join(', ') || 'no member',
    ),
    cell(`else ${policy.last_resort}`),
  ]);
  const policyText =
    policies.length === 0 ? '' : `${paint.strong('Policies')}\n${tableText(policyRows, '  ')}`;
  return `${paint.strong('WANs')}\n${tableText(rows, '  ')}${policyText}`;
}

function addressText(instance: VrrpInstance): string {
  const shown = instance.virtual_addresses.map(
    ({ address, set }) => `${address}${set === true ? ' (here)' : ''}`,
  );
  return shown.join(' ') || 'no address';
}

function vrrpText({ vrrp, time }: Status, paint: Paint): string {
  if (!vrrp.known) return `${paint.strong('VRRP')}  ${paint.warn('unknown')}: ${clean(vrrp.reason)}\n`;
  const isBare = vrrp.running === true && vrrp.instances.length === 0;
  const head =
    vrrp.running === true
      ? isBare
        ? '  keepalived runs without a virtual router'
        : ''
      : `  ${paint.bad('keepalived does not run')}`;
  const groups = vrrp.groups.map((group) => [
    cell(`group ${group.name}`),
    cell(group.state, statePaint(group.state, paint)),
    cell(group.members.join(' ')),
    cell(''),
    cell(sinceText(group.since, time), paint.dim),
  ]);
  const instances = vrrp.instances.map((instance) => [
    cell(instance.name),
    cell(instance.state, statePaint(instance.state, paint)),
    cell(
      `${instance.device} vrid ${instance.vrid} priority ${instance.effective_priority ?? instance.priority}`,
    ),
    cell(addressText(instance)),
    cell(sinceText(instance.since, time), paint.dim),
  ]);
  return `${paint.strong('VRRP')}${head}\n${tableText([...groups, ...instances], '  ')}`;
}

function conntrackText({ conntrack, leases }: Status, paint: Paint): string {
  const head = paint.strong('Conntrack');
  const link = conntrack.link_running === null ? '' : conntrack.link_running ? 'up' : paint.bad('down');
  const count = (value: number | null): string => (value === null ? '?' : String(value));
  const connections = !conntrack.known
    ? `${paint.warn('unknown')}: ${clean(conntrack.reason)}`
    : conntrack.running !== true
      ? paint.bad('conntrackd does not run')
      : `${count(conntrack.internal_entries)} own, ${count(conntrack.external_entries)} of the partner; link ${clean(conntrack.link_device ?? '?')} ${link}, ${count(conntrack.packets_sent)} packets sent, ${count(conntrack.packets_received)} received, ${count(conntrack.packets_lost)} lost`;
  const lease = leases.known
    ? `${leases.ipv4} IPv4, ${leases.ipv6} IPv6 in ${clean(leases.file ?? '?')}`
    : `${paint.warn('unknown')}: ${clean(leases.reason)}`;
  return `${head}  ${connections}\n${paint.strong('Leases')}     ${lease}\n`;
}

/** Problems as a list, or that there is none. */
export function problemsText(problems: readonly Problem[], paint: Paint): string {
  return problems
    .map((problem) => {
      const severity = severityPaint(problem.severity, paint)(problem.severity.padEnd(8));
      const where = problem.where === '' ? '' : ` ${paint.dim(`(${clean(problem.where)})`)}`;
      return `  ${severity}${paint.strong(clean(problem.title))}${where}\n          ${clean(problem.text)}\n`;
    })
    .join('');
}

export function statusText(status: Status, colours: boolean): string {
  const paint = createPaint(colours);
  const problems =
    status.problems.length === 0
      ? `${paint.strong('Problems')}  none\n`
      : `${paint.strong('Problems')}\n${problemsText(status.problems, paint)}`;
  return [
    routerText(status, paint),
    wansText(status, paint),
    vrrpText(status, paint),
    conntrackText(status, paint),
    problems,
  ].join('\n');
}
