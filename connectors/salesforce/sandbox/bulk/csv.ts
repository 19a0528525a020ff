/** Salesforce's names for column delimiters. */
export const DELIMITERS: Readonly<Record<string, string>> = {
  BACKQUOTE: '`',
  CARET: '^',
  COMMA: ',',
  PIPE: '|',
  SEMICOLON: ';',
  TAB: '\t',
};

/** CSV as jobs declare it. */
export interface CsvForm {
  /** A key of `DELIMITERS`. */
  readonly columnDelimiter: string;
  readonly lineEnding: 'LF' | 'CRLF';
}

/** Cells in quotes, joined, with the job's line end. */
export function csvRow(form: CsvForm, cells: readonly string[]): string {
  const quoted = cells.map((cell) => `"${cell.replaceAll('"', '""')}"`);
  return quoted.join(DELIMITERS[form.columnDelimiter]) + (form.lineEnding === 'LF' ? '\n' : '\r\n');
}

/** Rows of an upload; empty lines are left out. Throws `SyntaxError` for text that is no CSV of this form. */
export function parseCsv(form: CsvForm, source: string): readonly (readonly string[])[] {
  const delimiter = DELIMITERS[form.columnDelimiter]!;
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  const endRow = (): void => {
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  while (at < text.length) {
    const { cell, end } = text[at] === '"' ? quoted(text, at + 1) : bare(text, at, delimiter);
    row.push(cell);
    at = end;
    if (at >= text.length) break;
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
      // A delimiter at the very end still begins a cell.
      if (at >= text.length) row.push('');
      continue;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] !== '\n') throw new SyntaxError('Error parsing CSV: unexpected character after a cell');
    at += 1;
    endRow();
  }
  if (row.length > 0) endRow();
  return rows;
}

function quoted(text: string, from: number): { readonly cell: string; readonly end: number } {
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) throw new SyntaxError('Error parsing CSV: a quote is not closed');
    if (text[quote + 1] !== '"')
      return { cell: text.slice(from, quote).replaceAll('""', '"'), end: quote + 1 };
    at = quote + 2;
  }
}

function bare(
  text: string,
  from: number,
  delimiter: string,
): { readonly cell: string; readonly end: number } {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { cell: text.slice(from, end), end };
}
