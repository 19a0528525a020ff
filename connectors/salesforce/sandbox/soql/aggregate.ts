import type { Row, SfObject, SfValue } from '../schema.ts';
import { isNumeric } from '../schema.ts';
import { toJson } from '../values.ts';
import type { AggregateName, Query } from './ast.ts';
import { malformed, soqlError } from './errors.ts';
import { type BoundField, bindField, type Scope } from './fields.ts';
import { comparable } from './literals.ts';
import type { Rendered } from './select.ts';

interface Column {
  readonly name: string;
  readonly bound: BoundField;
  /** Null: a grouped field. */
  readonly aggregate: AggregateName | null;
}

export interface Aggregation {
  /** Groups as answer records, in the order of their first row. */
  run(rows: readonly Row[]): readonly Rendered[];
}

/** Has the query aggregates or groups (COUNT() alone is another matter)? */
export function isAggregate(query: Query): boolean {
  return query.groupBy.length > 0 || query.select.some((item) => item.kind === 'aggregate');
}

function bindColumns(scope: Scope, query: Query, object: SfObject, grouped: readonly BoundField[]): Column[] {
  let unnamed = 0;
  return query.select.map((item): Column => {
    if (item.kind === 'field') {
      const bound = bindField(scope, query.text, object, item.path, query.alias);
      if (!grouped.some((one) => one.canonical === bound.canonical)) {
        throw malformed(query.text, item.path.at, `Field must be grouped or aggregated: ${bound.field.name}`);
      }
      return { name: item.alias ?? bound.field.name, bound, aggregate: null };
    }
    if (item.kind !== 'aggregate') {
      throw malformed(query.text, item.at, 'Only fields and aggregates can be selected with GROUP BY');
    }
    const bound = bindField(scope, query.text, object, item.path, query.alias);
    const numeric = isNumeric(bound.field.type);
    const unfit =
      ((item.name === 'SUM' || item.name === 'AVG') && !numeric) ||
      ((item.name === 'MIN' || item.name === 'MAX') && ['boolean', 'anyType'].includes(bound.field.type));
    if (unfit || !bound.field.filterable) {
      throw soqlError(
        'INVALID_FIELD',
        query.text,
        item.path.at,
        `field ${bound.field.name} does not support aggregate operator ${item.name}`,
      );
    }
    const name = item.alias ?? `expr${unnamed}`;
    if (item.alias === null) unnamed += 1;
    return { name, bound, aggregate: item.name };
  });
}

/** Binds SELECT and GROUP BY of an aggregate query. Throws MALFORMED_QUERY and INVALID_FIELD. */
export function bindAggregation(scope: Scope, query: Query, object: SfObject): Aggregation {
  const grouped = query.groupBy.map((path) => {
    const bound = bindField(scope, query.text, object, path, query.alias);
    if (!bound.field.groupable) {
      throw soqlError(
        'INVALID_FIELD',
        query.text,
        path.at,
        `field '${bound.field.name}' can not be grouped in a query call`,
      );
    }
    return bound;
  });
  const columns = bindColumns(scope, query, object, grouped);
  return {
    run: (rows) => {
      const groups = new Map<string, Row[]>();
      if (grouped.length === 0) groups.set('', [...rows]);
      else {
        for (const row of rows) {
          const key = JSON.stringify(grouped.map((bound) => comparable(bound.field)(bound.get(row))));
          const group = groups.get(key);
          if (group === undefined) groups.set(key, [row]);
          else group.push(row);
        }
      }
      return [...groups.values()].map((group) => {
        const out: Rendered = { attributes: { type: 'AggregateResult' } };
        for (const column of columns) out[column.name] = evaluate(column, group);
        return out;
      });
    },
  };
}

function evaluate(column: Column, rows: readonly Row[]): SfValue {
  const { bound, aggregate } = column;
  if (aggregate === null) return toJson(bound.field, bound.get(rows[0]!));
  const values = rows.map((row) => bound.get(row)).filter((value) => value !== null);
  if (aggregate === 'COUNT') return values.length;
  const norm = comparable(bound.field);
  if (aggregate === 'COUNT_DISTINCT') return new Set(values.map(norm)).size;
  if (values.length === 0) return null;
  if (aggregate === 'MIN' || aggregate === 'MAX') {
    const best = values.reduce((a, b) => {
      const lower = norm(b)! < norm(a)!;
      return lower === (aggregate === 'MIN') ? b : a;
    });
    return toJson(bound.field, best);
  }
  const sum = values.reduce<number>((total, value) => total + Number(value), 0);
  return aggregate === 'SUM' ? sum : sum / values.length;
}
