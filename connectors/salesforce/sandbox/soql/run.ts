import { visibleField } from '../access.ts';
import { refuse } from '../errors.ts';
import { HISTORY_PREFIX } from '../objects-activity.ts';
import type { Row, SfObject } from '../schema.ts';
import { bindAggregation, isAggregate } from './aggregate.ts';
import type { Condition, Query, SelectItem } from './ast.ts';
import { bindCondition, compareValues, type RowTest } from './conditions.ts';
import { malformed, soqlError } from './errors.ts';
import { bindField, bindObject, type Scope } from './fields.ts';
import { type Comparable, comparable } from './literals.ts';
import { parse } from './parser.ts';
import { bindSelect, type Render, type Rendered, renderer } from './select.ts';

/** What a query found: rows with the way to show them (shown late, page by page), or finished records. */
export type QueryResult =
  | {
      readonly kind: 'rows';
      readonly object: SfObject;
      readonly rows: readonly Row[];
      readonly render: Render;
    }
  | { readonly kind: 'records'; readonly records: readonly Rendered[] }
  | { readonly kind: 'count'; readonly count: number };

/** Runs one SOQL query for the integration user.
 *  Throws `SfError`: MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE, INVALID_QUERY_FILTER_OPERATOR,
 *  NUMBER_OUTSIDE_VALID_RANGE. `version` is the API version for the URLs of records. */
export function runQuery(scope: Scope, version: string, text: string): QueryResult {
  const query = parse(text);
  const object = bindObject(scope, text, query.from);
  const rows = bindRows(scope, query, object);
  if (query.select.some((item) => item.kind === 'count')) {
    if (query.select.length > 1 || query.groupBy.length > 0) {
      throw malformed(
        text,
        (query.select[0] as { at: number }).at ?? 0,
        'COUNT() must be the only element in the SELECT list',
      );
    }
    return { kind: 'count', count: rows().length };
  }
  if (isAggregate(query)) {
    const aggregation = bindAggregation(scope, query, object);
    const records = aggregation.run(rows({ unlimited: true }));
    return { kind: 'records', records: slice(records, query) };
  }
  const fields = bindSelect(scope, query, object);
  const plain = renderer(scope, version, object, fields);
  const children = query.select.filter((item) => item.kind === 'children');
  const extra = children.map((item) => bindChildren(scope, version, object, item));
  const render: Render =
    extra.length === 0
      ? plain
      : (row) => {
          const out = plain(row);
          for (const add of extra) add(row, out);
          return out;
        };
  return { kind: 'rows', object, rows: rows(), render };
}

function slice<T>(list: readonly T[], query: Query): readonly T[] {
  const from = query.offset ?? 0;
  if (from === 0 && query.limit === null) return list;
  return list.slice(from, query.limit === null ? undefined : from + query.limit);
}

/** Field histories are kept for two years; people see a year and a half of them, the API all. */
const HISTORY_KEPT_MS = 731 * 86_400_000;

function bindTest(scope: Scope, query: Query, object: SfObject): RowTest {
  const test = bindWhere(scope, query, object);
  if (object.keyPrefix !== HISTORY_PREFIX) return test;
  const from = scope.now - HISTORY_KEPT_MS;
  return (row) => Number(row['CreatedDate']) >= from && test(row);
}

function bindWhere(scope: Scope, query: Query, object: SfObject): RowTest {
  if (query.where === null) return () => true;
  return bindCondition(
    {
      scope,
      query: query.text,
      object,
      alias: query.alias,
      subselect: (condition) => subselect(scope, condition),
    },
    query.where,
  );
}

function subselect(
  scope: Scope,
  condition: Extract<Condition, { kind: 'semi-join' }>,
): ReadonlySet<Comparable> {
  const { query } = condition;
  const object = bindObject(scope, query.text, query.from);
  const [only] = query.select;
  const bound =
    query.select.length === 1 && only?.kind === 'field'
      ? bindField(scope, query.text, object, only.path, query.alias)
      : null;
  if (bound === null || !['id', 'reference'].includes(bound.field.type)) {
    throw malformed(
      query.text,
      query.from.at,
      'Semi join sub-selects must select exactly one id or reference field',
    );
  }
  const norm = comparable(bound.field);
  const test = bindTest(scope, query, object);
  const found = new Set<Comparable>();
  for (const row of scope.org.table(object.name).rows.values()) {
    if ((scope.includeDeleted || row['IsDeleted'] !== true) && test(row)) {
      const id = norm(bound.get(row));
      if (id !== null) found.add(id);
    }
  }
  return found;
}

/** Binds WHERE, ORDER BY, LIMIT and OFFSET first, so that errors show before any row is read. */
function bindRows(
  scope: Scope,
  query: Query,
  object: SfObject,
): (options?: { readonly unlimited: boolean }) => readonly Row[] {
  if ((query.offset ?? 0) > 2000) {
    throw refuse(400, 'NUMBER_OUTSIDE_VALID_RANGE', 'Maximum SOQL offset allowed is 2000');
  }
  const test = bindTest(scope, query, object);
  const sort = bindOrder(scope, query, object);
  if (isAggregate(query)) refuseUngroupedOrder(query);
  return (options) => {
    const { org } = scope;
    const all =
      sort === null
        ? org.table(object.name).rows.values()
        : sort.direct
          ? org.ordered(object.name, sort.key, sort.apply)
          : org.table(object.name).rows.values();
    const found: Row[] = [];
    const early = sort === null || sort.direct;
    const enough =
      early && query.limit !== null && options?.unlimited !== true
        ? query.limit + (query.offset ?? 0)
        : Number.POSITIVE_INFINITY;
    for (const row of all) {
      if (found.length >= enough) break;
      if ((scope.includeDeleted || row['IsDeleted'] !== true) && test(row)) found.push(row);
    }
    if (sort !== null && !sort.direct) sort.apply(found);
    return options?.unlimited === true ? found : slice(found, query);
  };
}

/** Rows are sorted before they are grouped, so groups come in the order asked for. */
function refuseUngroupedOrder(query: Query): void {
  const grouped = new Set(query.groupBy.map((path) => path.text.toLowerCase()));
  for (const { path } of query.orderBy) {
    if (!grouped.has(path.text.toLowerCase())) {
      throw malformed(query.text, path.at, `Ordered field must be grouped or aggregated: ${path.text}`);
    }
  }
}

interface Sort {
  readonly key: string;
  /** Only fields of the rows themselves: their order can be kept. */
  readonly direct: boolean;
  readonly apply: (rows: Row[]) => void;
}

function bindOrder(scope: Scope, query: Query, object: SfObject): Sort | null {
  if (query.orderBy.length === 0) return null;
  const keys = query.orderBy.map((item) => {
    const bound = bindField(scope, query.text, object, item.path, query.alias);
    if (!bound.field.sortable) {
      throw soqlError(
        'INVALID_FIELD',
        query.text,
        item.path.at,
        `field '${bound.field.name}' can not be sorted in a query call`,
      );
    }
    return { bound, item, norm: comparable(bound.field) };
  });
  const apply = (rows: Row[]): void => {
    const decorated = rows.map((row) => ({ row, values: keys.map((key) => key.norm(key.bound.get(row))) }));
    decorated.sort((a, b) => {
      for (let index = 0; index < keys.length; index += 1) {
        const { item } = keys[index]!;
        const left = a.values[index]!;
        const right = b.values[index]!;
        if (left === right) continue;
        if (left === null || right === null) return (left === null) === item.nullsLast ? 1 : -1;
        const order = compareValues(left, right);
        return item.descending ? -order : order;
      }
      return 0;
    });
    for (let index = 0; index < rows.length; index += 1) rows[index] = decorated[index]!.row;
  };
  const key = keys
    .map(({ bound, item }) => `${bound.canonical}${item.descending ? '-' : '+'}${item.nullsLast ? 'l' : 'f'}`)
    .join(',');
  return { key, direct: keys.every((one) => one.bound.steps.length === 0), apply };
}

/** A child query is run once per shown parent, over the parent's own children. */
function bindChildren(
  scope: Scope,
  version: string,
  parent: SfObject,
  item: Extract<SelectItem, { kind: 'children' }>,
): (row: Row, out: Rendered) => void {
  const { query } = item;
  const relationship = scope.org
    .childRelationships(parent)
    .find((one) => one.name.toLowerCase() === query.from.text.toLowerCase());
  const child = relationship === undefined ? null : scope.org.object(relationship.object);
  if (
    relationship === undefined ||
    child === null ||
    visibleField(scope.org, child, relationship.field) === null
  ) {
    throw soqlError(
      'INVALID_TYPE',
      query.text,
      query.from.at,
      `Didn't understand relationship '${query.from.text}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  }
  if (query.select.some((one) => one.kind !== 'field'))
    throw malformed(query.text, item.at, 'Nesting of semi join sub-selects is not supported');
  const test = bindTest(scope, query, child);
  const sort = bindOrder(scope, query, child);
  const render = renderer(scope, version, child, bindSelect(scope, query, child));
  return (row, out) => {
    const found = scope.org
      .children(child.name, relationship.field, row['Id'])
      .filter((one) => (scope.includeDeleted || one['IsDeleted'] !== true) && test(one));
    sort?.apply(found);
    const shown = slice(found, query);
    out[relationship.name] =
      shown.length === 0 ? null : { totalSize: shown.length, done: true, records: shown.map(render) };
  };
}
