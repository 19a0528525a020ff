import type { Kysely, Transaction } from 'kysely';
import type { ConnectionId } from '../../model/record.ts';
import type { Fate, PageCommit, RecordFate } from '../port.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { ROWS_PER_STATEMENT } from './chunks.ts';
import type { Tables } from './tables.ts';

/**
 * The fates of the records of runs. A row holds all records of a page that had the same fate, since a page mostly
 * knows one: nothing asks for the fate of a single record, and a row a record costs as much as the record.
 */
export interface FateLog {
  /** Adds what became of a page's records, in the page's transaction. */
  add(trx: Transaction<Tables>, page: PageCommit): Promise<void>;
}

const RUN_FATES: BulkTable = {
  name: 'run_fates',
  columns: ['run', 'seq', 'connection', 'type', 'fate', 'reason', 'message', 'ids'],
  key: ['run', 'seq'],
  replace: [],
};

export function fateLog(bulk: Bulk): FateLog {
  // The run that is under way and the last number it used: a run has one process, and a process one run at a time.
  let current: { readonly run: string; seq: number } | null = null;
  const lastSeq = async (trx: Transaction<Tables>, run: string): Promise<number> => {
    const row = await trx
      .selectFrom('run_fates')
      .select((eb) => eb.fn.max('seq').as('seq'))
      .where('run', '=', run)
      .executeTakeFirst();
    return Number(row?.seq ?? 0);
  };
  return {
    async add(trx, { run, fates }) {
      if (fates.length === 0) return;
      if (current?.run !== run) current = { run, seq: await lastSeq(trx, run) };
      const counter = current;
      const rows = groupsOf(fates).map(({ of, ids }) => {
        counter.seq += 1;
        return [
          run,
          counter.seq,
          of.connection,
          of.type,
          of.fate,
          of.reason,
          of.message,
          JSON.stringify(ids),
        ];
      });
      await bulk.put(trx, RUN_FATES, rows);
    },
  };
}

interface Group {
  /** Any one of them. */
  readonly of: RecordFate;
  readonly ids: string[];
}

function groupsOf(fates: readonly RecordFate[]): readonly Group[] {
  const groups: Group[] = [];
  let last: Group | undefined;
  for (const fate of onceEach(fates)) {
    if (last === undefined || !alike(last.of, fate)) {
      last = groups.find((group) => alike(group.of, fate));
      if (last === undefined) {
        last = { of: fate, ids: [] };
        groups.push(last);
      }
    }
    last.ids.push(fate.id);
  }
  return groups;
}

function alike(a: RecordFate, b: RecordFate): boolean {
  return (
    a.fate === b.fate &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.type === b.type &&
    a.connection === b.connection
  );
}

/** Groups lose the order of a page: a record that comes twice in it is told once. */
function onceEach(fates: readonly RecordFate[]): Iterable<RecordFate> {
  if (new Set(fates.map(({ id }) => id)).size === fates.length) return fates;
  const byRecord = new Map<string, RecordFate>();
  for (const fate of fates) note(byRecord, `${fate.connection}\n${fate.type}\n${fate.id}`, fate);
  return byRecord.values();
}

/** A record that comes twice in a run tells what was done with it, not that the second time nothing was. */
function note(fates: Map<string, RecordFate>, key: string, fate: RecordFate): void {
  const known = fates.get(key);
  if (known === undefined || known.fate === 'ignored' || fate.fate !== 'ignored') fates.set(key, fate);
}

/** In the order of connection, type and id; see `RunStore.fates`. One type is held in memory at a time. */
export async function fatesOf(
  db: Kysely<Tables>,
  run: string,
  filter: { readonly fate?: Fate; readonly limit: number },
): Promise<readonly RecordFate[]> {
  const types = await db
    .selectFrom('run_fates')
    .select(['connection', 'type'])
    .distinct()
    .where('run', '=', run)
    .orderBy('connection')
    .orderBy('type')
    .execute();
  const found: RecordFate[] = [];
  for (const { connection, type } of types) {
    if (found.length >= filter.limit) break;
    const rows = await db
      .selectFrom('run_fates')
      .select(['fate', 'reason', 'message', 'ids'])
      .where('run', '=', run)
      .where('connection', '=', connection)
      .where('type', '=', type)
      .orderBy('seq')
      .execute();
    const byId = new Map<string, RecordFate>();
    for (const { fate, reason, message, ids } of rows) {
      const shared = { connection: connection as ConnectionId, type, fate: fate as Fate, reason, message };
      for (const id of JSON.parse(ids) as string[]) note(byId, id, { ...shared, id });
    }
    const wanted = [...byId.values()].filter(({ fate }) => filter.fate === undefined || fate === filter.fate);
    wanted.sort((a, b) => (a.id < b.id ? -1 : 1));
    found.push(...wanted.slice(0, filter.limit - found.length));
  }
  return found;
}

/** Takes records of one type out of the log of every run. */
export async function forgetFates(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  type: string,
  ids: readonly string[],
): Promise<void> {
  const gone = new Set(ids);
  for (let after = { run: '', seq: 0 }; ; ) {
    const rows = await trx
      .selectFrom('run_fates')
      .select(['run', 'seq', 'ids'])
      .where('connection', '=', connection)
      .where('type', '=', type)
      .where((eb) =>
        eb.or([eb('run', '>', after.run), eb.and([eb('run', '=', after.run), eb('seq', '>', after.seq)])]),
      )
      .orderBy('run')
      .orderBy('seq')
      .limit(ROWS_PER_STATEMENT)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    for (const row of rows) {
      const all = JSON.parse(row.ids) as string[];
      const left = all.filter((id) => !gone.has(id));
      if (left.length === all.length) continue;
      const at = { run: row.run, seq: row.seq };
      if (left.length === 0)
        await trx.deleteFrom('run_fates').where('run', '=', at.run).where('seq', '=', at.seq).execute();
      else
        await trx
          .updateTable('run_fates')
          .set({ ids: JSON.stringify(left) })
          .where('run', '=', at.run)
          .where('seq', '=', at.seq)
          .execute();
    }
    after = { run: last.run, seq: Number(last.seq) };
  }
}
