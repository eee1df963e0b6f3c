/** The owner's end of an agent: starts it in a network namespace of the lab and asks it. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AgentRequest } from './agent.ts';
import type { Cage } from './cage.ts';
import { REPOSITORY } from './disk.ts';
import { LabError, start } from './programs.ts';

export interface Agent {
  ask(request: AgentRequest, timeoutMs?: number): Promise<unknown>;
  close(): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

const PROGRAM = join(REPOSITORY, 'build/bin/lab');

export function startAgent(cage: Cage, namespace: string): Agent {
  const child = start([...cage.enterNetwork(namespace), process.execPath, PROGRAM, 'agent'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const pending = new Map<number, Pending>();
  let next = 1;
  let words = '';
  let ended: string | null = null;

  const settle = (id: number): Pending | undefined => {
    const waiting = pending.get(id);
    pending.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  };
  const end = (why: string): void => {
    ended ??= why;
    for (const id of [...pending.keys()]) settle(id)?.reject(new LabError(why));
  };
  child.once('error', (error) => end(`The agent in ${namespace} could not be started: ${error.message}.`));
  child.once('exit', () => end(`The agent in ${namespace} has ended: ${words.trim() || 'no message'}.`));
  child.stderr?.on('data', (bytes: Buffer) => {
    words = (words + bytes.toString()).slice(-4096);
  });
  child.stdin?.on('error', () => {
    // Its exit says why.
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { id, ok, error } = JSON.parse(line) as { id: number; ok?: unknown; error?: string };
      const waiting = settle(id);
      if (error === undefined) waiting?.resolve(ok);
      else waiting?.reject(new LabError(`The agent in ${namespace} could not do it: ${error}`));
    });
  }
  return {
    ask(request, timeoutMs = 60_000) {
      if (ended !== null) return Promise.reject(new LabError(ended));
      const id = next++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(new LabError(`The agent in ${namespace} did not answer '${request.do}' in time.`));
        }, timeoutMs);
        pending.set(id, { resolve, reject, timer });
        child.stdin?.write(`${JSON.stringify({ id, ...request })}\n`);
      });
    },
    close() {
      child.stdin?.destroy();
    },
  };
}
