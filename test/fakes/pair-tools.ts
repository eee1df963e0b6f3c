/** keepalived, nft, fw4 and the init scripts for the pair's applier: they say what a test wants and note what they were asked. */
import { ok, type Result } from '../../src/lib/result.ts';
import type { PairTools } from '../../src/ports/pair-tools.ts';

export interface FakePairTools {
  readonly tools: PairTools;
  /** `keepalived`, `table`, `fw4 check`, `reload SERVICE`, in order. */
  readonly calls: string[];
  answers: {
    keepalived: (text: string) => Result<readonly string[], string>;
    table: (text: string) => Result<void, string>;
    firewall: () => Result<void, string>;
    reload: (service: string) => Result<void, string>;
  };
}

export function createFakePairTools(): FakePairTools {
  const calls: string[] = [];
  const answers: FakePairTools['answers'] = {
    keepalived: () => ok([]),
    table: () => ok(undefined),
    firewall: () => ok(undefined),
    reload: () => ok(undefined),
  };
  const note = <T>(call: string, answer: T): Promise<T> => {
    calls.push(call);
    return Promise.resolve(answer);
  };
  return {
    calls,
    answers,
    tools: {
      keepalivedComplaints: (text) => note('keepalived', answers.keepalived(text)),
      checkTable: (text) => note('table', answers.table(text)),
      checkFirewall: () => note('fw4 check', answers.firewall()),
      reload: (service) => note(`reload ${service}`, answers.reload(service)),
    },
  };
}
