import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WriteQueue } from '../../../src/adapters/common/write-queue.ts';

describe('WriteQueue', () => {
  it('gives every byte once and in order, whatever the pieces', () => {
    const step = fc.oneof(
      fc.record({ push: fc.uint8Array({ maxLength: 40 }) }),
      fc.record({ peek: fc.integer({ min: 1, max: 30 }), taken: fc.integer({ min: 0, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new WriteQueue();
        const pushed: number[] = [];
        const taken: number[] = [];
        for (const one of steps) {
          if ('push' in one) {
            queue.push(one.push);
            pushed.push(...one.push);
          } else {
            const piece = queue.peek(one.peek);
            expect(piece.length).toBeLessThanOrEqual(one.peek);
            expect(piece.length > 0).toBe(queue.queuedBytes > 0);
            const kept = piece.slice(0, one.taken);
            queue.taken(kept.length);
            taken.push(...kept);
          }
          expect(queue.queuedBytes).toBe(pushed.length - taken.length);
        }
        while (queue.queuedBytes > 0) {
          const piece = queue.peek(7);
          taken.push(...piece);
          queue.taken(piece.length);
        }
        expect(taken).toEqual(pushed);
      }),
    );
  });

  it('joins small pieces into one write and keeps a copy', () => {
    const queue = new WriteQueue();
    const buffer = new Uint8Array([1, 2]);
    queue.push(buffer);
    buffer[0] = 9;
    queue.push(new Uint8Array([3]));
    expect([...queue.peek(4096)]).toEqual([1, 2, 3]);
    queue.clear();
    expect(queue.peek(10)).toHaveLength(0);
  });
});
