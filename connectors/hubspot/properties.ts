import { type CallOptions, type HubspotClient, hasResults, type Json, unaccounted } from './client.ts';
import { arrayOf, isObject, issuesOfEntry, textOf } from './errors.ts';
import { apiPath } from './paths.ts';
import type { HubspotType } from './schema.ts';

/** Property names that fit into the address of a list request; longer ones are answered with 414. */
const QUERY_CHARACTERS = 6_000;
/** HubSpot takes 3,000 characters in a search; the filters need some of them. */
const SEARCH_CHARACTERS = 2_500;

export const BATCH = 100;
/** With the values a property had before, HubSpot reads half as many. */
export const BATCH_WITH_HISTORY = 50;

interface Split {
  readonly inline: readonly string[];
  /** To be read by batch read afterwards. */
  readonly rest: readonly string[];
}

/** What fits into a list request; the properties every record needs come first in `properties`. */
export function splitForQuery(properties: readonly string[]): Split {
  let length = 0;
  const fits = properties.findIndex((name) => {
    length += encodeURIComponent(name).length + 3;
    return length > QUERY_CHARACTERS;
  });
  return fits < 0
    ? { inline: properties, rest: [] }
    : { inline: properties.slice(0, fits), rest: properties.slice(fits) };
}

/** What fits into a search. If not everything does, one batch read of 100 brings all the rest at once. */
export function splitForSearch(properties: readonly string[], type: HubspotType): Split {
  if (JSON.stringify(properties).length <= SEARCH_CHARACTERS) return { inline: properties, rest: [] };
  const own = new Set(['hs_object_id', type.modified]);
  return { inline: [...own], rest: properties.filter((name) => !own.has(name)) };
}

/** Adds `rest` to rows that came without; rows that vanished in between are named, not dropped. */
export async function completeRows(
  client: HubspotClient,
  type: HubspotType,
  rows: readonly unknown[],
  rest: readonly string[],
  purpose: CallOptions['purpose'],
): Promise<{
  readonly rows: readonly unknown[];
  readonly failed: readonly { readonly id: string; readonly message: string }[];
}> {
  if (rest.length === 0 || rows.length === 0) return { rows, failed: [] };
  const ids = rows.map((row) => (isObject(row) ? (textOf(row['id']) ?? '') : ''));
  const read = new Map<string, Readonly<Record<string, unknown>>>();
  for (const row of await batchRead(client, type, ids, rest, false, purpose)) {
    const id = isObject(row) ? textOf(row['id']) : null;
    if (isObject(row) && id !== null && isObject(row['properties'])) read.set(id, row['properties']);
  }
  const complete: unknown[] = [];
  const failed: { readonly id: string; readonly message: string }[] = [];
  rows.forEach((row, index) => {
    const id = ids[index] ?? '';
    const more = read.get(id);
    if (isObject(row) && isObject(row['properties']) && more !== undefined) {
      // What came first was read together with the modification stamp and wins.
      complete.push({ ...row, properties: { ...more, ...row['properties'] } });
    } else failed.push({ id, message: 'the record went away while it was being read' });
  });
  return { rows: complete, failed };
}

/** Rows by id, 100 a request, in no order; ids that HubSpot does not hand over are simply not there.
 *  @param history properties whose earlier values are wanted, too */
export async function batchRead(
  client: HubspotClient,
  type: HubspotType,
  ids: readonly string[],
  properties: readonly string[],
  archived: boolean,
  purpose: CallOptions['purpose'],
  history: readonly string[] = [],
): Promise<readonly unknown[]> {
  const batches: Promise<readonly unknown[]>[] = [];
  const size = history.length > 0 ? BATCH_WITH_HISTORY : BATCH;
  const wanted = history.length > 0 ? { properties, propertiesWithHistory: history } : { properties };
  for (let start = 0; start < ids.length; start += size) {
    const asked = ids.slice(start, start + size);
    const inputs = asked.map((id) => ({ id }));
    const path = `${apiPath('objects', type.name, 'batch', 'read')}${archived ? '?archived=true' : ''}`;
    batches.push(
      client
        .post(
          path,
          { ...wanted, inputs },
          { purpose, check: (json) => onlyMissing(json) ?? unaccounted(json, asked, [], idOf, idsNamed) },
        )
        .then(({ json }) => arrayOf(json['results'])),
    );
  }
  return (await Promise.all(batches)).flat();
}

/** Records may be missing from a batch read because they are gone, and for no other reason: what failed for the
 *  moment must not look deleted. */
function onlyMissing(json: Json): string | null {
  for (const error of arrayOf(json['errors'])) {
    if (!isObject(error)) continue;
    const other = issuesOfEntry(error).find((issue) => !issue.code.includes('NOT_FOUND'));
    if (other !== undefined) return `records that could not be read (${other.code})`;
  }
  return hasResults(json);
}

function idOf(row: Json): string | null {
  return textOf(row['id']);
}

function idsNamed(error: Json): readonly string[] {
  return issuesOfEntry(error).flatMap((issue) => issue.ids);
}
