import type { PastChange, ReadRequest } from '../../src/connector/port.ts';
import type { HubspotClient } from './client.ts';
import { arrayOf, isObject, textOf } from './errors.ts';
import { decodeValue, instantOf } from './mapper.ts';
import { batchRead } from './properties.ts';
import { hubspotType, knownFields } from './schema.ts';

/** How HubSpot names where a value came from (`sourceType`): what apps write, and what a merge brings along. */
const BY_API = /^(INTEGRATION|API)/;
const BY_MERGE = /^MERGE/;

/** The last values of these properties, out of the history HubSpot keeps of each (20 values, 45 of contacts). The
 *  oldest one it still has tells no change: what was before it is not known. */
export async function pastChanges(
  client: HubspotClient,
  request: ReadRequest,
): Promise<readonly PastChange[]> {
  const type = hubspotType(request.type);
  const fields = knownFields(type, request.fields, request.discovery);
  const rows = await batchRead(client, type, request.ids, [], false, 'look-back', [...fields.keys()]);
  return rows.flatMap((row) => {
    const id = isObject(row) ? textOf(row['id']) : null;
    const histories =
      isObject(row) && isObject(row['propertiesWithHistory']) ? row['propertiesWithHistory'] : {};
    if (id === null) return [];
    return [...fields].flatMap(([field, info]) => {
      const values = arrayOf(histories[field]).flatMap((entry) => {
        if (!isObject(entry)) return [];
        const value = decodeValue(entry['value'] ?? null, info);
        const at = instantOf(entry['timestamp']);
        return value === undefined || at === null ? [] : [{ value, at, entry }];
      });
      values.sort((a, b) => b.at - a.at);
      return values.slice(0, -1).map(({ value, at, entry }, index): PastChange => {
        const before = values[index + 1]!;
        return {
          ...{ id, field, at, from: before.value, to: value },
          own: BY_API.test(sourceOf(entry)),
          before: kindOf(sourceOf(before.entry)),
          who: whoOf(before.entry),
          by: whoOf(entry),
        };
      });
    });
  });
}

function sourceOf(entry: Readonly<Record<string, unknown>>): string {
  return textOf(entry['sourceType']) ?? '';
}

function kindOf(source: string): PastChange['before'] {
  if (BY_API.test(source)) return 'api';
  return BY_MERGE.test(source) ? 'merge' : 'other';
}

/** A user's number, or where HubSpot says the value came from; no names of people. */
function whoOf(entry: Readonly<Record<string, unknown>>): string | null {
  const user = entry['updatedByUserId'];
  if (typeof user === 'number' || typeof user === 'string') return `user ${user}`;
  return textOf(entry['sourceType']);
}
