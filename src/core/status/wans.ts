/** The parts of the status about the WANs, their policies and the engine. */
import type { EngineStatus, PolicyStatus, WanStatus } from '../../api/status.ts';
import { type State, shownConfig } from '../engine/state.ts';
import { deviceOf, interfaceOf } from '../engine/wans.ts';
import { type Now, wallOf } from '../events/timeline.ts';
import { LIMITS } from './limits.ts';

export function engineStatus(state: State): EngineStatus {
  const config = state.hagw.value;
  if (config === null) return { mode: 'none', running: false, reason: 'No configuration is in force.' };
  const services = state.services.value;
  switch (config.engine) {
    case 'none':
      return { mode: 'none', running: false, reason: 'Switched off by hagw.globals.engine.' };
    case 'hagw':
      return {
        mode: 'hagw',
        running: state.multiWan?.running ?? false,
        reason: state.multiWan?.reason ?? 'The engine has not begun yet.',
      };
    case 'mwan3': {
      if (services === null)
        return {
          mode: 'mwan3',
          running: false,
          reason: `Unknown: ${state.services.error?.message ?? 'procd has not been asked yet.'}`,
        };
      const running = services.running.includes('mwan3');
      return { mode: 'mwan3', running, reason: running ? '' : 'The mwan3 service does not run.' };
    }
  }
}

export function wanStatus(state: State, now: Now): WanStatus[] {
  return (shownConfig(state)?.wans ?? []).slice(0, LIMITS.wans).map((wan): WanStatus => {
    const item = interfaceOf(state, wan);
    const device = deviceOf(state, item);
    const tracked = state.wans.find(({ name }) => name === wan.name);
    const addresses = (item?.addresses ?? []).filter(({ family }) => family === wan.family);
    const gateway = wan.family === 'ipv4' ? item?.defaultGateway4 : item?.defaultGateway6;
    const since = tracked?.since ?? null;
    return {
      name: wan.name,
      enabled: wan.enabled,
      family: wan.family,
      up: item?.up ?? null,
      device: item?.l3Device ?? item?.device ?? null,
      carrier: device?.carrier ?? null,
      addresses: addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
      gateway: gateway ?? null,
      metric: item?.metric ?? null,
      state: tracked?.state ?? 'unknown',
      since: since === null ? null : wallOf(since, now),
      reason: tracked?.reason ?? 'netifd has not been asked yet.',
      track_ip: [...wan.track.targets],
    };
  });
}

export function policyStatus(state: State): PolicyStatus[] {
  const policies = (shownConfig(state)?.policies ?? []).slice(0, LIMITS.policies);
  return policies.map(({ name, lastResort, members }) => ({
    name,
    last_resort: lastResort,
    members: members.slice(0, LIMITS.members).map(({ name: member, wan, metric, weight }) => ({
      name: member,
      interface: wan,
      metric,
      weight,
      state: state.wans.find(({ name: known }) => known === wan)?.state ?? 'unknown',
    })),
  }));
}
