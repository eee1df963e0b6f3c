import type { Result } from '../lib/result.ts';
import type { FileError } from './files.ts';

/** A device's counters since it was made, and its carrier. */
export interface DeviceCounters {
  readonly receivedPackets: number;
  readonly transmittedPackets: number;
  /** null = the device is administratively down, or does not say. */
  readonly carrier: boolean | null;
}

export interface Counters {
  /** Reads a few bytes of /sys: no process. ENODEV = there is no such device. */
  read(device: string): Result<DeviceCounters, FileError>;
}
