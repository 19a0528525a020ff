import type { SandboxTime, WriteLog } from '../../../src/sandbox/index.ts';
import { OBJECT_TYPES } from './object-types.ts';
import { type Actor, compareIds, historyOf, type StoredRecord } from './record.ts';

/** All records of the account. It keeps history, the write log and the lag of the search index; it checks no rules. */
export interface RecordStore {
  /** By its own id, archived ones included; not by an id that was merged away. */
  get(type: string, id: string): StoredRecord | undefined;
  /** The id a merged id lives on under; the id itself otherwise. */
  follow(type: string, id: string): string;
  /** All records of a type in order of id, archived ones included. */
  all(type: string): readonly StoredRecord[];
  /** First position in `all` with an id greater than `id`. */
  after(type: string, id: string): number;
  newId(type: string): string;
  /** Takes a record in as it is: no stamps, no write log. */
  insert(record: StoredRecord): void;
  /** Forgets that there ever was such a record. */
  remove(record: StoredRecord): void;
  alias(type: string, oldId: string, newId: string): void;
  /** Sets one stored value; nothing happens when it is the same. Returns whether it changed. */
  set(record: StoredRecord, name: string, value: string | null, by: Actor): boolean;
  /** Stamps the record as modified now and tells the search index. Call `before` with its state first. */
  touch(record: StoredRecord): void;
  /** Notes what search sees of the record before it is changed. */
  before(record: StoredRecord, isNew?: boolean): void;
  /** Brings the search index up to date with everything older than the lag. */
  index(): void;
  /** Contact id by e-mail address, lower case. */
  byEmail(email: string): string | undefined;
}

interface TypeRecords {
  readonly byId: Map<string, StoredRecord>;
  readonly order: StoredRecord[];
  readonly aliases: Map<string, string>;
  sorted: boolean;
  highest: string;
}

interface IndexUpdate {
  readonly visibleAt: number;
  readonly record: StoredRecord;
  readonly properties: Readonly<Record<string, string>>;
  readonly modified: number;
  readonly archived: boolean;
}

export function createStore(options: {
  readonly time: SandboxTime;
  readonly writes: WriteLog;
  readonly indexingLagMs: number;
}): RecordStore {
  const { time, writes, indexingLagMs } = options;
  const types = new Map<string, TypeRecords>(
    OBJECT_TYPES.map((type) => [
      type.name,
      { byId: new Map(), order: [], aliases: new Map(), sorted: true, highest: '0' },
    ]),
  );
  const emails = new Map<string, string>();
  const updates: IndexUpdate[] = [];
  const of = (type: string): TypeRecords => {
    const found = types.get(type);
    if (found === undefined) throw new Error(`The sandbox stores no ${type}.`);
    return found;
  };
  const sortedOrder = (records: TypeRecords): StoredRecord[] => {
    if (!records.sorted) {
      records.order.sort((a, b) => compareIds(a.id, b.id));
      records.sorted = true;
    }
    return records.order;
  };
  const position = (records: TypeRecords, id: string): number => {
    const order = sortedOrder(records);
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareIds(order[middle]!.id, id) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const addressesOf = (record: StoredRecord): readonly string[] =>
    record.type !== 'contacts'
      ? []
      : [record.properties['email'], ...(record.properties['hs_additional_emails'] ?? '').split(';')]
          .filter((one) => one !== undefined && one !== '')
          .map((one) => one!.toLowerCase());
  const listEmails = (record: StoredRecord): void => {
    if (record.archivedAt === null)
      for (const address of addressesOf(record)) if (!emails.has(address)) emails.set(address, record.id);
  };
  const unlistEmails = (record: StoredRecord): void => {
    for (const address of addressesOf(record)) if (emails.get(address) === record.id) emails.delete(address);
  };

  return {
    get: (type, id) => of(type).byId.get(id),
    follow: (type, id) => {
      const { aliases } = of(type);
      let current = id;
      for (let next = aliases.get(current); next !== undefined; next = aliases.get(current)) current = next;
      return current;
    },
    all: (type) => sortedOrder(of(type)),
    after: (type, id) => position(of(type), id),
    newId: (type) => {
      const records = of(type);
      records.highest = (BigInt(records.highest) + 1n).toString();
      return records.highest;
    },
    insert: (record) => {
      const records = of(record.type);
      const last = records.order.at(-1);
      if (last !== undefined && compareIds(last.id, record.id) > 0) records.sorted = false;
      records.byId.set(record.id, record);
      records.order.push(record);
      if (compareIds(record.id, records.highest) > 0) records.highest = record.id;
      listEmails(record);
    },
    remove: (record) => {
      const records = of(record.type);
      unlistEmails(record);
      records.byId.delete(record.id);
      const index = position(records, record.id) - 1;
      if (records.order[index] === record) records.order.splice(index, 1);
      for (const [old, now] of records.aliases) if (now === record.id) records.aliases.delete(old);
    },
    alias: (type, oldId, newId) => {
      const records = of(type);
      records.aliases.set(oldId, newId);
      if (compareIds(oldId, records.highest) > 0) records.highest = oldId;
    },
    set: (record, name, value, by) => {
      const old = record.properties[name] ?? null;
      if (old === value) return false;
      const at = time.now();
      record.history ??= new Map();
      const entries = record.history.get(name) ?? [...historyOf(record, name)];
      entries.push({ value: value ?? '', at, by });
      record.history.set(name, entries);
      const identity = name === 'email' || name === 'hs_additional_emails';
      if (identity) unlistEmails(record);
      if (value === null) delete record.properties[name];
      else record.properties[name] = value;
      if (identity) listEmails(record);
      writes.add({ at, by, type: record.type, id: record.id, field: name, old, new: value });
      return true;
    },
    before: (record, isNew) => {
      if (indexingLagMs <= 0 || record.pending > 0) return;
      record.indexed = isNew
        ? null
        : {
            properties: copy(record.properties),
            modified: record.modified,
            archived: record.archivedAt !== null,
          };
    },
    touch: (record) => {
      record.modified = time.now();
      if (record.archivedAt !== null) unlistEmails(record);
      if (indexingLagMs <= 0) return;
      record.pending += 1;
      updates.push({
        visibleAt: time.now() + indexingLagMs,
        record,
        properties: copy(record.properties),
        modified: record.modified,
        archived: record.archivedAt !== null,
      });
    },
    index: () => {
      const now = time.now();
      let done = 0;
      while (done < updates.length && updates[done]!.visibleAt <= now) {
        const { record, properties, modified, archived } = updates[done]!;
        record.pending -= 1;
        record.indexed = record.pending === 0 ? undefined : { properties, modified, archived };
        done += 1;
      }
      if (done > 0) updates.splice(0, done);
    },
    byEmail: (email) => emails.get(email.toLowerCase()),
  };
}

function copy(properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, properties);
}
