/**
 * Counters of all devices from /proc/net/dev (proc(5)), which is kept open: two calls for each look. The carrier is in
 * /sys/class/net (kernel documentation, sysfs-class-net).
 *
 *   Inter-|   Receive                                                |  Transmit
 *    face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs …
 *     wan1:    4306      51    0    0    0     0          0         0     3858      44    0 …
 */
import { fail, ok } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Counters, PacketCounts } from '../ports/counters.ts';
import type { Files } from '../ports/files.ts';
import { isDeviceName } from './probe-checks.ts';

export const DEVICES_FILE = '/proc/net/dev';
const FIELDS = /\s*\d+\s+(\d+)(?:\s+\d+){7}\s+(\d+)/y;

/** @param devicesFile gives the text of DEVICES_FILE; null = it cannot be read. */
export function createCounters(
  files: Files,
  devicesFile: () => string | null,
  folder = '/sys/class/net',
): Counters {
  return {
    carrier(device) {
      const path = `${folder}/${device}`;
      if (!isDeviceName(device))
        return fail({ code: 'EINVAL', path, message: `"${device}" is no name of a device.` });
      // A device that is down answers EINVAL.
      const content = files.read(`${path}/carrier`, 64);
      if (content.ok) return ok(decodeText(content.value).trim() === '1');
      return content.error.code === 'ENOENT'
        ? fail({ code: 'ENODEV', path, message: `There is no device ${device}.` })
        : ok(null);
    },
    packets(devices) {
      const text = devicesFile() ?? '';
      return devices.map((device) => countsOf(text, device));
    },
  };
}

function countsOf(text: string, device: string): PacketCounts | null {
  const name = `${device}:`;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    // Not the end of a longer name.
    if (!' \n'.includes(text[at - 1] ?? ' ')) continue;
    FIELDS.lastIndex = at + name.length;
    const [, received, transmitted] = FIELDS.exec(text) ?? [];
    if (transmitted === undefined) return null;
    return { receivedPackets: Number(received), transmittedPackets: Number(transmitted) };
  }
  return null;
}
