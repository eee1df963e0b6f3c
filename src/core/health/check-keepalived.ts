/** Sections of UCI keepalived that the administrator wrote: what the init script and keepalived make of them unseen. */
import type { UciSection as FileSection } from '../config/uci.ts';
import { INSTANCE_FLAGS } from '../keepalived/render-instance.ts';
import {
  instanceNamesOf,
  named,
  ofType,
  scriptSections,
  startsKeepalived,
  syncGroupsOf,
  textOf,
  type UciSection,
  wordsOf,
} from '../keepalived/uci.ts';
import { isOurs } from '../pair/situation.ts';
import type { ProblemCode } from './catalogue.ts';
import { place, type SetupCheck } from './setup.ts';

/** IFNAMSIZ less the end. */
const LONGEST_LABEL = 15;
const REFERENCES = {
  virtual_ipaddress: 'ipaddress',
  virtual_ipaddress_excluded: 'ipaddress',
  virtual_routes: 'route',
  track_interface: 'track_interface',
  unicast_peer: 'peer',
} as const;

type Note = (code: ProblemCode, section: UciSection, option: string, text: string) => void;

const values = (section: UciSection): string => [...section.options.values()].map(String).join(' ');

function sectionTraps(all: readonly UciSection[], section: UciSection, note: Note): void {
  const { type } = section;
  const name = textOf(section, 'name');
  if (values(section).includes('"') || (/^vrrp_/.test(type) && /\s/.test(name)))
    note(
      'vrrp-broken-word',
      section,
      '',
      'Has a quotation mark, or a blank in its name: keepalived.conf breaks there.',
    );
  if (type === 'ipaddress') {
    const device = textOf(section, 'device');
    const label = `${device}:${textOf(section, 'label_suffix') || 'vip'}`;
    if (device !== '' && label.length > LONGEST_LABEL && !textOf(section, 'address').includes(':'))
      note(
        'vrrp-label-long',
        section,
        'label_suffix',
        `The label '${label}' is longer than ${LONGEST_LABEL} characters: keepalived leaves ${textOf(section, 'address')} out.`,
      );
  }
  if (
    type === 'route' &&
    textOf(section, 'device') + textOf(section, 'src_addr') === '' &&
    textOf(section, 'blackhole') === ''
  )
    note(
      'vrrp-left-out',
      section,
      'device',
      'Has neither device nor src_addr: the init script leaves the route out.',
    );
  for (const [option, wanted] of Object.entries(REFERENCES))
    for (const word of type === 'vrrp_instance' ? wordsOf(section, option) : [])
      if (named(all, wanted, word).length === 0)
        note(
          'vrrp-left-out',
          section,
          option,
          `Names '${word}', which no section of type ${wanted} has as its name: it is left out.`,
        );
}

/** Both generations of the script must track it, and keepalived must count it. */
function scriptTraps(all: readonly UciSection[], section: UciSection, isGrouped: boolean, note: Note): void {
  for (const word of wordsOf(section, 'track_script')) {
    const both = [...named(all, 'track_script', word), ...named(all, 'vrrp_script', word)];
    const missing = ['track_script', 'vrrp_script'].filter((type) => named(all, type, word).length === 0);
    if (missing.length > 0)
      note(
        'vrrp-left-out',
        section,
        'track_script',
        `Names '${word}', but there is no ${missing.join(' and no ')} section of that name: one generation of the init script or the other tracks nothing.`,
      );
    if (isGrouped && both.some((item) => !['', '0'].includes(textOf(item, 'weight'))))
      note(
        'track-weight',
        section,
        'track_script',
        `'${word}' has a weight: in a sync group keepalived ignores it.`,
      );
  }
  for (const word of wordsOf(section, 'track_interface'))
    if (
      isGrouped &&
      named(all, 'track_interface', word).some((item) => !['', '0'].includes(textOf(item, 'weight')))
    )
      note(
        'track-weight',
        section,
        'track_interface',
        `'${word}' has a weight: in a sync group keepalived ignores it.`,
      );
}

export const keepalivedTraps: SetupCheck = (setup, add) => {
  const { config, partner, interfaces, deviceNames, live, packages } = setup;
  const file: readonly FileSection[] = packages.keepalived ?? [];
  const all = scriptSections(file);
  const note: Note = (code, section, option, text) => {
    const at = file[all.indexOf(section)];
    if (at !== undefined) add(code, place('keepalived', file, at, option), text);
  };
  const isManaged = config.managePair;
  if (!isManaged && !startsKeepalived(all, 'present'))
    add(
      'keepalived-disabled',
      'keepalived.globals.enabled',
      'Is 0: the init script does not start keepalived.',
    );
  for (const section of ofType(all, 'vrrp_script')) {
    const path = textOf(section, 'script').split(' ')[0] ?? '';
    const why = live?.scripts.find(([one]) => one === path)?.[1];
    if (why !== undefined)
      note(
        'track-script-unusable',
        section,
        'script',
        `${path} ${why}: keepalived does not run it, and counts as healthy.`,
      );
  }
  const groups = syncGroupsOf(all);
  for (const section of all) {
    if (isOurs(section)) continue;
    sectionTraps(all, section, note);
    if (section.type !== 'vrrp_instance') continue;
    const name = textOf(section, 'name');
    scriptTraps(
      all,
      section,
      groups.some(({ members }) => members.includes(name)),
      note,
    );
    for (const flag of INSTANCE_FLAGS)
      if (['0', 'no', 'off', 'false', 'disabled'].includes(textOf(section, flag)))
        note('vrrp-flag-zero', section, flag, 'Counts as set, whatever its value.');
    const device = textOf(section, 'interface');
    const logical =
      interfaces === null ? setup.deviceOf(device) !== null : interfaces.some((item) => item.name === device);
    if (device !== '' && logical && !deviceNames.includes(device))
      note(
        'vrrp-interface',
        section,
        'interface',
        `Is '${device}', a network; keepalived wants its device, ${setup.deviceOf(device) ?? 'which is unknown'}, and does not start.`,
      );
    if (textOf(section, 'auth_pass') !== '' && textOf(section, 'auth_type') !== '')
      note(
        'vrrp-password',
        section,
        'auth_pass',
        'Travels in clear in each advert, and VRRPv3 has none: it keeps nobody out.',
      );
    if (isManaged) continue;
    const isMaster = textOf(section, 'state') === 'MASTER';
    const delay = Number(textOf(section, 'preempt_delay') || 0);
    if (isMaster || (textOf(section, 'nopreempt') === '' && !(delay > 0)))
      note(
        'vrrp-preempt',
        section,
        isMaster ? 'state' : 'nopreempt',
        `${isMaster ? 'Is MASTER, which undoes nopreempt and preempt_delay' : 'Is not set, nor is preempt_delay'}: a router that returns takes over before it knows the connections.`,
      );
    if (partner !== null && textOf(section, 'priority') === String(partner.priority))
      note('vrrp-priority', section, 'priority', `Is ${partner.priority}, the priority of ${partner.name}.`);
  }
  const names = instanceNamesOf(all);
  const together = groups.some(({ members }) => names.every((name) => members.includes(name)));
  if (!isManaged && names.length > 1 && !together)
    add(
      'vrrp-no-group',
      'keepalived',
      `No vrrp_sync_group has all of ${names.join(', ')}: if one cable fails, one router has the gateway and the other the WAN.`,
    );
  if (isManaged && config.preempt && config.preemptDelayS === 0)
    add(
      'vrrp-preempt',
      'hagw.globals.preempt_delay_s',
      'Is 0: a router that returns takes over before it knows the connections.',
    );
};
