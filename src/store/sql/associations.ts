import type { Kysely, Transaction } from 'kysely';
import type { ConnectionId, CrmRecord } from '../../model/record.ts';
import type { Bulk, BulkRow, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed } from './chunks.ts';
import type { Tables } from './tables.ts';

type Row = Tables['associations'];
type FarEnd = Tables['far_ends'];

const ASSOCIATIONS: BulkTable = {
  name: 'associations',
  columns: ['connection', 'from_type', 'from_id', 'to_type', 'to_id', 'is_primary', 'label'],
  key: ['connection', 'from_type', 'from_id', 'to_type', 'to_id'],
  replace: ['is_primary', 'label'],
  // Two labels between the same records: the primary one is kept.
  when: 'excluded.is_primary > associations.is_primary',
};

/** The same pairs, found from the other end. */
const FAR_ENDS: BulkTable = {
  name: 'far_ends',
  columns: ['connection', 'to_type', 'to_id', 'from_type', 'from_id'],
  key: ['connection', 'to_type', 'to_id', 'from_type', 'from_id'],
  replace: [],
};

/**
 * Stores the associations of records of one type. They are complete per other type that was read; other types keep
 * what is stored. `known`: records that may have some stored already. `farEnds`: whether the far ends are kept up;
 * if not, `fillFarEnds` has to follow, and until then `pointers` has to be told that they are behind.
 * @returns the records at the far ends of associations that are not there, or not so, any more
 */
export async function storeAssociations(
  trx: Transaction<Tables>,
  bulk: Bulk,
  records: readonly CrmRecord[],
  known: readonly CrmRecord[],
  farEnds: boolean,
): Promise<readonly LostEnd[]> {
  const lost: LostEnd[] = [];
  for (const group of groupBy(known, ({ connection, type }) => `${connection}\n${type}`).values()) {
    for (const part of chunks(group)) lost.push(...(await removeStale(trx, bulk, part)));
  }
  const rows = records.flatMap(rowsOf);
  await bulk.put(trx, ASSOCIATIONS, rows);
  if (farEnds) await bulk.put(trx, FAR_ENDS, rows.map(farEndOf));
  return lost;
}

/** A record that another one was associated with. */
export interface LostEnd {
  readonly connection: string;
  readonly type: string;
  readonly id: string;
}

/** Removes what is stored and is not there, or not so, any more; what stays is not touched. */
async function removeStale(
  trx: Transaction<Tables>,
  bulk: Bulk,
  records: readonly CrmRecord[],
): Promise<readonly LostEnd[]> {
  const first = records[0]!;
  const stored = await trx
    .selectFrom('associations')
    .selectAll()
    .where('connection', '=', first.connection)
    .where('from_type', '=', first.type)
    .where('from_id', 'in', listed(records.map(({ id }) => id)))
    .execute();
  if (stored.length === 0) return [];
  const byId = new Map(records.map((record) => [record.id, record]));
  const gone: Row[] = [];
  const changed: Row[] = [];
  for (const row of stored) {
    const links = byId.get(row.from_id)?.associations[row.to_type]?.filter(({ id }) => id === row.to_id);
    if (links === undefined) continue;
    const link = links.find(({ primary }) => primary) ?? links[0];
    if (link === undefined) gone.push(row);
    else if (Number(link.primary) !== row.is_primary || link.label !== row.label) changed.push(row);
  }
  await bulk.remove(trx, ASSOCIATIONS, [...gone, ...changed].map(keyOf));
  await bulk.remove(trx, FAR_ENDS, gone.map(keyOf).map(farEndOf));
  return [...gone, ...changed].map(({ connection, to_type: type, to_id: id }) => ({ connection, type, id }));
}

/** Adds what is missing of the far ends of a type's associations: in order, which is by far the cheapest. */
export async function fillFarEnds(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  type: string,
): Promise<void> {
  await trx
    .insertInto('far_ends')
    .columns(['connection', 'to_type', 'to_id', 'from_type', 'from_id'])
    .expression(
      trx
        .selectFrom('associations')
        .select(['connection', 'to_type', 'to_id', 'from_type', 'from_id'])
        .where('connection', '=', connection)
        .where('from_type', '=', type)
        .orderBy('to_type')
        .orderBy('to_id')
        .orderBy('from_id'),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Associations that point to one of these records. */
export async function pointers(
  db: Kysely<Tables>,
  connection: ConnectionId,
  type: string,
  ids: readonly string[],
): Promise<readonly FarEnd[]> {
  const behind = await typesBehind(db, connection);
  const found: FarEnd[] = [];
  for (const part of chunks(ids)) {
    const of = (table: 'far_ends' | 'associations') =>
      db
        .selectFrom(table)
        .select(['connection', 'to_type', 'to_id', 'from_type', 'from_id'])
        .where('connection', '=', connection)
        .where('to_type', '=', type)
        .where('to_id', 'in', listed(part));
    const indexed = of('far_ends');
    if (behind.length === 0) {
      found.push(...(await indexed.execute()));
      continue;
    }
    found.push(...(await indexed.where('from_type', 'not in', behind).execute()));
    found.push(...(await of('associations').where('from_type', 'in', behind).execute()));
  }
  return found;
}

/** Records of some types at the other end of these records' associations, each once. */
export async function linkedTo(
  db: Kysely<Tables>,
  connection: ConnectionId,
  type: string,
  ids: readonly string[],
  types: readonly string[],
): Promise<readonly { readonly connection: ConnectionId; readonly type: string; readonly id: string }[]> {
  const found = new Map<string, { connection: ConnectionId; type: string; id: string }>();
  if (types.length === 0) return [];
  const add = (to: string, id: string): void => {
    found.set(`${to}\n${id}`, { connection, type: to, id });
  };
  for (const part of chunks(ids)) {
    const rows = await db
      .selectFrom('associations')
      .select(['to_type', 'to_id'])
      .where('connection', '=', connection)
      .where('from_type', '=', type)
      .where('from_id', 'in', listed(part))
      .where('to_type', 'in', types)
      .execute();
    for (const row of rows) add(row.to_type, row.to_id);
  }
  const wanted = new Set(types);
  for (const row of await pointers(db, connection, type, ids))
    if (wanted.has(row.from_type)) add(row.from_type, row.from_id);
  return [...found.values()];
}

/** Types whose first load, or whose reading with more fields, is not at its end: far ends come with that. */
async function typesBehind(db: Kysely<Tables>, connection: ConnectionId): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('checkpoints')
    .select('type')
    .where('connection', '=', connection)
    .where('complete', '=', 0)
    .execute();
  return rows.map(({ type }) => type);
}

/** Removes every association these records have, at either end; returns the records at the other ends. */
export async function forgetAssociations(
  trx: Transaction<Tables>,
  bulk: Bulk,
  connection: ConnectionId,
  type: string,
  ids: readonly string[],
): Promise<readonly LostEnd[]> {
  const out = await trx
    .selectFrom('associations')
    .select(['connection', 'to_type', 'to_id', 'from_type', 'from_id'])
    .where('connection', '=', connection)
    .where('from_type', '=', type)
    .where('from_id', 'in', ids)
    .execute();
  const ends = [...out, ...(await pointers(trx, connection, type, ids))];
  await bulk.remove(trx, ASSOCIATIONS, ends.map(keyOf));
  await bulk.remove(trx, FAR_ENDS, ends.map(keyOf).map(farEndOf));
  return ends.flatMap(({ to_type, to_id, from_type, from_id }) => [
    { connection, type: to_type, id: to_id },
    { connection, type: from_type, id: from_id },
  ]);
}

function rowsOf({ connection, type, id, associations }: CrmRecord): readonly BulkRow[] {
  const rows: BulkRow[] = [];
  for (const toType in associations) {
    for (const link of associations[toType] ?? [])
      rows.push([connection, type, id, link.type, link.id, link.primary ? 1 : 0, link.label]);
  }
  return rows;
}

function keyOf({ connection, from_type, from_id, to_type, to_id }: FarEnd): BulkRow {
  return [connection, from_type, from_id, to_type, to_id];
}

/** The key of an association, from the other end. */
function farEndOf([connection, fromType, fromId, toType, toId]: BulkRow): BulkRow {
  return [connection!, toType!, toId!, fromType!, fromId!];
}
