import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDnsmasqLeases } from '../../../src/adapters/dnsmasq.ts';
import { createMwan3 } from '../../../src/adapters/mwan3.ts';
import { createNetifdLinks } from '../../../src/adapters/netifd.ts';
import { fail, ok, type Result } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Bus, BusError, BusTable } from '../../../src/ports/bus.ts';
import type { Files } from '../../../src/ports/files.ts';
import type { LinkChange } from '../../../src/ports/links.ts';

const recordings = join(import.meta.dirname, '../../captures');
const read = (name: string) => JSON.parse(readFileSync(join(recordings, name), 'utf8'));

type Answer = Result<BusTable, BusError>;

class FakeBus implements Bus {
  readonly calls: string[] = [];
  notify: (name: string, data: BusTable) => void = () => {};
  attached: () => void = () => {};
  event: (name: string, data: BusTable) => void = () => {};
  subscriptions = 0;
  readonly #answer: (call: string) => Answer;

  constructor(answer: (call: string) => Answer) {
    this.#answer = answer;
  }

  async call(path: string, method: string, args: BusTable): Promise<Answer> {
    const call = `${path} ${method} ${JSON.stringify(args)}`;
    this.calls.push(call);
    return this.#answer(call);
  }

  subscribe(path: string, onNotify: FakeBus['notify'], onAttached: () => void): void {
    expect(path).toBe('network.interface');
    this.subscriptions += 1;
    this.notify = onNotify;
    this.attached = onAttached;
  }

  listen(pattern: string, onEvent: FakeBus['event']): void {
    expect(pattern).toBe('network.interface');
    this.event = onEvent;
  }

  provide(): never {
    throw new Error('a reader provides nothing');
  }
  send(): void {}
  onConnection(): void {}
  close(): void {}
}

const refused = (error: Partial<BusError>) =>
  new FakeBus(() => fail({ code: 'status', status: 9, message: 'Unknown error', ...error }));

describe('netifd over ubus', () => {
  it('asks for the dump and for all devices', async () => {
    const bus = new FakeBus((call) =>
      ok(read(call.includes('dump') ? 'netifd/02-dump.json' : 'netifd/05-device-status.json').result),
    );
    const links = createNetifdLinks(bus);
    const interfaces = await links.interfaces();
    const devices = await links.devices();
    expect(interfaces.ok && interfaces.value.length).toBe(10);
    expect(devices.ok && devices.value.map((facts) => facts.name)).toContain('eth1');
    expect(bus.calls).toEqual(['network.interface dump {}', 'network.device status {}']);
  });

  it('tells of notifications, events and each new attachment, to all who listen', () => {
    const bus = new FakeBus(() => ok({}));
    const links = createNetifdLinks(bus);
    const seen: LinkChange[] = [];
    links.onChange((change) => seen.push(change));
    links.onChange((change) => seen.push(change));
    expect(bus.subscriptions).toBe(1);
    bus.attached();
    bus.notify('interface.down', { interface: 'wan', up: false });
    bus.event('network.interface', { action: 'ifdown', interface: 'wan' });
    bus.event('network.interface', { action: 5 });
    expect(seen.filter((_, index) => index % 2 === 0)).toEqual([
      { interface: null, action: 'attached' },
      { interface: 'wan', action: 'interface.down' },
      { interface: 'wan', action: 'ifdown' },
      { interface: null, action: 'event' },
    ]);
    expect(seen).toHaveLength(8);
  });

  it.each<[Partial<BusError>, string, string]>([
    [
      { status: 4 },
      'absent',
      'Nobody on ubus answers to network.interface dump: netifd does not run or is not installed.',
    ],
    [{ status: 7 }, 'timeout', 'The ubus call network.interface dump to netifd was not answered in time.'],
    [
      { code: 'timeout' },
      'timeout',
      'The ubus call network.interface dump to netifd was not answered in time.',
    ],
    [
      { code: 'disconnected' },
      'failed',
      'The ubus call network.interface dump to netifd failed because ubus is not connected.',
    ],
    [
      { status: 6, message: 'network.interface dump: Permission denied.' },
      'failed',
      'The ubus call network.interface dump to netifd failed (status 6): network.interface dump: Permission denied.',
    ],
  ])('%j is %s', async (error, code, message) => {
    expect(await createNetifdLinks(refused(error)).interfaces()).toEqual({
      ok: false,
      error: { code, message },
    });
    expect(await createNetifdLinks(refused(error)).devices()).toMatchObject({ error: { code } });
  });
});

describe('mwan3 over ubus', () => {
  it('reads the status, and knows that the package may be missing', async () => {
    const bus = new FakeBus(() => ok(read('mwan3/01-balanced-3-2/all-up/ubus-mwan3-status.json')));
    expect(await createMwan3(bus).read()).toMatchObject({
      ok: true,
      value: { interfaces: [{ name: 'wan' }, {}] },
    });
    expect(await createMwan3(refused({ status: 4 })).read()).toMatchObject({ error: { code: 'absent' } });
  });
});

describe("dnsmasq's lease file", () => {
  const files = (answer: ReturnType<Files['read']>): Files => {
    const unused = () => {
      throw new Error('the reader only reads');
    };
    return {
      read: () => answer,
      replace: unused,
      append: unused,
      list: unused,
      info: unused,
      makeFolder: unused,
      rename: unused,
      remove: unused,
      readLink: unused,
    };
  };

  it('is read where the configuration says', async () => {
    const leases = createDnsmasqLeases(
      files(ok(encodeText('0 02:00:00:00:00:ab 192.168.1.21 forever *\n'))),
      () => '/x',
    );
    expect(await leases.read()).toMatchObject({
      ok: true,
      value: { file: '/x', ipv4: [{ hostname: 'forever' }] },
    });
  });

  it('may be missing or unreadable', async () => {
    const error = {
      path: '/tmp/dhcp.leases',
      message: 'Cannot read /tmp/dhcp.leases: it is a folder (EISDIR).',
    };
    expect(await createDnsmasqLeases(files(fail({ ...error, code: 'ENOENT' }))).read()).toEqual({
      ok: false,
      error: {
        code: 'absent',
        message:
          "dnsmasq's lease file /tmp/dhcp.leases is missing: it serves no DHCP here or has not started.",
      },
    });
    expect(await createDnsmasqLeases(files(fail({ ...error, code: 'EISDIR' }))).read()).toEqual({
      ok: false,
      error: {
        code: 'failed',
        message:
          "dnsmasq's lease file /tmp/dhcp.leases cannot be read: Cannot read /tmp/dhcp.leases: it is a folder (EISDIR).",
      },
    });
  });
});
