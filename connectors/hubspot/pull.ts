import type { ConnectorLog, Page, PullRequest } from '../../src/connector/port.ts';
import type { Clock } from '../../src/model/clock.ts';
import { WaystageError } from '../../src/model/errors.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import { associationsOf, readAssociations } from './associations.ts';
import { type HubspotClient, hasResults, type Json } from './client.ts';
import { type Cursor, readCursor, writeCursor } from './cursor.ts';
import { arrayOf, isObject, textOf } from './errors.ts';
import { inlineAssociations, type Mapped, type Mapping, mapRow } from './mapper.ts';
import { apiPath } from './paths.ts';
import { completeRows, splitForQuery, splitForSearch } from './properties.ts';
import { type HubspotType, hubspotType, knownFields, requestedProperties } from './schema.ts';
import { SearchWalk } from './search.ts';
import { afterLeg, cursorAt, legFrom, OVERLAP_MS } from './second-look.ts';

/** Without a `Date` header our own clock has to do, which may be wrong by this much. */
const CLOCK_ERROR_MS = 10 * 60_000;

const LIST_LIMIT = 100;

/** One batch read of associations takes this many records, so an increment hands over this many at once. */
const CHUNK = 1_000;

export interface PullContext {
  readonly client: HubspotClient;
  readonly connection: ConnectionId;
  readonly clock: Clock;
  readonly log: ConnectorLog;
}

/** What all pages of one pull share. */
interface Source extends PullContext {
  readonly type: HubspotType;
  readonly mapping: Mapping;
  readonly properties: readonly string[];
}

/** See `Connection.pull`. The page after the one being handed over is fetched meanwhile. */
export function pull(context: PullContext, request: PullRequest): AsyncIterable<Page> {
  const type = hubspotType(request.type);
  const fields = knownFields(type, request.fields, request.discovery);
  const source: Source = {
    ...context,
    type,
    mapping: mappingOf(context, type, fields),
    properties: requestedProperties(type, fields.keys()),
  };
  const cursor = request.cursor === null ? null : readCursor(request.cursor);
  return ahead(cursor === null || cursor.kind === 'list' ? listed(source, cursor) : changed(source, cursor));
}

/** A mapping that warns once per field about values that do not fit. */
export function mappingOf(context: PullContext, type: HubspotType, fields: Mapping['fields']): Mapping {
  const warned = new Set<string>();
  return {
    connection: context.connection,
    type,
    fields,
    unfit: (field, id) => {
      if (warned.has(field)) return;
      warned.add(field);
      context.log.warn(
        { connection: context.connection, type: type.name, field, id },
        'a value does not fit the type of its HubSpot property and was left out',
      );
    },
  };
}

/** All live records, by HubSpot's list, with their associations inline. Rows whose associations have to be read in
 *  full are held until one read takes many of them. */
async function* listed(
  source: Source,
  start: (Cursor & { readonly kind: 'list' }) | null,
): AsyncGenerator<Page> {
  const { client, type } = source;
  const { inline, rest } = splitForQuery(source.properties);
  let after = start?.after ?? null;
  let began = start?.began ?? null;
  let held: ListedRow[] = [];
  let gone: Mapped[] = [];
  for (;;) {
    const { json, serverTime } = await client.get(
      apiPath('objects', type.name),
      {
        limit: String(LIST_LIMIT),
        properties: inline.join(','),
        ...(type.associations.length === 0 ? {} : { associations: type.associations.join(',') }),
        ...(after === null ? {} : { after }),
      },
      { purpose: 'pull', check: hasResults },
    );
    began ??= serverTime ?? source.clock.now() - CLOCK_ERROR_MS;
    const { rows, failed } = await completeRows(client, type, arrayOf(json['results']), rest, 'pull');
    gone.push(...failed.map((one) => ({ failed: one })));
    held.push(...rows.map((row) => ({ row, ...inlineAssociations(row, type) })));
    const next = nextAfter(json);
    if (next !== null && next === after) {
      throw new WaystageError(
        'crm_bad_answer',
        `${client.who} gave the same page of ${type.name} twice; run again later`,
        { retryable: true },
      );
    }
    after = next;
    if (next !== null && held.length < CHUNK && held.some((one) => one.cut.length > 0)) continue;
    const mapped = await withInline(source, held);
    const cursor: Cursor =
      next === null
        ? { kind: 'since', from: began - OVERLAP_MS, lag: began - OVERLAP_MS }
        : { kind: 'list', after: next, began };
    yield page([...gone, ...mapped], cursor, next === null, null);
    if (next === null) return;
    held = [];
    gone = [];
  }
}

type ListedRow = { readonly row: unknown } & ReturnType<typeof inlineAssociations>;

async function withInline(source: Source, read: readonly ListedRow[]): Promise<readonly Mapped[]> {
  const { client, type, mapping } = source;
  const whole = new Map<string, ReturnType<typeof associationsOf>>();
  for (const other of type.associations) {
    const cut = read.filter((one) => one.cut.includes(other)).map((one) => rowId(one.row));
    if (cut.length === 0) continue;
    const lists = await readAssociations(client, type, cut, [other], true);
    for (const id of cut) whole.set(id, { ...whole.get(id), ...associationsOf(id, lists) });
  }
  return read.map(({ row, associations }) =>
    mapRow(row, mapping, { ...associations, ...whole.get(rowId(row)) }),
  );
}

/** What changed, by search in the order of modification, then the associations of what was found; at times followed
 *  by a second look at what the search may have shown late. */
async function* changed(source: Source, start: Exclude<Cursor, { kind: 'list' }>): AsyncGenerator<Page> {
  const { client, type, mapping } = source;
  const { inline, rest } = splitForSearch(source.properties, type);
  let leg = legFrom(start, source.clock.now());
  for (;;) {
    const walk: SearchWalk = new SearchWalk({
      client,
      type,
      properties: inline,
      place: leg.place,
      began: leg.began,
      until: leg.look.until,
      overlap: OVERLAP_MS,
      fallbackTime: () => source.clock.now() - CLOCK_ERROR_MS,
      log: source.log,
    });
    while (!walk.done) {
      const found: unknown[] = [];
      while (!walk.done && found.length <= CHUNK - walk.limit) found.push(...(await walk.step()));
      const [{ rows, failed }, lists] = await Promise.all([
        completeRows(client, type, found, rest, 'pull'),
        readAssociations(client, type, found.map(rowId)),
      ]);
      const mapped = rows.map((row) => mapRow(row, mapping, associationsOf(rowId(row), lists)));
      const { began, place } = walk;
      const cursor = walk.done ? afterLeg(began, leg.look) : cursorAt(place, began, leg.look);
      const all = [...failed.map((one) => ({ failed: one })), ...mapped];
      yield page(all, cursor, cursor.kind === 'since', walk.remaining);
      if (cursor.kind === 'since') return;
      if (walk.done && cursor.kind !== 'list') leg = legFrom(cursor, source.clock.now());
    }
  }
}

function page(mapped: readonly Mapped[], cursor: Cursor, done: boolean, total: number | null): Page {
  const records: CrmRecord[] = [];
  const failed: { readonly id: string; readonly message: string }[] = [];
  for (const one of mapped) {
    if ('record' in one) records.push(one.record);
    else failed.push(one.failed);
  }
  return { records, failed, cursor: writeCursor(cursor), done, total };
}

function rowId(row: unknown): string {
  return isObject(row) ? (textOf(row['id']) ?? '') : '';
}

function nextAfter(json: Json): string | null {
  const next = isObject(json['paging']) ? json['paging']['next'] : undefined;
  return isObject(next) ? textOf(next['after']) : null;
}

/** Fetches one page ahead of the consumer, so that storing a page and fetching the next overlap. */
async function* ahead<T>(pages: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = pages.next();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done === true) return;
      next = pages.next();
      // Reported when it is awaited; a consumer that stops early never will.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    pages.return(undefined).catch(() => undefined);
  }
}
