/** What `make bench` measures, as rows: the same in the table and in build/bench.json. Does no measuring. */

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** The largest median that is good enough (docs/architecture.md, "Numbers"); null where there is no goal. */
  readonly goal: number | null;
  /** null without a goal. */
  readonly met: boolean | null;
}

/** A row from samples, of which there must be one at least. */
export function rowOf(
  name: string,
  unit: string,
  samples: readonly number[],
  goal: number | null = null,
): Row {
  const sorted = [...samples].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted[sorted.length - 1]];
  if (min === undefined || max === undefined) throw new Error(`Nothing was measured for ${name}.`);
  const upper = sorted[sorted.length >> 1] as number;
  const lower = sorted[(sorted.length - 1) >> 1] as number;
  const median = (upper + lower) / 2;
  return {
    name,
    unit,
    median,
    min,
    max,
    runs: sorted.length,
    goal,
    met: goal === null ? null : median <= goal,
  };
}

/** Three significant digits, whole numbers from 100 on. */
export function figure(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

const HEADINGS = ['name', 'unit', 'median', 'min', 'max', 'runs', 'goal', 'met'];

export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.unit,
    figure(row.median),
    figure(row.min),
    figure(row.max),
    String(row.runs),
    row.goal === null ? '-' : `<= ${figure(row.goal)}`,
    row.met === null ? '-' : row.met ? 'yes' : 'NO',
  ]);
  const widths = HEADINGS.map((heading, at) =>
    Math.max(heading.length, ...cells.map((line) => line[at]?.length ?? 0)),
  );
  const isText = (at: number): boolean => at < 2 || at > 6;
  return [HEADINGS, ...cells]
    .map((line) =>
      line
        .map((cell, at) => (isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
