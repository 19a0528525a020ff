import type { Bulk, BulkTable } from '../sql/bulk.ts';
import type { SqliteDriver, SqliteReader, SqliteWriter } from './driver.ts';

/** Values a statement of several rows has at most: more make it no quicker. */
const VALUES_A_STATEMENT = 120;

const ASCII = /^[ -~]*$/;

/**
 * Prepared statements of few texts: SQLite runs in this process, so a statement costs no way there and back, while
 * building one long statement a page costs more than running it.
 */
export function sqliteBulk(db: SqliteDriver): Bulk {
  const statements = new Map<BulkTable, Statements>();
  const of = (table: BulkTable): Statements => {
    const known = statements.get(table);
    if (known !== undefined) return known;
    const made = statementsOf(db, table);
    statements.set(table, made);
    return made;
  };
  // The transaction has the only connection, which is this one.
  return {
    upsert: async (_trx, table, rows) => {
      const { insert, upsert } = of(table);
      const known: number[] = [];
      for (let at = 0; at < rows.length; at += 1) {
        const row = rows[at]!;
        if (insert.run(row) > 0) continue;
        if (table.replace.length > 0) upsert.run(row);
        known.push(at);
      }
      return known;
    },
    put: async (_trx, table, rows) => {
      const { upsert, several, rowsInSeveral } = of(table);
      let at = 0;
      for (; at + rowsInSeveral <= rows.length; at += rowsInSeveral)
        several.run(rows.slice(at, at + rowsInSeveral).flat());
      for (; at < rows.length; at += 1) upsert.run(rows[at]!);
    },
    remove: async (_trx, table, keys) => {
      for (const key of keys) of(table).remove.run(key);
    },
    present: async (table, leading, ids) => {
      if (ids.length === 0) return [];
      const { present, fromOnwards } = of(table);
      const least = leastOf(ids);
      // A first load mostly goes upwards: one question tells that there is none. SQLite compares bytes, which is the
      // same order as long as the least is ASCII.
      if (ASCII.test(least) && fromOnwards.all([...leading, least]).length === 0) return [];
      return present.all([...leading, JSON.stringify(ids)]).map((row) => String(row[table.key.at(-1)!]));
    },
    isEmpty: async (table) => of(table).any.all([]).length === 0,
  };
}

function leastOf(texts: readonly string[]): string {
  let least = texts[0]!;
  for (const text of texts) if (text < least) least = text;
  return least;
}

interface Statements {
  /** Changes nothing where the key is there. */
  readonly insert: SqliteWriter;
  readonly upsert: SqliteWriter;
  readonly several: SqliteWriter;
  readonly rowsInSeveral: number;
  readonly remove: SqliteWriter;
  readonly present: SqliteReader;
  /** Something whose last key column is as large as this, or larger. */
  readonly fromOnwards: SqliteReader;
  readonly any: SqliteReader;
}

function statementsOf(db: SqliteDriver, { name, columns, key, replace, when }: BulkTable): Statements {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const insert = (rows: number): string =>
    `insert into ${name} (${columns.join(', ')}) values ${Array(rows).fill(row).join(', ')} on conflict (${key.join(', ')})`;
  const sets = replace.map((column) => `${column} = excluded.${column}`).join(', ');
  const otherwise =
    replace.length === 0
      ? 'do nothing'
      : `do update set ${sets}${when === undefined ? '' : ` where ${when}`}`;
  const rowsInSeveral = Math.max(1, Math.floor(VALUES_A_STATEMENT / columns.length));
  const leading = key.slice(0, -1).map((column) => `${column} = ? and `);
  const last = key.at(-1)!;
  return {
    insert: db.writer(`${insert(1)} do nothing`),
    upsert: db.writer(`${insert(1)} ${otherwise}`),
    several: db.writer(`${insert(rowsInSeveral)} ${otherwise}`),
    rowsInSeveral,
    remove: db.writer(`delete from ${name} where ${key.map((column) => `${column} = ?`).join(' and ')}`),
    // The ids as one value: a statement of as many placeholders as there are ids would have to be built each time.
    present: db.reader(
      `select ${last} from ${name} where ${leading.join('')}${last} in (select value from json_each(?))`,
    ),
    fromOnwards: db.reader(`select 1 from ${name} where ${leading.join('')}${last} >= ? limit 1`),
    any: db.reader(`select 1 from ${name} limit 1`),
  };
}
