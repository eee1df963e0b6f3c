/**
 * `ubus monitor` (recording ubus/74): each message that ubusd receives or sends is shown to the monitors, except what
 * it sends them as monitors. A MONITOR message carries attributes of an own numbering (ubusmsg.h, ubus_monitor_attr).
 */
import { MESSAGE, putAttribute, putMessage, putU8, putU32 } from './blob.ts';
import type { Client } from './registry.ts';

const ATTRIBUTE = { client: 0, peer: 1, send: 2, seq: 3, type: 4, data: 5 } as const;
const HEADER = 12;

export interface Monitors {
  change(client: Client, change: 'add' | 'remove'): void;
  /** `bytes` is the whole message that `client` sent or is about to get. */
  saw(client: Client, direction: 'received' | 'sent', bytes: Buffer): void;
}

export function createMonitors(): Monitors {
  const watching = new Map<Client, { sequence: number }>();
  return {
    change(client, change) {
      if (change === 'remove') watching.delete(client);
      else if (!watching.has(client)) watching.set(client, { sequence: 0 });
    },
    saw(client, direction, bytes) {
      if (watching.size === 0) return;
      const parts = [
        putU32(ATTRIBUTE.client, client.id),
        putU32(ATTRIBUTE.peer, bytes.readUInt32BE(4)),
        putU32(ATTRIBUTE.seq, bytes.readUInt16BE(2)),
        putU32(ATTRIBUTE.type, bytes.readUInt8(1)),
        putU8(ATTRIBUTE.send, direction === 'sent' ? 1 : 0),
        putAttribute(ATTRIBUTE.data, bytes.subarray(HEADER)),
      ];
      for (const [monitor, state] of watching) {
        state.sequence += 1;
        monitor.send(putMessage(MESSAGE.monitor, state.sequence, 0, parts));
      }
    },
  };
}
