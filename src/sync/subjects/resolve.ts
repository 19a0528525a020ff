import {
  type AssignedSubject,
  assignSubjectIds,
  type ComponentIndex,
  componentIndex,
  type Group,
  type IdentityRecord,
  identityRecord,
  resolveIdentities,
} from '../../identity/index.ts';
import { requestedFields } from '../../mapping/index.ts';
import type { SubjectId, SubjectKind } from '../../model/facts.ts';
import { type ConnectionId, type CrmRecord, recordKeyText } from '../../model/record.ts';
import type { Ambiguity, IdentityCommit, Member, Store, StoredSubject } from '../../store/port.ts';
import { createFigures, type Figures } from '../read/figures.ts';
import type { Session, SyncConnection } from '../session.ts';
import { byType } from './record-cache.ts';

export interface ResolvedSubjects {
  readonly person: number;
  readonly account: number;
  readonly ambiguous: number;
  /** What there is to resolve, for the guard. */
  readonly figures: Figures;
}

/** Records resolved and committed together; a component of the records is never parted. */
const BATCH = 2_000;

/**
 * Resolves all stored records to subjects and pairs (J30-J32) and commits the result. First all records are read and
 * only what could tie them together is kept; then they are resolved in batches of whole components.
 */
export async function resolveSubjects(session: Session): Promise<ResolvedSubjects> {
  const { store, unlink, signal } = session.options;
  const figures = figuresOf(session);
  const identityOf = identities(session);
  const index = componentIndex();
  for (const pair of unlink) index.tie(pair);
  for await (const subjects of store.subjects.shared())
    for (const members of subjects) index.tie(members.map(recordKeyText));
  for (const { connection, type } of identityOf.types) {
    for await (const chunk of store.records.scan(connection, type)) {
      for (const record of chunk) {
        figures.add(record);
        index.add(identityOf.record(record));
      }
    }
  }
  const totals = { person: 0, account: 0, ambiguous: 0 };
  for (const batch of batchesOf(index)) {
    signal.throwIfAborted();
    const identity = await resolveBatch(session, index, identityOf, batch);
    await store.subjects.commit(identity, session.fence);
    for (const { kind, gone } of identity.subjects) if (!gone) totals[kind] += 1;
    totals.ambiguous += identity.ambiguities.length;
  }
  await store.subjects.keepOnly(identityOf.types, session.fence);
  return { ...totals, figures };
}

interface Batch {
  /** Numbers of records that have nothing to do with any other. */
  readonly alone: number[];
  readonly together: number[];
}

function* batchesOf(index: ComponentIndex): Generator<Batch> {
  let batch: Batch = { alone: [], together: [] };
  for (const component of index.components()) {
    if (component.length === 1) batch.alone.push(component[0]!);
    else for (const number of component) batch.together.push(number);
    if (batch.alone.length + batch.together.length < BATCH) continue;
    yield batch;
    batch = { alone: [], together: [] };
  }
  yield batch;
}

async function resolveBatch(
  { options: { store, unlink } }: Session,
  index: ComponentIndex,
  identityOf: Identities,
  batch: Batch,
): Promise<IdentityCommit> {
  const together = batch.together.map(index.key);
  const records: IdentityRecord[] = [];
  for (const { connection, type, ids } of byType(together)) {
    for (const record of (await store.records.get(connection, type, ids)).values())
      records.push(identityOf.record(record));
  }
  const { subjects, ambiguous } = resolveIdentities(records, { unlinked: unlink });
  const groups = [...subjects, ...batch.alone.map(index.alone)];
  const keys = [...together, ...batch.alone.map(index.key)];
  const previous = new Map<string, SubjectId>();
  for (const { connection, type, ids } of byType(keys)) {
    for (const member of await store.subjects.membersByRecord(connection, type, ids))
      previous.set(recordKeyText(member), member.subject);
  }
  // Who was somebody alone stays that: all records of an old subject are in one batch.
  const unnamed = groups.filter((group, at) => at < subjects.length || !previous.has(group.key));
  const used = await usedIds(store, unnamed);
  const assignment = assignSubjectIds(groups, previous, (id) => used.has(id));
  return {
    records: keys,
    ...placesOf(assignment.subjects),
    ambiguities: ambiguous.map(
      (item): Ambiguity => ({
        ...item.key,
        entity: item.entity,
        reason: item.reason,
        candidates: item.candidates,
      }),
    ),
    ended: assignment.merged.map((merge) => ({ id: merge.from, into: merge.into })),
  };
}

function placesOf(assigned: readonly AssignedSubject[]): Pick<IdentityCommit, 'subjects' | 'members'> {
  const subjects: StoredSubject[] = [];
  const members: Member[] = [];
  for (const subject of assigned) {
    const kind = kindOf(subject);
    if (kind !== null)
      subjects.push({ id: subject.id, kind, created: createdOf(subject), gone: subject.gone });
    // A deal or a touchpoint that stands alone needs no entry: it is its own fact.
    else if (subject.records.length < 2) continue;
    for (const record of subject.records) {
      members.push({ ...record.key, entity: subject.entity, subject: subject.id, reason: record.reason });
    }
  }
  return { subjects, members };
}

/** Ids that new subjects of these groups must not take: an id is the oldest record's name, with a number if that is
 *  given already. */
async function usedIds(store: Store, groups: readonly Group[]): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  let wanted = groups
    .filter((group) => kindOf(group) !== null || group.records.length > 1)
    .map((group) => `${group.entity}:${group.oldest}`);
  const bases = new Map(wanted.map((id) => [id, id]));
  for (let n = 2; wanted.length > 0; n += 1) {
    const given = await store.subjects.given(wanted);
    const next: string[] = [];
    for (const id of given) {
      used.add(id);
      const base = bases.get(id);
      if (base === undefined) continue;
      const numbered = `${base}~${n}`;
      bases.set(numbered, base);
      next.push(numbered);
    }
    wanted = next;
  }
  return used;
}

interface Identities {
  /** Object types whose records can be the same thing as a record elsewhere; a contact role is only a link. */
  readonly types: readonly { readonly connection: ConnectionId; readonly type: string }[];
  record(record: CrmRecord): IdentityRecord;
}

function identities({ options: { connections } }: Session): Identities {
  const connectionsOf = (connector: string): readonly ConnectionId[] =>
    connections
      .filter((connection) => connection.connector.id === connector)
      .map((connection) => connection.id);
  const types = connections.flatMap((connection) =>
    resolvedTypes(connection).map(({ name, entity }) => ({
      connection: connection.id,
      type: name,
      entity,
      fields: connection.fieldMap.identity[name],
    })),
  );
  const byName = new Map(types.map((type) => [`${type.connection}\n${type.type}`, type]));
  return {
    types,
    record(record) {
      const type = byName.get(`${record.connection}\n${record.type}`)!;
      return identityRecord(record, type.entity, type.fields, connectionsOf);
    },
  };
}

function resolvedTypes(
  connection: SyncConnection,
): readonly { readonly name: string; readonly entity: IdentityRecord['entity'] }[] {
  return connection.connector.capabilities.objectTypes.filter((type) => type.entity !== 'role');
}

/** Counts the types the field map feeds, and of these the fields that mappings read. */
function figuresOf({ options: { connections, mappings } }: Session): Figures {
  return createFigures((id, type) => {
    const fieldMap = connections.find((connection) => connection.id === id)?.fieldMap;
    if (fieldMap?.objects.some((map) => map.type === type) !== true) return null;
    return requestedFields(mappings, fieldMap, type);
  });
}

function kindOf({ entity }: Pick<Group, 'entity'>): SubjectKind | null {
  return entity === 'person' || entity === 'account' ? entity : null;
}

function createdOf(subject: AssignedSubject): number {
  const dates = subject.records.flatMap((record) => (record.created === null ? [] : [record.created]));
  return dates.length === 0 ? 0 : dates.reduce((a, b) => Math.min(a, b));
}
