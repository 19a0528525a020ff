import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { WaystageError } from '../../model/errors.ts';

/** Prepared statements kept; bulk statements of one size share their text, so a run needs few. */
const CACHED_STATEMENTS = 200;

/** A statement that takes in rows. */
export interface SqliteWriter {
  /** @returns rows that changed */
  run(row: readonly (string | number | null)[]): number;
}

/** A question that is asked again and again. */
export interface SqliteReader {
  all(parameters: readonly (string | number | null)[]): readonly Readonly<Record<string, unknown>>[];
}

/**
 * Node's built-in SQLite in the shape kysely's SQLite dialect wants. Refuses values that SQLite would store as
 * something else without an error: a `Date` becomes NULL, a lone surrogate U+FFFD.
 */
export class SqliteDriver implements SqliteDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(file: string, options: { readonly maxPages?: number } = {}) {
    this.#db = new DatabaseSync(file);
    // The wait first: two processes that make the same new database already meet at the next statement.
    this.#db.exec('pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full;');
    // A first load touches the same pages of the indexes again and again: they are kept, and written back less often.
    this.#db.exec('pragma cache_size = -8000; pragma wal_autocheckpoint = 4000;');
    if (options.maxPages !== undefined) this.#db.exec(`pragma max_page_count = ${options.maxPages}`);
  }

  prepare(text: string): SqliteStatement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = text === 'rollback' ? this.#rollback() : wrap(this.#db.prepare(text));
    if (this.#statements.size >= CACHED_STATEMENTS) {
      const oldest = this.#statements.keys().next().value;
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    this.#statements.set(text, statement);
    return statement;
  }

  /** A statement for many rows: prepared when it is first used, and kept. */
  writer(text: string): SqliteWriter {
    let statement: StatementSync | undefined;
    return {
      run: (row) => {
        for (let at = 0; at < row.length; at += 1) storable(row[at]);
        return usable(() => {
          statement ??= this.#db.prepare(text);
          return Number(statement.run(...row).changes);
        });
      },
    };
  }

  /** The same for a question. */
  reader(text: string): SqliteReader {
    let statement: StatementSync | undefined;
    return {
      all: (parameters) => {
        for (const value of parameters) storable(value);
        return usable(() => {
          statement ??= this.#db.prepare(text);
          return statement.all(...parameters) as Readonly<Record<string, unknown>>[];
        });
      },
    };
  }

  /** A full disk may have ended the transaction already: that error must not give way to one about this. */
  #rollback(): SqliteStatement {
    const statement = wrap(this.#db.prepare('rollback'));
    return {
      ...statement,
      run: (parameters) =>
        this.#db.isTransaction ? statement.run(parameters) : { changes: 0, lastInsertRowid: 0 },
    };
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

function wrap(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => usable(() => statement.all(...parameters.map(storable))),
    run: (parameters) => usable(() => statement.run(...parameters.map(storable))),
    iterate: (parameters) => statement.iterate(...parameters.map(storable)) as IterableIterator<unknown>,
  };
}

/** SQLite's result codes (the low byte of the extended ones) that no statement of ours can cause. */
const UNUSABLE: Readonly<Record<number, string>> = {
  5: 'is locked by another process; end it, or wait until it is done',
  8: 'is read-only; make the file and its folder writable',
  10: 'cannot be read or written by the operating system; look at the disk',
  11: 'is damaged; restore a copy',
  13: 'is full; make room on the disk and sync again, nothing half-done was kept',
  14: 'cannot be opened; check that its folder exists and is writable',
  26: 'is no database',
};

function usable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as { errcode?: unknown }).errcode;
    const what = typeof code === 'number' ? UNUSABLE[code & 0xff] : undefined;
    if (what === undefined) throw error;
    throw new WaystageError('store_unusable', `The database ${what}.`, { cause: error });
  }
}

function storable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && value.isWellFormed()) return value;
  const found = typeof value === 'string' ? 'text with half of a surrogate pair' : typeof value;
  throw new WaystageError(
    'value_unstorable',
    `The database was given ${found}; it holds well-formed text, finite numbers and null. Please report this.`,
  );
}
