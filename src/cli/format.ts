/** Colours, times and tables for a terminal. Text from outside never reaches it with control characters. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
}

/** ANSI colours (ECMA-48, SGR) or none. */
export function createPaint(colours: boolean): Paint {
  const sgr =
    (code: string) =>
    (text: string): string =>
      colours ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { good: sgr('32'), bad: sgr('31'), warn: sgr('33'), dim: sgr('2'), strong: sgr('1') };
}

/** Without what a terminal would obey. */
export function clean(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Local time, `2026-11-21 04:05:06`; the service's clock and ours are the same machine's. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** With two units at most: `3 d 4 h`, `5 min 7 s`, `0.4 s`. */
export function durationText(ms: number): string {
  if (ms < 0) return '0 s';
  if (ms < 1000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Rows with aligned columns, two blanks between; lengths are counted before `paint` of the cell. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

export function tableText(rows: readonly (readonly Cell[])[], indent: string): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, cell.text.length);
  }
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const isLast = column === row.length - 1;
      const padding = isLast ? '' : ' '.repeat((widths[column] ?? 0) - cell.text.length);
      return `${(cell.paint ?? ((text) => text))(cell.text)}${padding}`;
    });
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
  return lines.map((line) => `${line}\n`).join('');
}
