import type { Kysely, Transaction } from 'kysely';
import type { ConnectionId, RecordKey } from '../../model/record.ts';
import type { OverrideEnd, OverrideStore, StoredOverride } from '../port.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed } from './chunks.ts';
import { fenced } from './fence.ts';
import { beginEntries } from './ledger.ts';
import type { Tables } from './tables.ts';

type OverrideRow = Tables['overrides'];

const OVERRIDES: BulkTable = { name: 'overrides', columns: ['override'], key: ['override'], replace: [] };

/** Stages and bands set by hand. */
export function overrideStore(db: Kysely<Tables>, bulk: Bulk): OverrideStore {
  return {
    set: (overrides) => db.transaction().execute((trx) => insert(trx, overrides)),
    end: (overrides, end) =>
      db.transaction().execute(async (trx) => {
        for (const part of chunks(overrides)) await finish(trx, part, end);
      }),
    async adopt({ overrides, ended, entries }, fence) {
      await fenced(db, fence, async (trx) => {
        for (const { override, end } of ended) await finish(trx, [override], end);
        await insert(trx, overrides);
        await beginEntries(trx, bulk, entries);
      });
    },
    async of(records) {
      const found: OverrideRow[] = [];
      // Asked with every chunk of a run, and mostly there are none.
      if (records.length === 0 || (await bulk.isEmpty(OVERRIDES))) return [];
      for (const group of byType(records)) {
        const { connection, type } = group[0]!;
        for (const part of chunks(group.map(({ id }) => id))) {
          const rows = await db
            .selectFrom('overrides')
            .selectAll()
            .where('connection', '=', connection)
            .where('type', '=', type)
            .where('id', 'in', listed(part))
            .execute();
          found.push(...rows);
        }
      }
      return sorted(found.map(toOverride));
    },
    async list(openAt) {
      let query = db.selectFrom('overrides').selectAll();
      if (openAt !== null)
        query = query.where((eb) =>
          eb.and([
            eb.or([eb('until', 'is', null), eb('until', '>', openAt)]),
            eb.or([eb('ended', 'is', null), eb('ended', '>', openAt)]),
          ]),
        );
      return sorted((await query.execute()).map(toOverride));
    },
    async wake(fence) {
      await fenced(db, fence, async (trx) => {
        const rows = await joined(trx)
          .where((eb) =>
            eb(
              eb.fn.coalesce('overrides.ended_known', 'overrides.known'),
              '>=',
              eb.ref('placements.evaluated_at'),
            ),
          )
          .execute();
        await makeDue(trx, rows);
      });
    },
  };
}

/** Overrides go on with the record that a merged or converted one lives on in, and end with one that is forgotten. */
export async function forgetOverrides(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  type: string,
  ids: readonly string[],
): Promise<void> {
  const set = await trx
    .selectFrom('overrides')
    .select('id')
    .where('connection', '=', connection)
    .where('type', '=', type)
    .where('id', 'in', listed(ids))
    .distinct()
    .execute();
  for (const { id } of set) {
    const heir = await trx
      .selectFrom('records as gone')
      .innerJoin('records as heir', (join) =>
        join
          .onRef('heir.connection', '=', 'gone.connection')
          .onRef('heir.type', '=', 'gone.successor_type')
          .onRef('heir.id', '=', 'gone.successor_id'),
      )
      .select(['heir.type', 'heir.id'])
      .where('gone.connection', '=', connection)
      .where('gone.type', '=', type)
      .where('gone.id', '=', id)
      .executeTakeFirst();
    const here = trx
      .updateTable('overrides')
      .where('connection', '=', connection)
      .where('type', '=', type)
      .where('id', '=', id);
    if (heir !== undefined && !(heir.type === type && ids.includes(heir.id)))
      await here.set({ type: heir.type, id: heir.id }).execute();
  }
  await trx
    .deleteFrom('overrides')
    .where('connection', '=', connection)
    .where('type', '=', type)
    .where('id', 'in', listed(ids))
    .execute();
}

async function insert(trx: Transaction<Tables>, overrides: readonly StoredOverride[]): Promise<void> {
  for (const part of chunks(overrides)) {
    await trx.insertInto('overrides').values(part.map(toRow)).execute();
    await makeDueOf(
      trx,
      part.map(({ override }) => override),
    );
  }
}

async function finish(trx: Transaction<Tables>, ids: readonly string[], end: OverrideEnd): Promise<void> {
  await trx
    .updateTable('overrides')
    .set({ ended: end.at, ended_known: end.known, ended_by: end.by })
    .where('override', 'in', listed(ids))
    .where('ended', 'is', null)
    .execute();
  await makeDueOf(trx, ids);
}

async function makeDueOf(trx: Transaction<Tables>, ids: readonly string[]): Promise<void> {
  const rows = await joined(trx).where('overrides.override', 'in', listed(ids)).execute();
  await makeDue(trx, rows);
}

/** Overrides with the placements they decide. */
function joined(trx: Transaction<Tables>) {
  return trx
    .selectFrom('overrides')
    .innerJoin('members', (join) =>
      join
        .onRef('members.connection', '=', 'overrides.connection')
        .onRef('members.type', '=', 'overrides.type')
        .onRef('members.id', '=', 'overrides.id'),
    )
    .innerJoin('placements', (join) =>
      join
        .onRef('placements.journey', '=', 'overrides.journey')
        .onRef('placements.subject', '=', 'members.subject'),
    )
    .select(['placements.journey', 'placements.subject'])
    .distinct();
}

async function makeDue(
  trx: Transaction<Tables>,
  rows: readonly { readonly journey: string; readonly subject: string }[],
): Promise<void> {
  for (const [journey, group] of groupBy(rows, (row) => row.journey)) {
    for (const part of chunks(group))
      await trx
        .updateTable('placements')
        .set({ due: 0 })
        .where('journey', '=', journey)
        .where('subject', 'in', listed(part.map(({ subject }) => subject)))
        .execute();
  }
}

function byType(records: readonly RecordKey[]): readonly (readonly RecordKey[])[] {
  return [...groupBy(records, ({ connection, type }) => `${connection}\n${type}`).values()];
}

/** By when they were set; at one instant the one learnt later counts. */
function sorted(overrides: readonly StoredOverride[]): readonly StoredOverride[] {
  return [...overrides].sort(
    (a, b) => a.at - b.at || a.known - b.known || (a.override < b.override ? -1 : 1),
  );
}

function toRow(one: StoredOverride): OverrideRow {
  const { override, connection, type, id, journey, kind, value, owner, reason, at, known, until, source } =
    one;
  return {
    ...{ override, connection, type, id, journey, kind, value, owner, reason, at, known, until, source },
    ended: one.ended?.at ?? null,
    ended_known: one.ended?.known ?? null,
    ended_by: one.ended?.by ?? null,
  };
}

function toOverride(row: OverrideRow): StoredOverride {
  return {
    override: row.override,
    connection: row.connection as ConnectionId,
    type: row.type,
    id: row.id,
    journey: row.journey,
    kind: row.kind as StoredOverride['kind'],
    value: row.value,
    owner: row.owner,
    reason: row.reason,
    at: Number(row.at),
    known: Number(row.known),
    until: row.until === null ? null : Number(row.until),
    ended:
      row.ended === null
        ? null
        : { at: Number(row.ended), known: Number(row.ended_known ?? row.ended), by: row.ended_by },
    source: row.source as StoredOverride['source'],
  };
}
