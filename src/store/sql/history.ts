import type { Kysely, Transaction } from 'kysely';
import type { FieldCourse } from '../../connector/port.ts';
import type { FieldValue } from '../../model/record.ts';
import type { HistoryStore, KeptValue, PageCommit, RecordPast } from '../port.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed } from './chunks.ts';
import { fenced } from './fence.ts';
import { touchRecords } from './pending.ts';
import type { Tables } from './tables.ts';

type LinkRow = Tables['ended_links'];

/** What fields held before and which links ended. */
export function historyStore(db: Kysely<Tables>, bulk: Bulk): HistoryStore {
  return {
    async commitPage(page, fence) {
      const { connection, type, courses, checkpoint, at } = page;
      await fenced(db, fence, async (trx) => {
        await forget(trx, connection, type, courses);
        const rows = courses.flatMap(({ id, field, values }) =>
          values.map(({ value, at: since }) => [
            connection,
            type,
            id,
            field,
            since,
            JSON.stringify(value),
            at,
            'crm',
          ]),
        );
        await bulk.upsert(trx, FIELD_VALUES_REPLACED, rows);
        await touchRecords(
          trx,
          bulk,
          [...new Set(courses.map(({ id }) => id))].map((id) => ({ connection, type, id })),
        );
        const row = {
          cursor: checkpoint.cursor,
          fields: JSON.stringify(checkpoint.fields),
          complete: checkpoint.complete ? 1 : 0,
          at,
        };
        await trx
          .insertInto('history_checkpoints')
          .values({ connection, type, ...row })
          .onConflict((conflict) => conflict.columns(['connection', 'type']).doUpdateSet(row))
          .execute();
      });
    },
    async checkpoint(connection, type) {
      const row = await db
        .selectFrom('history_checkpoints')
        .selectAll()
        .where('connection', '=', connection)
        .where('type', '=', type)
        .executeTakeFirst();
      if (row === undefined) return null;
      return { cursor: row.cursor, fields: JSON.parse(row.fields) as string[], complete: row.complete === 1 };
    },
    async of(connection, type, ids) {
      const found = new Map<string, RecordPast>();
      for (const part of chunks(ids)) {
        const records = await db
          .selectFrom('records')
          .select(['id', 'known_since', 'modified'])
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where('id', 'in', listed(part))
          .execute();
        const values = groupBy(await valueRows(db, connection, type, part), (row) => row.id);
        const links = groupBy(await linkRows(db, connection, type, part), (row) => row.from_id);
        for (const row of records) {
          found.set(row.id, {
            connection,
            type,
            id: row.id,
            knownSince: Number(row.known_since ?? row.modified),
            values: valuesOf(values.get(row.id) ?? []),
            endedLinks: (links.get(row.id) ?? []).map(toLink),
          });
        }
      }
      return found;
    },
    async endedTo(connection, type, ids) {
      const found: Awaited<ReturnType<HistoryStore['endedTo']>>[number][] = [];
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('ended_links')
          .selectAll()
          .where('connection', '=', connection)
          .where('to_type', '=', type)
          .where('to_id', 'in', listed(part))
          .execute();
        for (const row of rows)
          found.push({ connection, type: row.from_type, id: row.from_id, ...toLink(row) });
      }
      return found;
    },
  };
}

/** Takes out what courses are about to replace. */
async function forget(
  trx: Transaction<Tables>,
  connection: string,
  type: string,
  courses: readonly FieldCourse[],
): Promise<void> {
  const old = (field: string) =>
    trx
      .deleteFrom('field_values')
      .where('connection', '=', connection)
      .where('type', '=', type)
      .where('field', '=', field);
  const told = courses.filter(({ values }) => values.length > 0);
  const whole = told.filter(({ complete }) => complete);
  for (const [field, some] of groupBy(whole, (course) => course.field))
    for (const part of chunks(some.map(({ id }) => id)))
      await old(field).where('id', 'in', listed(part)).execute();
  // What the CRM has forgotten and we saw ourselves stays.
  for (const { id, field, values, complete } of told) {
    if (complete) continue;
    await old(field).where('id', '=', id).where('since', '>=', values[0]!.at).execute();
  }
}

/** What a page of records takes away, in the transaction that takes it away. */
export async function keepChanges(trx: Transaction<Tables>, bulk: Bulk, page: PageCommit): Promise<void> {
  const { connection, type, changes, at } = page;
  if (changes === undefined) return;
  const { values, unlinked } = changes;
  if (values.length > 0) {
    const ids = [...new Set(values.map(({ id }) => id))];
    const known = await knownFields(trx, connection, type, ids);
    const since = await knownSince(trx, connection, type, ids);
    const rows = values.flatMap((change) => {
      const row = (since: number, value: FieldValue): readonly (string | number)[] => [
        connection,
        type,
        change.id,
        change.field,
        since,
        JSON.stringify(value),
        at,
        'seen',
      ];
      const after = row(Math.min(change.afterSince, at), change.after);
      if (change.before === undefined || known.has(`${change.id}\n${change.field}`)) return [after];
      // What was there before has been there since the record was first seen.
      const first = Math.min(since.get(change.id) ?? change.afterSince, change.afterSince - 1, at - 1);
      return [row(first, change.before), after];
    });
    await bulk.upsert(trx, FIELD_VALUES_REPLACED, rows);
  }
  await bulk.upsert(
    trx,
    ENDED_LINKS,
    unlinked.map(({ id, to, ended }) => [
      connection,
      type,
      id,
      to.type,
      to.id,
      Math.min(ended, at),
      to.primary ? 1 : 0,
      to.label,
    ]),
  );
}

async function knownFields(
  trx: Transaction<Tables>,
  connection: string,
  type: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (const part of chunks(ids)) {
    const rows = await trx
      .selectFrom('field_values')
      .select(['id', 'field'])
      .distinct()
      .where('connection', '=', connection)
      .where('type', '=', type)
      .where('id', 'in', listed(part))
      .execute();
    for (const row of rows) known.add(`${row.id}\n${row.field}`);
  }
  return known;
}

async function knownSince(
  trx: Transaction<Tables>,
  connection: string,
  type: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const since = new Map<string, number>();
  for (const part of chunks(ids)) {
    const rows = await trx
      .selectFrom('records')
      .select(['id', 'known_since', 'modified'])
      .where('connection', '=', connection)
      .where('type', '=', type)
      .where('id', 'in', listed(part))
      .execute();
    for (const row of rows) since.set(row.id, Number(row.known_since ?? row.modified));
  }
  return since;
}

async function valueRows(
  db: Kysely<Tables>,
  connection: string,
  type: string,
  ids: readonly string[],
): Promise<readonly Pick<Tables['field_values'], 'id' | 'field' | 'since' | 'value' | 'noticed'>[]> {
  return db
    .selectFrom('field_values')
    .select(['id', 'field', 'since', 'value', 'noticed'])
    .where('connection', '=', connection)
    .where('type', '=', type)
    .where('id', 'in', listed(ids))
    .orderBy('id')
    .orderBy('field')
    .orderBy('since')
    .execute();
}

async function linkRows(
  db: Kysely<Tables>,
  connection: string,
  type: string,
  ids: readonly string[],
): Promise<readonly LinkRow[]> {
  return db
    .selectFrom('ended_links')
    .selectAll()
    .where('connection', '=', connection)
    .where('from_type', '=', type)
    .where('from_id', 'in', listed(ids))
    .execute();
}

function valuesOf(
  rows: readonly Pick<Tables['field_values'], 'field' | 'since' | 'value' | 'noticed'>[],
): RecordPast['values'] {
  const values: Record<string, KeptValue[]> = Object.create(null);
  for (const row of rows) {
    const kept = {
      value: JSON.parse(row.value) as FieldValue,
      since: Number(row.since),
      noticed: Number(row.noticed),
    };
    const known = values[row.field];
    if (known === undefined) values[row.field] = [kept];
    else known.push(kept);
  }
  return values;
}

function toLink(row: LinkRow): RecordPast['endedLinks'][number] {
  return {
    to: { type: row.to_type, id: row.to_id, primary: row.is_primary === 1, label: row.label },
    ended: Number(row.ended),
  };
}

const FIELD_VALUES_REPLACED: BulkTable = {
  name: 'field_values',
  columns: ['connection', 'type', 'id', 'field', 'since', 'value', 'noticed', 'source'],
  key: ['connection', 'type', 'id', 'field', 'since'],
  replace: ['value', 'noticed', 'source'],
};

const ENDED_LINKS: BulkTable = {
  name: 'ended_links',
  columns: ['connection', 'from_type', 'from_id', 'to_type', 'to_id', 'ended', 'is_primary', 'label'],
  key: ['connection', 'from_type', 'from_id', 'to_type', 'to_id', 'ended'],
  replace: [],
};
