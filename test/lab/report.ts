/** What the lab's commands print: short lines for an administrator at a terminal. Pure. */
import type { Status } from '../../src/api/status.ts';
import type { StreamKind, StreamReport } from './silence.ts';

const BOLD = '\u001b[1m';
const DIM = '\u001b[2m';
const PLAIN = '\u001b[0m';
const COLOURS: Readonly<Record<string, string>> = { active: '\u001b[32m', backup: '\u001b[36m' };

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  role(text: string): string;
}

/** Colours only on a terminal that has them (no-color.org). */
export function styleFor(isTerminal: boolean, noColor: string | undefined): Style {
  const wrap = (code: string, text: string): string =>
    isTerminal && (noColor ?? '') === '' ? `${code}${text}${PLAIN}` : text;
  return {
    bold: (text) => wrap(BOLD, text),
    dim: (text) => wrap(DIM, text),
    role: (text) => wrap(COLOURS[text.trim()] ?? '\u001b[31m', text),
  };
}

/** Wall clock, UTC, as in the routers' logs: `04:19:37.120`. */
export const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 23);

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 3 : 1)} s`;

/** One line a router: role, since when, which virtual addresses are on it. */
export function routerLine(name: string, status: Status | null, style: Style): string {
  if (status === null) return `  ${style.bold(name)}  ${style.role('no power')}`;
  const { role, since } = status.router;
  const set = status.vrrp.instances.flatMap(({ virtual_addresses }) =>
    virtual_addresses
      .filter((one) => one.set === true)
      .map(({ address, device }) => `${address} on ${device}`),
  );
  const holds = set.length === 0 ? 'no virtual address' : set.join(', ');
  return `  ${style.bold(name)}  ${style.role(role.padEnd(7))} since ${since === null ? 'unknown' : clock(since)}   ${holds}`;
}

/** The parts of a status that a failover changes, as JSON. */
export function statusParts(status: Status): object {
  const { schema, version, router, vrrp, wans, conntrack, problems } = status;
  return {
    schema,
    version,
    router: { name: router.name, role: router.role, since: router.since, role_reason: router.role_reason },
    vrrp: vrrp.instances.map((instance) => ({
      name: instance.name,
      state: instance.state,
      priority: instance.priority,
      advert_interval_ms: instance.advert_interval_ms,
      virtual_addresses: instance.virtual_addresses.map(({ address, set }) => ({ address, set })),
      last_transition: instance.last_transition,
    })),
    wans: wans.map(({ name, up, device, gateway, state }) => ({ name, up, device, gateway, state })),
    conntrack: conntrack.known
      ? { running: conntrack.running, internal_entries: conntrack.internal_entries }
      : { known: false, reason: conntrack.reason },
    problems: problems.map(({ code, severity, title }) => ({ code, severity, title })),
  };
}

/** JSON with short objects on one line each. */
export function compactJson(value: unknown, width = 110, indent = ''): string {
  const flat = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  if (typeof value !== 'object' || value === null || indent.length + flat.length <= width) return flat;
  const deeper = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => deeper + compactJson(item, width, deeper))
    : Object.entries(value).map(
        ([key, item]) => `${deeper}${JSON.stringify(key)}: ${compactJson(item, width, deeper)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

const KIND_TEXT: Readonly<Record<StreamKind, string>> = {
  ping: 'ping',
  udp: 'existing UDP flow',
  'udp-new': 'new UDP flows',
  download: 'download',
};

/** What a client felt, one line a stream. */
export function gapLines(reports: ReadonlyMap<StreamKind, StreamReport>, style: Style): string[] {
  return [...reports.values()].map(({ kind, longest, sent, answered, intervalMs }) => {
    const gap = longest === null ? 'no answers' : seconds(longest.ms);
    const counts = `${sent - answered} of ${sent} lost, one every ${intervalMs} ms`;
    return `  ${KIND_TEXT[kind].padEnd(18)} ${style.bold(gap)}   ${style.dim(counts)}`;
  });
}
