/** The reply of `ubus call mwan3 status` (mwan3 2.12, rpcd/mwan3) to facts. Its `connected` networks are not kept. */
import { fail, ok, type Result } from '../../lib/result.ts';
import { type ReadError, readError } from '../neighbours/read-error.ts';
import { decoding, Fields, type Value } from '../neighbours/value.ts';
import type { Mwan3Facts, Mwan3InterfaceFacts, Mwan3PolicyFacts } from './facts.ts';

const MAX_SECONDS = 4294967295;

export function decodeMwan3Status(reply: Value): Result<Mwan3Facts, ReadError> {
  const decoded = decoding(() => {
    const fields = new Fields(reply, '');
    const interfaces = fields.table('interfaces');
    return {
      interfaces: interfaces.names().map((name) => decodeInterface(interfaces.table(name), name)),
      policies: fields.has('policies') ? decodePolicies(fields.table('policies')) : [],
    };
  });
  if (decoded.ok) return ok(decoded.value);
  return fail(readError('malformed', `The reply of mwan3 to status is not understood: ${decoded.error}.`));
}

function decodeInterface(fields: Fields, name: string): Mwan3InterfaceFacts {
  const seconds = (option: string) => fields.integerOr(option, 0, MAX_SECONDS, null);
  return {
    name,
    status: fields.text('status'),
    enabled: fields.flagOr('enabled', false),
    running: fields.flagOr('running', false),
    tracking: fields.textOr('tracking', ''),
    up: fields.flagOr('up', false),
    onlineS: seconds('online'),
    offlineS: seconds('offline'),
    score: seconds('score'),
    lost: seconds('lost'),
    targets: fields.tables('track_ip').map((target) => ({
      address: target.text('ip'),
      status: target.textOr('status', 'unknown'),
      latencyMs: target.integerOr('latency', 0, MAX_SECONDS, null),
      packetLossPct: target.integerOr('packetloss', 0, 100, null),
    })),
  };
}

function decodePolicies(fields: Fields): readonly Mwan3PolicyFacts[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    if (!fields.has(family)) return [];
    const policies = fields.table(family);
    return policies.names().map((name) => ({
      name,
      family,
      shares: policies.tables(name).map((share) => ({
        interface: share.text('interface'),
        percent: share.integer('percent', 0, 100),
      })),
    }));
  });
}
