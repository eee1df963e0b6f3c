import { beforeEach, describe, expect, it } from 'vitest';
import { type ApplyRequest, createApplier } from '../../../src/app/multiwan/applier.ts';
import { MEMORY_PATH } from '../../../src/core/plan/memory.ts';
import type { FlowDrop } from '../../../src/core/plan/steps.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import { marksOf } from '../../../src/core/policy/marks.ts';
import { ok } from '../../../src/lib/result.ts';
import type { Flows } from '../../../src/ports/flows.ts';
import { createFakeFiles, type FakeFiles } from '../../fakes/files.ts';
import { createFakeNft, type FakeNft } from '../../fakes/nft.ts';
import { createFakeRouting, type FakeRouting } from '../../fakes/routing.ts';
import { everything } from '../../packets/support/situations.ts';

/** What the applier does when something fails in the middle; the kernel itself is tested in test/integration/multiwan-apply. */
const DEVICES = ['pppoe-wan', 'eth2', 'eth5', 'wwan0', 'br-lan', 'br-guest.7'];
const marks = marksOf(0x3f00);
const DROP_WAN: FlowDrop = { which: 'wan', wan: 'wan', family: 'ipv4', number: 1, mark: 0x100, mask: 0x3f00 };

function request(
  states: Parameters<typeof everything>[0] = {},
  drop: readonly FlowDrop[] = [],
): ApplyRequest {
  return { desired: compile(everything(states)), marks, drop, states: {} };
}

describe('the applier', () => {
  let nft: FakeNft;
  let routing: FakeRouting;
  let files: FakeFiles;
  let deleted: string[];
  const flows: Flows = {
    deleteByMark: async (mark, mask, family) => {
      deleted.push(`${mark.toString(16)}/${mask.toString(16)} ${family}`);
      return ok(3);
    },
    deleteBySource: async () => ok(0),
    deleteAll: async () => {
      deleted.push('all');
      return ok(undefined);
    },
    countByMark: async () => ok(0),
    count: async () => ok(9),
  };
  const fresh = () => createApplier({ nft: nft.nft, routing: routing.routing, flows, files: files.files });
  const kernel = async () => JSON.stringify([await nft.nft.readTable(), [...routing.text()].sort()]);

  beforeEach(() => {
    nft = createFakeNft();
    routing = createFakeRouting(DEVICES);
    files = createFakeFiles();
    deleted = [];
  });

  it('applies, switches by one transaction, drops the flows of the lost WAN, and leaves no trace at the end', async () => {
    const applier = fresh();
    expect(await applier.apply(request())).toMatchObject({
      ok: true,
      value: { how: 'applied', findings: [], problems: [] },
    });
    const transactions = nft.applied.length;
    const lines = routing.done.length;
    const report = await applier.apply(request({ wan: 'offline' }, [DROP_WAN]));
    expect(report).toMatchObject({
      ok: true,
      value: { how: 'switched', dropped: [{ wan: 'wan', entries: 3 }] },
    });
    expect(nft.applied.length - transactions).toBe(1);
    expect(routing.done.length - lines).toBe(0);
    expect(deleted).toEqual(['100/3f00 ipv4']);
    expect(await applier.check()).toMatchObject({ ok: true, value: { how: 'unchanged', findings: [] } });
    expect(await applier.stop(marks)).toMatchObject({ ok: true });
    expect(routing.text()).toEqual([]);
    expect(await nft.nft.readTable()).toEqual({ ok: true, value: null });
  });

  it('drops flows as soon as the kernel tells of the transaction, and once more when nft has ended', async () => {
    const applier = fresh();
    await applier.apply(request());
    const { apply } = nft.nft;
    const atEnd: string[][] = [];
    Object.assign(nft.nft, {
      apply: async (text: string) => {
        const outcome = await apply(text);
        applier.heard();
        applier.heard();
        atEnd.push([...deleted]);
        return outcome;
      },
    });
    const report = await applier.apply(request({ wan: 'offline' }, [DROP_WAN]));
    expect(atEnd).toEqual([['100/3f00 ipv4']]);
    expect(deleted).toHaveLength(2);
    expect(report).toMatchObject({
      ok: true,
      value: { dropped: [{ wan: 'wan', entries: 6 }], problems: [] },
    });
    // What is heard later, of others, drops nothing.
    applier.heard();
    expect(deleted).toHaveLength(2);
    await applier.check();
    applier.heard();
    expect(deleted).toHaveLength(2);
  });

  it('takes rules and routes back when nft refuses', async () => {
    const applier = fresh();
    await applier.apply(request({ wan: 'absent' }));
    const before = await kernel();
    // Both attempts: by what is known, and by what was read.
    nft.failNext({ code: 'refused', message: 'no.' });
    let failures = 0;
    const { apply } = nft.nft;
    Object.assign(nft.nft, {
      apply: async (text: string) => {
        failures += 1;
        nft.failNext({ code: 'refused', message: 'no.' });
        return apply(text);
      },
    });
    expect(await applier.apply(request())).toEqual({ ok: false, error: { code: 'refused', message: 'no.' } });
    expect(failures).toBe(2);
    expect(await kernel()).toBe(before);
    expect(routing.done.filter((line) => line.startsWith('rule del')).length).toBeGreaterThan(0);
  });

  it('gives the switch a second chance by what it reads', async () => {
    const applier = fresh();
    await applier.apply(request());
    nft.others('delete table inet hagw\n');
    routing.others('ipv4', 'rule del pref 2003 fwmark 0x300/0x3f00 lookup 3');
    const report = await applier.apply(request({ wan: 'offline' }, [DROP_WAN]));
    expect(report).toMatchObject({ ok: true, value: { how: 'applied', dropped: [{ wan: 'wan' }] } });
    expect(report.ok ? report.value.findings.map(({ code }) => code) : []).toEqual(['missing', 'missing']);
    const repaired = await kernel();
    await applier.stop(marks);
    await fresh().apply(request({ wan: 'offline' }));
    expect(repaired).toBe(await kernel());
  });

  it('leaves out routes over a device that has gone, says each, and does the rest', async () => {
    routing.devices.delete('wwan0');
    const report = await fresh().apply(request());
    expect(report).toMatchObject({ ok: true, value: { how: 'applied' } });
    const problems = report.ok ? report.value.problems : [];
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((text) => text.includes('Cannot find device "wwan0"'))).toBe(true);
    expect(routing.text()).toContain('ipv4 3 default via 10.2.0.1 dev eth2 proto static metric 20');
    expect(routing.text().filter((line) => line.includes('rule'))).toHaveLength(
      request().desired.rules.length,
    );
  });

  it('undoes what it began when ip stops answering', async () => {
    const applier = fresh();
    await applier.apply(request({ wan: 'absent' }));
    const before = await kernel();
    const { batch } = routing.routing;
    let calls = 0;
    Object.assign(routing.routing, {
      // The second batch of each attempt would be the undoing: only forward batches fail.
      batch: async (...[family, lines]: Parameters<typeof batch>) => {
        calls += 1;
        if (lines.some((words) => words[1] === 'replace'))
          return { ok: false, error: { code: 'timeout', message: 'ip took too long.', line: null } };
        return batch(family, lines);
      },
    });
    expect(await applier.apply(request())).toMatchObject({ ok: false, error: { code: 'timeout' } });
    expect(calls).toBeGreaterThan(1);
    expect(await kernel()).toBe(before);
  });

  it('adopts by the memory, replaces without it, and does not need it', async () => {
    await fresh().apply(request());
    const transactions = nft.applied.length;
    expect(await fresh().apply(request())).toMatchObject({ ok: true, value: { how: 'adopted' } });
    expect(nft.applied.length).toBe(transactions);
    files.write(MEMORY_PATH, 'not what we wrote');
    const report = await fresh().apply(request());
    expect(report).toMatchObject({
      ok: true,
      value: { how: 'applied', findings: [{ code: 'left-over', object: 'table' }] },
    });
    expect(nft.applied.length).toBe(transactions + 1);
  });

  it('goes on when the memory cannot be written', async () => {
    const full = {
      ...files.files,
      replace: () =>
        ({ ok: false, error: { code: 'ENOSPC', path: MEMORY_PATH, message: 'no space left.' } }) as const,
    };
    const applier = createApplier({ nft: nft.nft, routing: routing.routing, flows, files: full });
    const report = await applier.apply(request());
    expect(report).toMatchObject({
      ok: true,
      value: { problems: ['What was applied cannot be kept for the next start: no space left.'] },
    });
    expect(await applier.apply(request({ wan: 'offline' }))).toMatchObject({
      ok: true,
      value: { how: 'switched' },
    });
  });

  it('keeps elements of others when it replaces the table', async () => {
    await fresh().apply(request());
    nft.others('add element inet hagw ipset_streaming { 203.0.113.7 }\n');
    files.remove(MEMORY_PATH);
    await fresh().apply(request({ wan: 'offline' }));
    expect(nft.elements('ipset_streaming')).toEqual(['203.0.113.7']);
  });

  it('does one thing at a time, in order', async () => {
    const applier = fresh();
    const outcomes = await Promise.all([
      applier.apply(request()),
      applier.apply(request({ wan: 'offline' })),
      applier.check(),
      applier.apply(request({ wanb: 'offline' })),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.value.how : outcome.error.code))).toEqual([
      'applied',
      'switched',
      'unchanged',
      'switched',
    ]);
    const end = await kernel();
    await applier.stop(marks);
    await fresh().apply(request({ wanb: 'offline' }));
    expect(await kernel()).toBe(end);
  });

  it('gives up on somebody who changes the table as fast as we write it', async () => {
    const { apply } = nft.nft;
    Object.assign(nft.nft, {
      apply: async (text: string) => {
        const outcome = await apply(text);
        nft.others('add chain inet hagw stray\n');
        return outcome;
      },
    });
    const report = await fresh().apply(request());
    expect(report).toMatchObject({
      ok: false,
      error: {
        code: 'refused',
        message: 'The kernel does not keep what was written: somebody else changes it.',
      },
    });
  });
});

describe('the fakes', () => {
  it.each([
    ['a jump to nowhere', 'table inet hagw {\n\tchain a {\n\t\tjump b\n\t}\n}\n'],
    ['a set that is not there', 'table inet hagw {\n\tchain a {\n\t\tip saddr @nosuch accept\n\t}\n}\n'],
    ['deleting what is in use', 'delete chain inet hagw used\n'],
    ['deleting what is missing', 'delete set inet hagw nosuch\n'],
    ['flushing what is missing', 'flush chain inet hagw nosuch\n'],
    ['a set of another kind', 'table inet hagw {\n\tset s {\n\t\ttype ipv6_addr\n\t}\n}\n'],
    ['an element that is missing', 'delete element inet hagw s { 1.2.3.4 }\n'],
    ['half a text', 'table inet hagw {\n\tchain a {\n'],
  ])('nft refuses %s as a whole', async (_what, text) => {
    const { nft, others } = createFakeNft();
    others(
      'table inet hagw {\n\tset s {\n\t\ttype ipv4_addr\n\t}\n\tchain used {\n\t}\n\tchain b0 {\n\t\tjump used\n\t}\n}\n',
    );
    const before = await nft.readTable();
    expect(await nft.apply(`add chain inet hagw more\n${text}`)).toMatchObject({
      ok: false,
      error: { code: 'refused' },
    });
    expect(await nft.readTable()).toEqual(before);
  });

  it('ip refuses doubles, what is missing and devices that are not there', async () => {
    const { others } = createFakeRouting(['a']);
    others('ipv4', 'rule add pref 5 lookup 1');
    expect(() => others('ipv4', 'rule add pref 5 lookup 1')).toThrow('File exists');
    others('ipv6', 'rule add pref 5 lookup 1');
    expect(() => others('ipv4', 'rule del pref 6 lookup 1')).toThrow('No such file');
    others('ipv4', 'route add default dev a table 1');
    expect(() => others('ipv4', 'route add default dev a scope link table 1')).toThrow('File exists');
    expect(() => others('ipv4', 'route add default dev b table 2')).toThrow('Cannot find device');
    expect(() => others('ipv4', 'route del default dev a table 2')).toThrow('No such process');
  });
});
