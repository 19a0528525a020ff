import type { SqliteDatabase } from 'kysely';
import type { Bulk, BulkTable } from '../sql/bulk.ts';

/**
 * Row by row with prepared statements: SQLite runs in this process, so a statement a row costs no way there and back,
 * while building one long statement a page costs more than running it.
 */
export function sqliteBulk(db: SqliteDatabase): Bulk {
  const texts = new Map<BulkTable, Texts>();
  return {
    // The transaction has the only connection, which is this one.
    upsert: async (_trx, table, rows) => {
      const text = texts.get(table) ?? textsOf(table);
      texts.set(table, text);
      const insert = db.prepare(text.insert);
      const known: number[] = [];
      for (const [position, row] of rows.entries()) {
        if (Number(insert.run(row).changes) > 0) continue;
        if (table.replace.length > 0) db.prepare(text.replace).run(row);
        known.push(position);
      }
      return known;
    },
  };
}

interface Texts {
  /** Changes nothing where the key is there. */
  readonly insert: string;
  readonly replace: string;
}

function textsOf({ name, columns, key, replace, when }: BulkTable): Texts {
  const insert = `insert into ${name} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')}) on conflict (${key.join(', ')})`;
  const sets = replace.map((column) => `${column} = excluded.${column}`).join(', ');
  return {
    insert: `${insert} do nothing`,
    replace: `${insert} do update set ${sets}${when === undefined ? '' : ` where ${when}`}`,
  };
}
