import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../ubusd/replay.ts';
import { type House, openHouse } from './house.ts';
import { runShell } from './shell.ts';

/**
 * The recorded exchanges with the real uhttpd and rpcd, replayed over HTTP: status, content type and JSON (order of members
 * included) must be the recorded ones, up to session ids.
 */

interface Exchange {
  readonly label?: string;
  readonly request?: string | { readonly head: string; readonly length: number };
  readonly response?: string | { readonly head: string; readonly length: number };
  readonly json?: unknown;
  readonly ms?: number;
  readonly at: number;
  readonly shell?: string;
  readonly stdout?: string;
  readonly exit?: number;
}
interface Recording {
  readonly name: string;
  readonly acl?: unknown;
  readonly exchanges: readonly Exchange[];
}

/** Exchanges by number that are not replayed here, and why. */
const LEFT_OUT: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  '09-http': {
    9: 'HTTP/1.0: the client of this test speaks 1.1 only; test/integration/uhttpd',
    10: 'the recording cuts the body; test/integration/uhttpd sends one as long',
    11: 'the same',
    12: 'the same',
  },
  '11-subscribe': { 6: 'a stream without end: test/integration/uhttpd' },
  '08-jsonrpc-shape': { 27: 'the recording cuts the body of the batch of 30; batches are 25, 26 and 28' },
  '31-signatures': {
    5: "service is procd's object",
    6: "network.interface is netifd's object",
    7: "network.device is netifd's object",
    8: "network is netifd's object",
    9: "system is procd's object",
  },
};

/** Members whose values differ in each run, by recording and exchange. */
const DIFFERENT: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  // When the file was made; whether a script runs is its own word, which needs /etc/rc.common.
  '30-rc-file': { 2: ['running'], 19: ['atime', 'mtime', 'ctime', 'inode'] },
  '32-ubus-direct': { 10: ['ubus_rpc_session'], 11: ['ubus_rpc_session'] },
};

const captures = join(import.meta.dirname, '../../captures/rpcd');
const recordings: Recording[] = readdirSync(captures)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(captures, name), 'utf8')));
const testAcl = recordings.find((recording) => recording.acl !== undefined)?.acl;

/** Pauses that belong to a recording are longer than this, ms; the program's own answers are faster. */
const PAUSE_MS = 250;

/** A session of two seconds that is used after 1.3 of them: on a busy machine, all times are three times as long. */
const SLOWER: Readonly<Record<string, number>> = { '05-expired-session': 3 };

function slower(recording: Recording): Recording {
  const factor = SLOWER[recording.name] ?? 1;
  if (factor === 1) return recording;
  const text = JSON.stringify(recording)
    .replaceAll('\\"timeout\\": 2}', `\\"timeout\\": ${2 * factor}}`)
    .replaceAll('"timeout":2,"expires":2', `"timeout":${2 * factor},"expires":${2 * factor}`);
  const { exchanges, ...rest } = JSON.parse(text) as Recording;
  return { ...rest, exchanges: exchanges.map((one) => ({ ...one, at: one.at * factor })) };
}

let house: House | null = null;
afterEach(async () => {
  await house?.close();
  house = null;
});

interface Received {
  readonly status: number;
  readonly reason: string;
  readonly type: string | undefined;
  readonly body: string;
}

function send(port: number, text: string): Promise<Received> {
  const [head = '', body = ''] = text.split(/\r\n\r\n([\s\S]*)/);
  const [line = '', ...lines] = head.split('\r\n');
  const [method, path] = line.split(' ');
  const headers = Object.fromEntries(lines.map((one) => one.split(/:\s*/, 2) as [string, string]));
  if (headers['Content-Length'] !== undefined) headers['Content-Length'] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          type: response.headers['content-type'],
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** JSON in one form, without members that differ in each run. */
function plain(value: unknown, without: readonly string[] = []): string {
  return JSON.stringify(value, (name, member) => (without.includes(name) ? undefined : member));
}

/** Learns session ids from what a login gives, and puts this run's into recorded texts. */
function createTranslator(root: string) {
  const sessions = new Map<string, string>();
  const idIn = (value: unknown): string | undefined =>
    /"ubus_rpc_session":"([0-9a-f]{32})"/.exec(plain(value))?.[1];
  return {
    learn(recorded: unknown, actual: unknown): void {
      const [was, is] = [idIn(recorded), idIn(actual)];
      if (was !== undefined && is !== undefined && !sessions.has(was)) sessions.set(was, is);
    },
    text(recorded: string): string {
      let text = recorded.replaceAll('/tmp/', `${root}/tmp/`);
      for (const [was, is] of sessions) text = text.replaceAll(was, is);
      return text;
    },
  };
}

/** The names that the recorded bus had and ours has not. */
const isObjectList = (json: unknown): json is { result: string[] } =>
  typeof json === 'object' &&
  json !== null &&
  'result' in json &&
  Array.isArray(json.result) &&
  json.result.includes('t.obj');

function recordedHead(response: Exchange['response']): {
  status: number;
  reason: string;
  type: string | undefined;
} {
  const text = typeof response === 'string' ? response : (response?.head ?? '');
  const [, status, reason] = /^HTTP\/1\.[01] (\d+) ([^\r]*)/.exec(text) ?? [];
  const type = /\r\nContent-Type: ([^\r]*)/.exec(text.split('\r\n\r\n')[0] ?? '')?.[1];
  return { status: Number(status), reason: reason ?? '', type };
}

async function replayShell(
  here: House,
  exchange: Exchange,
  where: string,
  without: readonly string[],
): Promise<void> {
  const { stdout, exit } = await runShell(here, exchange.shell ?? '');
  const recorded = exchange.stdout ?? '';
  expect(exit === 0, `exit of ${where}`).toBe(exchange.exit === 0);
  if (!exchange.shell?.startsWith('ubus call')) return expect(stdout, where).toBe(recorded);
  if (exchange.exit !== 0) return expect(exit, where).toBe(exchange.exit);
  const json = (text: string): unknown => (text === '' ? null : JSON.parse(text));
  expect(plain(json(stdout.replaceAll(here.root, '')), without), where).toBe(plain(json(recorded), without));
}

async function replay(recording: Recording): Promise<number> {
  const here = await openHouse(testAcl, recording.name !== '06b-root-is-limited');
  house = here;
  const translate = createTranslator(here.root);
  const leftOut = LEFT_OUT[recording.name] ?? {};
  let compared = 0;
  let endedAt = 0;
  for (const [index, exchange] of recording.exchanges.entries()) {
    const where = `exchange ${index} of ${recording.name}${exchange.label ? ` (${exchange.label})` : ''}`;
    const pause = exchange.at - endedAt;
    endedAt = exchange.at + (exchange.ms ?? 0);
    if (pause > PAUSE_MS) await new Promise((resolve) => setTimeout(resolve, pause));
    if (leftOut[index] !== undefined) continue;
    const without = DIFFERENT[recording.name]?.[index] ?? [];
    compared += 1;
    if (exchange.shell !== undefined) {
      await replayShell(here, exchange, where, without);
      continue;
    }
    if (typeof exchange.request !== 'string') throw new Error(`${where} has a request that is cut.`);
    const received = await send(here.port, translate.text(exchange.request));
    const { status, reason, type } = recordedHead(exchange.response);
    expect([received.status, received.reason, received.type], where).toEqual([status, reason, type]);
    if (!('json' in exchange)) {
      const body =
        typeof exchange.response === 'string' ? exchange.response.split('\r\n\r\n').slice(1).join('') : '';
      const chunks = [...body.matchAll(/(?:^|\r\n)[0-9A-F]+\r\n([^\r]*)/g)].map((one) => one[1]).join('');
      expect(received.body, where).toBe(translate.text(chunks));
      continue;
    }
    const actual: unknown = JSON.parse(received.body);
    translate.learn(exchange.json, actual);
    let expected: unknown = JSON.parse(translate.text(JSON.stringify(exchange.json)));
    if (isObjectList(expected) && isObjectList(actual)) {
      const ours = (await here.link.lookup()).map((one) => one.path);
      expected = { ...expected, result: expected.result.filter((name) => ours.includes(name)) };
    }
    expect(plain(actual, without), where).toBe(plain(expected, without));
  }
  return compared;
}

describe('uhttpd and rpcd answer as the real ones were recorded to', () => {
  it('leaves out only exchanges that exist', () => {
    for (const [name, exchanges] of Object.entries(LEFT_OUT)) {
      const known = recordings.find((recording) => recording.name === name)?.exchanges.length ?? 0;
      for (const index of Object.keys(exchanges)) expect(Number(index), name).toBeLessThan(known);
    }
  });

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s',
    async (name, recording) => {
      expect(await replay(slower(recording))).toBeGreaterThan(0);
      if (name !== '23-uci-commit-event') return;
      // A commit, a commit without changes, an apply: procd is told each time (the recording shows each twice).
      const told = '{"type":"config.change","data":{"package":"t"}}';
      await until(() => house?.events.length === 3, 'the events');
      expect(house?.events).toEqual([told, told, told]);
    },
  );
});
