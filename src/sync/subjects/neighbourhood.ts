import { type FactGraph, type GraphEpochs, narrowedGraph } from '../../facts/index.ts';
import type { AccountReads } from '../../mapping/types.ts';
import type { SubjectId } from '../../model/facts.ts';
import {
  type ConnectionId,
  type CrmRecord,
  type Entity,
  type RecordKey,
  recordKeyText,
} from '../../model/record.ts';
import type { Store } from '../../store/port.ts';
import type { SyncConnection } from '../session.ts';
import { createMembers } from './members.ts';
import { datedGraphs, formerEnds } from './past.ts';
import { createRecordCache } from './record-cache.ts';

/** What the loader needs; a run and an explanation both have it. */
export interface FactSource {
  readonly store: Store;
  readonly connections: readonly SyncConnection[];
}

export interface Neighbourhood {
  readonly graph: FactGraph;
  /** Who belonged to whom since an instant; the last one is `graph`. `seen`: as far as rules see people's accounts. */
  epochs(since: number, seen?: AccountReads): GraphEpochs;
  record(key: RecordKey): CrmRecord | undefined;
  /** Names of all records of a subject that is here. */
  recordsOf(subject: SubjectId): readonly RecordKey[];
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
  const members = createMembers(source.store);
  const cache = createRecordCache(source.store);
  const entityOf = entityLookup(source.connections);
  const used = new Map<string, CrmRecord>();
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
  const isPerson = (key: RecordKey): boolean => entityOf(key.connection, key.type) === 'person';

  const accountKeys = await members.recordsOf(accounts);
  await load(accountKeys);
  const near = await around(accountKeys);
  // Mostly people name their account; an account that names its people counts too.
  const named = await members.subjectsOf([...near.filter(isPerson), ...linked(used.values(), 'person')]);
  const personKeys = await members.recordsOf(new Set([...people, ...named]));
  await load(personKeys);
  const things = await around(personKeys);
  // Contact roles lead to deals that only name their account.
  await load(
    linked(
      things.filter((record) => entityOf(record.connection, record.type) === 'role'),
      'deal',
    ),
  );
  await load(await formerEnds(source.store, [...accountKeys, ...personKeys]));
  await load(await members.recordsOf(await members.subjectsOf([...used.values()])));
  const persons = [...used.values()].filter(isPerson);
  await load(await members.recordsOf(await members.subjectsOf(linked(persons, 'account'))));

  const graphs = await datedGraphs(source.store, used, {
    groupOf: (key) => members.subjectOf(key),
    entityOf,
    connectionOrder: source.connections.map((connection) => connection.id),
  });
  return {
    graph: graphs.present,
    epochs(since, seen) {
      const epochs = graphs.epochs(since);
      if (seen === undefined) return epochs;
      return epochs.map(({ from, graph }) => ({ from, graph: narrowedGraph(graph, seen) }));
    },
    record: (key) => used.get(recordKeyText(key)),
    recordsOf: (subject) => members.known(subject),
  };
}
