import type { ComponentChildren } from 'preact';
import { agoText, momentText } from './times.ts';
import type { Tone } from './words.ts';

/** A state as a pill: the word, with a colour that repeats it. */
export function Pill({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`label hagw-pill hagw-${tone}`}>{children}</span>;
}

/** A card with a heading, as LuCI's sections are. */
export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="cbi-section">
      <h3>{title}</h3>
      <div class="cbi-section-node">{children}</div>
    </div>
  );
}

/** What stands where a part is not known: the reason, in the service's words. */
export function Unknown({ reason }: { reason: string }) {
  return (
    <p class="hagw-unknown">
      {_('Not known:')} {reason}
    </p>
  );
}

/** How long ago, by the router's clock; the date is in the title. A dash where the moment is not known. */
export function When({ at, now }: { at: number | null; now: number }) {
  if (at === null) return <>–</>;
  const { lang } = document.documentElement;
  return (
    <time dateTime={new Date(at).toISOString()} title={momentText(at, lang)}>
      {agoText(at, now, lang)}
    </time>
  );
}

export interface Column<Row> {
  title: string;
  /** Has a line of its own on a phone. */
  wide?: true;
  cell(row: Row): ComponentChildren;
}

/** A LuCI table; on a phone each cell shows its column's title. */
export function Table<Row>(props: {
  /** For who does not see the section's heading above it. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey(row: Row): string | number;
  empty: string;
}) {
  if (props.rows.length === 0) return <p class="hagw-unknown">{props.empty}</p>;
  return (
    <table class="table">
      <caption class="hagw-unseen">{props.caption}</caption>
      <thead>
        <tr class="tr table-titles">
          {props.columns.map((column) => (
            <th class="th" scope="col" key={column.title}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr class="tr" key={props.rowKey(row)}>
            {props.columns.map((column) => (
              <td class={column.wide ? 'td hagw-wide' : 'td'} data-title={column.title} key={column.title}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
