import { type Html, html, type Part } from './html.ts';

/** Rows that are shown at once, and rows of a page at most; the rest is in the CSV. */
const SHOWN = 10;
const MOST = 100;

export interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Part[])[];
  /** The name of the CSV beside the page; `undefined` where the page goes to standard output. */
  readonly csv?: string | undefined;
}

/** A table that is folded after some rows, and capped after more. On a phone each row is a block of its own. */
export function foldedTable({ csv, heads, rows }: Table): Html {
  const shown = rows.slice(0, SHOWN);
  const folded = rows.slice(SHOWN, MOST);
  const left = rows.length - shown.length - folded.length;
  const where =
    csv === undefined
      ? html`; write the page with -o for a CSV of all`
      : html`, in <a href="${csv}">${csv}</a>`;
  return html`${plainTable(heads, shown)}${
    folded.length === 0
      ? undefined
      : html`<details><summary>${folded.length} more of ${rows.length}</summary>${plainTable(heads, folded)}</details>`
  }${left === 0 ? undefined : html`<p class="note">${left} more are not shown${where}.</p>`}`;
}

function plainTable(heads: readonly string[], rows: Table['rows']): Html {
  const cells = (row: readonly Part[]) =>
    row.map((cell, at) => html`<td data-label="${heads[at]}"><div>${cell}</div></td>`);
  return html`<table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>
${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody></table>`;
}

/** A time in UTC, to the second. @param ms epoch milliseconds */
export function stamp(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}

export function code(text: string | undefined): Html {
  return html`<code>${text ?? '–'}</code>`;
}
