/**
 * Where a recorded flow of mwan3 goes elsewhere with us, on purpose. Each names its section of
 * docs/differences-from-mwan3.md; a test holds both together, and an entry that no flow needs any more fails.
 */
import type { RecordedFlow, Recording } from './support/recordings.ts';

export interface Difference {
  /** Heading in the document. */
  readonly heading: string;
  readonly applies: (recording: Recording, flow: RecordedFlow) => boolean;
  /** Marks that the flow gets here; null = what mwan3 gave it. */
  readonly mark: (recording: Recording, flow: RecordedFlow) => number | null;
  readonly outDevice: (recording: Recording, flow: RecordedFlow) => string | null;
}

/** WAN of a flow of 19-long-names by the rules as they are written; 0 = not by a rule. */
function longNamesWan({ flow }: RecordedFlow): number {
  if (flow.src.startsWith('inbound') || flow.dst === '10.2.0.1') return 0;
  if (flow.proto === 'udp' && flow.dport === 53) return 2;
  if (flow.proto === 'tcp' && (flow.dport === 80 || flow.dport === 443)) return 2;
  if (flow.proto === 'tcp' && flow.dport === 8080) return 3;
  return 1;
}

const DOWN: Readonly<Record<string, number>> = { 'all-up': 0, 'first-down': 1, '2-down': 2, 'all-down': 3 };

export const DIFFERENCES: readonly Difference[] = [
  {
    heading: 'Long names work',
    applies: ({ name }, flow) => name === '19-long-names' && longNamesWan(flow) > 0,
    mark: ({ state }, recorded) => {
      const wan = longNamesWan(recorded);
      if (wan > (DOWN[state] ?? 0)) return wan << 8;
      // The router's own packet is bound to eth1 by then; only WAN 1's policy knows that device.
      return 0x3e00;
    },
    outDevice: ({ state }, recorded) => {
      const wan = longNamesWan(recorded);
      return wan > (DOWN[state] ?? 0) ? `eth${wan}` : null;
    },
  },
];
