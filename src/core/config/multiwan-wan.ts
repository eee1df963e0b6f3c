/**
 * One `interface` section of /etc/config/mwan3: the WAN and how it is tracked. Nothing here rejects the file; what cannot
 * take effect as written is named.
 */
import { parseIpAddress } from '../../lib/ip.ts';
import type { Family, TrackConfig, TrackMethod, WanConfig } from '../policy/model.ts';
import { defaultTiming } from '../track/defaults.ts';
import type { MULTI_WAN } from './multiwan-tables.ts';
import { type DecodedSection, quoted } from './option.ts';

type Values = DecodedSection<typeof MULTI_WAN.interface.options>;
/** Reports a warning on one option of the section; `lost`: the value is not taken. */
type Warn = (option: string, text: string, lost?: true) => void;

/** Targets of `track_default`: public resolvers of four operators, so that no one of them can take a WAN down. */
export const DEFAULT_TARGETS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['1.1.1.1', '8.8.8.8', '9.9.9.9', '208.67.222.222'],
  ipv6: ['2606:4700:4700::1111', '2001:4860:4860::8888', '2620:fe::fe', '2620:119:35::35'],
};

/** What mwan3 2.12 takes when its interval is set and these are not. */
const MWAN3_TIMING = { timeoutMs: 4000, up: 5, down: 5 };

const METHODS: Readonly<Record<Values['track_method'][number], TrackMethod>> = {
  ping: 'ping',
  arping: 'arping',
  httping: 'http',
  nslookup: 'dns',
  'nping-tcp': 'tcp',
  'nping-udp': 'ping',
  'nping-icmp': 'ping',
  'nping-arp': 'arping',
  tcp: 'tcp',
  dns: 'dns',
  http: 'http',
  https: 'https',
};

function targetsOf({ track_ip: texts, family }: Values, warn: Warn): readonly string[] {
  const targets: string[] = [];
  for (const text of texts) {
    const parsed = parseIpAddress(text);
    if (parsed === null)
      warn('track_ip', `Is ${quoted(text)}, but must be an address; it is left out.`, true);
    else if (parsed.family !== family)
      warn('track_ip', `Is ${quoted(text)}, which is no address of family ${family}; it is left out.`, true);
    else if (targets.includes(parsed.text))
      warn('track_ip', `Has ${quoted(text)} more than once; it counts once.`);
    else targets.push(parsed.text);
  }
  if (texts.length > 0 && targets.length === 0)
    warn('track_ip', 'Has no target that can be used: the WAN is taken for online as long as its link is.');
  return targets;
}

function methodsOf({ track_method: names, httping_ssl: ssl, family }: Values, warn: Warn) {
  const methods: TrackMethod[] = [];
  for (const name of names) {
    let method = name === 'httping' && ssl ? 'https' : METHODS[name];
    if (name === 'nping-udp') warn('track_method', "Is 'nping-udp', which tells nothing; ping is used.");
    if (method === 'arping' && family === 'ipv6') {
      warn('track_method', `Is ${quoted(name)}, which does not know IPv6; ping is used.`);
      method = 'ping';
    }
    if (!methods.includes(method)) methods.push(method);
  }
  // Only bad values (each reported): mwan3 takes ping, too.
  return methods.length === 0 ? (['ping'] as const) : methods;
}

const ms = (seconds: number): number => Math.round(seconds * 1000);

function timingOf(values: Values, silentNeeded: number, warn: Warn) {
  for (const option of ['interval', 'timeout'] as const) {
    if (values[option] !== null && values[`${option}_ms`] !== null)
      warn(option, `Has no effect, since ${option}_ms is set.`);
  }
  const ours = defaultTiming(silentNeeded);
  const rest = values.interval !== null && values.interval_ms === null ? MWAN3_TIMING : ours;
  const seconds = (option: number | null): number | null => (option === null ? null : ms(option));
  const intervalMs = values.interval_ms ?? seconds(values.interval) ?? ours.intervalMs;
  return {
    intervalMs,
    failureIntervalMs: seconds(values.failure_interval) ?? intervalMs,
    recoveryIntervalMs: seconds(values.recovery_interval) ?? intervalMs,
    timeoutMs: values.timeout_ms ?? seconds(values.timeout) ?? rest.timeoutMs,
    up: values.up ?? rest.up,
    down: values.down ?? rest.down,
  };
}

function qualityOf(values: Values, warn: Warn): TrackConfig['quality'] {
  if (!values.check_quality) return null;
  for (const what of ['latency', 'loss'] as const) {
    const [failure, recovery] = [values[`failure_${what}`], values[`recovery_${what}`]];
    if (recovery >= failure)
      warn(
        `recovery_${what}`,
        `Is ${recovery}, but failure_${what} is ${failure}: there is nothing between good and bad, so it may flap.`,
      );
  }
  return {
    failureLatencyMs: values.failure_latency,
    recoveryLatencyMs: values.recovery_latency,
    failureLossPct: values.failure_loss,
    recoveryLossPct: values.recovery_loss,
  };
}

function flushConntrackOf(actions: Values['flush_conntrack']): WanConfig['flushConntrack'] {
  const events = actions.flatMap((action) =>
    action === 'always' ? (['ifup', 'ifdown'] as const) : action === 'never' ? [] : [action],
  );
  return events.filter((event, index) => events.indexOf(event) === index);
}

/**
 * @param number position among the interface sections, from 1.
 * @param trackDefault whether a WAN without `track_ip` gets the default targets.
 */
export function wanOf(
  { number, name, trackDefault }: { number: number; name: string; trackDefault: boolean },
  values: Values,
  warn: Warn,
): WanConfig {
  const listed = targetsOf(values, warn);
  const targets = trackDefault && values.track_ip.length === 0 ? DEFAULT_TARGETS[values.family] : listed;
  if (targets.length > 0 && values.reliability > targets.length)
    warn(
      'reliability',
      `Is ${values.reliability}, but there are only ${targets.length} targets: ${targets.length} is used.`,
    );
  const reliability = Math.max(1, Math.min(values.reliability, targets.length));
  return {
    number,
    name,
    enabled: values.enabled,
    family: values.family,
    flush: values.flush,
    flushConntrack: flushConntrackOf(values.flush_conntrack),
    track: {
      methods: methodsOf(values, warn),
      targets,
      reliability,
      count: values.count,
      sizeBytes: values.size,
      maxTtl: values.max_ttl,
      keepFailureInterval: values.keep_failure_interval,
      initialState: values.initial_state,
      quality: qualityOf(values, warn),
      ...timingOf(values, targets.length - reliability + 1, warn),
    },
  };
}
