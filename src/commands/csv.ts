/** A cell as it is: text, number, truth, nothing. */
export type Cell = string | number | boolean | null;

/** First characters that make a spreadsheet take a text for a formula, full-width ones too, or jump to another cell. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * One line of CSV by RFC 4180, with CRLF. A *text* that a spreadsheet would calculate gets an apostrophe in front, which
 * makes it text there too; numbers stay numbers, also negative ones. CRM texts are written by strangers: a form field
 * with `=HYPERLINK(…)` must not run in the spreadsheet of whoever opens the file.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
