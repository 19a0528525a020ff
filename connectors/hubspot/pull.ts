import type { Page, PullRequest } from '../../src/connector/port.ts';
import { associationsOf, readAssociations } from './associations.ts';
import { type ChangeCursor, type Cursor, readCursor } from './cursor.ts';
import type { ExportDesk } from './export/desk.ts';
import { pullExport } from './export/pull.ts';
import { listed } from './list.ts';
import { mapRow } from './mapper.ts';
import { completeRows, splitForSearch } from './properties.ts';
import { hubspotType, knownFields, requestedProperties } from './schema.ts';
import { SearchWalk } from './search.ts';
import { afterLeg, cursorAt, legFrom, OVERLAP_MS } from './second-look.ts';
import { CHUNK, CLOCK_ERROR_MS, mappingOf, type PullContext, page, rowId, type Source } from './source.ts';

/** See `Connection.pull`. The page after the one being handed over is fetched meanwhile. */
export function pull(context: PullContext, desk: ExportDesk, request: PullRequest): AsyncIterable<Page> {
  const type = hubspotType(request.type);
  const fields = knownFields(type, request.fields, request.discovery);
  const source: Source = {
    ...context,
    type,
    mapping: mappingOf(context, type, fields),
    properties: requestedProperties(type, fields.keys()),
  };
  const cursor = request.cursor === null ? null : readCursor(request.cursor);
  return ahead(
    cursor === null || cursor.kind === 'list' || cursor.kind === 'export'
      ? full(source, desk, cursor)
      : changed(source, cursor),
  );
}

/** All live records: by lists, and from where it pays and is allowed by an export. Where an export does not work out,
 *  lists go on from where it began. */
async function* full(
  source: Source,
  desk: ExportDesk,
  cursor: Extract<Cursor, { readonly kind: 'list' | 'export' }> | null,
): AsyncGenerator<Page, void, undefined> {
  let place = cursor?.kind === 'export' ? cursor : null;
  if (place === null) {
    const start = cursor?.kind === 'list' ? cursor : { after: null, began: null };
    const larger = yield* listed(source, start, cursor === null ? desk.probe(source) : null);
    if (larger === null) return;
    place = { kind: 'export', id: null, row: 0, last: null, ...larger };
  }
  const rest = yield* pullExport(source, desk, place);
  if (rest !== null) yield* listed(source, rest, null);
}

/** What changed, by search in the order of modification, then the associations of what was found; at times followed
 *  by a second look at what the search may have shown late. */
async function* changed(source: Source, start: ChangeCursor): AsyncGenerator<Page, void, undefined> {
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
      if (walk.done) leg = legFrom(cursor, source.clock.now());
    }
  }
}

/** Fetches one page ahead of the consumer, so that storing a page and fetching the next overlap. */
export async function* ahead<T>(pages: AsyncGenerator<T>): AsyncGenerator<T> {
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
