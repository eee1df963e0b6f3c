/**
 * An exception that leaves a callback is a defect of ours. Both runtimes treat it alike: it is reported on standard
 * error and the event loop goes on with the next callback. (QuickJS does so by itself, Node would end.)
 */
export type Report = (text: string) => void;

/** Runs a callback of the owner; an exception goes to `report`, never further. */
export function guarded(report: Report, run: () => void): void {
  try {
    run();
  } catch (error) {
    report(describeDefect(error));
  }
}

function describeDefect(error: unknown): string {
  if (!(error instanceof Error)) return `Uncaught in a callback: ${String(error)}\n`;
  const stack = error.stack ?? '';
  // Node's stack starts with the name and the message, QuickJS' has the frames alone.
  const head = `${error.name}: ${error.message}`;
  const text = stack.startsWith(head) ? stack : `${head}\n${stack}`;
  return `Uncaught in a callback: ${text.replace(/\n+$/, '')}\n`;
}
