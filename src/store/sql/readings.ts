import { createHmac, randomBytes } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { type ConnectionId, type RecordKey, recordKeyText } from '../../model/record.ts';
import type { ReadingStore } from '../port.ts';
import { forgetAssociations } from './associations.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, groupBy, ROWS_PER_STATEMENT } from './chunks.ts';
import { forgetFates } from './fates.ts';
import { fenced } from './fence.ts';
import { forgetOverrides } from './overrides.ts';
import { touchRecords, touchSubjects } from './pending.ts';
import { withAssociations } from './records.ts';
import type { Tables } from './tables.ts';

const TOMBSTONES: BulkTable = { name: 'tombstones', columns: ['hash', 'at'], key: ['hash'], replace: [] };

const HASH_KEY = 'tombstone-key';

/** Full readings and what the CRMs have forgotten. */
export function readingStore(db: Kysely<Tables>, bulk: Bulk): ReadingStore {
  let key: string | null = null;
  const keyOf = async (): Promise<string> => (key ??= await hashKey(db));
  const hash = (secret: string, record: RecordKey): string =>
    createHmac('sha256', secret).update(recordKeyText(record)).digest('base64');
  return {
    async open(connection, type) {
      const row = await db
        .selectFrom('readings')
        .selectAll()
        .where('connection', '=', connection)
        .where('type', '=', type)
        .executeTakeFirst();
      if (row === undefined) return null;
      return { mark: row.mark, cursor: row.cursor, fields: JSON.parse(row.fields) as string[] };
    },
    async end(connection, type, fence) {
      await fenced(db, fence, async (trx) => {
        await trx
          .deleteFrom('readings')
          .where('connection', '=', connection)
          .where('type', '=', type)
          .execute();
      });
    },
    async *unseen(connection, type, mark, which) {
      let after = '';
      for (;;) {
        const rows = await db
          .selectFrom('records')
          .selectAll()
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where('id', '>', after)
          .where('state', which === 'live' ? '=' : '!=', 'live')
          .where((eb) => eb.or([eb('seen', 'is', null), eb('seen', '!=', mark)]))
          .orderBy('id')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        if (rows.length === 0) return;
        yield await withAssociations(db, connection, type, rows);
        after = rows[rows.length - 1]!.id;
      }
    },
    async purge(keys, at, fence) {
      const secret = await keyOf();
      await fenced(db, fence, async (trx) => {
        for (const part of chunks(keys)) {
          await trx
            .insertInto('tombstones')
            .values(part.map((record) => ({ hash: hash(secret, record), at })))
            .onConflict((conflict) => conflict.column('hash').doNothing())
            .execute();
        }
        for (const group of groupBy(keys, ({ connection, type }) => `${connection}\n${type}`).values()) {
          for (const part of chunks(group)) await forget(trx, bulk, part);
        }
      });
    },
    async purged(connection, type, ids) {
      const found = new Set<string>();
      if (ids.length === 0) return found;
      // Asked with every page of a first load.
      if (await bulk.isEmpty(TOMBSTONES)) return found;
      const secret = await keyOf();
      const byHash = new Map(ids.map((id) => [hash(secret, { connection, type, id }), id]));
      for (const part of chunks([...byHash.keys()])) {
        const rows = await db.selectFrom('tombstones').select('hash').where('hash', 'in', part).execute();
        for (const row of rows) found.add(byHash.get(row.hash) ?? '');
      }
      return found;
    },
    async unpurge(keys, fence) {
      const secret = await keyOf();
      await fenced(db, fence, async (trx) => {
        for (const part of chunks(keys.map((record) => hash(secret, record))))
          await trx.deleteFrom('tombstones').where('hash', 'in', part).execute();
      });
    },
  };
}

/** A key of this database alone, so that the hashes of one cannot be compared with those of another. */
async function hashKey(db: Kysely<Tables>): Promise<string> {
  await db
    .insertInto('meta')
    .values({ key: HASH_KEY, value: randomBytes(32).toString('base64') })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  const row = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', HASH_KEY)
    .executeTakeFirstOrThrow();
  return row.value;
}

/** Everything about these records of one type, which are in no other table under another name. */
async function forget(trx: Transaction<Tables>, bulk: Bulk, keys: readonly RecordKey[]): Promise<void> {
  const { connection, type } = keys[0]!;
  const ids = keys.map(({ id }) => id);
  const subjects = await subjectsOf(trx, connection, type, ids);
  await forgetOverrides(trx, connection, type, ids);
  for (const table of [
    'records',
    'members',
    'ambiguities',
    'writes',
    'parked_writes',
    'field_values',
  ] as const) {
    await trx
      .deleteFrom(table)
      .where('connection', '=', connection)
      .where('type', '=', type)
      .where('id', 'in', ids)
      .execute();
  }
  await forgetFates(trx, connection, type, ids);
  const ends = await forgetAssociations(trx, bulk, connection, type, ids);
  const forgotten = new Set(ids);
  const left = ends.filter((end) => end.type !== type || !forgotten.has(end.id));
  await touchRecords(trx, bulk, left);
  for (const part of chunks(ids))
    await trx
      .deleteFrom('touched')
      .where('connection', '=', connection)
      .where('type', '=', type)
      .where('id', 'in', part)
      .execute();
  for (const end of ['from', 'to'] as const) {
    await trx
      .deleteFrom('ended_links')
      .where('connection', '=', connection)
      .where(`${end}_type`, '=', type)
      .where(`${end}_id`, 'in', ids)
      .execute();
  }
  if (subjects.length === 0) return;
  await touchSubjects(trx, bulk, subjects);
  const members = await trx
    .selectFrom('members')
    .select('subject')
    .where('subject', 'in', subjects)
    .distinct()
    .execute();
  const alive = new Set(members.map((row) => row.subject));
  const ended = subjects.filter((subject) => !alive.has(subject));
  for (const part of chunks(ended)) {
    for (const table of [
      'placements',
      'visits',
      'health_points',
      'earlier_placements',
      'activation_standings',
      'run_notices',
      'planned_writes',
      'pending_subjects',
    ] as const)
      await trx.deleteFrom(table).where('subject', 'in', part).execute();
    await trx.deleteFrom('subjects').where('id', 'in', part).execute();
  }
}

async function subjectsOf(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  type: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const rows = await trx
    .selectFrom('members')
    .select('subject')
    .where('connection', '=', connection)
    .where('type', '=', type)
    .where('id', 'in', ids)
    .distinct()
    .execute();
  return rows.map((row) => row.subject);
}
