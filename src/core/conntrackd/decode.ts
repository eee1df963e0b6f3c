/**
 * The text of `conntrackd -s`, `-s network` and `-s link` (conntrackd 1.4.8, conntrackd(8)) to facts. Lines that are not
 * known are passed over, since other modes print more; a known line without its numbers makes the text malformed.
 */
import { fail, ok, type Result } from '../../lib/result.ts';
import { type ReadError, readError } from '../neighbours/read-error.ts';
import { decoding, Unexpected } from '../neighbours/value.ts';
import type { CacheFacts, ConntrackFacts, SyncLinkFacts, SyncTrafficFacts } from './facts.ts';

/** The three texts, each the whole standard output. */
export interface ConntrackdOutput {
  /** `conntrackd -s` */
  readonly statistics: string;
  /** `conntrackd -s network` */
  readonly network: string;
  /** `conntrackd -s link` */
  readonly link: string;
}

const TRAFFIC = /^(\S+) traffic \(active device=(.*)\):$/;
const LINK = /^(\S+) traffic device=(\S+) status=(\S+) role=(\S+):$/;

export function decodeConntrackd(output: ConntrackdOutput): Result<ConntrackFacts, ReadError> {
  const statistics = decoding(() => decodeStatistics(output.statistics.split('\n')));
  if (!statistics.ok) return fail(malformed('conntrackd -s', statistics.error));
  const sequence = decoding(() => decodeSequence(output.network.split('\n')));
  if (!sequence.ok) return fail(malformed('conntrackd -s network', sequence.error));
  const links = decoding(() => decodeLinks(output.link.split('\n')));
  if (!links.ok) return fail(malformed('conntrackd -s link', links.error));
  return ok({ ...statistics.value, ...sequence.value, links: links.value });
}

/** Lines `LABEL: N` by their labels; those under `queue NAME:` with the name in front. Others are passed over. */
export function decodeCounters(text: string): Readonly<Record<string, number>> {
  const counters: Record<string, number> = {};
  let prefix = '';
  for (const line of text.split('\n')) {
    const head = /^queue (\S+):$/.exec(line);
    if (head !== null) prefix = `${head[1]} `;
    const match = /^\s*([a-z][a-z ()]*):\s+(\d{1,20})$/.exec(line);
    if (match !== null) counters[`${prefix}${match[1]}`] = Number(match[2]);
  }
  return counters;
}

function malformed(command: string, what: string): ReadError {
  return readError('malformed', `The output of \`${command}\` is not understood: ${what}.`);
}

function decodeStatistics(lines: readonly string[]) {
  const internal = blockOf(lines, 'cache internal:');
  const bypass = blockOf(lines, 'internal bypass:');
  const external = blockOf(lines, 'cache external:') ?? blockOf(lines, 'external inject:');
  const messages = blockOf(lines, 'message tracking:');
  if (internal === null && bypass === null) throw new Unexpected('there is no internal cache in it');
  if (external === null) throw new Unexpected('there is no external cache in it');
  const index = lines.findIndex((line) => TRAFFIC.test(line));
  const tracked = messages === null ? null : pairOf(messages, 'Malformed msgs', 'Lost msgs');
  return {
    internal: internal === null ? decodeBypass(bypass ?? []) : decodeCache(internal),
    external: decodeCache(external),
    traffic: index < 0 ? null : decodeTraffic(blockAt(lines, index)),
    malformedMessages: tracked?.[0] ?? 0,
    lostMessages: tracked?.[1] ?? 0,
  };
}

function decodeSequence(lines: readonly string[]) {
  if (blockOf(lines, 'network statistics:') === null)
    throw new Unexpected('there are no network statistics in it');
  const sequence = blockOf(lines, 'sequence tracking statistics:');
  return {
    packetsLost: sequence === null ? null : numberOf(sequence, 'Packets lost:'),
    packetsBefore: sequence === null ? null : numberOf(sequence, 'Packets before:'),
  };
}

function decodeLinks(lines: readonly string[]): readonly SyncLinkFacts[] {
  return lines.flatMap((line, index) => {
    const head = LINK.exec(line);
    if (head === null) {
      if (/^\S+ traffic\b/.test(line)) throw new Unexpected(`line ${index + 1} names no link`);
      return [];
    }
    const [, transport = '', device = '', status = '', role = ''] = head;
    const traffic = decodeTraffic(blockAt(lines, index));
    return [{ device, transport, status, running: status === 'RUNNING', role, traffic }];
  });
}

function decodeCache(block: readonly string[]): CacheFacts {
  const [created, createFailed] = outcomeOf(block, 'connections created:');
  const [updated, updateFailed] = outcomeOf(block, 'connections updated:');
  const [destroyed, destroyFailed] = outcomeOf(block, 'connections destroyed:');
  const active = lineOf(block, 'current active connections:');
  // With DisableExternalCache the partner's states go right into the kernel: nobody counts them.
  return {
    active: active === null ? null : numberOf(block, 'current active connections:'),
    created,
    createFailed,
    updated,
    updateFailed,
    destroyed,
    destroyFailed,
  };
}

/** With DisableInternalCache (NOTRACK mode alone) events are passed on at once: nothing is kept, nothing can fail. */
function decodeBypass(block: readonly string[]): CacheFacts {
  return {
    active: null,
    created: numberOf(block, 'connections new:'),
    createFailed: 0,
    updated: numberOf(block, 'connections updated:'),
    updateFailed: 0,
    destroyed: numberOf(block, 'connections destroyed:'),
    destroyFailed: 0,
  };
}

function decodeTraffic(block: readonly string[]): SyncTrafficFacts {
  const [bytesSent, bytesReceived] = pairOf(block, 'Bytes sent', 'Bytes recv');
  const [packetsSent, packetsReceived] = pairOf(block, 'Pckts sent', 'Pckts recv');
  const [sendErrors, receiveErrors] = pairOf(block, 'Error send', 'Error recv');
  return { bytesSent, bytesReceived, packetsSent, packetsReceived, sendErrors, receiveErrors };
}

/** The lines after a heading up to the next empty one; null without that heading. */
function blockOf(lines: readonly string[], heading: string): readonly string[] | null {
  const index = lines.indexOf(heading);
  return index < 0 ? null : blockAt(lines, index);
}

function blockAt(lines: readonly string[], heading: number): readonly string[] {
  const rest = lines.slice(heading + 1);
  const end = rest.indexOf('');
  return end < 0 ? rest : rest.slice(0, end);
}

/** What stands after a label in its line, null if no line begins with it. */
function lineOf(block: readonly string[], label: string): string | null {
  const line = block.find((candidate) => candidate.trim().startsWith(label));
  return line === undefined ? null : line.trim().slice(label.length).trim();
}

function numberOf(block: readonly string[], label: string): number {
  return counter(label, lineOf(block, label) ?? '');
}

/** `LABEL N failed: M`. */
function outcomeOf(block: readonly string[], label: string): readonly [number, number] {
  const match = /^(\d+)\s+failed:\s+(\d+)$/.exec(lineOf(block, label) ?? '');
  if (match === null) throw new Unexpected(`"${label}" has no two numbers`);
  return [counter(label, match[1] ?? ''), counter(label, match[2] ?? '')];
}

/** `N LABEL1   M LABEL2`. */
function pairOf(block: readonly string[], first: string, second: string): readonly [number, number] {
  for (const line of block) {
    const match = /^\s*(\d+) (.*?)\s+(\d+) (.*)$/.exec(line);
    if (match?.[2] === first && match[4] === second) {
      return [counter(first, match[1] ?? ''), counter(second, match[3] ?? '')];
    }
  }
  throw new Unexpected(`"${first}" and "${second}" are missing`);
}

/** conntrackd's counters have at most 64 bits, hence 20 digits. */
function counter(label: string, digits: string): number {
  if (!/^\d{1,20}$/.test(digits)) throw new Unexpected(`"${label}" has no number`);
  return Number(digits);
}
