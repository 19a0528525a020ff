import type { SubjectId, SubjectKind } from '../model/facts.ts';
import {
  type Association,
  type ConnectionId,
  type DatedRecord,
  type Entity,
  recordKeyText,
} from '../model/record.ts';
import { type AccountLink, chooseAccount } from './account.ts';
import type { GroupLists, PersonGroup, RecordGroup, SubjectInput } from './types.ts';

export interface FactGraphInput {
  /**
   * Records of a chunk of subjects with all that their facts need, each record once, each group with all of its
   * records (archived ones too). For persons: their deals, tickets, touchpoints, surveys and contact roles, the
   * accounts they name, and where a mapping reads `account.…` lists the neighbourhood of these accounts. For
   * accounts: their people, what belongs to the account or to these people, and the other accounts these people
   * name. A neighbour that is missing here is missing in the facts.
   */
  readonly records: Iterable<DatedRecord>;
  /** The group of a record by its `connection:type:id`: any text that is the same for all records of one thing
   *  (subject id, group key). Undefined: the record is a group of its own. */
  groupOf(key: string): string | undefined;
  /** Undefined: records of this type belong to no fact. */
  entityOf(connection: ConnectionId, type: string): Entity | undefined;
  /** Configuration order (J5). */
  readonly connectionOrder: readonly ConnectionId[];
  /** Who belonged to whom at an earlier instant; absent: now. */
  readonly asOf?: GraphThen;
}

/** What was otherwise at an earlier instant. */
export interface GraphThen {
  alive(record: DatedRecord): boolean;
  associations(record: DatedRecord): Readonly<Record<string, readonly Association[]>>;
}

/** Who belongs to whom in a chunk of records (J2). */
export interface FactGraph {
  /** Groups of an entity in this chunk. */
  groups(entity: Entity): readonly string[];
  /** A person's account (J2); null without one. */
  accountOf(person: string): string | null;
  /** The people whose account this is. */
  peopleOf(account: string): readonly string[];
  /** What `buildFacts` needs; undefined when no record of the group is here. */
  input(kind: SubjectKind, group: string, subject: SubjectId): SubjectInput | undefined;
}

interface Node {
  readonly name: string;
  readonly entity: Entity;
  readonly records: DatedRecord[];
  readonly near: Set<Node>;
  readonly roles: DatedRecord[];
  live: boolean;
  account: Node | null | undefined;
  group: PersonGroup | undefined;
  lists: GroupLists | undefined;
}

const NOW: GraphThen = {
  alive: ({ state }) => state === 'live',
  associations: (record) => record.associations,
};

const NO_LISTS: GroupLists = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [] };

export function buildFactGraph(input: FactGraphInput): FactGraph {
  const nodes = new Map<string, Node>();
  const byRecord = new Map<string, Node>();
  const roles: DatedRecord[] = [];
  const then = input.asOf ?? NOW;
  for (const record of input.records) {
    const entity = input.entityOf(record.connection, record.type);
    if (entity === 'role') roles.push(record);
    if (entity === undefined || entity === 'role') continue;
    const key = recordKeyText(record);
    const name = input.groupOf(key) ?? key;
    const node = nodes.get(name) ?? newNode(name, entity);
    nodes.set(name, node);
    byRecord.set(key, node);
    node.records.push(record);
    if (then.alive(record)) node.live = true;
  }
  const target = (connection: ConnectionId, type: string, id: string): Node | undefined => {
    const key = `${connection}:${type}:${id}`;
    // An id that was merged away has no record of its own here, but may still have its group.
    return byRecord.get(key) ?? nodes.get(input.groupOf(key) ?? key);
  };
  for (const node of nodes.values()) {
    for (const record of node.records) {
      if (!then.alive(record)) continue;
      for (const other of targets(then.associations(record), record.connection, target)) {
        if (other === node || other.entity === node.entity) continue;
        node.near.add(other);
        other.near.add(node);
      }
    }
  }
  for (const role of roles) {
    if (then.alive(role)) addRole(role, [...targets(then.associations(role), role.connection, target)]);
  }

  const accountOf = (person: Node): Node | null => {
    if (person.account === undefined) {
      const links = accountLinks(person, target, byRecord, then);
      const chosen = chooseAccount(links, input.connectionOrder);
      person.account = chosen === null ? null : (nodes.get(chosen) ?? null);
    }
    return person.account;
  };
  const peopleOf = (account: Node): readonly Node[] =>
    [...account.near].filter((near) => near.entity === 'person' && near.live && accountOf(near) === account);

  return {
    groups: (entity) => [...nodes.values()].filter((node) => node.entity === entity).map(({ name }) => name),
    accountOf: (person) => {
      const node = nodes.get(person);
      return node === undefined ? null : (accountOf(node)?.name ?? null);
    },
    peopleOf: (account) => {
      const node = nodes.get(account);
      return node === undefined ? [] : peopleOf(node).map(({ name }) => name);
    },
    input(kind, group, subject) {
      const node = nodes.get(group);
      if (node === undefined || node.entity !== kind) return undefined;
      const account = kind === 'account' ? node : accountOf(node);
      const accountLists = account === null ? null : accountListsOf(account, peopleOf);
      return {
        subject,
        kind,
        person: kind === 'person' ? groupOf(node) : null,
        account: account === null ? null : groupOf(account),
        lists: kind === 'account' ? (accountLists ?? NO_LISTS) : personListsOf(node),
        accountLists,
      };
    },
  };
}

function newNode(name: string, entity: Entity): Node {
  return {
    name,
    entity,
    records: [],
    near: new Set(),
    roles: [],
    live: false,
    account: undefined,
    group: undefined,
    lists: undefined,
  };
}

type Target = (connection: ConnectionId, type: string, id: string) => Node | undefined;

function* targets(
  links: DatedRecord['associations'],
  connection: ConnectionId,
  target: Target,
): Generator<Node> {
  for (const [type, associations] of Object.entries(links)) {
    for (const { id } of associations) {
      const node = target(connection, type, id);
      if (node !== undefined) yield node;
    }
  }
}

/** A contact role ties a deal to a person and is kept with the person, whose role it tells. */
function addRole(role: DatedRecord, ends: readonly Node[]): void {
  const people = ends.filter(({ entity }) => entity === 'person');
  const others = ends.filter(({ entity }) => entity === 'deal');
  for (const person of people) {
    person.roles.push(role);
    for (const other of others) {
      person.near.add(other);
      other.near.add(person);
    }
  }
}

/** Links to accounts that still live. Where no record of the person names one, accounts that name the person count;
 *  they are never the primary one. */
function accountLinks(
  person: Node,
  target: Target,
  byRecord: ReadonlyMap<string, Node>,
  then: GraphThen,
): readonly AccountLink[] {
  const links: AccountLink[] = [];
  const add = (record: DatedRecord, account: Node, primary: boolean, created: number | null): void => {
    const since = record.created === null || created === null ? null : Math.max(record.created, created);
    const { connection, id, modified: known } = record;
    links.push({ account: account.name, primary, connection, id, known, since });
  };
  const live = person.records.filter(then.alive);
  for (const record of live) {
    for (const [type, associations] of Object.entries(then.associations(record))) {
      for (const { id, primary } of associations) {
        const account = target(record.connection, type, id);
        if (account?.entity !== 'account' || !account.live) continue;
        const named = byRecord.get(`${record.connection}:${type}:${id}`)?.records;
        const own = named?.find((candidate) => candidate.id === id && candidate.type === type);
        add(record, account, primary, own?.created ?? null);
      }
    }
  }
  if (links.length > 0) return links;
  for (const near of person.near) {
    if (near.entity !== 'account' || !near.live) continue;
    for (const record of live) for (const { created } of near.records) add(record, near, false, created);
  }
  return links;
}

/** The same object each time, so that facts and lists are made once a chunk. */
function groupOf(node: Node): PersonGroup {
  if (node.group === undefined) {
    let key = '';
    for (const record of node.records) {
      const text = recordKeyText(record);
      if (key === '' || text < key) key = text;
    }
    const group = { key, records: node.records };
    node.group =
      node.entity === 'person'
        ? { ...group, roles: node.roles, touchpoints: near(node, 'touchpoint') }
        : group;
  }
  return node.group;
}

function near(node: Node, entity: Entity): readonly RecordGroup[] {
  const groups: RecordGroup[] = [];
  for (const other of node.near) if (other.entity === entity) groups.push(groupOf(other));
  return groups;
}

function personListsOf(person: Node): GroupLists {
  person.lists ??= {
    people: [],
    deals: near(person, 'deal'),
    tickets: near(person, 'ticket'),
    touchpoints: near(person, 'touchpoint'),
    surveys: near(person, 'survey'),
  };
  return person.lists;
}

/** J2: those of the account or any of its people, each once. */
function accountListsOf(account: Node, peopleOf: (account: Node) => readonly Node[]): GroupLists {
  if (account.lists !== undefined) return account.lists;
  const people = peopleOf(account);
  const all = new Set<Node>(account.near);
  for (const person of people) for (const other of person.near) all.add(other);
  const lists = { people: people.map(groupOf), deals: [], tickets: [], touchpoints: [], surveys: [] };
  const byEntity: Partial<Record<Entity, RecordGroup[]>> = {
    deal: lists.deals,
    ticket: lists.tickets,
    touchpoint: lists.touchpoints,
    survey: lists.surveys,
  };
  for (const other of all) byEntity[other.entity]?.push(groupOf(other));
  account.lists = lists;
  return lists;
}
