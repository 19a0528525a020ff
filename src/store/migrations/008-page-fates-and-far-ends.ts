import { type Kysely, SqliteAdapter, sql } from 'kysely';
import type { Migration } from './migration.ts';

/**
 * What a page costs to commit. The fates of a page become a few rows instead of one a record. Far ends of associations
 * become a table of their own, so that a first load can fill it at its end, in order: kept up row by row, it touches
 * another page of the database with every record.
 */
export const pageFatesAndFarEnds: Migration = {
  number: 8,
  name: 'page-fates-and-far-ends',
  breaking: true,
  async up(db: Kysely<unknown>) {
    // A table that is its own index; Postgres has none, and no need of the words.
    const clustered = db.getExecutor().adapter instanceof SqliteAdapter ? ' without rowid' : '';
    const run = (text: string): Promise<unknown> => sql.raw(text).execute(db);
    await run(`create table run_fates (
      run text not null, seq bigint not null, connection text not null, type text not null, fate text not null,
      reason text, message text, ids text not null, primary key (run, seq))`);
    await fatesByGroup(db);
    await run('drop table run_records');
    await run('drop index associations_to');
    await run('alter table associations rename to old_associations');
    await run(`create table associations (
      connection text not null, from_type text not null, from_id text not null,
      to_type text not null, to_id text not null, is_primary integer not null, label text,
      primary key (connection, from_type, from_id, to_type, to_id))${clustered}`);
    await run(`insert into associations select connection, from_type, from_id, to_type, to_id, is_primary, label
      from old_associations order by connection, from_type, from_id, to_type, to_id`);
    await run('drop table old_associations');
    await run(`create table far_ends (
      connection text not null, to_type text not null, to_id text not null,
      from_type text not null, from_id text not null,
      primary key (connection, to_type, to_id, from_type, from_id))${clustered}`);
    await run(`insert into far_ends select connection, to_type, to_id, from_type, from_id
      from associations order by connection, to_type, to_id, from_type, from_id`);
  },
};

interface Group {
  readonly run: string;
  readonly connection: string;
  readonly type: string;
  readonly fate: string;
  readonly reason: string | null;
  readonly message: string | null;
}

const IDS_A_ROW = 1_000;

async function fatesByGroup(db: Kysely<unknown>): Promise<void> {
  const groups = await sql<Group>`select distinct run, connection, type, fate, reason, message
    from run_records order by run, connection, type`.execute(db);
  let seq = 0;
  for (const { run, connection, type, fate, reason, message } of groups.rows) {
    for (let after = ''; ; ) {
      const { rows } = await sql<{ id: string }>`select id from run_records
        where run = ${run} and connection = ${connection} and type = ${type} and id > ${after} and fate = ${fate}
          and coalesce(reason, '') = ${reason ?? ''} and coalesce(message, '') = ${message ?? ''}
        order by id limit ${IDS_A_ROW}`.execute(db);
      const last = rows.at(-1);
      if (last === undefined) break;
      seq += 1;
      const ids = JSON.stringify(rows.map(({ id }) => id));
      await sql`insert into run_fates (run, seq, connection, type, fate, reason, message, ids)
        values (${run}, ${seq}, ${connection}, ${type}, ${fate}, ${reason}, ${message}, ${ids})`.execute(db);
      after = last.id;
    }
  }
}
