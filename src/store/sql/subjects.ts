import type { Kysely, Transaction } from 'kysely';
import type { SubjectId, SubjectKind } from '../../model/facts.ts';
import { type ConnectionId, type Entity, type RecordKey, recordKeyText } from '../../model/record.ts';
import type { Ambiguity, IdentityCommit, Member, StoredSubject, SubjectStore } from '../port.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import { fenced } from './fence.ts';
import type { Tables } from './tables.ts';

type MemberRow = Tables['members'];

/** Subjects, the records that belong to them, and what was too ambiguous to join. */
export function subjectStore(db: Kysely<Tables>, bulk: Bulk): SubjectStore {
  return {
    async commit(identity, fence) {
      await fenced(db, fence, async (trx) => {
        const before = await membersOf(trx, identity.records);
        await syncMembers(trx, bulk, before, identity.members);
        await syncSubjects(trx, bulk, identity);
        const wanted = new Set<string>(identity.members.map(({ subject }) => subject));
        await forgetEmpty(
          trx,
          [...new Set(before.map(({ subject }) => subject))].filter((subject) => !wanted.has(subject)),
        );
        await syncAmbiguities(trx, identity);
      });
    },
    async keepOnly(types, fence) {
      await fenced(db, fence, async (trx) => {
        for (const table of ['members', 'ambiguities'] as const) {
          const stored = await trx.selectFrom(table).select(['connection', 'type']).distinct().execute();
          for (const { connection, type } of stored) {
            if (types.some((one) => one.connection === connection && one.type === type)) continue;
            await trx
              .deleteFrom(table)
              .where('connection', '=', connection)
              .where('type', '=', type)
              .execute();
          }
        }
        await trx
          .deleteFrom('subjects')
          .where(({ not, exists, selectFrom }) =>
            not(exists(selectFrom('members').select('id').whereRef('members.subject', '=', 'subjects.id'))),
          )
          .execute();
      });
    },
    async list(kind) {
      const rows = await db
        .selectFrom('subjects')
        .selectAll()
        .where('kind', '=', kind)
        .orderBy('id')
        .execute();
      return rows.map(toSubject);
    },
    async *scan(kind) {
      let after = '';
      for (;;) {
        const rows = await db
          .selectFrom('subjects')
          .selectAll()
          .where('kind', '=', kind)
          .where('id', '>', after)
          .orderBy('id')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        if (rows.length === 0) return;
        yield rows.map(toSubject);
        after = rows[rows.length - 1]!.id;
      }
    },
    async get(id) {
      const row = await db.selectFrom('subjects').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toSubject(row);
    },
    async members(entity) {
      let query = db.selectFrom('members').selectAll();
      if (entity !== undefined) query = query.where('entity', '=', entity);
      return (await query.execute()).map(toMember);
    },
    async membersOf(ids) {
      const members: Member[] = [];
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('members')
          .selectAll()
          .where('subject', 'in', listed(part))
          .execute();
        members.push(...rows.map(toMember));
      }
      return members;
    },
    async *shared() {
      let after = '';
      for (;;) {
        const rows = await db
          .selectFrom('members')
          .select('subject')
          .where('subject', '>', after)
          .groupBy('subject')
          .having((eb) => eb.fn.countAll(), '>', 1)
          .orderBy('subject')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        const last = rows.at(-1);
        if (last === undefined) return;
        const members = await db
          .selectFrom('members')
          .select(['subject', 'connection', 'type', 'id'])
          .where(
            'subject',
            'in',
            rows.map(({ subject }) => subject),
          )
          .execute();
        yield [...groupBy(members, ({ subject }) => subject).values()].map((group) =>
          group.map((row) => ({ connection: row.connection as ConnectionId, type: row.type, id: row.id })),
        );
        after = last.subject;
      }
    },
    async memberByRecord(key) {
      const row = await db
        .selectFrom('members')
        .selectAll()
        .where('connection', '=', key.connection)
        .where('type', '=', key.type)
        .where('id', '=', key.id)
        .executeTakeFirst();
      return row === undefined ? null : toMember(row);
    },
    async membersByRecord(connection, type, ids) {
      const members: Member[] = [];
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('members')
          .selectAll()
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where('id', 'in', listed(part))
          .execute();
        for (const row of rows) members.push(toMember(row));
      }
      return members;
    },
    async ambiguities() {
      const rows = await db
        .selectFrom('ambiguities')
        .selectAll()
        .orderBy('connection')
        .orderBy('type')
        .orderBy('id')
        .execute();
      return rows.map(toAmbiguity);
    },
    async ended() {
      const rows = await db.selectFrom('ended_subjects').select('id').execute();
      return new Set(rows.map((row) => row.id));
    },
    async given(ids) {
      const given = new Set<string>();
      for (const part of chunks(ids)) {
        const members = await db
          .selectFrom('members')
          .select('subject')
          .where('subject', 'in', listed(part))
          .distinct()
          .execute();
        for (const row of members) given.add(row.subject);
        const ended = await db
          .selectFrom('ended_subjects')
          .select('id')
          .where('id', 'in', listed(part))
          .execute();
        for (const row of ended) given.add(row.id);
      }
      return given;
    },
  };
}

async function syncSubjects(trx: Transaction<Tables>, bulk: Bulk, identity: IdentityCommit): Promise<void> {
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
): Promise<void> {
  const stored = new Map(before.map((row) => [recordKeyText(row as RecordKey & MemberRow), row]));
  const wanted = new Set(members.map(recordKeyText));
  await deleteKeys(
    trx,
    'members',
    [...stored].filter(([key]) => !wanted.has(key)).map(([, row]) => row),
  );
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

function toSubject(row: Tables['subjects']): StoredSubject {
  return {
    id: row.id as SubjectId,
    kind: row.kind as SubjectKind,
    created: Number(row.created),
    gone: row.gone === 1,
  };
}

function toMember(row: Tables['members']): Member {
  return {
    connection: row.connection as ConnectionId,
    type: row.type,
    id: row.id,
    entity: row.entity as Entity,
    subject: row.subject as SubjectId,
    reason: row.reason,
  };
}

function toAmbiguity(row: Tables['ambiguities']): Ambiguity {
  return {
    connection: row.connection as ConnectionId,
    type: row.type,
    id: row.id,
    entity: row.entity as Entity,
    reason: row.reason,
    candidates: JSON.parse(row.candidates) as string[],
  };
}
