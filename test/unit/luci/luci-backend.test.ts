/** The backend over LuCI's client, with LuCI's globals and the web server played by the test. */
/// <reference path="../../../luci/src/luci.d.ts" />
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLuciBackend } from '../../../luci/src/backend/luci-backend.ts';

const AGAIN_MS = 3000;

let reply: (method: string) => Promise<unknown>;
let answers: (() => Promise<Response>)[];
let asked: Request[];

beforeEach(() => {
  vi.useFakeTimers();
  reply = async () => ({});
  answers = [];
  asked = [];
  vi.stubGlobal('L', { env: { sessionid: 'f'.repeat(32) }, hasViewPermission: () => true });
  vi.stubGlobal('rpc', {
    declare:
      ({ method }: { method: string }) =>
      () =>
        reply(method),
  });
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push(new Request(`http://router${url}`, init));
    const answer = answers.shift();
    return answer === undefined ? new Promise(() => {}) : answer();
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A stream that says these pieces and ends. */
const stream =
  (...pieces: string[]) =>
  async () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
          controller.close();
        },
      }),
      { headers: { 'Content-Type': 'text/event-stream' } },
    );

const json = (text: string) => async () =>
  new Response(text, { headers: { 'Content-Type': 'application/json' } });

async function follow(): Promise<{ count(): number; stop(): void }> {
  const changed = vi.fn();
  const stop = createLuciBackend().follow(changed);
  await vi.advanceTimersByTimeAsync(0);
  return { count: () => changed.mock.calls.length, stop };
}

describe('notifications', () => {
  it('are read from the stream of the session, over any split', async () => {
    answers = [
      stream('event: state.changed\nda', 'ta: {"seq":1}\n', '\nevent: state.changed\n', 'data: {}\n\n'),
    ];
    const { count } = await follow();
    expect(asked[0]?.url).toBe('http://router/ubus/subscribe/hagw');
    expect(asked[0]?.headers.get('authorization')).toBe(`Bearer ${'f'.repeat(32)}`);
    // Once when the stream is open, once per notification, once when it has ended.
    expect(count()).toBe(4);
  });

  it('are asked for again after the end of the stream, a missing object and a broken connection', async () => {
    const broken = () => Promise.reject(new TypeError('Failed to fetch'));
    answers = [stream(), json('{"code":4,"message":"Not found"}'), broken, stream()];
    const { stop } = await follow();
    for (const times of [2, 3, 4]) {
      await vi.advanceTimersByTimeAsync(AGAIN_MS);
      expect(asked).toHaveLength(times);
    }
    stop();
    await vi.advanceTimersByTimeAsync(10 * AGAIN_MS);
    expect(asked).toHaveLength(4);
  });

  it.each([
    ['a server without this form', async () => new Response('', { status: 404 })],
    ['a login without the right', json('{"code":-13,"message":"Permission denied"}')],
  ])('are given up with %s', async (_what, answer) => {
    answers = [answer];
    const { count } = await follow();
    await vi.advanceTimersByTimeAsync(10 * AGAIN_MS);
    expect(asked).toHaveLength(1);
    expect(count()).toBe(0);
  });
});

describe("LuCI's errors", () => {
  it.each([
    ['RPC call to hagw/status failed with error -32000: Object not found\n  at x', 'service-down'],
    ['RPC call to hagw/status failed with error -32002: Access denied', 'forbidden'],
    ['RPC call to hagw/status failed with ubus code 4: Resource not found', 'service-down'],
    ['RPC call to hagw/status failed with ubus code 6: Permission denied', 'forbidden'],
    ['XHR request timed out', 'unreachable'],
    ['XHR request aborted by browser', 'unreachable'],
    ['something else', 'failed'],
  ])('%j means %s', async (message, kind) => {
    reply = () => Promise.reject(new Error(message));
    await expect(createLuciBackend().status()).rejects.toMatchObject({
      kind,
      message: message.split('\n')[0],
    });
  });
});
