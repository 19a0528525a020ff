import type { Kysely, Transaction } from 'kysely';
import { WaystageError } from '../../model/errors.ts';
import type { SubjectId } from '../../model/facts.ts';
import type { Output } from '../../model/outputs.ts';
import type { ConnectionId, FieldValue } from '../../model/record.ts';
import type { LedgerEntry, LedgerState, LedgerStore } from '../port.ts';
import type { Bulk, BulkRow, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed } from './chunks.ts';
import { fenced } from './fence.ts';
import type { Tables } from './tables.ts';

type WriteRow = Tables['writes'];

/** What we set out to write, and what became of it. */
export function ledgerStore(db: Kysely<Tables>, bulk: Bulk): LedgerStore {
  return {
    async begin(entries, fence) {
      await fenced(db, fence, (trx) => beginEntries(trx, bulk, entries));
    },
    async settle(results, at, fence) {
      await fenced(db, fence, async (trx) => {
        // A batch has few different outcomes: mostly one.
        const outcomes = groupBy(results, ({ state, code, message }) =>
          JSON.stringify([state, code, message]),
        );
        for (const group of outcomes.values()) {
          const { state, code, message } = group[0]!;
          for (const part of chunks(group)) {
            await trx
              .updateTable('writes')
              .set({ state, code, message, at })
              .where(
                'entry',
                'in',
                part.map((result) => result.entry),
              )
              .execute();
          }
        }
      });
    },
    async open(connection) {
      const rows = await db
        .selectFrom('writes')
        .selectAll()
        .where('connection', '=', connection)
        .where('state', 'in', ['pending', 'unknown'])
        .orderBy('seq')
        .execute();
      return rows.map(toEntry);
    },
    async lastWritten(connection, type, ids) {
      const values = new Map<string, Record<string, FieldValue>>();
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('writes')
          .select(['id', 'field', 'new_value'])
          .where('seq', 'in', (query) =>
            query
              .selectFrom('writes')
              .select((eb) => eb.fn.max('seq').as('seq'))
              .where('connection', '=', connection)
              .where('type', '=', type)
              .where('id', 'in', listed(part))
              .where('state', 'in', ['written', 'adopted'])
              .groupBy(['id', 'field']),
          )
          .execute();
        for (const row of rows) {
          const known = values.get(row.id) ?? (Object.create(null) as Record<string, FieldValue>);
          known[row.field] = JSON.parse(row.new_value) as FieldValue;
          values.set(row.id, known);
        }
      }
      return values;
    },
    async ofRun(run) {
      const rows = await db.selectFrom('writes').selectAll().where('run', '=', run).orderBy('seq').execute();
      return rows.map(toEntry);
    },
    async toLookBack(connection, limit) {
      const mark = await db
        .selectFrom('looked_back')
        .select('seq')
        .where('connection', '=', connection)
        .executeTakeFirst();
      const after = Number(mark?.seq ?? 0);
      const rows = await db
        .selectFrom('writes')
        .selectAll()
        .where('connection', '=', connection)
        .where('seq', '>', after)
        .where('state', 'in', ['written', 'returned'])
        .orderBy('seq')
        .limit(limit)
        .execute();
      return { entries: rows.map(toEntry), place: Number(rows.at(-1)?.seq ?? after) };
    },
    async lookedBack(connection, place, fence) {
      await fenced(db, fence, async (trx) => {
        await trx
          .insertInto('looked_back')
          .values({ connection, seq: place })
          .onConflict((conflict) => conflict.column('connection').doUpdateSet({ seq: place }))
          .execute();
      });
    },
    async attempts(connection, type, ids) {
      const entries: LedgerEntry[] = [];
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('writes')
          .selectAll()
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where('id', 'in', listed(part))
          .orderBy('seq')
          .execute();
        entries.push(...rows.map(toEntry));
      }
      return entries;
    },
    async writtenSince(connection, type, ids, since) {
      const entries: LedgerEntry[] = [];
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('writes')
          .selectAll()
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where('id', 'in', listed(part))
          .where('state', '=', 'written')
          .where('at', '>=', since)
          .orderBy('seq')
          .execute();
        entries.push(...rows.map(toEntry));
      }
      return entries;
    },
  };
}

/** Adds entries behind all others. */
export async function beginEntries(
  trx: Transaction<Tables>,
  bulk: Bulk,
  entries: readonly LedgerEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const last = await trx
    .selectFrom('writes')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst();
  const first = Number(last?.seq ?? 0) + 1;
  const rows = entries.map((entry, index) => toRow(entry, first + index));
  const known = await bulk.upsert(trx, WRITES, rows);
  if (known.length > 0)
    throw new WaystageError(
      'internal',
      'The ledger was given an entry that it has already; expected a new name for each. Please report this.',
    );
}

const WRITES: BulkTable = {
  name: 'writes',
  columns: [
    'entry',
    'run',
    'connection',
    'type',
    'id',
    'subject',
    'journey',
    'output',
    'field',
    'old_value',
    'new_value',
    'state',
    'code',
    'message',
    'at',
    'seq',
  ],
  key: ['entry'],
  replace: [],
};

function toRow(entry: LedgerEntry, seq: number): BulkRow {
  return [
    entry.entry,
    entry.run,
    entry.connection,
    entry.type,
    entry.id,
    entry.subject,
    entry.journey,
    entry.output,
    entry.field,
    JSON.stringify(entry.old),
    JSON.stringify(entry.new),
    entry.state,
    entry.code,
    entry.message,
    entry.at,
    seq,
  ];
}

export function toEntry(row: WriteRow): LedgerEntry {
  return {
    entry: row.entry,
    run: row.run,
    connection: row.connection as ConnectionId,
    type: row.type,
    id: row.id,
    subject: row.subject as SubjectId,
    journey: row.journey,
    output: row.output as Output,
    field: row.field,
    old: JSON.parse(row.old_value) as FieldValue,
    new: JSON.parse(row.new_value) as FieldValue,
    state: row.state as LedgerState,
    code: row.code,
    message: row.message,
    at: Number(row.at),
  };
}
