import type { Association, ConnectionId, CrmRecord, FieldValue } from '../../src/model/record.ts';
import type { Column, Header } from './header.ts';
import { textOf } from './scanner.ts';
import { ARCHIVED, CREATED, type CsvType, type LinkColumns, MODIFIED } from './schema.ts';
import { type Checked, placeText } from './table.ts';
import { decodeValue, EXPECTED, listOf } from './values.ts';

/** What rows are read against: one per file and pull or read. */
export interface RowReader {
  readonly connection: ConnectionId;
  readonly type: CsvType;
  readonly header: Header;
  /** Requested fields that the file has. */
  readonly fields: readonly string[];
  readonly duplicates: ReadonlyMap<string, readonly number[]>;
  /** Stamp of rows without one of their own. */
  readonly modified: number;
}

export type Mapped =
  | { readonly record: CrmRecord }
  | { readonly failed: { readonly id: string; readonly message: string } };

/** A row as a record, or why it is none: with file and line, never with what a cell says. */
export function mapRow(checked: Checked, reader: RowReader): Mapped {
  const { header } = reader;
  const place = placeText(header, checked.row);
  const failed = (problem: string): Mapped => ({
    failed: { id: checked.id ?? `line ${checked.row.line}`, message: `${place}: ${problem}.` },
  });
  if ('problem' in checked) return failed(checked.problem);
  const lines = reader.duplicates.get(checked.id);
  if (lines !== undefined) {
    const shown = lines.slice(0, 10).join(', ');
    return failed(`the id stands on lines ${shown}; which row is right cannot be told. Keep one of them`);
  }
  const problems: string[] = [];
  const read = (name: string): FieldValue => {
    const column = columnOf(header, name);
    if (column === null) return null;
    const [found, at] = column;
    const value = decodeValue(textOf(checked.row.bytes, checked.cells[at]!), typeOf(found));
    if (value !== undefined) return value;
    problems.push(`\`${name}\` does not hold ${EXPECTED[typeOf(found) ?? 'text']}`);
    return null;
  };
  const fields: Record<string, FieldValue> = Object.create(null);
  for (const name of reader.fields) fields[name] = read(name);
  const instant = (name: string): number | null => {
    const value = read(name);
    return typeof value === 'string' ? Date.parse(value) : null;
  };
  const created = instant(CREATED);
  const modified = instant(MODIFIED) ?? reader.modified;
  const archived = read(ARCHIVED) === true;
  if (problems.length > 0) return failed([...new Set(problems)].join('; '));
  const associations: Record<string, readonly Association[]> = {};
  for (const link of reader.type.links) associations[link.type] = linksOf(link, (name) => read(name));
  return {
    record: {
      connection: reader.connection,
      type: reader.type.name,
      id: checked.id,
      fields,
      created,
      modified,
      state: archived ? 'archived' : 'live',
      successor: null,
      mergedIds: [],
      associations,
    },
  };
}

function columnOf(header: Header, name: string): readonly [Column, number] | null {
  const at = header.places.get(name);
  const column = at === undefined ? undefined : header.columns[at];
  return at === undefined || column === undefined ? null : [column, at];
}

/** The type of a column: what the header says, else what its name means, else text. */
export function typeOf(column: Column): Column['type'] {
  if (column.name === CREATED || column.name === MODIFIED) return 'datetime';
  if (column.name === ARCHIVED) return 'boolean';
  return column.type;
}

/** The primary one first, then the others as they are listed. */
function linksOf(link: LinkColumns, read: (name: string) => FieldValue): readonly Association[] {
  const primary = String(read(link.one) ?? '').trim();
  const ids = new Set([primary, ...listOf(String(read(link.many) ?? ''))]);
  ids.delete('');
  return [...ids].map((id) => ({ type: link.type, id, primary: id === primary, label: null }));
}

/** Requested fields that the file has: the others are left out of the records. */
export function presentFields(header: Header, requested: readonly string[]): readonly string[] {
  return requested.filter((name) => header.places.has(name));
}
