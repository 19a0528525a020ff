import { buildFactGraph, type FactGraph } from '../facts/index.ts';
import type { SubjectId } from '../model/facts.ts';
import {
  type ConnectionId,
  type CrmRecord,
  type Entity,
  type RecordKey,
  recordKeyText,
} from '../model/record.ts';
import type { Store } from '../store/port.ts';
import type { MemberIndex } from './members.ts';
import { createRecordCache } from './record-cache.ts';
import type { SyncConnection } from './session.ts';

/** What the loader needs; a run and an explanation both have it. */
export interface FactSource {
  readonly store: Store;
  readonly connections: readonly SyncConnection[];
  readonly members: MemberIndex;
}

export interface Neighbourhood {
  readonly graph: FactGraph;
  record(key: RecordKey): CrmRecord | undefined;
}

export function entityLookup(
  connections: readonly SyncConnection[],
): (connection: ConnectionId, type: string) => Entity | undefined {
  const entities = new Map<string, Entity>();
  for (const connection of connections) {
    for (const type of connection.connector.capabilities.objectTypes) {
      entities.set(`${connection.id}:${type.name}`, type.entity);
    }
  }
  return (connection, type) => entities.get(`${connection}:${type}`);
}

/**
 * Loads a chunk of subjects with all that rules about them may see (J2): the accounts, their people, what belongs
 * to either, the other halves of resolved pairs, and the other accounts these people name.
 */
export async function loadNeighbourhood(
  source: FactSource,
  accounts: readonly SubjectId[],
  people: readonly SubjectId[],
): Promise<Neighbourhood> {
  const { members } = source;
  const cache = createRecordCache(source.store);
  const entityOf = entityLookup(source.connections);
  const used = new Map<string, CrmRecord>();
  const recordsOf = (subjects: Iterable<SubjectId>): readonly RecordKey[] =>
    [...subjects].flatMap((subject) => members.recordsOf.get(subject) ?? []);
  const load = async (keys: readonly RecordKey[]): Promise<void> => {
    await cache.load(keys);
    for (const key of keys) {
      const record = cache.get(key);
      if (record !== undefined) used.set(recordKeyText(key), record);
    }
  };
  const around = async (keys: readonly RecordKey[]): Promise<readonly CrmRecord[]> => {
    const found = await cache.pointingTo(keys);
    for (const record of found) used.set(recordKeyText(record), record);
    return found;
  };
  const linked = (records: Iterable<CrmRecord>, entity: Entity): readonly RecordKey[] =>
    [...records].flatMap((record) =>
      Object.entries(record.associations)
        .filter(([type]) => entityOf(record.connection, type) === entity)
        .flatMap(([type, links]) => links.map(({ id }) => ({ connection: record.connection, type, id }))),
    );
  const subjectsOf = (keys: Iterable<RecordKey>): ReadonlySet<SubjectId> =>
    new Set([...keys].flatMap((key) => members.subjectOf.get(recordKeyText(key)) ?? []));

  const accountKeys = recordsOf(accounts);
  await load(accountKeys);
  const near = await around(accountKeys);
  const named = subjectsOf(near.filter((record) => entityOf(record.connection, record.type) === 'person'));
  const personKeys = recordsOf(new Set([...people, ...named]));
  await load(personKeys);
  const things = await around(personKeys);
  // Contact roles lead to deals that only name their account.
  await load(
    linked(
      things.filter((record) => entityOf(record.connection, record.type) === 'role'),
      'deal',
    ),
  );
  await load(recordsOf(subjectsOf(used.values())));
  const persons = [...used.values()].filter(
    (record) => entityOf(record.connection, record.type) === 'person',
  );
  await load(recordsOf(subjectsOf(linked(persons, 'account'))));

  const graph = buildFactGraph({
    records: used.values(),
    groupOf: (key) => members.subjectOf.get(key),
    entityOf,
    connectionOrder: source.connections.map((connection) => connection.id),
  });
  return { graph, record: (key) => used.get(recordKeyText(key)) };
}

const NO_FIELDS: CrmRecord['fields'] = {};

/** Every person's account (J2), over all that is stored; only links are kept in memory, no fields. */
export async function personAccounts(source: FactSource): Promise<ReadonlyMap<SubjectId, SubjectId | null>> {
  const entityOf = entityLookup(source.connections);
  const records: CrmRecord[] = [];
  for (const connection of source.connections) {
    for (const { name, entity } of connection.connector.capabilities.objectTypes) {
      if (entity !== 'person' && entity !== 'account') continue;
      for await (const chunk of source.store.records.scan(connection.id, name)) {
        for (const record of chunk) records.push({ ...record, fields: NO_FIELDS });
      }
    }
  }
  const graph = buildFactGraph({
    records,
    groupOf: (key) => source.members.subjectOf.get(key),
    entityOf,
    connectionOrder: source.connections.map((connection) => connection.id),
  });
  return new Map(
    graph
      .groups('person')
      .map((person) => [person as SubjectId, graph.accountOf(person) as SubjectId | null]),
  );
}
