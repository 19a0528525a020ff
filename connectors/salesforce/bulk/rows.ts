import type { FieldType } from '../../../src/connector/port.ts';
import type { Row } from '../client.ts';
import type { FieldPlan } from '../schema.ts';

/** Fields that every record is read with and that are no text, whatever the mappings ask. */
const SYSTEM_BOOLEANS = new Set(['IsDeleted', 'IsConverted', 'IsPrimary']);

/** A record of results as a row of a query. */
export type ToRow = (cells: readonly string[]) => Row;

/**
 * Reads records with this header as rows of the plan: an empty cell is null, numbers and booleans are text in CSV,
 * parents' fields have columns named `Parent.Field`. A value that is not what its type promises stays text, so that
 * the record is reported with the field's name. Null when the results lack a column: they are of another query.
 */
export function rowReader(plan: FieldPlan, header: readonly string[]): ToRow | null {
  const columns = new Map(header.map((name, index) => [name.toLowerCase(), index]));
  const own: { readonly name: string; readonly index: number; readonly type: FieldType }[] = [];
  const parents: { readonly path: readonly string[]; readonly index: number; readonly type: FieldType }[] =
    [];
  for (const name of plan.select) {
    const index = columns.get(name.toLowerCase());
    if (index === undefined) return null;
    const type = plan.wanted.get(name) ?? (SYSTEM_BOOLEANS.has(name) ? 'boolean' : 'text');
    if (name.includes('.')) parents.push({ path: name.split('.'), index, type });
    else own.push({ name, index, type });
  }
  return (cells) => {
    const row: Record<string, unknown> = {};
    for (const { name, index, type } of own) row[name] = typedValue(cells[index] ?? '', type);
    for (const { path, index, type } of parents) put(row, path, typedValue(cells[index] ?? '', type));
    return row;
  };
}

function typedValue(cell: string, type: FieldType): unknown {
  if (cell === '') return null;
  if (type === 'number') {
    const number = Number(cell);
    return Number.isFinite(number) && cell.trim() === cell ? number : cell;
  }
  if (type === 'boolean') return cell === 'true' ? true : cell === 'false' ? false : cell;
  return cell;
}

function put(row: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    row[name] = value;
    return;
  }
  const parent = (row[name] ?? {}) as Record<string, unknown>;
  row[name] = parent;
  put(parent, rest, value);
}
