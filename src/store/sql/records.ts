import { setImmediate as pause } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { Association, ConnectionId, CrmRecord, FieldValue, RecordState } from '../../model/record.ts';
import type { PageCommit, RecordStore } from '../port.ts';
import { fillFarEnds, linkedTo, pointers, storeAssociations } from './associations.ts';
import type { Bulk, BulkRow, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import { fateLog } from './fates.ts';
import { fenced } from './fence.ts';
import { keepChanges } from './history.ts';
import { touchRecords } from './pending.ts';
import { commitReading } from './seen.ts';
import type { Tables } from './tables.ts';

type RecordRow = Tables['records'];
type AssociationRow = Tables['associations'];

/** Records, their associations and the checkpoints of the pulls. */
export function recordStore(db: Kysely<Tables>, bulk: Bulk): RecordStore {
  const fates = fateLog(bulk);
  return {
    async commitPage(page, fence) {
      await fenced(db, fence, async (trx) => {
        const { connection, type, checkpoint } = page;
        const ids = page.records.map(({ id }) => id);
        const there = new Set(await bulk.present(RECORDS, [connection, type], ids));
        const rows = page.records.map((record) => toRow(record, page));
        await bulk.put(trx, RECORDS, rows);
        const before = checkpoint?.complete === true ? await checkpointRow(trx, connection, type) : undefined;
        const first = checkpoint?.complete === true && before?.complete !== 1;
        const lost = await storeAssociations(
          trx,
          bulk,
          page.records,
          there.size === 0 ? [] : page.records.filter(({ id }) => there.has(id)),
          checkpoint === null || (checkpoint.complete && !first),
        );
        if (first) await fillFarEnds(trx, connection, type);
        await touchRecords(trx, bulk, [...page.records, ...lost]);
        await fates.add(trx, page);
        await keepChanges(trx, bulk, page);
        if (page.reading !== undefined) await commitReading(trx, page, page.reading);
        if (checkpoint === null) return;
        const { cursor, fields, complete } = checkpoint;
        await bulk.put(trx, CHECKPOINTS, [
          [connection, type, cursor, JSON.stringify(fields), complete ? 1 : 0, page.run, page.at],
        ]);
      });
    },
    async checkpoint(connection, type) {
      const row = await checkpointRow(db, connection, type);
      if (row === undefined) return null;
      return {
        cursor: row.cursor,
        fields: JSON.parse(row.fields) as string[],
        complete: row.complete === 1,
        at: Number(row.at),
      };
    },
    async get(connection, type, ids) {
      const found = new Map<string, CrmRecord>();
      // In a first load there is nothing yet, page after page.
      const there = await bulk.present(RECORDS, [connection, type], ids);
      for (const part of chunks(there)) {
        for (const record of await load(db, connection, type, part)) found.set(record.id, record);
      }
      return found;
    },
    async *scan(connection, type) {
      let after = '';
      for (;;) {
        const rows = await db
          .selectFrom('records')
          .selectAll()
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where('id', '>', after)
          .orderBy('id')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        if (rows.length === 0) return;
        yield await withAssociations(db, connection, type, rows);
        after = rows[rows.length - 1]!.id;
        // SQLite answers at once: without a pause a long scan lets neither signals nor the collector of garbage in.
        await pause();
      }
    },
    async pointingTo(connection, type, ids) {
      const wanted = new Map<string, Set<string>>();
      for (const row of await pointers(db, connection, type, ids)) {
        const known = wanted.get(row.from_type);
        if (known === undefined) wanted.set(row.from_type, new Set([row.from_id]));
        else known.add(row.from_id);
      }
      const records: CrmRecord[] = [];
      for (const [fromType, fromIds] of wanted) {
        for (const part of chunks([...fromIds]))
          records.push(...(await load(db, connection, fromType, part)));
      }
      return records;
    },
    linked: (connection, type, ids, types) => linkedTo(db, connection, type, ids, types),
    async patchFields(patches, fence) {
      await fenced(db, fence, async (trx) => {
        for (const group of groupBy(patches, (patch) => `${patch.connection}\n${patch.type}`).values()) {
          for (const part of chunks(group)) await patchPart(trx, part);
        }
      });
    },
    async counts() {
      const rows = await db
        .selectFrom('records')
        .select([
          'connection',
          'type',
          (eb) => eb.fn.countAll<number>().as('n'),
          (eb) => eb.fn.sum<number>(eb.case().when('state', '=', 'live').then(1).else(0).end()).as('live'),
        ])
        .groupBy(['connection', 'type'])
        .orderBy('connection')
        .orderBy('type')
        .execute();
      return rows.map((row) => ({
        connection: row.connection as ConnectionId,
        type: row.type,
        records: Number(row.n),
        live: Number(row.live),
      }));
    },
  };
}

async function checkpointRow(
  db: Kysely<Tables>,
  connection: ConnectionId,
  type: string,
): Promise<Tables['checkpoints'] | undefined> {
  return db
    .selectFrom('checkpoints')
    .selectAll()
    .where('connection', '=', connection)
    .where('type', '=', type)
    .executeTakeFirst();
}

async function patchPart(
  trx: Transaction<Tables>,
  patches: Parameters<RecordStore['patchFields']>[0],
): Promise<void> {
  const first = patches[0]!;
  const rows = await trx
    .selectFrom('records')
    .selectAll()
    .where('connection', '=', first.connection)
    .where('type', '=', first.type)
    .where(
      'id',
      'in',
      patches.map((patch) => patch.id),
    )
    .execute();
  const changed = new Map(patches.map((patch) => [patch.id, patch.fields]));
  if (rows.length === 0) return;
  const updated = rows.map((row) => ({
    ...row,
    fields: JSON.stringify({ ...(JSON.parse(row.fields) as object), ...changed.get(row.id) }),
  }));
  await trx
    .insertInto('records')
    .values(updated)
    .onConflict((conflict) =>
      conflict
        .columns(['connection', 'type', 'id'])
        .doUpdateSet((eb) => ({ fields: eb.ref('excluded.fields') })),
    )
    .execute();
}

async function load(
  db: Kysely<Tables>,
  connection: string,
  type: string,
  ids: readonly string[],
): Promise<readonly CrmRecord[]> {
  const rows = await db
    .selectFrom('records')
    .selectAll()
    .where('connection', '=', connection)
    .where('type', '=', type)
    .where('id', 'in', listed(ids))
    .execute();
  return withAssociations(db, connection, type, rows);
}

/** Rows of one type as records. */
export async function withAssociations(
  db: Kysely<Tables>,
  connection: string,
  type: string,
  rows: readonly RecordRow[],
): Promise<readonly CrmRecord[]> {
  if (rows.length === 0) return [];
  const links = await db
    .selectFrom('associations')
    .select(['from_id', 'to_type', 'to_id', 'is_primary', 'label'])
    .where('connection', '=', connection)
    .where('from_type', '=', type)
    .where('from_id', 'in', listed(rows.map((row) => row.id)))
    .execute();
  // Sorted here: asked to sort, SQLite walks the whole type by its index instead of looking the records up.
  links.sort((a, b) => compare(a.to_type, b.to_type) || compare(a.to_id, b.to_id));
  const byRecord = groupBy(links, (link) => link.from_id);
  return rows.map((row) => fromRow(connection as ConnectionId, type, row, byRecord.get(row.id) ?? []));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const RECORDS: BulkTable = {
  name: 'records',
  columns: [
    'connection',
    'type',
    'id',
    'state',
    'created',
    'modified',
    'fields',
    'merged_ids',
    'successor_type',
    'successor_id',
    'known_since',
  ],
  key: ['connection', 'type', 'id'],
  // Not `known_since`: it is of the first sight.
  replace: ['state', 'created', 'modified', 'fields', 'merged_ids', 'successor_type', 'successor_id'],
};

function toRow(record: CrmRecord, { changes, at }: PageCommit): BulkRow {
  const newborn = record.created !== null && (changes?.newborn.has(record.id) ?? false);
  return [
    record.connection,
    record.type,
    record.id,
    record.state,
    record.created,
    record.modified,
    JSON.stringify(record.fields),
    record.mergedIds.length === 0 ? '[]' : JSON.stringify(record.mergedIds),
    record.successor?.type ?? null,
    record.successor?.id ?? null,
    // No CRM can have recorded it after we read it: its clock is ahead of ours.
    Math.min(newborn ? (record.created ?? at) : record.modified, at),
  ];
}

const CHECKPOINTS: BulkTable = {
  name: 'checkpoints',
  columns: ['connection', 'type', 'cursor', 'fields', 'complete', 'run', 'at'],
  key: ['connection', 'type'],
  replace: ['cursor', 'fields', 'complete', 'run', 'at'],
};

const NONE: readonly string[] = [];
const STATES: Readonly<Record<string, RecordState>> = {
  live: 'live',
  archived: 'archived',
  merged: 'merged',
  converted: 'converted',
};

/** The database makes a new text of each value: what all rows have in common is held once. */
function fromRow(
  connection: ConnectionId,
  type: string,
  row: RecordRow,
  links: readonly Pick<AssociationRow, 'to_type' | 'to_id' | 'is_primary' | 'label'>[],
): CrmRecord {
  const associations: Record<string, Association[]> = Object.create(null);
  for (const link of links) {
    associations[link.to_type] ??= [];
    associations[link.to_type]?.push({
      type: link.to_type,
      id: link.to_id,
      primary: link.is_primary === 1,
      label: link.label,
    });
  }
  return {
    connection,
    type,
    id: row.id,
    fields: JSON.parse(row.fields) as Record<string, FieldValue>,
    created: row.created === null ? null : Number(row.created),
    modified: Number(row.modified),
    state: STATES[row.state] ?? (row.state as RecordState),
    successor:
      row.successor_type === null || row.successor_id === null
        ? null
        : { type: row.successor_type, id: row.successor_id },
    mergedIds: row.merged_ids === '[]' ? NONE : (JSON.parse(row.merged_ids) as string[]),
    associations,
  };
}
