/** A machine's events, taken one at a time in the order in which they come: what is dispatched while one is taken waits. */
export interface Turns<E> {
  dispatch(event: E): void;
  /** What waits is dropped, and nothing is taken any more. */
  stop(): void;
}

/** @param take must not throw. @param settled is called each time nothing waits any more. */
export function createTurns<E>(take: (event: E) => void, settled: () => void): Turns<E> {
  const queue: E[] = [];
  let isRunning = false;
  let isStopped = false;
  return {
    dispatch(event) {
      if (isStopped) return;
      queue.push(event);
      if (isRunning) return;
      isRunning = true;
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) take(next);
      isRunning = false;
      settled();
    },
    stop() {
      isStopped = true;
      queue.length = 0;
    },
  };
}
