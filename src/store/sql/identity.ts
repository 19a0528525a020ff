import type { Transaction } from 'kysely';
import { type RecordKey, recordKeyText } from '../../model/record.ts';
import type { IdentityCommit, Member } from '../port.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed } from './chunks.ts';
import { touchRecords, touchSubjects, wake } from './pending.ts';
import type { Tables } from './tables.ts';

type MemberRow = Tables['members'];

/** Replaces what is known of some records, and notes whose records became others. */
export async function commitIdentity(
  trx: Transaction<Tables>,
  bulk: Bulk,
  identity: IdentityCommit,
): Promise<void> {
  const before = await membersOf(trx, identity.records);
  const moved = await syncMembers(trx, bulk, before, identity.members);
  const { changed, back } = await syncSubjects(trx, bulk, identity);
  await touchRecords(trx, bulk, moved.records);
  await touchSubjects(trx, bulk, [...new Set([...moved.subjects, ...changed])]);
  await wake(trx, bulk, back);
  const wanted = new Set<string>(identity.members.map(({ subject }) => subject));
  await forgetEmpty(
    trx,
    [...new Set(before.map(({ subject }) => subject))].filter((subject) => !wanted.has(subject)),
  );
  await syncAmbiguities(trx, identity);
}

/** @returns subjects that are new or otherwise than before, and of these those that had been gone */
async function syncSubjects(
  trx: Transaction<Tables>,
  bulk: Bulk,
  identity: IdentityCommit,
): Promise<{ readonly changed: readonly string[]; readonly back: readonly string[] }> {
  const stored = new Map<string, Tables['subjects']>();
  for (const part of chunks(identity.subjects.map(({ id }) => id))) {
    for (const row of await trx.selectFrom('subjects').selectAll().where('id', 'in', listed(part)).execute())
      stored.set(row.id, row);
  }
  const changed = identity.subjects.filter((subject) => {
    const row = stored.get(subject.id);
    return (
      row === undefined || row.gone !== (subject.gone ? 1 : 0) || Number(row.created) !== subject.created
    );
  });
  for (const part of chunks(changed)) {
    await bulk.upsert(
      trx,
      SUBJECTS,
      part.map(({ id, kind, created, gone }) => [id, kind, created, gone ? 1 : 0]),
    );
  }
  for (const part of chunks(identity.ended)) {
    await trx
      .insertInto('ended_subjects')
      .values(part.map((end) => ({ id: end.id, successor: end.into })))
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({ successor: eb.ref('excluded.successor') })),
      )
      .execute();
  }
  return {
    changed: changed.map(({ id }) => id),
    back: changed.flatMap(({ id, gone }) => (!gone && stored.get(id)?.gone === 1 ? [id] : [])),
  };
}

const SUBJECTS: BulkTable = {
  name: 'subjects',
  columns: ['id', 'kind', 'created', 'gone'],
  key: ['id'],
  replace: ['created', 'gone'],
};

async function membersOf(
  trx: Transaction<Tables>,
  keys: readonly RecordKey[],
): Promise<readonly MemberRow[]> {
  const found: MemberRow[] = [];
  for (const group of groupBy(keys, keyOfType).values()) {
    const { connection, type } = group[0]!;
    for (const part of chunks(group.map(({ id }) => id))) {
      const rows = await trx
        .selectFrom('members')
        .selectAll()
        .where('connection', '=', connection)
        .where('type', '=', type)
        .where('id', 'in', listed(part))
        .execute();
      for (const row of rows) found.push(row);
    }
  }
  return found;
}

/** Subjects of these that nothing belongs to any more. */
async function forgetEmpty(trx: Transaction<Tables>, ids: readonly string[]): Promise<void> {
  for (const part of chunks(ids)) {
    await trx
      .deleteFrom('subjects')
      .where('id', 'in', listed(part))
      .where('id', 'not in', (query) =>
        query.selectFrom('members').select('subject').where('subject', 'in', listed(part)),
      )
      .execute();
  }
}

async function syncMembers(
  trx: Transaction<Tables>,
  bulk: Bulk,
  before: readonly MemberRow[],
  members: readonly Member[],
): Promise<{
  readonly records: readonly Pick<MemberRow, 'connection' | 'type' | 'id'>[];
  readonly subjects: readonly string[];
}> {
  const stored = new Map(before.map((row) => [recordKeyText(row as RecordKey & MemberRow), row]));
  const wanted = new Set(members.map(recordKeyText));
  const lost = [...stored].flatMap(([key, row]) => (wanted.has(key) ? [] : [row]));
  await deleteKeys(trx, 'members', lost);
  const changed = members.filter((member) => {
    const row = stored.get(recordKeyText(member));
    return (
      row === undefined ||
      row.subject !== member.subject ||
      row.reason !== member.reason ||
      row.entity !== member.entity
    );
  });
  for (const part of chunks(changed)) {
    await bulk.upsert(
      trx,
      MEMBERS,
      part.map(({ connection, type, id, entity, subject, reason }) => [
        connection,
        type,
        id,
        entity,
        subject,
        reason,
      ]),
    );
  }
  // A reason in other words moves nobody.
  const moved = changed.filter((member) => stored.get(recordKeyText(member))?.subject !== member.subject);
  return {
    records: [...lost, ...moved],
    subjects: [
      ...lost.map(({ subject }) => subject),
      ...moved.flatMap((member) => [
        member.subject,
        stored.get(recordKeyText(member))?.subject ?? member.subject,
      ]),
    ],
  };
}

const MEMBERS: BulkTable = {
  name: 'members',
  columns: ['connection', 'type', 'id', 'entity', 'subject', 'reason'],
  key: ['connection', 'type', 'id'],
  replace: ['entity', 'subject', 'reason'],
};

async function syncAmbiguities(
  trx: Transaction<Tables>,
  { records, ambiguities }: IdentityCommit,
): Promise<void> {
  // Mostly there are none.
  const any = await trx.selectFrom('ambiguities').select('id').limit(1).executeTakeFirst();
  if (any !== undefined) await deleteKeys(trx, 'ambiguities', records);
  for (const part of chunks(ambiguities)) {
    await trx
      .insertInto('ambiguities')
      .values(
        part.map((item) => ({
          ...keyOf(item),
          entity: item.entity,
          reason: item.reason,
          candidates: JSON.stringify(item.candidates),
        })),
      )
      .execute();
  }
}

async function deleteKeys(
  trx: Transaction<Tables>,
  table: 'members' | 'ambiguities',
  rows: readonly { readonly connection: string; readonly type: string; readonly id: string }[],
): Promise<void> {
  for (const group of groupBy(rows, keyOfType).values()) {
    for (const part of chunks(group)) {
      await trx
        .deleteFrom(table)
        .where('connection', '=', part[0]!.connection)
        .where('type', '=', part[0]!.type)
        .where(
          'id',
          'in',
          part.map((row) => row.id),
        )
        .execute();
    }
  }
}

function keyOfType(row: { readonly connection: string; readonly type: string }): string {
  return `${row.connection}\n${row.type}`;
}

function keyOf(key: RecordKey): { connection: string; type: string; id: string } {
  return { connection: key.connection, type: key.type, id: key.id };
}
