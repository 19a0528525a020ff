import type { ReadRequest } from '../../src/connector/port.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import { associationsOf, readAssociations } from './associations.ts';
import type { HubspotClient } from './client.ts';
import { isObject, isRefusal, textOf } from './errors.ts';
import { mapRow } from './mapper.ts';
import { apiPath } from './paths.ts';
import { batchRead, completeRows, splitForQuery } from './properties.ts';
import { type HubspotType, hubspotType, knownFields, requestedProperties } from './schema.ts';
import { mappingOf, type PullContext } from './source.ts';

/** Ids that no batch read knows are looked up one by one, because only that follows a merge; at most so many. */
const LOOK_UPS = 25;

/**
 * Present values by id. An archived record comes with its state; an id that was merged is listed in `gone` and the
 * record it lives on in comes along. Ids HubSpot does not know at all are only in `gone`.
 */
export async function readRecords(
  context: PullContext,
  request: ReadRequest,
): Promise<{ readonly records: readonly CrmRecord[]; readonly gone: readonly string[] }> {
  const { client } = context;
  const type = hubspotType(request.type);
  const fields = knownFields(type, request.fields, request.discovery);
  const properties = requestedProperties(type, fields.keys());
  const ids = [...new Set(request.ids)];
  const rows = new Map<string, unknown>();
  const add = (found: readonly unknown[]): void => {
    for (const row of found) {
      const id = rowId(row);
      if (id !== '') rows.set(id, row);
    }
  };
  const missing = (): readonly string[] => ids.filter((id) => !rows.has(id));

  add(await batchRead(client, type, ids, properties, false, 'read'));
  if (missing().length > 0) add(await batchRead(client, type, missing(), properties, true, 'read'));
  const lost = missing().slice(0, LOOK_UPS);
  add(
    (await Promise.all(lost.map((id) => lookUp(client, type, id, properties)))).filter((row) => row !== null),
  );

  const live = [...rows].filter(([, row]) => isObject(row) && row['archived'] !== true).map(([id]) => id);
  const lists = await readAssociations(client, type, live);
  const mapping = mappingOf(context, type, fields);
  const records: CrmRecord[] = [];
  for (const [id, row] of rows) {
    const mapped = mapRow(row, mapping, associationsOf(id, lists));
    if ('record' in mapped) records.push(mapped.record);
    else
      context.log.warn(
        { connection: context.connection, type: type.name, id },
        'HubSpot gave a record that cannot be read',
      );
  }
  return { records, gone: missing() };
}

/** A single read, which follows a merged id to the record that lives on; null when there is none. */
async function lookUp(
  client: HubspotClient,
  type: HubspotType,
  id: string,
  properties: readonly string[],
): Promise<unknown> {
  try {
    const { inline, rest } = splitForQuery(properties);
    const { json } = await client.get(
      apiPath('objects', type.name, id),
      { properties: inline.join(',') },
      { purpose: 'read', check: (answer) => (textOf(answer['id']) === null ? 'no record' : null) },
    );
    return (await completeRows(client, type, [json], rest, 'read')).rows[0] ?? null;
  } catch (error) {
    if (isRefusal(error) && (error.status === 404 || error.status === 400)) return null;
    throw error;
  }
}

function rowId(row: unknown): string {
  return isObject(row) ? (textOf(row['id']) ?? '') : '';
}
