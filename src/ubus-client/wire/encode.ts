/** Messages → bytes. */
import { beginAttribute, endAttribute } from './blob.ts';
import { ByteWriter } from './bytes.ts';
import { AttributeId, HEADER_BYTES, MAX_BLOB_BYTES, MonitorAttributeId } from './constants.ts';
import { LocalProtocolError } from './errors.ts';
import type { Attributes, Message, MonitorAttributes } from './message.ts';

/**
 * The whole message. Throws LocalProtocolError (`message-too-long`) when its blob would have more than 1048576
 * bytes: ubusd answers such a message by closing the connection.
 */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(0);
  writer.u8(message.type);
  writer.u16(message.seq);
  writer.u32(message.peer);
  writer.u32(0);
  if (message.monitor !== undefined) writeMonitorAttributes(writer, message.monitor);
  else writeAttributes(writer, message.attributes);
  const blobLength = writer.length - HEADER_BYTES;
  if (blobLength > MAX_BLOB_BYTES)
    throw new LocalProtocolError(
      'message-too-long',
      `A message may have ${MAX_BLOB_BYTES} bytes; this one has ${blobLength}.`,
    );
  writer.setU32(HEADER_BYTES, blobLength);
  return writer.take();
}

/** Only the attributes, as `data` of a MONITOR message has them. */
export function encodeAttributes(attributes: Attributes): Uint8Array {
  const writer = new ByteWriter();
  writeAttributes(writer, attributes);
  return writer.take();
}

function writeAttributes(writer: ByteWriter, attributes: Attributes): void {
  for (const name of Object.keys(attributes) as (keyof Attributes)[]) {
    const value = attributes[name];
    if (value === undefined) continue;
    writeAttribute(writer, AttributeId[name], value);
  }
}

function writeMonitorAttributes(writer: ByteWriter, monitor: MonitorAttributes): void {
  for (const name of Object.keys(monitor) as (keyof MonitorAttributes)[]) {
    const value = monitor[name];
    if (value === undefined) continue;
    writeAttribute(writer, MonitorAttributeId[name], value);
  }
}

type AttributeValue = number | string | boolean | Uint8Array | readonly number[];

/** The JavaScript type decides: in both numberings each name has one type. */
function writeAttribute(writer: ByteWriter, id: number, value: AttributeValue): void {
  const at = beginAttribute(writer);
  if (typeof value === 'number') writer.u32(value);
  else if (typeof value === 'boolean') writer.u8(value ? 1 : 0);
  else if (typeof value === 'string') {
    writer.text(value);
    writer.u8(0);
  } else if (value instanceof Uint8Array) writer.bytes(value);
  else for (const member of value) writeAttribute(writer, 0, member);
  endAttribute(writer, at, id, false);
}
