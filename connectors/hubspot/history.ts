import type { FieldCourse, HistoryPage, HistoryRequest } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { hasResults } from './client.ts';
import { type ChangeCursor, type Cursor, readCursor, writeCursor } from './cursor.ts';
import { arrayOf } from './errors.ts';
import { nextAfter } from './list.ts';
import { apiPath } from './paths.ts';
import { BATCH, BATCH_WITH_HISTORY, batchRead, splitForQuery } from './properties.ts';
import { coursesOfRow } from './property-history.ts';
import { ahead } from './pull.ts';
import { hubspotType, knownFields } from './schema.ts';
import { SearchWalk } from './search.ts';
import { cursorAt, LATE_MS, legFrom, OVERLAP_MS } from './second-look.ts';
import { CLOCK_ERROR_MS, type ListStart, mappingOf, type PullContext, rowId } from './source.ts';

/** Types whose records change after they were made. Messages, calls, notes and survey answers are made once: what
 *  they were is what they are, and with two million of them their histories would cost 40,000 requests. */
export const HISTORY_TYPES = ['contacts', 'companies', 'deals', 'tickets', 'meetings', 'tasks'];

/** An increment reads so many records at once: four requests side by side. */
const CHUNK = 4 * BATCH_WITH_HISTORY;

/** The next increment begins so much before this one did: search shows some changes late, and a history is read
 *  seldom enough to take them along, as what was made while the records were being read. */
const BACK_MS = LATE_MS + OVERLAP_MS;

interface Source extends PullContext {
  readonly type: ReturnType<typeof hubspotType>;
  readonly fields: ReturnType<typeof knownFields>;
  unfit(field: string, id: string): void;
}

/**
 * Courses of properties, record by record: of all live records by HubSpot's list, which brings the histories of 50
 * with one request; later of those that were modified since, by search and batch read.
 */
export function history(context: PullContext, request: HistoryRequest): AsyncIterable<HistoryPage> {
  const type = hubspotType(request.type);
  const fields = knownFields(type, request.fields, request.discovery);
  const { unfit } = mappingOf(context, type, fields);
  const source: Source = { ...context, type, fields, unfit };
  const cursor = request.cursor === null ? null : readCursor(request.cursor);
  if (fields.size === 0) return nothing(source, cursor);
  if (cursor === null) return ahead(listed(source, { after: null, began: null }));
  return ahead(
    cursor.kind === 'list' || cursor.kind === 'export' ? listed(source, cursor) : changed(source, cursor),
  );
}

/** Nothing that is asked for is shown to us. */
async function* nothing(source: Source, cursor: Cursor | null): AsyncGenerator<HistoryPage> {
  const next = cursor?.kind === 'since' ? cursor : since(source.clock.now() - CLOCK_ERROR_MS);
  yield page(source, [], next, 0);
}

async function* listed(source: Source, start: ListStart): AsyncGenerator<HistoryPage> {
  const { client, type, fields } = source;
  const names = [...fields.keys()];
  const properties = [type.modified, ...names];
  // Too many names for an address: ids by list, then histories by batch read.
  const inline = splitForQuery([...properties, ...names]).rest.length === 0;
  let { after, began } = start;
  for (;;) {
    const { json, serverTime } = await client.get(
      apiPath('objects', type.name),
      {
        limit: String(inline ? BATCH_WITH_HISTORY : BATCH),
        properties: inline ? properties.join(',') : type.modified,
        ...(inline ? { propertiesWithHistory: names.join(',') } : {}),
        ...(after === null ? {} : { after }),
      },
      { purpose: 'history', check: hasResults },
    );
    began ??= serverTime ?? source.clock.now() - CLOCK_ERROR_MS;
    const found = arrayOf(json['results']);
    const rows = inline ? found : await withHistory(source, found);
    const next = nextAfter(json);
    if (next !== null && next === after) {
      throw new WaystageError(
        'crm_bad_answer',
        `${client.who} gave the same page of ${type.name} twice; run again later`,
        { retryable: true },
      );
    }
    after = next;
    const cursor: Cursor = next === null ? since(began) : { kind: 'list', after: next, began };
    yield page(source, rows, cursor, null);
    if (next === null) return;
  }
}

async function* changed(source: Source, start: ChangeCursor): AsyncGenerator<HistoryPage> {
  const { client, type } = source;
  const { place, began, look } = legFrom(start, source.clock.now());
  const walk = new SearchWalk({
    client,
    type,
    properties: ['hs_object_id', type.modified],
    place,
    began,
    until: null,
    overlap: OVERLAP_MS,
    fallbackTime: () => source.clock.now() - CLOCK_ERROR_MS,
    log: source.log,
    purpose: 'history',
  });
  while (!walk.done) {
    const found: unknown[] = [];
    while (!walk.done && found.length < CHUNK) found.push(...(await walk.step()));
    const rows = await withHistory(source, found);
    const cursor = walk.done ? since(walk.began) : cursorAt(walk.place, walk.began, look);
    yield page(source, rows, cursor, walk.remaining);
  }
}

function since(began: number): Cursor {
  return { kind: 'since', from: began - BACK_MS, lag: began - BACK_MS };
}

/** The same records with their histories; one that went away meanwhile has none to tell. */
function withHistory(source: Source, found: readonly unknown[]): Promise<readonly unknown[]> {
  const ids = new Set(found.map(rowId));
  ids.delete('');
  const names = [...source.fields.keys()];
  if (ids.size === 0) return Promise.resolve([]);
  const properties = [source.type.modified, ...names];
  return batchRead(source.client, source.type, [...ids], properties, false, 'history', names);
}

function page(source: Source, rows: readonly unknown[], cursor: Cursor, total: number | null): HistoryPage {
  const courses: FieldCourse[] = [];
  const failed: HistoryPage['failed'][number][] = [];
  for (const row of rows) {
    const read = coursesOfRow(row, source.type, source.fields);
    if ('failed' in read) failed.push(read.failed);
    else {
      courses.push(...read.courses);
      for (const field of read.unfit) source.unfit(field, rowId(row));
    }
  }
  return { courses, failed, cursor: writeCursor(cursor), done: cursor.kind === 'since', total };
}
