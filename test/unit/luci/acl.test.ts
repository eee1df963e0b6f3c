import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type MethodSpec, OBJECTS, type ObjectSpec } from '../../../src/api/methods.ts';

const objects: Readonly<Record<string, ObjectSpec>> = OBJECTS;
const repository = join(import.meta.dirname, '../../..');
const file = join(repository, 'luci/root/usr/share/rpcd/acl.d/luci-app-hagw.json');
type Rights = { ubus: Record<string, string[]>; uci: string[] };
const acl = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { read: Rights; write: Rights }>;
const group = acl['luci-app-hagw'];

/** Methods that the table wants in a group, object by object. */
function wanted(access: MethodSpec['access']): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [path, object] of Object.entries(objects)) {
    const names = Object.entries(object.methods)
      .filter(([, method]) => method.access === access)
      .map(([name]) => name);
    if (access === 'read' && Object.keys(object.notifications).length > 0) names.push(':subscribe');
    if (names.length > 0) found[path] = names.sort();
  }
  return found;
}

function sorted(rights: Rights | undefined): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(rights?.ubus ?? {}).map(([path, names]) => [path, [...names].sort()]),
  );
}

describe('the rpcd ACL of the page', () => {
  it('grants to read exactly the methods that only read', () => {
    expect(sorted(group?.read)).toEqual(wanted('read'));
  });

  it('grants to write exactly the methods that change something', () => {
    expect(sorted(group?.write)).toEqual(wanted('write'));
  });

  it('names no wildcard and no method that is for root alone', () => {
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('*');
    for (const [path, names] of Object.entries(wanted('root'))) {
      for (const name of names) {
        expect(group?.read.ubus[path] ?? []).not.toContain(name);
        expect(group?.write.ubus[path] ?? []).not.toContain(name);
      }
    }
  });
});
