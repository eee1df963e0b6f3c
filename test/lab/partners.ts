/**
 * Stands for the link between the two services: what each leaves for its partner is copied to the other router, as soon as it
 * changes, while it is up. A router's file system is seen through its pid 1.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Lab } from './lab.ts';
import type { Router } from './router.ts';

export interface PartnerLink {
  /** Down: nothing is copied any more, what was copied stays. */
  setUp(up: boolean): void;
  stop(): void;
}

const EVERY_MS = 20;

function folder(router: Router): string {
  // Not by /var/run: that link is absolute and would lead into this computer's own /run.
  return `/proc/${router.pid}/root/run/hagw`;
}

function said(router: Router): string {
  try {
    return router.pid === null ? '' : readFileSync(`${folder(router)}/self.json`, 'utf8');
  } catch {
    return '';
  }
}

function give(router: Router, text: string): void {
  try {
    if (router.pid === null) return;
    mkdirSync(folder(router), { recursive: true });
    writeFileSync(`${folder(router)}/partner.json.new`, text);
    renameSync(`${folder(router)}/partner.json.new`, `${folder(router)}/partner.json`);
  } catch {
    // It lost its power meanwhile.
  }
}

/** Links them until `stop`. */
export function linkPartners(lab: Lab): PartnerLink {
  const [a, b] = [lab.routers['gw-a'], lab.routers['gw-b']];
  const last = new Map<Router, string>();
  let isUp = true;
  const carry = (from: Router, to: Router): void => {
    const text = said(from);
    const key = `${to.pid} ${text}`;
    if (text === '' || last.get(to) === key) return;
    last.set(to, key);
    give(to, text);
  };
  const timer = setInterval(() => {
    if (!isUp) return;
    carry(a, b);
    carry(b, a);
  }, EVERY_MS);
  return {
    setUp(up) {
      isUp = up;
    },
    stop: () => clearInterval(timer),
  };
}
