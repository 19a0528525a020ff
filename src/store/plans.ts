import type { Cause, SubjectId } from '../model/facts.ts';
import type { Output } from '../model/outputs.ts';
import type { ConnectionId, FieldValue, RecordKey } from '../model/record.ts';
import type { Fence } from './fence.ts';

/** One field of one record that is to change, or is left alone for a reason people should know. */
export interface PlannedChange {
  readonly journey: string;
  readonly output: Output;
  readonly field: string;
  readonly old: FieldValue;
  readonly new: FieldValue;
  /** Why the value is what it is, in words; only under `plan`. */
  readonly reason: string | null;
  /** What moves it; null: nothing moves, a value is filled. Only under `plan`. */
  readonly cause?: Cause | null;
  /** The value goes back to a person's, so it is none of ours. Only in a rollback. */
  readonly theirs?: true;
}

/** One record with all its changes: one row of a write batch. */
export interface PlannedWrite extends RecordKey {
  readonly subject: SubjectId;
  /** The record it hangs on, for sorting: writes to one parent are made together. */
  readonly parent: string | null;
  readonly changes: readonly PlannedChange[];
}

/** What runs are going to write: too much for memory. A run has each record once. */
export interface PlanStore {
  add(run: string, writes: readonly PlannedWrite[], fence: Fence): Promise<void>;
  count(run: string, connection: ConnectionId, type: string): Promise<number>;
  /** In order of parent and id, a chunk at a time; meanwhile nothing may be added. */
  scan(run: string, connection: ConnectionId, type: string): AsyncIterable<readonly PlannedWrite[]>;
  /** By record id. */
  get(
    run: string,
    connection: ConnectionId,
    type: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, PlannedWrite>>;
  /** These records hold what was planned. */
  done(run: string, writes: readonly PlannedWrite[], fence: Fence): Promise<void>;
  /** Forgets what every other run planned. */
  keepOnly(runs: readonly string[], fence: Fence): Promise<void>;
}
