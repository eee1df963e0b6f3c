/**
 * Probes other than pings: small programs that OpenWrt has, bound to the WAN's device. Each says how an answer is known.
 * arping is the program of that name (busybox or iputils); the others speak through socat, which can bind to a device
 * and set a mark, and need only the beginning of a conversation:
 *
 *   tcp    a connection to port 53 is accepted, or refused: both were answered
 *   dns    a query for the root's name servers gets a response (RFC 1035, 4.1), whatever its code
 *   http   HEAD / gets a status line (RFC 9112, 4)
 *   https  a ClientHello gets a TLS record, handshake or alert (RFC 8446, 5.1); certificates are not looked at
 */
import type { TrackMethod } from '../core/policy/model.ts';
import { encodeText } from '../lib/text.ts';
import type { ProbeSpec } from '../ports/probe.ts';

export interface ProbeCommand {
  readonly argv: readonly string[];
  /** Written to its standard input, which stays open; null = none. */
  readonly input: Uint8Array | null;
  /** Whether the output so far is an answer. */
  isAnswer(output: Uint8Array): boolean;
  /** Whether its end is an answer. */
  isAnswerAtExit(code: number, errors: string): boolean;
  /** What its messages say when it could not even try; null = it tried. */
  failure(errors: string): string | null;
}

export const TCP_PORT = 53;
const DNS_PORT = 53;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;
/** asm-generic/socket.h: SOL_SOCKET, SO_MARK. */
const SET_MARK = 'setsockopt-int=1:36:';

/** Id 0x6867, recursion desired, one question: ". IN NS". */
export const DNS_QUERY = Uint8Array.from([0x68, 0x67, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]);

/**
 * A ClientHello that every TLS 1.2 or 1.3 server answers, with an alert at the least. 32 bytes of "random" that are none:
 * nothing is ever encrypted with them.
 */
export const CLIENT_HELLO = ((): Uint8Array => {
  const extensions = [
    ...[0, 10, 0, 4, 0, 2, 0, 23], // supported_groups: secp256r1
    ...[0, 13, 0, 6, 0, 4, 4, 3, 8, 4], // signature_algorithms: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256
  ];
  const body = [
    ...[3, 3], // legacy_version
    ...new Array<number>(32).fill(0x68),
    0, // no session id
    ...[0, 6, 0xc0, 0x2b, 0xc0, 0x2f, 0, 0x9c], // cipher suites
    ...[1, 0], // no compression
    ...[0, extensions.length, ...extensions],
  ];
  const handshake = [1, 0, 0, body.length, ...body];
  return Uint8Array.from([22, 3, 1, 0, handshake.length, ...handshake]);
})();

function address(spec: ProbeSpec, protocol: 'TCP' | 'UDP', target: string, port: number): string {
  const host = spec.family === 'ipv6' ? `[${target}]` : target;
  const options = [
    `so-bindtodevice=${spec.device}`,
    ...(spec.mark === null ? [] : [`${SET_MARK}${spec.mark}`]),
    ...(spec.source === null
      ? []
      : [spec.family === 'ipv6' ? `bind=[${spec.source}]` : `bind=${spec.source}`]),
  ];
  return `${protocol}${spec.family === 'ipv6' ? 6 : 4}:${host}:${port},${options.join(',')}`;
}

const never = (): boolean => false;

/** Trouble of the router, not of the path: no such device, no permission, an option socat does not know. */
function localFailure(errors: string): string | null {
  const found = /No such device|Operation not permitted|unknown option|invalid option|usage/i.exec(errors);
  return found === null ? null : found[0];
}

function talk(
  spec: ProbeSpec,
  protocol: 'TCP' | 'UDP',
  target: string,
  port: number,
  input: Uint8Array,
  isAnswer: (output: Uint8Array) => boolean,
): ProbeCommand {
  return {
    argv: ['socat', '-', address(spec, protocol, target, port)],
    input,
    isAnswer,
    isAnswerAtExit: never,
    failure: localFailure,
  };
}

/** The command that probes `target` once. `ping` has none: fping does it. */
export function probeCommand(
  method: Exclude<TrackMethod, 'ping'>,
  spec: ProbeSpec,
  target: string,
): ProbeCommand {
  switch (method) {
    case 'arping':
      return {
        argv: [
          ...['arping', '-f', '-c', '1', '-w', String(Math.ceil(spec.timeoutMs / 1000)), '-I', spec.device],
          ...(spec.source === null ? [] : ['-s', spec.source]),
          target,
        ],
        input: null,
        isAnswer: never,
        isAnswerAtExit: (code) => code === 0,
        failure: localFailure,
      };
    case 'tcp':
      return {
        argv: ['socat', '-u', '/dev/null', address(spec, 'TCP', target, TCP_PORT)],
        input: null,
        isAnswer: never,
        isAnswerAtExit: (code, errors) => code === 0 || errors.includes('Connection refused'),
        failure: localFailure,
      };
    case 'dns':
      return talk(spec, 'UDP', target, DNS_PORT, DNS_QUERY, (output) => {
        const [first, second, flags = 0] = output;
        return output.length >= 12 && first === 0x68 && second === 0x67 && (flags & 0x80) !== 0;
      });
    case 'http': {
      const host = spec.family === 'ipv6' ? `[${target}]` : target;
      const request = encodeText(`HEAD / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      return talk(spec, 'TCP', target, HTTP_PORT, request, (output) =>
        encodeText('HTTP/1.').every((byte, at) => output[at] === byte),
      );
    }
    case 'https':
      return talk(spec, 'TCP', target, HTTPS_PORT, CLIENT_HELLO, ([type]) => type === 22 || type === 21);
  }
}
