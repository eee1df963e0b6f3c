/** The WANs and who moves their traffic. */
import { type State, shownConfig } from '../engine/state.ts';
import { interfaceOf } from '../engine/wans.ts';
import type { Finding } from './catalogue.ts';

export function engineFindings(state: State): readonly Finding[] {
  const engine = state.hagw.value?.engine;
  const services = state.services.value;
  if (engine === undefined) return [];
  const where = 'hagw.globals.engine';
  const runs = services?.running.includes('mwan3');
  const findings: Finding[] = [];
  if (engine === 'hagw' && state.hagw.value?.enabled === true) {
    const { multiWan } = state;
    if (multiWan === null || !multiWan.running) {
      const why = multiWan?.reason ?? 'The engine has not begun yet.';
      findings.push({
        code: 'engine-not-running',
        where,
        text: `The WANs' traffic goes on as the kernel has it. ${why}`,
      });
    }
    for (const { where: place, text } of multiWan?.problems ?? [])
      findings.push({ code: 'engine-trouble', where: place, text });
  }
  if (engine !== 'mwan3' && runs === true) {
    const text = `The engine is '${engine}', but the mwan3 service runs: stop and disable it, or set the engine to mwan3.`;
    findings.push({ code: 'mwan3-running', where, text });
  }
  if (engine === 'mwan3' && runs === false) {
    const text = 'The engine is mwan3, but its service does not run: nothing balances or fails over.';
    findings.push({ code: 'mwan3-not-running', where, text });
  }
  return findings;
}

export function wanFindings(state: State): readonly Finding[] {
  const configured = (shownConfig(state)?.wans ?? []).filter(({ enabled }) => enabled);
  const isRead = state.links.value !== null;
  const single = configured.flatMap((config): Finding[] => {
    const { name } = config;
    const item = interfaceOf(state, config);
    const where = `mwan3.${name}`;
    const wan = state.wans.find((candidate) => candidate.name === name);
    const found: Finding[] = [];
    if (isRead && item === null) {
      const text = `netifd has no interface '${name}' (it may be missing in /etc/config/network, or disabled).`;
      found.push({ code: 'wan-unknown-interface', where, text });
    }
    if (item?.up === true && (item.metric ?? 0) === 0) {
      const text = `Without a metric of its own '${name}' shares one default route with the others, and one of them has none: set network.${name}.metric.`;
      found.push({ code: 'wan-without-metric', where: `network.${name}.metric`, text });
    }
    if (wan?.state === 'offline') found.push({ code: 'wan-down', where, text: `'${name}': ${wan.reason}` });
    return found;
  });
  const down = configured.filter(({ name }) =>
    state.wans.some((wan) => wan.name === name && wan.state === 'offline'),
  );
  if (configured.length === 0 || down.length < configured.length) return single;
  const names = configured.map(({ name }) => name).join(', ');
  return [...single, { code: 'wans-all-down', where: 'mwan3', text: `None of ${names} is up: no way out.` }];
}
