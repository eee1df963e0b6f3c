import type { Result } from '../lib/result.ts';
import type { FileError } from './files.ts';

/** Of a device, since it was made. */
export interface PacketCounts {
  readonly receivedPackets: number;
  readonly transmittedPackets: number;
}

/** What the kernel's files say of a device: no process. */
export interface Counters {
  /** null = the device is administratively down, or does not say. ENODEV = there is no such device. */
  carrier(device: string): Result<boolean | null, FileError>;
  /** In the order of the devices; null = there is no such device. One look at the kernel, however many they are. */
  packets(devices: readonly string[]): readonly (PacketCounts | null)[];
}
