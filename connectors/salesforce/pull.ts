import type { Page, PullRequest } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import type { ConnectionId } from '../../src/model/record.ts';
import { type BulkPosition, type BulkSettings, bulkFrom, pullBulk } from './bulk/pull.ts';
import type { QueryPage, Row, SalesforceClient } from './client.ts';
import { decodeCursor, encodeCursor, LAG_MS, nextIncrement, OVERLAP_MS, type Position } from './cursor.ts';
import { classOf } from './errors.ts';
import { id18, isId } from './ids.ts';
import { milliseconds } from './mapper.ts';
import { OBJECT_TYPES } from './schema.ts';
import { instant, secondOf } from './soql.ts';
import { TypeReader } from './type-reader.ts';

type Full = Extract<Position, { mode: 'full' }>;
type Changes = Extract<Position, { mode: 'changes' }>;

/** Limits tried in turn when a query of the full load takes longer than Salesforce allows. */
const NARROWER = [2_000, 500, 200];

/**
 * Pages of one object type.
 *
 * The full load runs by ascending id: unlike a stamp, an id never moves and is never shared, so every page's
 * cursor is an exact place to resume, whatever changes meanwhile. What changes during the load is caught by the
 * first increment, which begins before the load did.
 *
 * With more rows than `bulk.from` the full load goes by the Bulk API: Salesforce's count of records tells before the
 * first query, or else the first page does. Where Bulk fails REST takes over, from the place where Bulk began.
 *
 * An increment runs by ascending modification stamp, from eleven minutes before the last one began (rows become
 * visible after their stamp: see `OVERLAP_MS` and `LAG_MS`). Comparison is by whole seconds, so a page's cursor is the
 * start of the second of its last row; when a single second fills more than a page, that second is drained by
 * ascending id.
 *
 * Inside one call Salesforce's own query cursor leads from page to page; when that has expired, the query is sent
 * again from the last position.
 */
export async function* pull(
  client: SalesforceClient,
  connection: ConnectionId,
  request: PullRequest,
  bulk: BulkSettings,
): AsyncGenerator<Page, void, undefined> {
  const { type, fields, discovery } = request;
  const position = decodeCursor(request.cursor);
  const reader = new TypeReader(client, connection, type, fields, discovery.objects[type]);
  if (position.mode === 'changes') yield* pullChanges(client, reader, position);
  else yield* pullAll(client, reader, position, bulk);
}

async function* pullAll(
  client: SalesforceClient,
  reader: TypeReader,
  from: Full | BulkPosition,
  bulk: BulkSettings,
): AsyncGenerator<Page, void, undefined> {
  let position = from;
  let expected = 0;
  let by = bulk.from;
  if (position.mode === 'full' && position.after === null && Number.isFinite(by)) {
    const types = OBJECT_TYPES.map(({ name }) => name);
    expected = (await client.recordCount(reader.plan.type, types)) ?? 0;
    if (expected > by) position = bulkFrom(position);
  }
  for (;;) {
    if (position.mode === 'bulk') {
      const rest: Full | null = yield* pullBulk(client, reader, position, bulk, expected);
      if (rest === null) return;
      position = rest;
      by = Number.POSITIVE_INFINITY;
    }
    const larger: Larger | null = yield* pullFull(client, reader, position, by);
    if (larger === null) return;
    expected = larger.rows;
    position = bulkFrom(larger.position);
  }
}

/** A load that turned out to be larger than REST should read. */
interface Larger {
  readonly position: Full;
  readonly rows: number;
}

/** Null when everything was handed over; stops after its first page when more than `most` rows are to follow. */
async function* pullFull(
  client: SalesforceClient,
  reader: TypeReader,
  from: Full,
  most: number,
): AsyncGenerator<Page, Larger | null, undefined> {
  let { start, after } = from;
  let limit: number | undefined;
  let delivered = 0;
  const restarts = restartGuard();
  for (;;) {
    const filter = {
      ...(after === null ? {} : { where: `Id > '${after}'` }),
      orderBy: 'Id',
      ...(limit === undefined ? {} : { limit }),
    };
    const base = delivered;
    const leftOver = (page: QueryPage): number => page.totalSize - (delivered - base) - page.rows.length;
    const isLarge = (page: QueryPage): boolean => limit === undefined && leftOver(page) > most;
    try {
      for await (const page of pages(reader, filter, isLarge)) {
        start ??= page.serverTime;
        const rows = isLarge(page) ? leftOver(page) : 0;
        after = lastId(page.rows) ?? after;
        delivered += page.rows.length;
        const done = page.done && (limit === undefined || delivered - base < limit);
        const next: Position = done ? nextIncrement(start ?? 0) : { mode: 'full', start, after };
        // A query with a limit counts only its own rows.
        const total = limit === undefined ? base + page.totalSize : null;
        yield { ...reader.records(page.rows), cursor: encodeCursor(next), done, total };
        if (done) return null;
        if (rows > 0) return { position: { mode: 'full', start, after }, rows };
      }
    } catch (error) {
      const narrower = NARROWER.find((size) => limit === undefined || size < limit);
      if (classOf(error) === 'timeout' && narrower !== undefined) {
        limit = narrower;
        client.context.log.warn({ limit }, 'a Salesforce query took too long; going on with smaller ones');
      } else {
        restarts.allow(error, `${after}`);
      }
    }
  }
}

async function* pullChanges(
  client: SalesforceClient,
  reader: TypeReader,
  from: Changes,
): AsyncGenerator<Page> {
  let { at, high, after } = from;
  let before: number | null = null;
  let delivered = 0;
  const restarts = restartGuard();
  // What was handed over of the newest second: draining that second gives it again.
  let given: ReadonlySet<string> = new Set();
  const here = (): string => encodeCursor({ mode: 'changes', at, high, after });
  for (;;) {
    const draining = after !== null;
    const base = delivered;
    let newest = secondOf(at);
    try {
      for await (const page of pages(reader, changesFilter(at, before, after))) {
        high ??= page.serverTime;
        delivered += page.rows.length;
        const rows = draining ? page.rows.filter((row) => !given.has(versionOf(row))) : page.rows;
        const found = { ...reader.records(rows), total: base + page.totalSize };
        if (draining) {
          after = lastId(page.rows) ?? after;
          if (page.done) [at, after] = [secondOf(at) + 1_000, null];
          yield { ...found, cursor: here(), done: false };
          continue;
        }
        const span = secondsOf(page.rows, newest);
        given = new Set([...(span?.last === newest ? given : []), ...versionsIn(page.rows, span?.last)]);
        newest = span?.last ?? newest;
        if (page.done && before === null) {
          // Without a Date header the newest stamp seen is the safest clock there is.
          const next = nextIncrement(high ?? Math.max(newest, at + LAG_MS + OVERLAP_MS));
          yield { ...found, cursor: encodeCursor(next), done: true };
          return;
        }
        if (page.done) [at, before] = [before!, null];
        else at = newest;
        const wide = !page.done && span !== null && span.first === span.last;
        if (wide) after = '';
        yield { ...found, cursor: here(), done: false };
        if (wide) break;
      }
    } catch (error) {
      if (classOf(error) === 'timeout' && !draining) {
        before = halfWay(at, before ?? high ?? client.context.clock.now(), error);
        client.context.log.warn({}, 'a Salesforce query took too long; halving its time window');
      } else {
        restarts.allow(error, here());
      }
    }
  }
}

function changesFilter(
  at: number,
  before: number | null,
  after: string | null,
): { readonly where: string; readonly orderBy: string } {
  if (after !== null) {
    const rest = after === '' ? '' : ` AND Id > '${after}'`;
    // A range, not `=`: it holds the whole second whether or not comparison looks at milliseconds.
    const second = `SystemModstamp >= ${instant(at)} AND SystemModstamp < ${instant(at + 1_000)}`;
    return { where: second + rest, orderBy: 'Id' };
  }
  const end = before === null ? '' : ` AND SystemModstamp < ${instant(before)}`;
  return { where: `SystemModstamp >= ${instant(at)}${end}`, orderBy: 'SystemModstamp, Id' };
}

/** Pages of one query; the next one is on its way while the caller stores the present one, unless `last` says that
 *  it will not be wanted. */
async function* pages(
  reader: TypeReader,
  filter: Parameters<TypeReader['first']>[0],
  last: (page: QueryPage) => boolean = () => false,
): AsyncGenerator<QueryPage, void, undefined> {
  let page = await reader.first(filter, 'pull');
  for (;;) {
    const following = page.next === null || last(page) ? null : reader.next(page.next, 'pull');
    // Awaited below, but only if the caller comes back for it.
    following?.catch(() => undefined);
    yield page;
    if (following === null) return;
    page = await following;
  }
}

/** Lets an expired query cursor be followed by a new query, as long as each one gets further than the last. */
function restartGuard(): { allow(error: unknown, position: string): void } {
  let last: string | null = null;
  return {
    allow: (error, position) => {
      if (classOf(error) !== 'cursor' || position === last) throw error;
      last = position;
    },
  };
}

function lastId(rows: readonly Row[]): string | null {
  const id = rows.findLast((row) => typeof row['Id'] === 'string' && isId(row['Id']))?.['Id'];
  return id === undefined ? null : id18(id as string);
}

/** First and last second of a page; null without rows. Throws when the page is not in ascending order, because
 *  then its last row says nothing about what is still to come. */
function secondsOf(
  rows: readonly Row[],
  from: number,
): { readonly first: number; readonly last: number } | null {
  let first: number | null = null;
  let last = from;
  for (const row of rows) {
    const second = secondOf(milliseconds(row['SystemModstamp'], 'SystemModstamp') ?? Number.NaN);
    if (!(second >= last)) {
      throw new WaystageError(
        'crm_bad_answer',
        'Salesforce answered rows that are not in the order of SystemModstamp that was asked for; nothing of this page is used, run again later',
        { retryable: true },
      );
    }
    first ??= second;
    last = second;
  }
  return first === null ? null : { first, last };
}

/** Names a row as it is now. */
function versionOf(row: Row): string {
  return `${row['Id']}@${row['SystemModstamp']}`;
}

/** The rows of one second. */
function versionsIn(rows: readonly Row[], second: number | undefined): readonly string[] {
  return rows
    .filter((row) => secondOf(milliseconds(row['SystemModstamp'], 'SystemModstamp') ?? Number.NaN) === second)
    .map(versionOf);
}

/** The middle of a window, at least a second after its start; rethrows when it can be no smaller. */
function halfWay(from: number, to: number, error: unknown): number {
  const middle = secondOf((from + to) / 2);
  if (middle <= secondOf(from)) throw error;
  return middle;
}
