import { type RecordKey, type RecordState, recordKeyText } from '../model/record.ts';
import { isFreeMail } from './free-mail.ts';
import { normaliseDomain, normaliseEmail } from './normalise.ts';
import { type NumberTable, numberTable } from './number-table.ts';
import type { Group, IdentityRecord } from './types.ts';

/**
 * Finds which records can have anything to do with each other, out of very many, in some fifty bytes each: whatever
 * `resolveIdentities` and `assignSubjectIds` decide, they decide within one component, so that components can be
 * handed to them one after another. Two keys taken for one by their hash only make a component larger than it has to
 * be.
 */
export interface ComponentIndex {
  /** The same record only once. */
  add(record: IdentityRecord): void;
  /** Records (`connection:type:id`) that have to be looked at together: an unlinked pair, those of an old subject. */
  tie(keys: readonly string[]): void;
  /** Every record once: the numbers of those that belong together, in the order in which they were added. */
  components(): Iterable<readonly number[]>;
  key(number: number): RecordKey;
  /** The group of a record that is a component of its own: what `resolveIdentities` gives for it. */
  alone(number: number): Group;
}

const STATES: readonly RecordState[] = ['live', 'archived', 'merged', 'converted'];

interface Slot {
  readonly connection: RecordKey['connection'];
  readonly type: string;
  readonly entity: IdentityRecord['entity'];
}

export function componentIndex(): ComponentIndex {
  const ids: string[] = [];
  const slots: Slot[] = [];
  const slotNumbers = new Map<string, number>();
  let slotOf = new Uint16Array(1_024);
  let states = new Uint8Array(1_024);
  /** NaN: the CRM does not tell. */
  let created = new Float64Array(1_024);
  const table: NumberTable = numberTable();

  const key = (number: number): RecordKey => {
    const { connection, type } = slots[slotOf[number]!]!;
    return { connection, type, id: ids[number]! };
  };
  const slotNumber = ({ key: { connection, type }, entity }: IdentityRecord): number => {
    const name = `${connection}\n${type}\n${entity}`;
    const known = slotNumbers.get(name);
    if (known !== undefined) return known;
    slots.push({ connection, type, entity });
    slotNumbers.set(name, slots.length - 1);
    return slots.length - 1;
  };
  return {
    add(record) {
      const number = ids.length;
      if (number === states.length) {
        slotOf = grown(slotOf, new Uint16Array(number * 2));
        states = grown(states, new Uint8Array(number * 2));
        created = grown(created, new Float64Array(number * 2));
      }
      ids.push(record.key.id);
      slotOf[number] = slotNumber(record);
      states[number] = STATES.indexOf(record.state);
      created[number] = record.created ?? Number.NaN;
      const names = mentions(record);
      if (names.length > 0) table.join(names, number);
    },
    tie: (keys) => table.join(keys, null),
    *components() {
      // Only now is it known which records somebody names.
      const own = new Int32Array(ids.length);
      const nodes = table.close(ids.length);
      for (let number = 0; number < ids.length; number += 1) nodes.name(recordKeyText(key(number)), number);
      const next = new Int32Array(ids.length).fill(-1);
      const last = new Int32Array(ids.length);
      for (let number = 0; number < ids.length; number += 1) {
        const first = nodes.first(number);
        own[number] = first;
        last[number] = number;
        if (first === number) continue;
        next[last[first]!] = number;
        last[first] = number;
      }
      for (let number = 0; number < ids.length; number += 1) {
        if (own[number] !== number) continue;
        const members: number[] = [];
        for (let at = number; at !== -1; at = next[at]!) members.push(at);
        yield members;
      }
    },
    key,
    alone(number) {
      const own = key(number);
      const text = recordKeyText(own);
      const state = STATES[states[number]!]!;
      const at = created[number]!;
      return {
        entity: slots[slotOf[number]!]!.entity,
        key: text,
        oldest: text,
        records: [{ key: own, text, created: Number.isNaN(at) ? null : at, state, reason: 'only record' }],
        gone: state !== 'live',
      };
    },
  };
}

/** All that could tie this record to another. A record's own name is not among them: most are named by nobody. */
function mentions(record: IdentityRecord): readonly string[] {
  const { connection, type } = record.key;
  const names: string[] = [];
  if (record.successor !== null) names.push(`${connection}:${record.successor.type}:${record.successor.id}`);
  for (const id of record.mergedIds) names.push(`${connection}:${type}:${id}`);
  for (const cross of record.crossIds)
    for (const other of cross.connections)
      for (const of of cross.types) names.push(`${other}:${of}:${cross.id}`);
  if (record.state !== 'live') return names;
  if (record.entity === 'person') {
    for (const raw of record.emails) {
      const email = normaliseEmail(raw);
      if (email !== null) names.push(`\n${email}`);
    }
  } else if (record.entity === 'account') {
    for (const raw of record.domains) {
      const domain = normaliseDomain(raw);
      if (domain !== null && !isFreeMail(domain)) names.push(`\n\n${domain}`);
    }
  }
  return names;
}

function grown<T extends Uint8Array | Uint16Array | Float64Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
