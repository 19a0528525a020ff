import type { Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** Where rows go by the thousand, and what becomes of one whose key is there already. */
export interface BulkTable {
  readonly name: keyof Tables;
  readonly columns: readonly string[];
  /** The primary key. */
  readonly key: readonly string[];
  /** Columns that take the new values; none: the row stays as it is. */
  readonly replace: readonly string[];
  /** When they do: a condition over the table's name and `excluded`. Absent: always. */
  readonly when?: string;
}

/** Values in the order of the columns. */
export type BulkRow = readonly (string | number | null)[];

/** The quickest way a database takes in many rows; everything else goes through the query builder. */
export interface Bulk {
  /**
   * Inserts or replaces rows inside the transaction, as if each were a statement of its own, in their order.
   * @returns positions of the rows whose key was there already
   */
  upsert(trx: Transaction<Tables>, table: BulkTable, rows: readonly BulkRow[]): Promise<readonly number[]>;
  /** The same for who need not know which were there: several rows a statement. */
  put(trx: Transaction<Tables>, table: BulkTable, rows: readonly BulkRow[]): Promise<void>;
  /** Deletes rows by their primary keys; what is not there is none. */
  remove(trx: Transaction<Tables>, table: BulkTable, keys: readonly BulkRow[]): Promise<void>;
  /** Which of the ids are there, by the last column of the primary key; `leading` are the values of those before. */
  present(table: BulkTable, leading: readonly string[], ids: readonly string[]): Promise<readonly string[]>;
  /** Whether a table holds nothing at all. */
  isEmpty(table: BulkTable): Promise<boolean>;
}
