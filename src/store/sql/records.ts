import type { Kysely, Transaction } from 'kysely';
import type { Association, ConnectionId, CrmRecord, FieldValue, RecordState } from '../../model/record.ts';
import type { RecordStore } from '../port.ts';
import { chunks, groupBy, ROWS_PER_STATEMENT } from './chunks.ts';
import { fenced } from './fence.ts';
import { commitReading } from './seen.ts';
import type { Tables } from './tables.ts';

type RecordRow = Tables['records'];
type AssociationRow = Tables['associations'];

/** Records, their associations and the checkpoints of the pulls. */
export function recordStore(db: Kysely<Tables>): RecordStore {
  return {
    async commitPage(page, fence) {
      await fenced(db, fence, async (trx) => {
        await upsertRecords(trx, page.records);
        await replaceAssociations(trx, page.records);
        await insertFates(trx, page.run, page.fates);
        if (page.reading !== undefined) await commitReading(trx, page, page.reading);
        if (page.checkpoint === null) return;
        const row = {
          cursor: page.checkpoint.cursor,
          fields: JSON.stringify(page.checkpoint.fields),
          complete: page.checkpoint.complete ? 1 : 0,
          run: page.run,
          at: page.at,
        };
        await trx
          .insertInto('checkpoints')
          .values({ connection: page.connection, type: page.type, ...row })
          .onConflict((conflict) => conflict.columns(['connection', 'type']).doUpdateSet(row))
          .execute();
      });
    },
    async checkpoint(connection, type) {
      const row = await db
        .selectFrom('checkpoints')
        .selectAll()
        .where('connection', '=', connection)
        .where('type', '=', type)
        .executeTakeFirst();
      if (row === undefined) return null;
      return { cursor: row.cursor, fields: JSON.parse(row.fields) as string[], complete: row.complete === 1 };
    },
    async get(connection, type, ids) {
      const found = new Map<string, CrmRecord>();
      for (const part of chunks(ids)) {
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
      }
    },
    async pointingTo(connection, type, ids) {
      const wanted = new Map<string, Set<string>>();
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('associations')
          .select(['from_type', 'from_id'])
          .where('connection', '=', connection)
          .where('to_type', '=', type)
          .where('to_id', 'in', part)
          .execute();
        for (const row of rows) {
          const known = wanted.get(row.from_type);
          if (known === undefined) wanted.set(row.from_type, new Set([row.from_id]));
          else known.add(row.from_id);
        }
      }
      const records: CrmRecord[] = [];
      for (const [fromType, fromIds] of wanted) {
        for (const part of chunks([...fromIds]))
          records.push(...(await load(db, connection, fromType, part)));
      }
      return records;
    },
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

async function upsertRecords(trx: Transaction<Tables>, records: readonly CrmRecord[]): Promise<void> {
  for (const part of chunks(records)) {
    await trx
      .insertInto('records')
      .values(part.map(toRow))
      .onConflict((conflict) =>
        conflict.columns(['connection', 'type', 'id']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          created: eb.ref('excluded.created'),
          modified: eb.ref('excluded.modified'),
          fields: eb.ref('excluded.fields'),
          merged_ids: eb.ref('excluded.merged_ids'),
          successor_type: eb.ref('excluded.successor_type'),
          successor_id: eb.ref('excluded.successor_id'),
        })),
      )
      .execute();
  }
}

/** Associations are complete per type that was read; types that were not read keep what is stored. */
async function replaceAssociations(trx: Transaction<Tables>, records: readonly CrmRecord[]): Promise<void> {
  const byTypes = groupBy(records, (record) =>
    JSON.stringify([record.connection, record.type, Object.keys(record.associations).sort()]),
  );
  for (const group of byTypes.values()) {
    const first = group[0]!;
    const toTypes = Object.keys(first.associations);
    if (toTypes.length === 0) continue;
    for (const part of chunks(group)) {
      await trx
        .deleteFrom('associations')
        .where('connection', '=', first.connection)
        .where('from_type', '=', first.type)
        .where(
          'from_id',
          'in',
          part.map((record) => record.id),
        )
        .where('to_type', 'in', toTypes)
        .execute();
    }
    const rows = new Map<string, AssociationRow>();
    for (const record of group) {
      for (const toType of toTypes) {
        for (const association of record.associations[toType] ?? []) {
          const row = toAssociationRow(record, association);
          const key = `${record.id}\n${row.to_type}\n${row.to_id}`;
          const known = rows.get(key);
          // Two labels between the same records: the primary one is kept.
          if (known === undefined || row.is_primary > known.is_primary) rows.set(key, row);
        }
      }
    }
    for (const part of chunks([...rows.values()]))
      await trx.insertInto('associations').values(part).execute();
  }
}

export async function insertFates(
  trx: Transaction<Tables>,
  run: string,
  fates: Parameters<RecordStore['commitPage']>[0]['fates'],
): Promise<void> {
  const rows = new Map(fates.map((fate) => [`${fate.connection}\n${fate.type}\n${fate.id}`, fate]));
  for (const part of chunks([...rows.values()])) {
    await trx
      .insertInto('run_records')
      .values(
        part.map((fate) => ({
          run,
          connection: fate.connection,
          type: fate.type,
          id: fate.id,
          fate: fate.fate,
          reason: fate.reason,
          message: fate.message,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['run', 'connection', 'type', 'id'])
          .doUpdateSet((eb) => ({
            fate: eb.ref('excluded.fate'),
            reason: eb.ref('excluded.reason'),
            message: eb.ref('excluded.message'),
          }))
          // A record that comes twice in a run tells what was done with it, not that the second time nothing was.
          .where((eb) =>
            eb.or([eb('run_records.fate', '=', 'ignored'), eb('excluded.fate', '!=', 'ignored')]),
          ),
      )
      .execute();
  }
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
    .where('id', 'in', ids)
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
    .where(
      'from_id',
      'in',
      rows.map((row) => row.id),
    )
    .execute();
  // Sorted here: asked to sort, SQLite walks the whole type by its index instead of looking the records up.
  links.sort((a, b) => compare(a.to_type, b.to_type) || compare(a.to_id, b.to_id));
  const byRecord = groupBy(links, (link) => link.from_id);
  return rows.map((row) => fromRow(row, byRecord.get(row.id) ?? []));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function toRow(record: CrmRecord): Omit<RecordRow, 'seen'> {
  return {
    connection: record.connection,
    type: record.type,
    id: record.id,
    state: record.state,
    created: record.created,
    modified: record.modified,
    fields: JSON.stringify(record.fields),
    merged_ids: JSON.stringify(record.mergedIds),
    successor_type: record.successor?.type ?? null,
    successor_id: record.successor?.id ?? null,
  };
}

function toAssociationRow(record: CrmRecord, association: Association): AssociationRow {
  return {
    connection: record.connection,
    from_type: record.type,
    from_id: record.id,
    to_type: association.type,
    to_id: association.id,
    is_primary: association.primary ? 1 : 0,
    label: association.label,
  };
}

function fromRow(
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
    connection: row.connection as ConnectionId,
    type: row.type,
    id: row.id,
    fields: JSON.parse(row.fields) as Record<string, FieldValue>,
    created: row.created === null ? null : Number(row.created),
    modified: Number(row.modified),
    state: row.state as RecordState,
    successor:
      row.successor_type === null || row.successor_id === null
        ? null
        : { type: row.successor_type, id: row.successor_id },
    mergedIds: JSON.parse(row.merged_ids) as string[],
    associations,
  };
}
