import { z } from 'zod';
import { invalid } from './errors.ts';
import { compileFilter, Filter, type Predicate, tokenMatcher } from './filter.ts';
import type { ObjectType } from './object-types.ts';
import { type Portal, propertyValue, type RecordView, schemaOf } from './portal.ts';
import { compareIds } from './record.ts';
import { render, select } from './render.ts';
import { instant } from './values.ts';

const Sort = z.union([
  z.string(),
  z.strictObject({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).optional() }),
]);

export const SearchRequest = z.strictObject({
  filterGroups: z.array(z.strictObject({ filters: z.array(Filter) })).optional(),
  /** One group, the older way to say it. */
  filters: z.array(Filter).optional(),
  query: z.string().max(3_000).optional(),
  sorts: z.array(Sort).optional(),
  properties: z.array(z.string()).optional(),
  limit: z.number().int().optional(),
  after: z.union([z.string(), z.number()]).transform(String).optional(),
});
export type SearchRequest = z.infer<typeof SearchRequest>;

export const MAX_SEARCH_BODY = 3_000;
const MAX_PAGE = 200;
const MAX_RESULTS = 10_000;
const MAX_GROUPS = 5;
const MAX_FILTERS_IN_GROUP = 6;
const MAX_FILTERS = 18;

/** One page of a search over what the index knows: archived records never, fresh changes after the lag. */
export function search(portal: Portal, type: ObjectType, request: SearchRequest): Record<string, unknown> {
  const limit = request.limit ?? 10;
  if (limit < 1 || limit > MAX_PAGE)
    throw invalid(`"limit" must be between 1 and ${MAX_PAGE}; found ${limit}.`);
  const after = request.after === undefined || request.after === '' ? '0' : request.after;
  if (!/^\d{1,9}$/.test(after)) throw invalid(`"after" must be an integer as text; found "${after}".`);
  const offset = Number(after);
  if (offset + limit > MAX_RESULTS)
    throw invalid(
      `Paging past ${MAX_RESULTS} results of one search is not possible: after ${offset} with limit ${limit}.`,
    );
  const matches = matcher(portal, type, request);
  const order = sorter(portal, type, request.sorts ?? []);

  portal.store.index();
  const found: RecordView[] = [];
  for (const record of portal.store.all(type.name)) {
    const { indexed } = record;
    if (indexed === null || (indexed === undefined ? record.archivedAt !== null : indexed.archived)) continue;
    // What was archived since is gone from the answer even if the index still has it.
    if (record.archivedAt !== null) continue;
    const view =
      indexed === undefined
        ? { record, properties: record.properties, modified: record.modified }
        : { record, properties: indexed.properties, modified: indexed.modified };
    if (matches(view)) found.push(view);
  }
  order(found);
  const selection = select(portal, type, request.properties ?? null);
  const page = found.slice(offset, offset + limit);
  const next = offset + page.length;
  return {
    total: found.length,
    results: page.map((view) => render(portal, view.record, selection, view)),
    ...(next < found.length ? { paging: { next: { after: String(next) } } } : {}),
  };
}

/** Whether a record fits filters and query. Throws the vendor's refusal for what cannot be asked. */
export function matcher(
  portal: Portal,
  type: ObjectType,
  request: Pick<SearchRequest, 'filters' | 'filterGroups' | 'query'>,
): Predicate {
  if (request.filters !== undefined && request.filterGroups !== undefined)
    throw invalid('Give either "filters" or "filterGroups", not both.');
  const groups =
    request.filters !== undefined ? [{ filters: request.filters }] : (request.filterGroups ?? []);
  const filters = groups.reduce((sum, group) => sum + group.filters.length, 0);
  if (groups.length > MAX_GROUPS)
    throw invalid(`At most ${MAX_GROUPS} filterGroups are allowed; found ${groups.length}.`);
  if (groups.some((group) => group.filters.length > MAX_FILTERS_IN_GROUP))
    throw invalid(`At most ${MAX_FILTERS_IN_GROUP} filters are allowed in a filterGroup.`);
  if (filters > MAX_FILTERS)
    throw invalid(`At most ${MAX_FILTERS} filters are allowed in all; found ${filters}.`);
  if (groups.some((group) => group.filters.length === 0))
    throw invalid('A filterGroup needs at least one filter.');
  const compiled = groups.map((group) => group.filters.map((filter) => compileFilter(portal, type, filter)));
  const query = request.query?.trim() ?? '';
  const words =
    query === ''
      ? null
      : tokenMatcher(
          query
            .split(/\s+/)
            .map((word) => `${word}*`)
            .join(' '),
        );
  return (view) =>
    (words === null ||
      words(type.searchable.map((name) => propertyValue(portal, view, name) ?? '').join(' '))) &&
    (compiled.length === 0 || compiled.some((group) => group.every((test) => test(view))));
}

/** One sort at most; ties and no sort at all go by creation, then id. Records without a value come last. */
function sorter(
  portal: Portal,
  type: ObjectType,
  sorts: readonly z.infer<typeof Sort>[],
): (views: RecordView[]) => void {
  if (sorts.length > 1) throw invalid(`Only one sort is allowed; found ${sorts.length}.`);
  const first = sorts[0];
  const name =
    first === undefined
      ? type.createdProperty
      : typeof first === 'string'
        ? first.replace(/^-/, '')
        : first.propertyName;
  const down =
    first !== undefined &&
    (typeof first === 'string' ? first.startsWith('-') : first.direction === 'DESCENDING');
  const definition = schemaOf(portal, type.name).get(name);
  if (definition === undefined)
    throw invalid(`Sorting by ${name} is not possible: there is no such property.`);
  const key = (view: RecordView): number | string | null => {
    if (name === type.modifiedProperty) return view.modified;
    if (name === type.createdProperty) return view.record.created;
    const value = propertyValue(portal, view, name);
    if (value === null) return null;
    if (definition.type === 'number') return Number(value);
    if (definition.type === 'date' || definition.type === 'datetime') return instant(value);
    return value.toLowerCase();
  };
  return (views) => {
    const keyed = views.map((view) => ({ view, key: key(view) }));
    keyed.sort((a, b) => {
      if (a.key !== b.key) {
        if (a.key === null) return 1;
        if (b.key === null) return -1;
        return (a.key < b.key ? -1 : 1) * (down ? -1 : 1);
      }
      return compareIds(a.view.record.id, b.view.record.id);
    });
    for (const [index, { view }] of keyed.entries()) views[index] = view;
  };
}
