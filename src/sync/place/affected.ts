import type { SubjectId } from '../../model/facts.ts';
import { type ConnectionId, type Entity, type RecordKey, recordKeyText } from '../../model/record.ts';
import type { Store, Touched } from '../../store/port.ts';
import type { Session, SyncConnection } from '../session.ts';
import { createMembers, type Members } from '../subjects/members.ts';
import type { FactSource } from '../subjects/neighbourhood.ts';
import { byType } from '../subjects/record-cache.ts';
import { type Sight, sightOf } from './sight.ts';

/** Touched records followed together. */
const PART = 500;

/** Follows what was touched to the subjects whose facts it can have changed; those wait from then on (J15). */
export async function followTouched(session: Session): Promise<void> {
  const { store, connections, mappings, signal } = session.options;
  const sight = sightOf(mappings);
  const links = linksOf(store, connections);
  for (;;) {
    signal.throwIfAborted();
    const touched = await store.pending.touched(PART);
    if (touched.length === 0) return;
    const subjects = await concerned(store, links, touched, sight);
    await store.pending.followed(touched, subjects, session.fence);
  }
}

/** Every account that a record of these people names, or that names one of them. */
export async function accountsOf(
  { store, connections }: FactSource,
  people: readonly SubjectId[],
): Promise<readonly SubjectId[]> {
  const members = createMembers(store);
  const records = await members.recordsOf(people);
  return [...(await members.subjectsOf(await linksOf(store, connections).to(records, 'account')))];
}

/** Records at the other end of links, by what they are. */
interface Links {
  entityOf(key: Pick<RecordKey, 'connection' | 'type'>): Entity | undefined;
  to(keys: readonly RecordKey[], entity: Entity): Promise<readonly RecordKey[]>;
}

function linksOf(store: Store, connections: readonly SyncConnection[]): Links {
  const entities = new Map<string, Entity>();
  const types = new Map<string, string[]>();
  for (const { id, connector } of connections) {
    for (const { name, entity } of connector.capabilities.objectTypes) {
      entities.set(`${id}\n${name}`, entity);
      types.set(`${id}\n${entity}`, [...(types.get(`${id}\n${entity}`) ?? []), name]);
    }
  }
  return {
    entityOf: ({ connection, type }) => entities.get(`${connection}\n${type}`),
    async to(keys, entity) {
      const found = new Map<string, RecordKey>();
      for (const { connection, type, ids } of byType(keys)) {
        const wanted = types.get(`${connection}\n${entity}`) ?? [];
        for (const key of await store.records.linked(connection, type, ids, wanted))
          found.set(recordKeyText(key), key);
      }
      return [...found.values()];
    },
  };
}

/**
 * Subjects whose facts these records can have changed, at most. Of a person: itself, its accounts, and their people
 * where rules read their account's lists. Of an account: itself, its people where rules read their account, and the
 * other accounts of its people, since whose they are may have changed. Of anything else: the people and accounts it
 * is linked to, and the accounts of these people.
 */
async function concerned(
  store: Store,
  links: Links,
  touched: readonly Touched[],
  sight: Sight,
): Promise<readonly SubjectId[]> {
  const members = createMembers(store);
  const named = touched.filter(({ connection }) => connection === '').map(({ id }) => id as SubjectId);
  const keys = touched.flatMap(({ connection, type, id }): RecordKey[] =>
    connection === '' ? [] : [{ connection: connection as ConnectionId, type, id }],
  );
  const groups = new Set([...named, ...(await members.subjectsOf(keys))]);
  const whole = unique([...keys, ...(await members.recordsOf(groups))]);
  const of = (...entities: readonly Entity[]): readonly RecordKey[] =>
    whole.filter((key) => entities.includes(links.entityOf(key) ?? 'touchpoint'));
  const people = of('person');
  const accounts = of('account');
  const things = of('deal', 'ticket', 'touchpoint', 'survey', 'role');
  // A contact role ties a deal to a person that the deal itself does not name.
  const peopleOfThings = await links.to([...things, ...(await links.to(things, 'role'))], 'person');
  const peopleOfAccounts = await links.to(accounts, 'person');
  const found = new Set<SubjectId>(named);
  const add = async (some: readonly RecordKey[]): Promise<void> => {
    for (const subject of await members.subjectsOf(some)) found.add(subject);
  };
  await add([...people, ...peopleOfThings]);
  if (sight.account) await add(peopleOfAccounts);
  if (!sight.kinds.has('account') && !sight.lists) return [...found];
  const all = await groupsOf(members, [...people, ...peopleOfThings, ...peopleOfAccounts]);
  const around = [...accounts, ...(await links.to(things, 'account')), ...(await links.to(all, 'account'))];
  if (sight.kinds.has('account')) await add(around);
  if (sight.lists) await add(await links.to(await groupsOf(members, around), 'person'));
  return [...found];
}

/** These records with all others of their subjects. */
async function groupsOf(members: Members, keys: readonly RecordKey[]): Promise<readonly RecordKey[]> {
  return unique([...keys, ...(await members.recordsOf(await members.subjectsOf(keys)))]);
}

function unique(keys: readonly RecordKey[]): readonly RecordKey[] {
  return [...new Map(keys.map((key) => [recordKeyText(key), key])).values()];
}
