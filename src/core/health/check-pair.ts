/** The pair: who this router is, its virtual addresses, keepalived, conntrackd. */
import { REFUSED_DUMPS } from '../engine/refusals.ts';
import { type State, whoAmI } from '../engine/state.ts';
import type { Finding } from './catalogue.ts';

export function pairFindings(state: State): readonly Finding[] {
  if (state.hagw.value === null || state.links.value === null) return [];
  const own = whoAmI(state);
  if (own.kind === 'unclear') return [{ code: 'sync-address-missing', where: 'hagw', text: own.reason }];
  return [];
}

/** What became of the files that hagw writes for the pair. */
export function pairConfigFindings(state: State): readonly Finding[] {
  const { pairConfig } = state;
  if (pairConfig === null || state.hagw.value?.managePair !== true) return [];
  const bad = pairConfig.state === 'failed' ? 'pair-failed' : 'pair-refused';
  const findings = pairConfig.problems.map(({ severity, where, text }): Finding => {
    const isOver = pairConfig.state === 'applied' && severity === 'error';
    return { code: severity === 'warning' ? 'pair-setting' : isOver ? 'pair-failed' : bad, where, text };
  });
  if (pairConfig.contested === '') return findings;
  return [...findings, { code: 'pair-contested', where: '', text: pairConfig.contested }];
}

/** Every `address` section against netifd's interfaces and UCI keepalived. */
export function addressFindings(state: State): readonly Finding[] {
  const config = state.hagw.value;
  const links = state.links.value;
  if (config === null || links === null) return [];
  return config.addresses.flatMap(({ interface: name, vrid, where }): Finding[] => {
    const item = links.interfaces.find((candidate) => candidate.name === name);
    if (item === undefined) {
      const text = `netifd has no interface '${name}' (it may be missing in /etc/config/network, or disabled).`;
      return [{ code: 'address-interface-missing', where: `${where}.interface`, text }];
    }
    const devices = [item.device, item.l3Device];
    const instances = state.keepalivedConfig.value?.instances;
    // hagw's own sections are right, or a problem of theirs is named; one instance may have all addresses.
    if (instances === undefined || item.device === null || config.managePair) return [];
    if (
      instances.some(
        (instance) => instance.vrid === vrid && instance.device !== null && devices.includes(instance.device),
      )
    )
      return [];
    const text = `UCI keepalived has no vrrp_instance with virtual_router_id ${vrid} on device ${item.device}.`;
    return [{ code: 'address-without-instance', where, text }];
  });
}

/** Advertisement_Interval: 10 ms to 40.95 s in VRRPv3 (RFC 9568, 5.2.7), whole seconds up to 255 in VRRPv2 (RFC 3768). */
function advertFindings(state: State): readonly Finding[] {
  const wanted = state.hagw.value?.advertIntervalMs;
  return (state.keepalivedConfig.value?.instances ?? []).flatMap((instance): Finding[] => {
    const { name, advertIntervalMs: ms } = instance;
    const where = `${instance.where}.advert_int`;
    const version = instance.version ?? runningVersion(state, name);
    if (version === 2 && ms % 1000 !== 0) {
      const text = `'${name}' asks for ${ms} ms, which keepalived rounds; set version 3.`;
      return [{ code: 'advert-interval-rounded', where, text }];
    }
    if (version === 3 && (ms < 10 || ms > 40_950 || ms % 10 !== 0)) {
      const text = `'${name}' asks for ${ms} ms; VRRPv3 carries 10 to 40950 ms in steps of 10.`;
      return [{ code: 'advert-interval-range', where, text }];
    }
    // hagw's own sections follow in a moment; of others the pair's interval is none of their business.
    if (wanted === undefined || ms === wanted || state.hagw.value?.managePair) return [];
    const text = `'${name}' has ${ms} ms, hagw.globals.advert_interval_ms is ${wanted} ms.`;
    return [{ code: 'advert-interval-differs', where, text }];
  });
}

function runningVersion(state: State, name: string): number | null {
  return state.vrrp.value?.instances.find((item) => item.name === name)?.version ?? null;
}

/** One finding for all of them: a group goes into fault as one, for one cable. */
function faultFindings(state: State): readonly Finding[] {
  // What we hold out ourselves is no failure.
  const names = state.instances.flatMap(({ name, state: now }) => (now === 'fault' ? [name] : []));
  if (names.length === 0 || (state.duty?.out ?? null) !== null) return [];
  const ours = (state.keepalivedConfig.value?.instances ?? []).filter(({ name }) => names.includes(name));
  const dumped = (state.vrrp.value?.instances ?? []).filter(({ name }) => names.includes(name));
  const tracked = [...ours, ...dumped].map(({ device }) => device);
  const dead = (state.links.value?.devices ?? [])
    .filter(({ name, carrier }) => carrier === false && tracked.includes(name))
    .map(({ name }) => name);
  const why = dead.length > 0 ? `${dead.join(', ')} has no carrier` : 'a tracked interface or script fails';
  const all = names.map((name) => `'${name}'`).join(', ');
  return [
    {
      code: 'instance-fault',
      where: 'keepalived',
      text: `keepalived has put ${all} into fault: ${why}. This router cannot become active.`,
    },
  ];
}

/** What keepalived hears of others. */
function wireFindings(state: State): readonly Finding[] {
  const whereOf = (name: string): string =>
    state.keepalivedConfig.value?.instances.find((item) => item.name === name)?.where ?? '';
  const refused = state.refusals
    .filter(({ grown }) => grown >= REFUSED_DUMPS)
    .map(
      ({ instance, counters }): Finding => ({
        code: 'adverts-refused',
        where: whereOf(instance),
        text: `'${instance}' hears adverts of its VRID that it refuses (${counters.join(', ')} grow): another router has the VRID, or the partner is set up otherwise.`,
      }),
    );
  const equal = (state.vrrp.value?.instances ?? [])
    .filter((item) => item.activePriority === item.effectivePriority)
    .map(({ name, effectivePriority }) => ({
      code: 'vrrp-priority' as const,
      where: `${whereOf(name)}.priority`,
      text: `Is ${effectivePriority}, as the active router's: which of the two wins is left to their addresses.`,
    }))
    .filter(
      ({ where }) =>
        !state.setupFindings.some((item) => item.code === 'vrrp-priority' && item.where === where),
    );
  return [...refused, ...equal];
}

export function keepalivedFindings(state: State): readonly Finding[] {
  const { value, error } = state.vrrp;
  const running: Finding[] = [];
  if (error?.code === 'absent') {
    running.push({ code: 'keepalived-not-running', where: 'keepalived', text: error.message });
  } else if (value === null && error !== null) {
    running.push({ code: 'keepalived-unreadable', where: 'keepalived', text: error.message });
  }
  const configured = state.keepalivedConfig.value?.instances ?? [];
  const missing = configured
    .filter(({ name }) => value !== null && !value.instances.some((item) => item.name === name))
    .map(
      ({ name, where, device }): Finding => ({
        code: 'instance-missing',
        where,
        text: `keepalived does not have '${name}'; it may have refused it, for instance because device ${device} is missing, or it was not reloaded.`,
      }),
    );
  const faults = faultFindings(state);
  const isSplit = state.role.state === 'unknown' && value !== null && state.instances.length > 0;
  const split: Finding[] = isSplit
    ? [{ code: 'states-differ', where: 'keepalived', text: state.role.reason }]
    : [];
  return [...running, ...missing, ...faults, ...split, ...advertFindings(state), ...wireFindings(state)];
}

export function conntrackFindings(state: State): readonly Finding[] {
  const { value, error } = state.conntrack;
  if (value === null) {
    if (error === null) return [];
    const code = error.code === 'absent' ? 'conntrackd-not-running' : 'conntrackd-unreadable';
    const text = `${error.message} Connections would not survive a failover.`;
    return [{ code, where: 'conntrackd', text }];
  }
  const [first] = value.links;
  if (first === undefined || value.links.some(({ running }) => running)) return [];
  const text = `${first.device} is ${first.status}: connection states do not reach the partner.`;
  return [{ code: 'conntrackd-link-down', where: 'conntrackd', text }];
}
