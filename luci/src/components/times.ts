/**
 * Moments as people read them: how long ago, by the router's clock (the status' own `time`, so that a browser whose
 * clock is wrong says nothing wrong), and the full date. The words are the browser's, in the page's language.
 */
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** LuCI's `pt_br` is the Web's `pt-br`; what no browser knows becomes the browser's own language. */
function known(language: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(language.replace('_', '-'))[0];
  } catch {
    return undefined;
  }
}

/** `3 min ago`, in whole units; a moment after `now` counts as now. Both in milliseconds since 1970. */
export function agoText(at: number, now: number, language: string): string {
  const ago = Math.max(0, now - at);
  const [unit, size] = UNITS.find(([, ms]) => ago >= ms) ?? (['second', 1000] as const);
  const format = new Intl.RelativeTimeFormat(known(language), { style: 'short', numeric: 'auto' });
  return format.format(-Math.floor(ago / size), unit);
}

/** Local date and time to the second. */
export function momentText(at: number, language: string): string {
  return new Date(at).toLocaleString(known(language), { dateStyle: 'medium', timeStyle: 'medium' });
}
