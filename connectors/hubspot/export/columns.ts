import type { Association } from '../../../src/model/record.ts';
import { inOrder } from '../mapper.ts';
import { hubspotType } from '../schema.ts';
import type { Source } from '../source.ts';
import { DamagedExport, UnfitExport } from './file.ts';
import { exportedProperties } from './job.ts';

/** A row of an export as a row of a list, with its associations as far as it shows them. */
export interface ExportRow {
  readonly id: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly associations: Readonly<Record<string, readonly Association[]>>;
  /** Types of which it has associations, but does not show all there is to know. */
  readonly cut: readonly string[];
}

export interface Columns {
  /** Types whose associations the file says nothing about. */
  readonly missing: readonly string[];
  /** Throws `UnfitExport` for a value that is not as the API has it. */
  read(cells: readonly string[]): ExportRow;
}

interface AssociationColumns {
  readonly other: string;
  readonly all: number;
  readonly primary: number | null;
  /** Columns of the account's own labels. */
  readonly labels: readonly number[];
}

/** An instant that is exact and the same everywhere, and a day. Exports for people show local times to the minute. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$|^-?\d{9,14}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const HEADING = /^associated (\w+) ids?(?: \((.+)\))?$/i;
/** `Company`, `Companies` and what else a heading may call a type. */
const CALLED: Readonly<Record<string, string>> = {
  contact: 'contacts',
  contacts: 'contacts',
  company: 'companies',
  companies: 'companies',
  deal: 'deals',
  deals: 'deals',
};

/**
 * How to read a file with this header. Throws `DamagedExport` when it is no export at all and `UnfitExport` when a
 * property is missing. `most`: associations of one kind that a row shows at most.
 */
export function columnsOf(header: readonly string[], source: Source, most: number): Columns {
  const at = new Map(header.map((name, index) => [name, index]));
  const idAt = at.get('hs_object_id') ?? at.get('Record ID');
  if (idAt === undefined) throw new DamagedExport('no column of record ids');
  const { type, mapping } = source;
  const instants = new Set([type.modified, type.created]);
  const properties = exportedProperties(source).map((name) => {
    const index = name === 'hs_object_id' ? idAt : at.get(name);
    if (index === undefined) throw new UnfitExport(`no column ${name}`);
    const kind = instants.has(name) ? 'datetime' : mapping.fields.get(name)?.type;
    return { name, index, kind };
  });
  const shown = associationColumns(header, type.associations);
  return {
    missing: type.associations.filter((other) => !shown.some((one) => one.other === other)),
    read: (cells) => {
      const values: Record<string, string | null> = Object.create(null);
      for (const { name, index, kind } of properties) {
        const cell = cells[index] ?? '';
        if (cell !== '' && !isExact(cell, kind)) throw new UnfitExport(`no exact times in ${name}`);
        values[name] = cell === '' ? null : cell;
      }
      const id = cells[idAt] ?? '';
      const associations: Record<string, readonly Association[]> = {};
      const cut: string[] = [];
      for (const columns of shown) {
        const list = associated(cells, columns, most);
        if (
          list === null ||
          (list.length > 0 && columns.primary === null && hasPrimary(source, columns.other))
        )
          cut.push(columns.other);
        else associations[columns.other] = list;
      }
      const created = values[type.created] ?? null;
      return { id, row: { id, properties: values, createdAt: created, archived: false }, associations, cut };
    },
  };
}

function isExact(cell: string, kind: string | undefined): boolean {
  if (kind === 'datetime') return INSTANT.test(cell);
  return kind !== 'date' || DAY.test(cell) || INSTANT.test(cell);
}

function associationColumns(
  header: readonly string[],
  others: readonly string[],
): readonly AssociationColumns[] {
  const found = header.flatMap((name, index) => {
    const [, called = '', label = null] = HEADING.exec(name) ?? [];
    const other = CALLED[called.toLowerCase()];
    return other === undefined ? [] : [{ other, label, index }];
  });
  return others.flatMap((other) => {
    const own = found.filter((one) => one.other === other);
    const all = own.find((one) => one.label === null);
    if (all === undefined) return [];
    const primary = own.find((one) => one.label?.toLowerCase() === 'primary');
    const labels = own.filter((one) => one.label !== null && one !== primary);
    return [
      { other, all: all.index, primary: primary?.index ?? null, labels: labels.map((one) => one.index) },
    ];
  });
}

/** Null: there is more than the row shows, or its labels are wanted, which lists do not spell out either. */
function associated(
  cells: readonly string[],
  { other, all, primary, labels }: AssociationColumns,
  most: number,
): readonly Association[] | null {
  const idsAt = (index: number): readonly string[] =>
    (cells[index] ?? '')
      .split(';')
      .map((id) => id.trim())
      .filter((id) => id !== '');
  const ids = idsAt(all);
  if (ids.length >= most || labels.some((index) => idsAt(index).length > 0)) return null;
  if (ids.some((id) => !/^\d+$/.test(id))) return null;
  const first = primary === null ? [] : idsAt(primary);
  if (first.some((id) => !ids.includes(id))) return null;
  const byId = new Map(ids.map((id) => [id, { type: other, id, primary: first.includes(id), label: null }]));
  return inOrder(byId.values());
}

/** Contacts, deals and tickets have one company that counts before the others. */
function hasPrimary({ type }: Source, other: string): boolean {
  return type.merges && hubspotType(other).name === 'companies';
}
