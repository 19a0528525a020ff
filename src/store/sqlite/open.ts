import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import { WaystageError } from '../../model/errors.ts';
import { migrate } from '../migrations/index.ts';
import type { Store } from '../port.ts';
import { sqlStore } from '../sql/store.ts';
import type { Tables } from '../sql/tables.ts';
import { sqliteBulk } from './bulk.ts';
import { SqliteDriver } from './driver.ts';

export interface SqliteOptions {
  /** Most pages of 4 KiB the file may have: a disk of that size. Default: as many as the disk holds. */
  readonly maxPages?: number;
}

/**
 * Opens (and creates or migrates) a SQLite store. `file` is a path or `:memory:`.
 * Throws `store_unusable` when the file cannot be opened, is no database, or is too new.
 */
export async function openSqliteStore(file: string, options: SqliteOptions = {}): Promise<Store> {
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    const driver = new SqliteDriver(file, options);
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: driver }) });
    try {
      await migrate(db as unknown as Kysely<unknown>);
    } catch (error) {
      await db.destroy();
      throw error;
    }
    return sqlStore(db, sqliteBulk(driver));
  } catch (error) {
    if ((error as { name?: unknown }).name === 'WaystageError') throw error;
    throw new WaystageError(
      'store_unusable',
      `The database ${file} cannot be opened: ${(error as { message?: unknown }).message}. ` +
        'Check that the folder exists and is writable, that the disk has room, and that the file is a Waystage database.',
      { cause: error },
    );
  }
}
