import type { SubjectId, Visit } from '../model/facts.ts';
import type { LedgerEntry } from './ledger.ts';

/** A visit with whose it is and its place among the visits of the subject on that journey. */
export interface ExportedVisit extends Visit {
  readonly subject: SubjectId;
  readonly journey: string;
  readonly seq: number;
}

/** Health as it was when score or band moved. */
export interface ExportedHealthPoint {
  readonly subject: SubjectId;
  readonly journey: string;
  readonly at: number;
  readonly score: number | null;
  readonly band: string | null;
  readonly coverage: number | null;
}

/** Everything of a kind, a chunk at a time, so that no export holds more. Rows that are added meanwhile may be missed,
 *  none comes twice. `journey` null: of all. */
export interface ExportStore {
  /** By subject, journey and order. Visits that were superseded (J13) are not among them. */
  visits(journey: string | null): AsyncIterable<readonly ExportedVisit[]>;
  /** By subject, journey and order. */
  health(journey: string | null): AsyncIterable<readonly ExportedHealthPoint[]>;
  /** In the order in which they were begun. */
  writes(journey: string | null): AsyncIterable<readonly LedgerEntry[]>;
}
