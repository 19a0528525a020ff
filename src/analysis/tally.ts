const SEPARATOR = '\u001f';

/** Numbers kept at eight bytes each, whatever they are of. */
class NumberBag {
  #values = new Float64Array(4);
  #size = 0;

  push(value: number): void {
    if (this.#size === this.#values.length) this.#grow(this.#size * 2);
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  append(other: NumberBag): void {
    const size = this.#size + other.#size;
    if (size > this.#values.length) this.#grow(Math.max(size, this.#values.length * 2));
    this.#values.set(other.#values.subarray(0, other.#size), this.#size);
    this.#size = size;
  }

  sorted(): Float64Array {
    return this.#values.slice(0, this.#size).sort();
  }

  #grow(size: number): void {
    const values = new Float64Array(size);
    values.set(this.#values.subarray(0, this.#size));
    this.#values = values;
  }
}

type Key = readonly string[];

/**
 * What an analysis remembers of all subjects it has seen: counts and bags of numbers, by figure and key. Counts are
 * whole numbers and bags are read sorted, so that neither the order of subjects nor merging changes a result.
 */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #bags = new Map<string, Map<string, NumberBag>>();
  readonly #least = new Map<string, Map<string, readonly string[]>>();
  readonly #seen = new Set<string>();

  /** A new subject: what `once` counted of the one before may be counted again. */
  begin(): void {
    this.#seen.clear();
  }

  add(figure: string, key: Key, n = 1): void {
    if (n === 0) return;
    const counts = inner(this.#counts, figure);
    const text = key.join(SEPARATOR);
    counts.set(text, (counts.get(text) ?? 0) + n);
  }

  /** Counts the present subject at most once. */
  once(figure: string, key: Key): void {
    const text = key.join(SEPARATOR);
    const mark = `${figure}${SEPARATOR}${text}`;
    if (this.#seen.has(mark)) return;
    this.#seen.add(mark);
    const counts = inner(this.#counts, figure);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }

  push(figure: string, key: Key, value: number): void {
    const bags = inner(this.#bags, figure);
    const text = key.join(SEPARATOR);
    let bag = bags.get(text);
    if (bag === undefined) {
      bag = new NumberBag();
      bags.set(text, bag);
    }
    bag.push(value);
  }

  /** Keeps the five smallest texts. */
  keepLeast(figure: string, key: Key, value: string): void {
    const lists = inner(this.#least, figure);
    const text = key.join(SEPARATOR);
    lists.set(text, leastOf(lists.get(text) ?? [], [value]));
  }

  count(figure: string, ...key: Key): number {
    return this.#counts.get(figure)?.get(key.join(SEPARATOR)) ?? 0;
  }

  /** Ascending. */
  numbers(figure: string, ...key: Key): Float64Array {
    return this.#bags.get(figure)?.get(key.join(SEPARATOR))?.sorted() ?? new Float64Array();
  }

  least(figure: string, ...key: Key): readonly string[] {
    return this.#least.get(figure)?.get(key.join(SEPARATOR)) ?? [];
  }

  /** All keys that were counted, with their counts, in the order of the keys. */
  counts(figure: string): readonly { readonly key: readonly string[]; readonly n: number }[] {
    return [...(this.#counts.get(figure) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, n]) => ({ key: key.split(SEPARATOR), n }));
  }

  /** Takes over all that the other one has. */
  merge(other: Tally): void {
    for (const [figure, theirs] of other.#counts) {
      const counts = inner(this.#counts, figure);
      for (const [key, n] of theirs) counts.set(key, (counts.get(key) ?? 0) + n);
    }
    for (const [figure, theirs] of other.#bags) {
      const bags = inner(this.#bags, figure);
      for (const [key, bag] of theirs) {
        const known = bags.get(key) ?? new NumberBag();
        known.append(bag);
        bags.set(key, known);
      }
    }
    for (const [figure, theirs] of other.#least) {
      const lists = inner(this.#least, figure);
      for (const [key, list] of theirs) lists.set(key, leastOf(lists.get(key) ?? [], list));
    }
  }
}

/** A text of a CRM as part of a key. */
export function word(value: unknown, otherwise: string): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return otherwise;
  const text = String(value).replaceAll(SEPARATOR, ' ');
  return text === '' ? otherwise : text;
}

function inner<T>(outer: Map<string, Map<string, T>>, figure: string): Map<string, T> {
  let map = outer.get(figure);
  if (map === undefined) {
    map = new Map();
    outer.set(figure, map);
  }
  return map;
}

function leastOf(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort().slice(0, 5);
}
