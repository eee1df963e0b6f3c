import { describe, expect, it } from 'vitest';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { DEFAULT_TARGETS } from '../../../src/core/config/multiwan-wan.ts';
import { defaultTiming } from '../../../src/core/track/defaults.ts';
import { section } from './sections.ts';

type Options = Readonly<Record<string, string | readonly string[]>>;
const wan = (name: string, options: Options = {}) => section('interface', name, { enabled: '1', ...options });
/** Errors and warnings as `severity where text`. */
const said = (sections: Parameters<typeof decodeMultiWan>[0]): readonly string[] =>
  decodeMultiWan(sections).problems.map(({ severity, where, text }) => `${severity} ${where} ${text}`);
const track = (options: Options, globals: Options = {}) => {
  const sections = [section('globals', 'globals', globals), wan('wan', options)];
  return { track: decodeMultiWan(sections).value?.wans[0]?.track, said: said(sections) };
};

describe('tracking', () => {
  const four = { track_ip: ['1.1.1.1', '1.0.0.1', '8.8.8.8', '9.9.9.9'] };

  it('is sub-second unless an interval is written, by how many targets must be silent', () => {
    expect(track({ ...four, reliability: '2' }).track).toMatchObject(defaultTiming(3));
    expect(track({ ...four, reliability: '4' }).track).toMatchObject(defaultTiming(1));
    expect(track({ ...four, down: '7', timeout: '2' }).track).toMatchObject({
      ...defaultTiming(4),
      down: 7,
      timeoutMs: 2000,
    });
    expect(defaultTiming(1).intervalMs).toBeLessThan(1000);
  });

  it("takes mwan3's seconds, and its defaults for the rest", () => {
    expect(track({ interval: '10' }).track).toMatchObject({
      intervalMs: 10000,
      failureIntervalMs: 10000,
      recoveryIntervalMs: 10000,
      timeoutMs: 4000,
      up: 5,
      down: 5,
      count: 1,
      sizeBytes: 56,
      maxTtl: 60,
      initialState: 'online',
      keepFailureInterval: false,
      quality: null,
    });
    expect(track({ interval: '0.25', failure_interval: '1.5' }).track).toMatchObject({
      intervalMs: 250,
      failureIntervalMs: 1500,
      recoveryIntervalMs: 250,
    });
  });

  it('has milliseconds before seconds, and says so', () => {
    const both = track({ interval: '5', interval_ms: '200', timeout: '2', timeout_ms: '120' });
    expect(both.track).toMatchObject({ intervalMs: 200, timeoutMs: 120 });
    expect(both.said).toEqual([
      'warning mwan3.wan.interval Has no effect, since interval_ms is set.',
      'warning mwan3.wan.timeout Has no effect, since timeout_ms is set.',
    ]);
  });

  it('takes reliability above the targets for all of them', () => {
    const found = track({ track_ip: ['1.1.1.1', '8.8.8.8'], reliability: '3' });
    expect(found.track?.reliability).toBe(2);
    expect(found.said).toEqual([
      'warning mwan3.wan.reliability Is 3, but there are only 2 targets: 2 is used.',
    ]);
    expect(track({ reliability: '3' })).toMatchObject({ said: [], track: { reliability: 1, targets: [] } });
  });

  it('leaves out targets that it cannot use', () => {
    const found = track({ track_ip: ['8.8.8.8', 'example.org', '::1', '8.8.8.8'] });
    expect(found.track?.targets).toEqual(['8.8.8.8']);
    expect(found.said).toEqual([
      "warning mwan3.wan.track_ip Is 'example.org', but must be an address; it is left out.",
      "warning mwan3.wan.track_ip Is '::1', which is no address of family ipv4; it is left out.",
      "warning mwan3.wan.track_ip Has '8.8.8.8' more than once; it counts once.",
    ]);
    expect(track({ track_ip: 'example.org' }).said[1]).toContain('Has no target that can be used');
  });

  it('has default targets only where they are asked for', () => {
    expect(track({}).track?.targets).toEqual([]);
    expect(track({}, { track_default: '1' }).track?.targets).toEqual(DEFAULT_TARGETS.ipv4);
    expect(track({ family: 'ipv6' }, { track_default: '1' }).track?.targets).toEqual(DEFAULT_TARGETS.ipv6);
    expect(track({ track_ip: 'x' }, { track_default: '1' }).track?.targets).toEqual([]);
  });

  it.each<[Options, readonly string[], number]>([
    [{}, ['ping'], 0],
    [{ track_method: 'httping' }, ['http'], 0],
    [{ track_method: 'httping', httping_ssl: '1' }, ['https'], 0],
    [{ track_method: ['ping', 'nslookup', 'nping-icmp'] }, ['ping', 'dns'], 0],
    [{ track_method: 'nping-udp' }, ['ping'], 1],
    [{ track_method: 'arping', family: 'ipv6' }, ['ping'], 1],
    [{ track_method: 'smoke' }, ['ping'], 1],
  ])('method %j is %j', (options, methods, warnings) => {
    const found = track(options);
    expect(found.track?.methods).toEqual(methods);
    expect(found.said).toHaveLength(warnings);
  });

  it('checks quality when asked to', () => {
    const found = track({ check_quality: '1', failure_loss: '10', recovery_latency: '200' });
    expect(found.track?.quality).toEqual({
      failureLatencyMs: 1000,
      recoveryLatencyMs: 200,
      failureLossPct: 10,
      recoveryLossPct: 10,
    });
    expect(found.said).toEqual([
      'warning mwan3.wan.recovery_loss Is 10, but failure_loss is 10: there is nothing between good and bad, so it may flap.',
    ]);
  });

  it('reads what happens to connections', () => {
    const [first] =
      decodeMultiWan([
        wan('wan', { flush: 'keep', flush_conntrack: ['always', 'ifup', 'connected', 'never'] }),
      ]).value?.wans ?? [];
    expect(first).toMatchObject({ flush: 'keep', flushConntrack: ['ifup', 'ifdown', 'connected'] });
  });
});
