import type { Backend } from '../../luci/src/backend/backend.ts';
import type { Events, Health, Status, TimelineEvent } from '../../src/api/status.ts';

/** A healthy active router with one instance and one WAN. */
export function sampleStatus(): Status {
  return {
    schema: 1,
    version: '0.1.0',
    time: 1_000_000,
    router: {
      known: true,
      reason: '',
      name: 'gw-a',
      hostname: 'gw-a',
      role: 'active',
      since: 900_000,
      role_reason: 'Group gw entered active.',
      sync_address: '10.255.0.1',
      priority: 250,
    },
    engine: { mode: 'hagw', running: false, reason: '' },
    wans: [
      {
        name: 'wan',
        enabled: true,
        family: 'ipv4',
        up: true,
        device: 'eth1',
        carrier: true,
        addresses: ['203.0.113.2/24'],
        gateway: '203.0.113.1',
        metric: 10,
        state: 'online',
        since: 900_000,
        reason: '',
        track_ip: [],
      },
    ],
    policies: [],
    vrrp: { known: true, reason: '', running: true, instances: [], groups: [] },
    conntrack: {
      known: false,
      reason: 'conntrackd is not running.',
      running: false,
      internal_entries: null,
      external_entries: null,
      link_device: null,
      link_running: null,
      packets_sent: null,
      packets_received: null,
      send_errors: null,
      receive_errors: null,
      packets_lost: null,
    },
    leases: { known: true, reason: '', file: '/tmp/dhcp.leases', ipv4: 3, ipv6: 0 },
    partner: {
      known: false,
      reason: 'Not connected.',
      name: 'gw-b',
      sync_address: '10.255.0.2',
      last_seen: null,
      role: 'unknown',
      ready: null,
      out: null,
      usable_wans: null,
    },
    duty: {
      out: null,
      since: null,
      maintenance: false,
      waits: '',
      split_brain: false,
      switchover: null,
    },
    problems: [],
  };
}

export function sampleEvent(seq: number, text = `event ${seq}`): TimelineEvent {
  return { seq, at: 1000 * seq, router: 'gw-a', kind: 'vrrp', subject: 'gw', from: '', to: '', text };
}

/** A backend whose answers are set by the test; it keeps `hagw events`' rules for cursors and runs. */
export class FakeBackend implements Backend {
  statusReply: Status = sampleStatus();
  healthReply: Health = { state: 'ok', summary: 'All is well.', problems: [] };
  run = 'run-1';
  timeline: TimelineEvent[] = [];
  /** Thrown by every call while set. */
  failure: Error | null = null;
  mayWrite = true;
  reloads = 0;
  statusCalls = 0;
  private readonly followers = new Set<() => void>();

  async status(): Promise<Status> {
    this.statusCalls += 1;
    if (this.failure) throw this.failure;
    return this.statusReply;
  }

  async health(): Promise<Health> {
    if (this.failure) throw this.failure;
    return this.healthReply;
  }

  async events(since: number, limit: number): Promise<Events> {
    if (this.failure) throw this.failure;
    const newest = this.timeline.at(-1)?.seq ?? 0;
    const events = this.timeline.filter((event) => event.seq > since).slice(-limit);
    return { run: this.run, newest, gap: false, events };
  }

  async reload(): Promise<void> {
    if (this.failure) throw this.failure;
    this.reloads += 1;
  }

  follow(changed: () => void): () => void {
    this.followers.add(changed);
    return () => this.followers.delete(changed);
  }

  announce(): void {
    for (const changed of this.followers) changed();
  }

  get followerCount(): number {
    return this.followers.size;
  }
}
