import {
  buildFactGraph,
  type FactGraph,
  type FactGraphInput,
  type GraphEpochs,
  type SubjectInput,
} from '../../facts/index.ts';
import {
  type Association,
  type CrmRecord,
  type DatedRecord,
  type RecordKey,
  recordKeyText,
} from '../../model/record.ts';
import type { RecordPast, Store } from '../../store/port.ts';
import { byType } from './record-cache.ts';

export interface DatedGraphs {
  readonly present: FactGraph;
  epochs(since: number): GraphEpochs;
}

/**
 * Records with their past, and who belonged to whom over time: a link counts from the later creation of its two
 * records until it ended, a record until it was archived, merged or converted.
 */
export async function datedGraphs(
  store: Store,
  records: ReadonlyMap<string, CrmRecord>,
  input: Omit<FactGraphInput, 'records' | 'asOf'>,
): Promise<DatedGraphs> {
  const pasts = await pastsOf(store, [...records.values()]);
  const dated: DatedRecord[] = [];
  for (const [key, record] of records) {
    const past = pasts.get(key);
    dated.push(past === undefined ? record : { ...record, past });
  }
  const present = buildFactGraph({ ...input, records: dated });
  const rivals = rivalAccounts(dated, input);
  const parts = partsOf(dated, pasts, rivals, input);
  const ends = [...new Set([...parts.ends.values()].flat())].sort((a, b) => a - b);
  const made = new Map<string, PartThen>();
  /** One part as it was: it differs from what it is now only by what ended in it later. */
  const partThen = (part: string, instant: number): PartThen | null => {
    const own = parts.ends.get(part) ?? [];
    const later = own.findIndex((end) => end > instant);
    if (later < 0) return null;
    const name = `${later} ${part}`;
    const known = made.get(name);
    if (known !== undefined) return known;
    const graph = buildFactGraph({
      ...input,
      records: parts.records.get(part) ?? [],
      asOf: {
        alive: (record) => record.state === 'live' || record.modified > instant,
        associations: (record) => linksAt(record, pasts.get(recordKeyText(record)), rivals, instant),
      },
    });
    const then = { graph, inputs: new Map<string, SubjectInput | undefined>() };
    made.set(name, then);
    return then;
  };
  const now: PartThen = { graph: present, inputs: new Map() };
  const graphAt = (instant: number): FactGraph => {
    const partOf = (group: string): PartThen => partThen(parts.of(group), instant) ?? now;
    return {
      groups: present.groups,
      accountOf: (person) => partOf(person).graph.accountOf(person),
      peopleOf: (account) => partOf(account).graph.peopleOf(account),
      // The same object as long as nothing ended near it, so that its facts are made once.
      input: (kind, group, subject) => {
        const { graph, inputs } = partOf(group);
        const name = `${kind} ${group} ${subject}`;
        if (!inputs.has(name)) inputs.set(name, graph.input(kind, group, subject));
        return inputs.get(name);
      },
    };
  };
  return {
    present,
    epochs(since) {
      const later = ends.filter((end) => end > since);
      const starts = [Number.NEGATIVE_INFINITY, ...later];
      return starts.map((from) => ({ from, graph: graphAt(Math.max(from, since)) }));
    },
  };
}

/** A part of the chunk as it was in a time in which nothing of it ended. */
interface PartThen {
  readonly graph: FactGraph;
  readonly inputs: Map<string, SubjectInput | undefined>;
}

/** Records that are linked, were linked or are one thing, directly or through others: an account with its people and
 *  their things. Who belonged to whom in one part has nothing to do with another. */
interface Parts {
  of(group: string): string;
  readonly records: ReadonlyMap<string, readonly DatedRecord[]>;
  /** Instants at which records or links of a part ended, or a second account came to be, sorted. */
  readonly ends: ReadonlyMap<string, readonly number[]>;
}

function partsOf(
  records: readonly DatedRecord[],
  pasts: ReadonlyMap<string, RecordPast>,
  rivals: ReadonlyMap<string, number>,
  { groupOf }: Pick<FactGraphInput, 'groupOf'>,
): Parts {
  const parents = new Map<string, string>();
  const find = (name: string): string => {
    let root = name;
    for (let up = parents.get(root); up !== undefined; up = parents.get(root)) root = up;
    for (let at = name; at !== root; ) {
      const up = parents.get(at) as string;
      parents.set(at, root);
      at = up;
    }
    return root;
  };
  const join = (a: string, b: string): void => {
    const [one, other] = [find(a), find(b)];
    if (one !== other) parents.set(one, other);
  };
  for (const record of records) {
    const key = recordKeyText(record);
    join(key, groupOf(key) ?? key);
    const linked = (to: Pick<Association, 'type' | 'id'>): void => {
      const other = recordKeyText({ connection: record.connection, type: to.type, id: to.id });
      join(key, other);
      join(key, groupOf(other) ?? other);
    };
    for (const type in record.associations) for (const to of record.associations[type] ?? []) linked(to);
    for (const { to } of pasts.get(key)?.endedLinks ?? []) linked(to);
  }
  const byPart = new Map<string, DatedRecord[]>();
  const ends = new Map<string, Set<number>>();
  for (const record of records) {
    const key = recordKeyText(record);
    const part = find(key);
    const known = byPart.get(part);
    if (known === undefined) byPart.set(part, [record]);
    else known.push(record);
    const ended = (pasts.get(key)?.endedLinks ?? []).map((link) => link.ended);
    if (record.state !== 'live') ended.push(record.modified);
    const born = rivals.get(key);
    if (born !== undefined) ended.push(born);
    if (ended.length === 0) continue;
    const all = ends.get(part) ?? new Set();
    ends.set(part, all);
    for (const end of ended) all.add(end);
  }
  return {
    of: find,
    records: byPart,
    ends: new Map([...ends].map(([part, all]) => [part, [...all].sort((a, b) => a - b)])),
  };
}

/** Records that were once linked to these and are not any more: what they said then still counts. */
export async function formerEnds(store: Store, keys: readonly RecordKey[]): Promise<readonly RecordKey[]> {
  const found: RecordKey[] = [];
  for (const { connection, type, ids } of byType(keys)) {
    for (const { id, type: from } of await store.history.endedTo(connection, type, ids))
      found.push({ connection, type: from, id });
  }
  return found;
}

async function pastsOf(store: Store, keys: readonly RecordKey[]): Promise<ReadonlyMap<string, RecordPast>> {
  const pasts = new Map<string, RecordPast>();
  for (const { connection, type, ids } of byType(keys)) {
    for (const past of (await store.history.of(connection, type, ids)).values())
      pasts.set(recordKeyText(past), past);
  }
  return pasts;
}

/**
 * Accounts of people who have several, with the instant at which each came to be: before that the person belonged to
 * another one. Any other link takes effect by itself when the later of its two records begins to have facts.
 */
function rivalAccounts(
  records: readonly DatedRecord[],
  { entityOf, groupOf }: Pick<FactGraphInput, 'entityOf' | 'groupOf'>,
): ReadonlyMap<string, number> {
  const created = new Map(records.map((record) => [recordKeyText(record), record.created]));
  /** By person: by account, the records of it that the person's records are linked to. */
  const linked = new Map<string, Map<string, Set<string>>>();
  const note = (person: string, account: string): void => {
    const name = groupOf(person) ?? person;
    const accounts = linked.get(name) ?? new Map<string, Set<string>>();
    linked.set(name, accounts);
    const of = groupOf(account) ?? account;
    accounts.set(of, (accounts.get(of) ?? new Set()).add(account));
  };
  for (const record of records) {
    const entity = entityOf(record.connection, record.type);
    if (entity !== 'person' && entity !== 'account') continue;
    for (const [type, links] of Object.entries(record.associations)) {
      const other = entityOf(record.connection, type);
      if (other === entity || (other !== 'person' && other !== 'account')) continue;
      for (const { id } of links) {
        const [own, far] = [
          recordKeyText(record),
          recordKeyText({ connection: record.connection, type, id }),
        ];
        if (entity === 'person') note(own, far);
        else note(far, own);
      }
    }
  }
  const rivals = new Map<string, number>();
  for (const accounts of linked.values()) {
    if (accounts.size < 2) continue;
    for (const keys of accounts.values()) {
      for (const key of keys) {
        const born = created.get(key);
        if (born != null) rivals.set(key, born);
      }
    }
  }
  return rivals;
}

function linksAt(
  record: DatedRecord,
  past: RecordPast | undefined,
  rivals: ReadonlyMap<string, number>,
  instant: number,
): Readonly<Record<string, readonly Association[]>> {
  const former = (past?.endedLinks ?? []).filter(({ ended }) => ended > instant);
  const unborn = (type: string, id: string): boolean => {
    if (rivals.size === 0) return false;
    const created = rivals.get(recordKeyText({ connection: record.connection, type, id }));
    return created !== undefined && created > instant;
  };
  const own = rivals.get(recordKeyText(record));
  if (own !== undefined && own > instant) return {};
  const links: Record<string, Association[]> = Object.create(null);
  for (const type in record.associations)
    links[type] = (record.associations[type] ?? []).filter(({ id }) => !unborn(type, id));
  if (former.length === 0) return links;
  for (const { to } of former) {
    const known = links[to.type] ?? [];
    // What is said of a link now does not hold for the time it said something else.
    links[to.type] = [...known.filter(({ id }) => id !== to.id), to];
  }
  return links;
}
