import type { SubjectId } from '../model/facts.ts';
import type { Output } from '../model/outputs.ts';
import type { ConnectionId, FieldValue, RecordKey } from '../model/record.ts';
import type { Fence } from './fence.ts';

/** `returned`: a person's value that a write of ours had overwritten was put back; it is not a value of ours.
 *  `adopted`: a person's value that became an override; nothing was written, and the value is known from then on. */
export type LedgerState = 'pending' | 'written' | 'refused' | 'unknown' | 'lost' | 'returned' | 'adopted';

/** One field of one record that we set out to change. */
export interface LedgerEntry extends RecordKey {
  readonly entry: string;
  readonly run: string;
  readonly subject: SubjectId;
  readonly journey: string;
  readonly output: Output;
  readonly field: string;
  readonly old: FieldValue;
  readonly new: FieldValue;
  readonly state: LedgerState;
  readonly code: string | null;
  readonly message: string | null;
  readonly at: number;
}

/** What we set out to write, and what became of it. */
export interface LedgerStore {
  /** Before the CRM is called: what is about to be written. */
  begin(entries: readonly LedgerEntry[], fence: Fence): Promise<void>;
  settle(
    results: readonly {
      readonly entry: string;
      readonly state: LedgerState;
      readonly code: string | null;
      readonly message: string | null;
    }[],
    at: number,
    fence: Fence,
  ): Promise<void>;
  /** Entries whose outcome nobody knows: left `pending` by a killed run, or answered `unknown`. */
  open(connection: ConnectionId): Promise<readonly LedgerEntry[]>;
  /** The newest value we know to have written or adopted, per record and field. */
  lastWritten(
    connection: ConnectionId,
    type: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, Readonly<Record<string, FieldValue>>>>;
  ofRun(run: string): Promise<readonly LedgerEntry[]>;
  /** What was written or put back and not yet looked back at, oldest first, and the place after it. */
  toLookBack(
    connection: ConnectionId,
    limit: number,
  ): Promise<{ readonly entries: readonly LedgerEntry[]; readonly place: number }>;
  lookedBack(connection: ConnectionId, place: number, fence: Fence): Promise<void>;
  /** All that was ever tried on these records, whatever became of it, oldest first. */
  attempts(connection: ConnectionId, type: string, ids: readonly string[]): Promise<readonly LedgerEntry[]>;
  /** What was written to these records since, oldest first. */
  writtenSince(
    connection: ConnectionId,
    type: string,
    ids: readonly string[],
    since: number,
  ): Promise<readonly LedgerEntry[]>;
}
