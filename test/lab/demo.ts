/**
 * `make demo`: the pair from the built packages; both routers' status; a WAN that goes silent and a loss of power, each as
 * a client felt it; power back; the timeline. Throws LabError with a clear sentence if a step does not come about.
 */
import type { Lab } from './lab.ts';
import { waitForWans } from './multiwan.ts';
import { type Roles, statusOf, waitForPair, waitForRole } from './pair.ts';
import { LabError } from './programs.ts';
import { clock, compactJson, gapLines, routerLine, type Style, seconds, statusParts } from './report.ts';
import type { Router } from './router.ts';
import { ROUTERS } from './topology.ts';

/** A client that was cut off longer than this has not survived the failover, whatever the advert interval. */
const LONGEST_MS = 10_000;

type Say = (line?: string) => void;
type Reports = Parameters<typeof gapLines>[0];

/** Waits until the pair stands and prints what it says of itself. */
export async function showPair(lab: Lab, say: Say, style: Style): Promise<Roles> {
  const roles = await waitForPair(lab);
  for (const name of ROUTERS) say(routerLine(name, roles.status[name], style));
  return roles;
}

/** What the client felt; throws LabError if a stream did not survive `what`. */
function showGaps(lab: Lab, reports: Reports, what: string, say: Say, style: Style): void {
  say(
    `Longest time without an answer at ${lab.client.name}, which reaches ${lab.topology.servers[0]} through the pair:`,
  );
  for (const line of gapLines(reports, style)) say(line);
  for (const { kind, longest } of reports.values()) {
    if (longest === null || longest.ms > LONGEST_MS) {
      throw new LabError(`The client's ${kind} stream did not survive ${what}.`);
    }
  }
}

/** The provider of the first WAN forwards nothing any more and says nothing: the modem, the cable and the address stay. */
async function failWan(lab: Lab, router: Router, say: Say, style: Style): Promise<void> {
  const [isp] = lab.isps;
  const [wan] = lab.topology.wans;
  if (isp === undefined || wan === undefined) throw new LabError('The lab has no WAN.');
  await waitForWans(router, () => 'online', 30_000);
  const watch = await lab.client.watch();
  await watch.answering();
  say(style.bold(`The provider behind ${wan.name} goes silent at ${clock(Date.now())}`));
  await isp.blackHole(true);
  await waitForWans(router, (name) => (name === wan.name ? 'offline' : 'online'));
  await watch.answering(LONGEST_MS);
  const reports = await watch.stop();
  for (const { name, state, reason } of (await statusOf(router)).wans) say(`  ${name}  ${state}  ${reason}`);
  say();
  showGaps(lab, reports, `the loss of ${wan.name}`, say, style);
  await isp.blackHole(false);
  await waitForWans(router, () => 'online');
  say(`  ${wan.name} is back and used for new flows; what runs stays where it is`);
}

export async function runDemo(lab: Lab, say: Say, style: Style): Promise<void> {
  const { active, backup, status } = await showPair(lab, say, style);
  for (const name of ROUTERS) {
    say();
    say(`${style.bold(`${name}# ubus call hagw status`)}   ${style.dim('(shortened)')}`);
    say(compactJson(statusParts(status[name])));
  }
  say();
  await failWan(lab, active, say, style);

  const watch = await lab.client.watch();
  await watch.answering();
  say();
  say(style.bold(`${active.name} loses power at ${clock(Date.now())}`));
  const before = performance.now();
  await active.powerOff();
  const taken = await waitForRole(backup, ['active'], 20_000);
  const told = performance.now() - before;
  await watch.answering(LONGEST_MS);
  const reports = await watch.stop();
  say(routerLine(active.name, null, style));
  say(routerLine(backup.name, taken, style));
  say(`  ${backup.name} said so in its status ${seconds(told)} after the blow: ${taken.router.role_reason}`);
  say();
  showGaps(lab, reports, `the loss of ${active.name}`, say, style);

  say();
  say(style.bold(`${active.name} gets its power back at ${clock(Date.now())}`));
  const again = performance.now();
  await active.powerOn();
  const returned = await waitForRole(active, ['backup'], 60_000);
  say(routerLine(active.name, returned, style));
  say(routerLine(backup.name, await statusOf(backup), style));
  say(
    `  ready ${seconds(performance.now() - again)} after it was switched on; ${backup.name} stays active (nopreempt)`,
  );
  say();
  say(style.bold(`${backup.name}# hagw events`));
  say((await backup.must(['hagw', 'events'])).trimEnd());
}
