import type { ReadRequest } from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { SalesforceClient } from './client.ts';
import { id18, isId } from './ids.ts';
import { chunk, MAX_IDS } from './soql.ts';
import { TypeReader } from './type-reader.ts';

/** Steps from a merged record to the one it lives on in, before we stop following. */
const MAX_MERGES = 5;

/** Present values of single records. Ids that are deleted, hidden or no ids at all are `gone`; for a merged one
 *  the record it lives on in is among `records`; with `dead` the deleted and merged ones are, too. */
export async function read(
  client: SalesforceClient,
  connection: ConnectionId,
  request: ReadRequest,
): Promise<{ readonly records: readonly CrmRecord[]; readonly gone: readonly string[] }> {
  const { type, fields, discovery } = request;
  const reader = new TypeReader(client, connection, type, fields, discovery.objects[type]);
  const byId = new Map<string, CrmRecord>();
  const asked = new Set<string>();
  let wanted = [...new Set(request.ids.filter(isId).map(id18))];
  for (let step = 0; wanted.length > 0 && step <= MAX_MERGES; step += 1) {
    for (const id of wanted) asked.add(id);
    const parts = await Promise.all(chunk(wanted, MAX_IDS).map((ids) => reader.byIds(ids, 'read')));
    for (const record of reader.records(parts.flat()).records) byId.set(record.id, record);
    const successors = wanted.flatMap((id) => {
      const record = byId.get(id);
      return record?.state === 'merged' && record.successor !== null ? [record.successor.id] : [];
    });
    wanted = [...new Set(successors)].filter((id) => !asked.has(id));
  }
  const lives = (record: CrmRecord): boolean => record.state === 'live' || record.state === 'converted';
  return {
    records: [...byId.values()].filter((record) => request.dead === true || lives(record)),
    gone: request.ids.filter((id) => {
      const record = isId(id) ? byId.get(id18(id)) : undefined;
      return record === undefined || !lives(record);
    }),
  };
}
