/** Rows a statement at most: well below the 32,766 variables of SQLite and 65,535 of Postgres for wide rows. */
export const ROWS_PER_STATEMENT = 500;

/** Splits into parts of at most `size`. */
export function chunks<T>(items: readonly T[], size = ROWS_PER_STATEMENT): readonly (readonly T[])[] {
  if (items.length <= size) return items.length === 0 ? [] : [items];
  const parts: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}

/** Lengths of lists in statements. */
const LENGTHS = [1, 4, 16, 64, 200, ROWS_PER_STATEMENT];

/**
 * For `in (…)`: the list with its last item repeated up to one of a few lengths. A list of another length is another
 * statement, to be prepared and to be kept, and one of hundreds of items takes a hundred kilobytes outside the heap.
 */
export function listed<T>(items: readonly T[]): readonly T[] {
  const length = LENGTHS.find((one) => one >= items.length) ?? items.length;
  const last = items.at(-1);
  if (last === undefined || length === items.length) return items;
  return [...items, ...new Array<T>(length - items.length).fill(last)];
}

/** Groups by a text key, keeping order. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
