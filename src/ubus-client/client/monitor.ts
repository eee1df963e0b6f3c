/** What a request to ubusd's monitor carries: plain blob attributes, as libubus sends them, instead of blobmsg. */
import { SystemObject } from '../wire/constants.ts';
import { encodeAttributes } from '../wire/encode.ts';

export function monitorRequestData(method: 'add' | 'remove'): Uint8Array {
  return encodeAttributes({ objid: SystemObject.monitor, method });
}
