import type { Write, WriteResult } from '../../src/connector/port.ts';
import type { Folder } from './folder.ts';
import { type Header, MAX_HEADER, parseHeader } from './header.ts';
import { typeOf } from './mapper.ts';
import { rewriteFile, type Splice } from './rewrite.ts';
import { cellOf, textOf } from './scanner.ts';
import { ARCHIVED, type CsvType, csvTypeOf, isReserved } from './schema.ts';
import { type Checked, checkRow, placeText, rowsIn } from './table.ts';
import { decodeValue, encodeValue } from './values.ts';

/** Every call rewrites the file once, so a call takes many rows. */
export const WRITE_BATCH = 5_000;

type Refused = Extract<WriteResult, { readonly outcome: 'refused' }>;
type Good = Extract<Checked, { readonly cells: unknown }>;

/** Writes cells of existing rows in one rewriting of the file; every other cell keeps its bytes. Throws when the file
 *  is broken or cannot be written: then nothing was written. */
export async function push(
  folder: Folder,
  typeName: string,
  writes: readonly Write[],
): Promise<readonly WriteResult[]> {
  const type = csvTypeOf(typeName);
  if (writes.length === 0) return [];
  let results: readonly WriteResult[] = [];
  const outcome = await rewriteFile(folder, type.file, ({ bytes }) => {
    const header = parseHeader(type.file, bytes.subarray(0, MAX_HEADER));
    const rows = rowsById(bytes, header, new Set(writes.map(({ id }) => id)));
    const splices: Splice[] = [];
    results = writes.map((write) => writeRow(write, rows.get(write.id) ?? [], header, type, splices));
    return splices.sort((a, b) => a.start - b.start);
  });
  if (outcome === 'written') return results;
  const [code, message, retryable] =
    outcome === 'missing'
      ? (['no_file', `${folder.shown} has no ${type.file} any more. Put it back.`, false] as const)
      : ([
          'file_changed',
          `${type.file} was changed by somebody while it was written. Nothing of it was touched; the next sync writes again.`,
          true,
        ] as const);
  return writes.map(({ id }) => ({ id, outcome: 'refused', code, message, retryable }));
}

function rowsById(
  bytes: Buffer,
  header: Header,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, Checked[]> {
  const rows = new Map<string, Checked[]>();
  for (const row of rowsIn(bytes, header)) {
    const checked = checkRow(row, header);
    if (checked === null || checked.id === null || !wanted.has(checked.id)) continue;
    const known = rows.get(checked.id);
    if (known === undefined) rows.set(checked.id, [checked]);
    else known.push(checked);
  }
  return rows;
}

function writeRow(
  write: Write,
  rows: readonly Checked[],
  header: Header,
  type: CsvType,
  splices: Splice[],
): WriteResult {
  const refused = (code: string, message: string): Refused => ({
    id: write.id,
    outcome: 'refused',
    code,
    message,
    retryable: false,
  });
  const [checked, second] = rows;
  if (checked === undefined)
    return refused('no_row', `${type.file} has no row with this id any more. It was removed.`);
  const place = placeText(header, checked.row);
  if (second !== undefined) {
    return refused(
      'duplicate_id',
      `${place} and line ${second.row.line} have the same id; which row is right cannot be told. Keep one of them.`,
    );
  }
  if ('problem' in checked) return refused('broken_row', `${place}: ${checked.problem}.`);
  if (isArchived(checked, header))
    return refused('archived', `${place} is marked as archived and is not written to.`);
  const own: Splice[] = [];
  for (const [name, value] of Object.entries(write.fields)) {
    const at = header.places.get(name);
    const column = at === undefined ? undefined : header.columns[at];
    const cell = at === undefined ? undefined : checked.cells[at];
    if (column === undefined || cell === undefined)
      return refused('no_column', `${type.file} has no column \`${name}\`. Run \`waystage provision\`.`);
    if (isReserved(type, name))
      return refused('read_only', `column \`${name}\` of ${type.file} is never written.`);
    const encoded = encodeValue(value, column);
    if ('problem' in encoded) return refused('bad_value', `${place}: ${encoded.problem}.`);
    const quoted = cell.quoted || (header.quotes && encoded.text !== '');
    const bytes = cellOf(encoded.text, header.delimiter, quoted);
    const { start } = checked.row;
    if (bytes.equals(checked.row.bytes.subarray(cell.start, cell.end))) continue;
    own.push({ start: start + cell.start, end: start + cell.end, bytes });
  }
  splices.push(...own);
  return { id: write.id, outcome: 'written' };
}

function isArchived({ row, cells }: Good, header: Header): boolean {
  const at = header.places.get(ARCHIVED);
  const column = at === undefined ? undefined : header.columns[at];
  const cell = at === undefined ? undefined : cells[at];
  if (column === undefined || cell === undefined) return false;
  return decodeValue(textOf(row.bytes, cell), typeOf(column)) === true;
}
