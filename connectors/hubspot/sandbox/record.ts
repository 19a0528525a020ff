import type { SandboxWrite } from '../../../src/sandbox/index.ts';

export type Actor = SandboxWrite['by'];

/** One value a property had, and since when. */
export interface HistoryEntry {
  /** `''`: the value was cleared. */
  readonly value: string;
  readonly at: number;
  readonly by: Actor;
}

/** What search knows of a record while its index lags behind. Null: not in the index. */
export interface IndexedState {
  readonly properties: Readonly<Record<string, string>>;
  readonly modified: number;
  readonly archived: boolean;
}

export interface StoredRecord {
  readonly type: string;
  readonly id: string;
  /** Text as the API returns it; absent: no value. Null prototype, so that no name is special. */
  properties: Record<string, string>;
  readonly created: number;
  modified: number;
  archivedAt: number | null;
  /** Ids that were merged into this record. */
  mergedIds: string[];
  /** Oldest first; only properties whose value ever changed. */
  history: Map<string, HistoryEntry[]> | null;
  /** Set while search lags: what it still sees. Undefined: it sees the record as it is. */
  indexed: IndexedState | null | undefined;
  /** Index updates on their way. */
  pending: number;
}

export function newRecord(
  type: string,
  id: string,
  properties: Record<string, string>,
  created: number,
  modified: number,
): StoredRecord {
  return {
    type,
    id,
    properties,
    created,
    modified,
    archivedAt: null,
    mergedIds: [],
    history: null,
    indexed: undefined,
    pending: 0,
  };
}

/** Every value the property had, oldest first; the value a record began with was there since its creation. */
export function historyOf(record: StoredRecord, name: string): readonly HistoryEntry[] {
  const kept = record.history?.get(name);
  if (kept !== undefined) return kept;
  const value = record.properties[name];
  return value === undefined ? [] : [{ value, at: record.created, by: 'crm' }];
}

/** Canonical decimal ids of any length, by number. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
