import {
  type AssignedSubject,
  assignSubjectIds,
  type IdentityRecord,
  identityRecord,
  type Resolution,
  resolveIdentities,
} from '../identity/index.ts';
import { requestedFields } from '../mapping/index.ts';
import type { SubjectId, SubjectKind } from '../model/facts.ts';
import { type ConnectionId, recordKeyText } from '../model/record.ts';
import type { IdentityCommit, Member, StoredSubject } from '../store/port.ts';
import { createFigures, type Figures } from './figures.ts';
import type { Session, SyncConnection } from './session.ts';

export interface ResolvedSubjects {
  readonly person: number;
  readonly account: number;
  readonly ambiguous: number;
  /** What there is to resolve, for the guard. */
  readonly figures: Figures;
}

/** Resolves all stored records to subjects and pairs (J30-J32) and commits the result. */
export async function resolveSubjects(session: Session): Promise<ResolvedSubjects> {
  const figures = figuresOf(session);
  const identity = await identityOf(session, figures);
  await session.options.store.subjects.commit(identity, session.fence);
  const alive = identity.subjects.filter((subject) => !subject.gone);
  return {
    person: alive.filter((subject) => subject.kind === 'person').length,
    account: alive.filter((subject) => subject.kind === 'account').length,
    ambiguous: identity.ambiguities.length,
    figures,
  };
}

/** What is to be committed; the keys of all records, which are many, are not held any longer than this takes. */
async function identityOf(session: Session, figures: Figures): Promise<IdentityCommit> {
  const { store, unlink } = session.options;
  const { groups, ambiguous } = resolved(await identityRecords(session, figures), unlink);
  const ended = await store.subjects.ended();
  const assignment = assignSubjectIds(groups, await previousSubjects(session), (id) => ended.has(id));
  const subjects: StoredSubject[] = [];
  const members: Member[] = [];
  for (const subject of assignment.subjects) {
    const kind = kindOf(subject);
    if (kind !== null)
      subjects.push({ id: subject.id, kind, created: createdOf(subject), gone: subject.gone });
    // A deal or a touchpoint that stands alone needs no entry: it is its own fact.
    else if (subject.records.length < 2) continue;
    for (const record of subject.records) {
      members.push({ ...record.key, entity: subject.entity, subject: subject.id, reason: record.reason });
    }
  }
  return {
    subjects,
    members,
    ambiguities: ambiguous.map((item) => ({
      ...item.key,
      entity: item.entity,
      reason: item.reason,
      candidates: item.candidates,
    })),
    ended: assignment.merged.map((merge) => ({ id: merge.from, into: merge.into })),
  };
}

function resolved(
  records: readonly IdentityRecord[],
  unlinked: Session['options']['unlink'],
): { readonly groups: Resolution['subjects']; readonly ambiguous: Resolution['ambiguous'] } {
  const { subjects, ambiguous } = resolveIdentities(records, { unlinked });
  return { groups: subjects, ambiguous };
}

/** Subjects by record key, as the last run left them. */
async function previousSubjects({ options }: Session): Promise<ReadonlyMap<string, SubjectId>> {
  const members = await options.store.subjects.members();
  return new Map(members.map((member) => [recordKeyText(member), member.subject]));
}

/** Identity keys of every stored record, all connections. */
async function identityRecords(session: Session, figures: Figures): Promise<readonly IdentityRecord[]> {
  const { store, connections } = session.options;
  const connectionsOf = (connector: string): readonly ConnectionId[] =>
    connections
      .filter((connection) => connection.connector.id === connector)
      .map((connection) => connection.id);
  const records: IdentityRecord[] = [];
  for (const connection of connections) {
    for (const { name, entity } of resolvedTypes(connection)) {
      const fields = connection.fieldMap.identity[name];
      for await (const chunk of store.records.scan(connection.id, name)) {
        for (const record of chunk) {
          figures.add(record);
          records.push(identityRecord(record, entity, fields, connectionsOf));
        }
      }
    }
  }
  return records;
}

/** Counts the types the field map feeds, and of these the fields that mappings read. */
function figuresOf({ options: { connections, mappings } }: Session): Figures {
  return createFigures((id, type) => {
    const fieldMap = connections.find((connection) => connection.id === id)?.fieldMap;
    if (fieldMap?.objects.some((map) => map.type === type) !== true) return null;
    return requestedFields(mappings, fieldMap, type);
  });
}

/** Object types whose records can be the same thing as a record elsewhere; a contact role is only a link. */
function resolvedTypes(
  connection: SyncConnection,
): readonly { name: string; entity: IdentityRecord['entity'] }[] {
  return connection.connector.capabilities.objectTypes.filter((type) => type.entity !== 'role');
}

function kindOf(subject: AssignedSubject): SubjectKind | null {
  return subject.entity === 'person' || subject.entity === 'account' ? subject.entity : null;
}

function createdOf(subject: AssignedSubject): number {
  const dates = subject.records.flatMap((record) => (record.created === null ? [] : [record.created]));
  return dates.length === 0 ? 0 : dates.reduce((a, b) => Math.min(a, b));
}
