/** Rows a statement at most: well below the 32,766 variables of SQLite and 65,535 of Postgres for wide rows. */
export const ROWS_PER_STATEMENT = 500;

/** Splits into parts of at most `size`. */
export function chunks<T>(items: readonly T[], size = ROWS_PER_STATEMENT): readonly (readonly T[])[] {
  if (items.length <= size) return items.length === 0 ? [] : [items];
  const parts: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
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
