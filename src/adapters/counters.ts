/** Counters from /sys/class/net (kernel documentation, sysfs-class-net and sysfs-class-net-statistics). */
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Counters } from '../ports/counters.ts';
import type { FileError, Files } from '../ports/files.ts';
import { isDeviceName } from './probe-checks.ts';

const MAX_BYTES = 64;

export function createCounters(files: Files, folder = '/sys/class/net'): Counters {
  const readNumber = (path: string): Result<number, FileError> => {
    const content = files.read(path, MAX_BYTES);
    if (!content.ok) return content;
    const text = decodeText(content.value).trim();
    return /^\d{1,20}$/.test(text)
      ? ok(Number(text))
      : fail({ code: 'EINVAL', path, message: `${path} holds no number.` });
  };
  return {
    read(device) {
      const path = `${folder}/${device}`;
      if (!isDeviceName(device))
        return fail({ code: 'EINVAL', path, message: `"${device}" is no name of a device.` });
      const received = readNumber(`${path}/statistics/rx_packets`);
      if (!received.ok) return received.error.code === 'ENOENT' ? gone(device, path) : received;
      const transmitted = readNumber(`${path}/statistics/tx_packets`);
      if (!transmitted.ok) return transmitted.error.code === 'ENOENT' ? gone(device, path) : transmitted;
      // A device that is down answers EINVAL here.
      const carrier = readNumber(`${path}/carrier`);
      return ok({
        receivedPackets: received.value,
        transmittedPackets: transmitted.value,
        carrier: carrier.ok ? carrier.value === 1 : null,
      });
    },
  };
}

function gone(device: string, path: string): Result<never, FileError> {
  return fail({ code: 'ENODEV', path, message: `There is no device ${device}.` });
}
