import type { FieldCourse, HistoryPage, HistoryRequest } from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { Row, SalesforceClient } from './client.ts';
import { classOf } from './errors.ts';
import {
  BIRTH_MARKS,
  courseOfLines,
  courseOfStates,
  type HistoryLine,
  type HistoryState,
  lineOf,
  namesInHistory,
  stateOf,
} from './field-courses.ts';
import {
  afterHistory,
  decodeHistoryCursor,
  encodeHistoryCursor,
  type HistoryPosition,
} from './history-cursor.ts';
import { type HistoryObject, type HistoryPlan, planHistory } from './history-objects.ts';
import { id18, isId } from './ids.ts';
import { chunk, inIds, instant, inTexts, MAX_IDS, select } from './soql.ts';
import { TypeReader } from './type-reader.ts';

/** What Salesforce itself shows of a field's past; by the API some of it lives half a year longer. */
const RETENTION_MS = 548 * 24 * 3_600_000;

/** Records of a page when a query of more takes too long. */
const NARROWER = 200;

type All = Extract<HistoryPosition, { mode: 'all' }>;
type Since = Extract<HistoryPosition, { mode: 'since' }>;

/**
 * Courses of fields, record by record in the order of their ids: a page of records, then what the history objects tell
 * of just these. An id never moves, so every page's cursor is an exact place to resume. Later only the records of
 * which the histories tell something new; those are read from their beginning, so that reading twice does no harm.
 *
 * Deals by `OpportunityHistory`, everything else by the history of tracked fields. A type without one has no courses.
 */
export async function* history(
  client: SalesforceClient,
  connection: ConnectionId,
  request: HistoryRequest,
): AsyncGenerator<HistoryPage, void, undefined> {
  const position = decodeHistoryCursor(request.cursor);
  const plan = await planHistory(client, request.type, request.fields, request.discovery);
  const found = request.discovery.objects[request.type];
  const source: Source = {
    client,
    plan,
    reader: new TypeReader(client, connection, request.type, plan.fields, found),
    horizon: client.context.clock.now() - RETENTION_MS,
  };
  if (plan.fields.length === 0) yield nothing(client, position);
  else if (position.mode === 'all') yield* all(source, position);
  else yield* changed(source, position);
}

interface Source {
  readonly client: SalesforceClient;
  readonly plan: HistoryPlan;
  readonly reader: TypeReader;
  readonly horizon: number;
}

function nothing(client: SalesforceClient, position: HistoryPosition): HistoryPage {
  const now = position.mode === 'all' ? client.context.clock.now() : position.from;
  const next = position.mode === 'all' ? afterHistory(now) : position;
  return { courses: [], failed: [], cursor: encodeHistoryCursor(next), done: true, total: 0 };
}

async function* all(source: Source, from: All): AsyncGenerator<HistoryPage, void, undefined> {
  const { client, reader } = source;
  let { start, after } = from;
  let limit = client.pageSize;
  for (;;) {
    const where = `IsDeleted = false${after === null ? '' : ` AND Id > '${after}'`}`;
    try {
      const page = await reader.first({ where, orderBy: 'Id', limit }, 'history');
      start ??= page.serverTime ?? client.context.clock.now();
      const last = lastId(page.rows);
      const range = (parent: string): string =>
        `${after === null ? '' : `${parent} > '${after}' AND `}${parent} <= '${last}'`;
      const read = last === null ? { courses: [], failed: [] } : await coursesOf(source, page.rows, range);
      // A page may hold fewer rows than was asked for.
      const done = last === null || (page.done && page.rows.length < limit);
      const next: HistoryPosition = done ? afterHistory(start) : { mode: 'all', start, after: last };
      after = last ?? after;
      yield { ...read, cursor: encodeHistoryCursor(next), done, total: null };
      if (done) return;
    } catch (error) {
      if (classOf(error) !== 'timeout' || limit <= NARROWER) throw error;
      limit = NARROWER;
      client.context.log.warn({ limit }, 'a Salesforce query took too long; going on with smaller ones');
    }
  }
}

async function* changed(source: Source, from: Since): AsyncGenerator<HistoryPage, void, undefined> {
  const { client, plan } = source;
  const parts = partsOf(plan);
  let { start, after } = from;
  for (let part = from.part; part < parts.length; part += 1, after = null) {
    const { parent, object, where } = parts[part]!;
    for (;;) {
      const soql = select({
        fields: ['Id', parent],
        from: object,
        where: [
          `CreatedDate >= ${instant(from.from)}`,
          ...where,
          ...(after === null ? [] : [`${parent} > '${after}'`]),
        ].join(' AND '),
        orderBy: parent,
        limit: client.pageSize,
      });
      const page = await client.query(soql, 'history');
      start ??= page.serverTime ?? client.context.clock.now();
      const ids = [...new Set(page.rows.flatMap((row) => idAt(row, parent)))];
      const last = ids.at(-1) ?? after;
      const over = page.done && page.rows.length < client.pageSize;
      const done = over && part + 1 >= parts.length;
      const next: HistoryPosition = done
        ? afterHistory(start)
        : over
          ? { ...from, part: part + 1, start, after: null }
          : { ...from, part, start, after: last };
      const read = await byIds(source, ids);
      yield { ...read, cursor: encodeHistoryCursor(next), done, total: null };
      if (over) break;
      after = last;
    }
  }
}

/** The history objects of a type, and which of their rows tell of a change that is wanted. */
function partsOf({ states, changes }: HistoryPlan): readonly (HistoryObject & {
  readonly where: readonly string[];
})[] {
  const parts: (HistoryObject & { readonly where: readonly string[] })[] = [];
  if (states !== null) parts.push({ ...states, where: [] });
  // What is new tells the other history too, if there is one.
  if (changes !== null) parts.push({ ...changes, where: [fieldFilter(changes, states === null)] });
  return parts;
}

function fieldFilter({ fields }: NonNullable<HistoryPlan['changes']>, births: boolean): string {
  const names = fields.flatMap(({ name }) => namesInHistory(name));
  return inTexts('Field', [...(births ? BIRTH_MARKS : []), ...names]);
}

async function byIds(
  source: Source,
  ids: readonly string[],
): Promise<Pick<HistoryPage, 'courses' | 'failed'>> {
  const parts = await Promise.all(
    chunk(ids, MAX_IDS).map(async (some) => {
      const rows = await source.reader.byIds(some, 'history');
      const live = rows.filter((row) => row['IsDeleted'] !== true);
      return coursesOf(source, live, (parent) => inIds(parent, some));
    }),
  );
  return {
    courses: parts.flatMap(({ courses }) => courses),
    failed: parts.flatMap(({ failed }) => failed),
  };
}

/** The courses of some records. `which` is the condition that chooses them in a history object. */
async function coursesOf(
  source: Source,
  rows: readonly Row[],
  which: (parent: string) => string,
): Promise<Pick<HistoryPage, 'courses' | 'failed'>> {
  const { client, plan, reader, horizon } = source;
  const { records, failed } = reader.records(rows);
  const { states, changes } = plan;
  const [stateRows, lineRows] = await Promise.all([
    states === null
      ? []
      : historyRows(
          client,
          states,
          [states.parent, ...states.fields.map(({ name }) => name)],
          [which(states.parent)],
        ),
    changes === null
      ? []
      : historyRows(
          client,
          changes,
          [changes.parent, 'Field', 'DataType', 'OldValue', 'NewValue'],
          [which(changes.parent), fieldFilter(changes, true)],
        ),
  ]);
  const statesBy = byParent(stateRows.map((row) => stateOf(row, states?.parent ?? '')));
  const linesBy = byParent(lineRows.map((row) => lineOf(row, changes?.parent ?? '')));
  const courses: FieldCourse[] = [];
  for (const record of records) {
    for (const info of states?.fields ?? [])
      keep(courses, courseOfStates(record, info, statesBy.get(record.id) ?? []));
    const lines = linesBy.get(record.id) ?? [];
    const born = lines.some(({ field }) => BIRTH_MARKS.includes(field));
    for (const info of changes?.fields ?? []) {
      const names = namesInHistory(info.name);
      const own = lines.filter(({ field }) => names.includes(field));
      keep(courses, courseOfLines(record, info, own, born, horizon));
    }
  }
  return { courses, failed };
}

function historyRows(
  client: SalesforceClient,
  { object, parent }: HistoryObject,
  fields: readonly string[],
  where: readonly string[],
): Promise<readonly Row[]> {
  const soql = select({
    fields: ['Id', 'CreatedDate', ...fields],
    from: object,
    where: where.join(' AND '),
    orderBy: `${parent}, CreatedDate, Id`,
  });
  return client.queryRows(soql, 'query', 'history');
}

function byParent<T extends HistoryLine | HistoryState>(
  items: readonly (T | null)[],
): ReadonlyMap<CrmRecord['id'], readonly T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    if (item === null) continue;
    const list = found.get(item.parent);
    if (list === undefined) found.set(item.parent, [item]);
    else list.push(item);
  }
  for (const list of found.values()) list.sort((a, b) => a.at - b.at);
  return found;
}

function keep(courses: FieldCourse[], course: FieldCourse | null): void {
  if (course !== null) courses.push(course);
}

function idAt(row: Row, field: string): readonly string[] {
  const id = row[field];
  return typeof id === 'string' && isId(id) ? [id18(id)] : [];
}

function lastId(rows: readonly Row[]): string | null {
  return rows.flatMap((row) => idAt(row, 'Id')).at(-1) ?? null;
}
