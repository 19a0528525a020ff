import type { Kysely } from 'kysely';
import type { SubjectId, SubjectKind } from '../../model/facts.ts';
import type { ConnectionId, Entity } from '../../model/record.ts';
import type { Ambiguity, Member, StoredSubject, SubjectStore } from '../port.ts';
import type { Bulk } from './bulk.ts';
import { chunks, groupBy, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import { fenced } from './fence.ts';
import { commitIdentity } from './identity.ts';
import type { Tables } from './tables.ts';

/** Subjects, the records that belong to them, and what was too ambiguous to join. */
export function subjectStore(db: Kysely<Tables>, bulk: Bulk): SubjectStore {
  return {
    commit: (identity, fence) => fenced(db, fence, (trx) => commitIdentity(trx, bulk, identity)),
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
