/**
 * The program that the lab runs inside a client's or the internet's network namespace. It reads one JSON request a line
 * from standard input and writes one JSON answer a line: `{id, do, …}` → `{id, ok: …}` or `{id, error: "sentence"}`.
 * It ends when standard input does, so it never outlives the lab's owner.
 */
import { createInterface } from 'node:readline';
import { type ProbeStream, startStream } from './agent-streams.ts';
import { ECHO_PORT, type Population, populate, serve, type Talk } from './agent-talk.ts';
import type { StreamKind } from './silence.ts';

export type AgentRequest =
  | { readonly do: 'serve'; readonly addresses: readonly string[]; readonly everyMs: number }
  | {
      readonly do: 'stream';
      readonly name: string;
      readonly kind: StreamKind;
      readonly target: string;
      readonly intervalMs: number;
      readonly rootfs: string;
    }
  | { readonly do: 'silent-for'; readonly name: string }
  | { readonly do: 'stop'; readonly name: string }
  | {
      readonly do: 'populate';
      readonly name: string;
      readonly target: string;
      readonly count: number;
      readonly everyMs: number;
      readonly talk: Talk;
    }
  | { readonly do: 'mark'; readonly name: string }
  | { readonly do: 'wake'; readonly name: string }
  | { readonly do: 'hush'; readonly name: string }
  | { readonly do: 'count'; readonly name: string }
  | { readonly do: 'depopulate'; readonly name: string };

const streams = new Map<string, ProbeStream>();
const populations = new Map<string, Population>();

function named<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`There is nothing named '${name}'.`);
  return found;
}

async function answer(request: AgentRequest): Promise<unknown> {
  switch (request.do) {
    case 'serve':
      await serve(request.addresses, request.everyMs);
      return {};
    case 'stream':
      streams.set(request.name, startStream({ ...request, port: ECHO_PORT }));
      return {};
    case 'silent-for':
      return { ms: named(streams, request.name).silentForMs() };
    case 'stop': {
      const stream = named(streams, request.name);
      streams.delete(request.name);
      return stream.stop();
    }
    case 'populate': {
      const population = populate(request.target, request.count, request.everyMs, request.talk);
      populations.set(request.name, population);
      await population.standing;
      return population.count();
    }
    case 'mark':
      named(populations, request.name).mark();
      return {};
    case 'wake':
      named(populations, request.name).wake();
      return {};
    case 'hush':
      named(populations, request.name).hush();
      return {};
    case 'count':
      return named(populations, request.name).count();
    case 'depopulate': {
      named(populations, request.name).close();
      populations.delete(request.name);
      return {};
    }
  }
}

/** Serves requests until standard input ends. */
export function runAgent(): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    // The owner is this same program: what it sends is of the type.
    const { id, ...request } = JSON.parse(line) as AgentRequest & { id: number };
    answer(request as AgentRequest).then(
      (ok) => process.stdout.write(`${JSON.stringify({ id, ok })}\n`),
      (error: Error) => process.stdout.write(`${JSON.stringify({ id, error: error.message })}\n`),
    );
  });
  lines.on('close', () => process.exit(0));
  // ^C in the owner's terminal is the owner's business.
  process.on('SIGINT', () => {});
}
