import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeConntrackd } from '../../../src/core/conntrackd/decode.ts';

const text = readFileSync(join(import.meta.dirname, '../../captures/conntrackd/run.txt'), 'utf8');

/** What a command printed in the n-th section of the recording whose heading begins with `heading`. */
function printed(heading: string, command: string): string {
  const section = text.split(/^=== /m).find((part) => part.startsWith(heading));
  const from = section?.split(`$ ${command}\n`)[1];
  if (from === undefined) throw new Error(`no ${command} below ${heading}`);
  return from.slice(0, from.indexOf('[exit '));
}

const LINKS = printed('both run', 'conntrackd -s link');

function outputOf(heading: string, link = LINKS) {
  return {
    statistics: printed(heading, 'conntrackd -s'),
    network: printed(heading, 'conntrackd -s network'),
    link,
  };
}

const BOTH = outputOf('both run');

describe('conntrackd -s', () => {
  it('reads the active side', () => {
    expect(decodeConntrackd(BOTH)).toEqual({
      ok: true,
      value: {
        internal: {
          active: 7,
          created: 7,
          createFailed: 0,
          updated: 12,
          updateFailed: 0,
          destroyed: 0,
          destroyFailed: 0,
        },
        external: {
          active: 0,
          created: 0,
          createFailed: 0,
          updated: 0,
          updateFailed: 0,
          destroyed: 0,
          destroyFailed: 0,
        },
        traffic: {
          bytesSent: 764,
          bytesReceived: 80,
          packetsSent: 14,
          packetsReceived: 5,
          sendErrors: 0,
          receiveErrors: 0,
        },
        malformedMessages: 0,
        lostMessages: 0,
        packetsLost: 0,
        packetsBefore: 0,
        links: [
          {
            device: 'sync',
            transport: 'UDP',
            status: 'RUNNING',
            running: true,
            role: 'ACTIVE',
            traffic: {
              bytesSent: 764,
              bytesReceived: 80,
              packetsSent: 14,
              packetsReceived: 5,
              sendErrors: 0,
              receiveErrors: 0,
            },
          },
        ],
      },
    });
  });

  it('reads the partner, which holds the entries in its external cache', () => {
    expect(decodeConntrackd(outputOf('the partner, same moment'))).toMatchObject({
      value: {
        internal: { active: 0 },
        external: { active: 7, updated: 2 },
        traffic: { packetsReceived: 13 },
      },
    });
  });

  it('reads a daemon without flows', () => {
    expect(decodeConntrackd(outputOf('only this side runs'))).toMatchObject({
      ok: true,
      value: { internal: { active: 0 }, traffic: { packetsSent: 0 } },
    });
  });

  it('sees a lost link, and the lost packets once it is back', () => {
    const lost = printed('sync link: carrier lost', 'conntrackd -s link');
    expect(decodeConntrackd(outputOf('sync link: carrier lost', lost))).toMatchObject({
      value: { links: [{ device: 'sync', status: 'NO-CARRIER', running: false }], external: { active: 7 } },
    });
    const back = printed('sync link back', 'conntrackd -s network');
    expect(decodeConntrackd({ ...BOTH, network: back })).toMatchObject({ value: { packetsLost: 5 } });
  });

  it('knows the form without an external cache, and modes without sequence numbers', () => {
    const inject = BOTH.statistics.replace(/cache external:\n.*\n/, 'external inject:\n');
    const plain = BOTH.network.replace('sequence tracking statistics:', 'something else:');
    expect(decodeConntrackd({ ...BOTH, statistics: inject, network: plain })).toMatchObject({
      value: { external: { active: null, created: 0 }, packetsLost: null, packetsBefore: null },
    });
  });

  it('knows the form without an internal cache', () => {
    const bypass = [
      'internal bypass:',
      'connections new:\t\t           3',
      'connections updated:\t\t           2',
      'connections destroyed:\t\t           1',
    ].join('\n');
    const statistics = BOTH.statistics.replace(/cache internal:\n(.+\n)+/, `${bypass}\n`);
    expect(decodeConntrackd({ ...BOTH, statistics })).toMatchObject({
      value: { internal: { active: null, created: 3, updated: 2, destroyed: 1, createFailed: 0 } },
    });
    expect(decodeConntrackd({ ...BOTH, statistics: statistics.replace('connections new:', '') }).ok).toBe(
      false,
    );
  });

  it('knows several dedicated links', () => {
    const second = LINKS.replace('device=sync', 'device=lan').replace('role=ACTIVE', 'role=BACKUP');
    expect(decodeConntrackd({ ...BOTH, link: LINKS + second })).toMatchObject({
      value: { links: [{ device: 'sync' }, { device: 'lan', role: 'BACKUP' }] },
    });
    expect(decodeConntrackd({ ...BOTH, link: '' })).toMatchObject({ value: { links: [] } });
  });

  it.each([
    ['statistics', '', 'conntrackd -s', 'there is no internal cache in it'],
    ['statistics', 'cache internal:\n', 'conntrackd -s', 'there is no external cache in it'],
    [
      'statistics',
      BOTH.statistics.slice(0, BOTH.statistics.indexOf('cache external:') + 30),
      'conntrackd -s',
      '"connections created:" has no two numbers',
    ],
    [
      'statistics',
      BOTH.statistics.slice(0, BOTH.statistics.indexOf('Pckts sent')),
      'conntrackd -s',
      '"Pckts sent" and "Pckts recv" are missing',
    ],
    [
      'statistics',
      BOTH.statistics.replace('           7\n', '           seven\n'),
      'conntrackd -s',
      '"current active connections:" has no number',
    ],
    [
      'statistics',
      BOTH.statistics.replace('           7\n', `${'9'.repeat(40)}\n`),
      'conntrackd -s',
      '"current active connections:" has no number',
    ],
    [
      'statistics',
      BOTH.statistics.replace('           7\n', '           7\u0000\n'),
      'conntrackd -s',
      '"current active connections:" has no number',
    ],
    ['network', 'x', 'conntrackd -s network', 'there are no network statistics in it'],
    [
      'network',
      BOTH.network.replace('Packets lost:', 'Packets l'),
      'conntrackd -s network',
      '"Packets lost:" has no number',
    ],
    ['link', 'UDP traffic device=sync status=', 'conntrackd -s link', 'line 1 names no link'],
    ['link', LINKS.slice(0, 60), 'conntrackd -s link', '"Bytes sent" and "Bytes recv" are missing'],
  ])('%s cut or altered is malformed, with the place (%#)', (part, altered, command, message) => {
    expect(decodeConntrackd({ ...BOTH, [part]: altered })).toEqual({
      ok: false,
      error: { code: 'malformed', message: `The output of \`${command}\` is not understood: ${message}.` },
    });
  });

  it('never throws, wherever the text is cut', () => {
    for (let length = 0; length < BOTH.statistics.length; length += 1) {
      const decoded = decodeConntrackd({ ...BOTH, statistics: BOTH.statistics.slice(0, length) });
      if (length < BOTH.statistics.indexOf('traffic processed')) expect(decoded.ok || length).not.toBe(false);
      expect(typeof decoded.ok).toBe('boolean');
    }
  });
});
