import { type DisjointSet, disjointSet } from './disjoint-set.ts';

/** Numbers that have a name in common, directly or over others; names are kept as hashes of 64 bits. */
export interface NumberTable {
  /** The number (null: none) and whoever else has one of these names belong together. */
  join(names: readonly string[], number: number | null): void;
  /** Nothing is joined any more. @param count of numbers: 0..count-1 */
  close(count: number): NamedNumbers;
}

export interface NamedNumbers {
  /** The number belongs to those that have the name, if anybody has. */
  name(name: string, number: number): void;
  /** The smallest number that belongs together with this one. */
  first(number: number): number;
}

/** Words of a row: two of hash, one of the set of its name, plus one (0: the row is free). */
const WORDS = 3;

export function numberTable(): NumberTable {
  let size = 1_024;
  let rows = new Uint32Array(size * WORDS);
  let held = 0;
  /** Sets of names, by union: a set stands for the numbers that have them. */
  let parents = new Int32Array(1_024);
  let sets = 0;
  /** Number and set, one after the other. */
  let pairs = new Int32Array(2_048);
  let paired = 0;

  const find = (set: number): number => {
    let root = set;
    while (parents[root] !== root) root = parents[root]!;
    for (let at = set; at !== root; ) {
      const next = parents[at]!;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  const placeOf = (of: Uint32Array, places: number, high: number, low: number): number => {
    for (let place = low & (places - 1); ; place = (place + 1) & (places - 1)) {
      const at = place * WORDS;
      if (of[at + 2] === 0 || (of[at] === high && of[at + 1] === low)) return at;
    }
  };
  const grow = (): void => {
    const larger = new Uint32Array(size * 2 * WORDS);
    for (let at = 0; at < rows.length; at += WORDS) {
      if (rows[at + 2] === 0) continue;
      const to = placeOf(larger, size * 2, rows[at]!, rows[at + 1]!);
      for (let word = 0; word < WORDS; word += 1) larger[to + word] = rows[at + word]!;
    }
    rows = larger;
    size *= 2;
  };
  const setOf = (name: string): number | null => {
    const at = placeOf(rows, size, hash(name, HIGH), hash(name, LOW));
    return rows[at + 2] === 0 ? null : find(rows[at + 2]! - 1);
  };
  const newSet = (): number => {
    if (sets === parents.length) parents = larger(parents);
    parents[sets] = sets;
    sets += 1;
    return sets - 1;
  };
  return {
    join(names, number) {
      let set: number | null = null;
      for (const name of names) {
        const known = setOf(name);
        if (known === null) continue;
        if (set === null) set = known;
        else parents[Math.max(set, known)] = Math.min(set, known);
        set = find(set);
      }
      set ??= newSet();
      for (const name of names) {
        const [high, low] = [hash(name, HIGH), hash(name, LOW)];
        const at = placeOf(rows, size, high, low);
        if (rows[at + 2] !== 0) continue;
        rows[at] = high;
        rows[at + 1] = low;
        rows[at + 2] = set + 1;
        held += 1;
        if (held * 3 > size * 2) grow();
      }
      if (number === null) return;
      if (paired + 2 > pairs.length) pairs = larger(pairs);
      pairs[paired] = number;
      pairs[paired + 1] = set;
      paired += 2;
    },
    close(count) {
      // One forest of numbers, then sets: the smallest of a tree is a number wherever it has one.
      const all: DisjointSet = disjointSet(count + sets);
      for (let set = 0; set < sets; set += 1) all.union(count + set, count + find(set));
      for (let at = 0; at < paired; at += 2) all.union(pairs[at]!, count + pairs[at + 1]!);
      return {
        name(name, number) {
          const set = setOf(name);
          if (set !== null) all.union(number, count + set);
        },
        first: (number) => all.find(number),
      };
    },
  };
}

function larger(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}

const HIGH = 0x811c9dc5;
const LOW = 0x9e3779b9;

/** FNV-1a over UTF-16 units, mixed at the end so that the low bits spread. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  return value >>> 0;
}
