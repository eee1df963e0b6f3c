/** The session alone: numbers of requests, deadlines, what is not allowed. */
import {
  encodeMessage,
  helloMessage,
  lookupMessage,
  pingMessage,
  statusMessage,
} from '@openwrt/ubus-client/wire';
import { describe, expect, it } from 'vitest';
import { Session, type SessionEvent } from '../../../src/ubus-client/client/session.ts';

const NEVER = Number.POSITIVE_INFINITY;

function open(lastSeq = 0): Session {
  const session = new Session(lastSeq);
  expect(session.receive(encodeMessage(helloMessage(7)), 5)).toEqual([{ type: 'connected', clientId: 7 }]);
  return session;
}

function sent(session: Session, deadline = NEVER): number {
  const request = session.request(pingMessage, deadline);
  if (!request.ok) throw request.error;
  return request.value.seq;
}

const ended = (seq: number, status: number): SessionEvent => ({
  type: 'ended',
  seq,
  outcome: { kind: 'status', status, byBus: true },
});

describe('request numbers', () => {
  it('begin with 1, and wrap from 65535 to 1', () => {
    expect(sent(open())).toBe(1);
    const session = open(65534);
    expect([sent(session), sent(session), sent(session)]).toEqual([65535, 1, 2]);
  });

  it('that are still in use are skipped', () => {
    const session = open();
    const first = sent(session);
    for (let i = 0; i < 65534; i++) {
      const seq = sent(session);
      session.receive(encodeMessage(statusMessage(seq, 0, 0)), 0);
    }
    expect(first).toBe(1);
    expect(sent(session)).toBe(2);
    expect(session.pendingCount()).toBe(2);
  });

  it('can run out', () => {
    const session = open();
    for (let i = 0; i < 65535; i++) sent(session);
    expect(session.request(pingMessage, NEVER)).toMatchObject({
      ok: false,
      error: { code: 'too-many-requests', side: 'local' },
    });
    session.forget(40000);
    expect(sent(session)).toBe(40000);
  });
});

describe('answers', () => {
  it('end the request of their number; a second one is ignored', () => {
    const session = open();
    const [a, b] = [sent(session), sent(session)];
    expect(session.receive(encodeMessage(statusMessage(b, 0, 4)), 9)).toEqual([ended(b, 4)]);
    expect(session.receive(encodeMessage(statusMessage(b, 0, 0)), 9)).toMatchObject([{ type: 'ignored' }]);
    expect(session.receive(encodeMessage(statusMessage(a, 0, 0)), 9)).toEqual([ended(a, 0)]);
    expect(session.lastReceivedMs()).toBe(9);
  });

  it('after the deadline are ignored', () => {
    const session = open();
    const [late, patient] = [sent(session, 100), sent(session, 200)];
    expect(session.nextDeadline()).toBe(100);
    expect(session.expire(99)).toEqual([]);
    expect(session.expire(100)).toEqual([{ type: 'ended', seq: late, outcome: { kind: 'timeout' } }]);
    expect(session.nextDeadline()).toBe(200);
    expect(session.receive(encodeMessage(statusMessage(late, 0, 0)), 101)).toMatchObject([
      { type: 'ignored' },
    ]);
    expect(session.receive(encodeMessage(statusMessage(patient, 0, 0)), 101)).toEqual([ended(patient, 0)]);
    expect(session.nextDeadline()).toBe(NEVER);
  });

  it('are all that a closed session tells: each request ends once', () => {
    const session = open();
    const seqs = [sent(session), sent(session)];
    expect(session.end()).toEqual(seqs.map((seq) => ({ type: 'ended', seq, outcome: { kind: 'closed' } })));
    expect(session.end()).toEqual([]);
    expect(session.request(pingMessage, NEVER)).toMatchObject({
      ok: false,
      error: { code: 'not-connected' },
    });
  });
});

describe('before HELLO', () => {
  it('nothing can be asked', () => {
    expect(new Session().request(pingMessage, NEVER)).toMatchObject({
      ok: false,
      error: { code: 'not-connected' },
    });
  });

  it('any other message breaks the protocol', () => {
    const session = new Session();
    expect(session.receive(encodeMessage(lookupMessage(1)), 0)).toMatchObject([
      { type: 'broken', error: { code: 'message-type' } },
    ]);
    expect(session.receive(encodeMessage(helloMessage(1)), 0)).toEqual([]);
  });
});
