/** The recordings of netifd and what a run of the stand-in gives, brought into one comparable form. */

export type StatusTable = Readonly<Record<string, unknown>>;

export interface Entry {
  readonly ms: number;
  readonly source: string;
  readonly line?: Readonly<Record<string, StatusTable>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Recording {
  readonly name: string;
  readonly timeline: readonly Entry[];
}

/** What happened to one interface, each channel in its own order. */
export interface Happened {
  /** `ifup`, `ifdown` of the ubus event network.interface. */
  readonly events: string[];
  /** Name and status of each notification; equal ones that follow each other count once. */
  readonly notes: unknown[];
  /**
   * Environment of each hotplug run; equal ones that follow each other count once: a newer event takes the place of one that
   * waits, so how often the same is told depends on how long a script takes.
   */
  readonly hotplug: Record<string, string>[];
}

/** SHLVL depends on the shell (ash sets it, dash does not); the rest is compared. */
const IGNORED_ENV = ['SHLVL', '_', 'OLDPWD'];

/** Without what the stand-in does not do (delegated prefixes) and what is no matter of behaviour (uptime). */
export function comparable(status: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { uptime: _, updated, ...rest } = status;
  const words = Array.isArray(updated) ? updated.filter((word) => word !== 'prefixes') : [];
  return {
    ...rest,
    ...(words.length > 0 ? { updated: words } : {}),
    ...('ipv6-prefix' in rest ? { 'ipv6-prefix': [], 'ipv6-prefix-assignment': [] } : {}),
  };
}

export function environment(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => !IGNORED_ENV.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export function collect(
  events: readonly Readonly<Record<string, unknown>>[],
  notes: readonly { readonly name: string; readonly data: Readonly<Record<string, unknown>> }[],
  hotplug: readonly Readonly<Record<string, string>>[],
  ignored: readonly string[] = [],
): Record<string, Happened> {
  const all: Record<string, Happened> = {};
  const of = (name: unknown): Happened => {
    const key = String(name);
    const happened = all[key] ?? { events: [], notes: [], hotplug: [] };
    all[key] = happened;
    return happened;
  };
  for (const event of events) of(event['interface']).events.push(String(event['action']));
  for (const { name, data } of notes) {
    const list = of(data['interface']).notes;
    const status = Object.entries(comparable(data)).filter(([key]) => !ignored.includes(key));
    const note = { [name]: Object.fromEntries(status) };
    if (JSON.stringify(list[list.length - 1]) !== JSON.stringify(note)) list.push(note);
  }
  for (const env of hotplug) {
    const list = of(env['INTERFACE']).hotplug;
    const run = environment(env);
    if (JSON.stringify(list[list.length - 1]) !== JSON.stringify(run)) list.push(run);
  }
  return all;
}

export function happenedIn(recording: Recording, ignored: readonly string[] = []): Record<string, Happened> {
  const lines = (source: string) =>
    recording.timeline
      .filter((entry) => entry.source.startsWith(source))
      .flatMap((entry) => (entry.line === undefined ? [] : [entry.line]));
  return collect(
    lines('ubus listen').flatMap((line) => {
      const event = line['network.interface'];
      return event === undefined ? [] : [event];
    }),
    lines('ubus subscribe').flatMap((line) => Object.entries(line).map(([name, data]) => ({ name, data }))),
    recording.timeline.flatMap((entry) => (entry.env === undefined ? [] : [entry.env])),
    ignored,
  );
}
