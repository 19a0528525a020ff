import { WaystageError } from '../model/errors.ts';
import { recordKeyText } from '../model/record.ts';
import type { IdentityRecord } from './types.ts';

/** The records as numbers 0..n-1, so that 200,000 of them are resolved in arrays instead of objects. */
export interface Nodes {
  readonly records: readonly IdentityRecord[];
  /** `connection:type:id` by number. */
  readonly keys: readonly string[];
  /** The number by `connection:type:id`. */
  exact(key: string): number | undefined;
  /** As `exact`, and ids that were merged away mean the survivor. */
  find(key: string): number | undefined;
  /** Connection and type (and entity) as one number: two live records of one slot are never joined. */
  readonly slots: Int32Array;
  readonly slotCount: number;
  /** 1: live and not known to have lost a merge. */
  readonly live: Uint8Array;
  /** Sorts by age (creation, then key), the oldest first. */
  byAge(a: number, b: number): number;
}

/** Throws `internal` when a key comes twice: the store holds each record once. */
export function indexNodes(records: readonly IdentityRecord[]): Nodes {
  const keys: string[] = [];
  const index = new Map<string, number>();
  const slotNumbers = new Map<string, number>();
  const slots = new Int32Array(records.length);
  const live = new Uint8Array(records.length);
  for (const [i, record] of records.entries()) {
    const key = recordKeyText(record.key);
    if (index.has(key))
      throw new WaystageError('internal', `Record ${key} was handed over twice; identity expects each once.`);
    index.set(key, i);
    keys.push(key);
    const slot = `${record.entity}:${record.key.connection}:${record.key.type}`;
    const number = slotNumbers.get(slot) ?? slotNumbers.size;
    slotNumbers.set(slot, number);
    slots[i] = number;
    live[i] = record.state === 'live' ? 1 : 0;
  }
  const byAge = (a: number, b: number): number => {
    const left = records[a]!.created ?? Number.POSITIVE_INFINITY;
    const right = records[b]!.created ?? Number.POSITIVE_INFINITY;
    return left < right ? -1 : left > right ? 1 : keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : 0;
  };
  const aliases = readMerges(records, index, live, byAge);
  return {
    records,
    keys,
    exact: (key) => index.get(key),
    find: (key) => index.get(key) ?? aliases.get(key),
    slots,
    slotCount: slotNumbers.size,
    live,
    byAge,
  };
}

/** Where a survivor names the ids merged into it, those ids mean the survivor, and a stored loser that the CRM did
 *  not yet announce as merged is no longer live. */
function readMerges(
  records: readonly IdentityRecord[],
  index: ReadonlyMap<string, number>,
  live: Uint8Array,
  byAge: (a: number, b: number) => number,
): ReadonlyMap<string, number> {
  const aliases = new Map<string, number>();
  for (const [i, record] of records.entries()) {
    for (const id of record.mergedIds) {
      const key = `${record.key.connection}:${record.key.type}:${id}`;
      const loser = index.get(key);
      if (loser === undefined) {
        const other = aliases.get(key);
        if (other === undefined || rank(i, other) < 0) aliases.set(key, i);
      } else if (loser !== i && !records[loser]!.mergedIds.includes(record.key.id)) {
        live[loser] = 0;
      }
    }
  }
  return aliases;

  // A merge of merges lists the oldest ids twice; the live survivor speaks for them.
  function rank(a: number, b: number): number {
    const alive = Number(records[b]!.state === 'live') - Number(records[a]!.state === 'live');
    return alive !== 0 ? alive : byAge(a, b);
  }
}
