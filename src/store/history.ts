import type { FieldCourse } from '../connector/port.ts';
import type { Association, ConnectionId, FieldValue, RecordKey } from '../model/record.ts';
import type { Fence } from './fence.ts';

/** What a page takes away, so that the past can be told (J14). */
export interface PageChanges {
  readonly values: readonly ChangedValue[];
  readonly unlinked: readonly EndedLink[];
  /** Ids of records seen for the first time of which it is known that they had their values since they were created. */
  readonly newborn: ReadonlySet<string>;
}

/** A field of a known record that holds something else than before. */
export interface ChangedValue {
  readonly id: string;
  readonly field: string;
  /** Absent: the field was not read before. */
  readonly before?: FieldValue;
  readonly after: FieldValue;
  readonly afterSince: number;
}

/** An association that is not there any more. */
export interface EndedLink {
  readonly id: string;
  readonly to: Association;
  readonly ended: number;
}

/** What a field held since an instant, until the next one. */
export interface KeptValue {
  readonly value: FieldValue;
  readonly since: number;
  /** When Waystage learnt it. */
  readonly noticed: number;
}

/** The past of one record, as far as it is kept. A field without values holds its present one since `knownSince`. */
export interface RecordPast extends RecordKey {
  readonly knownSince: number;
  readonly values: Readonly<Record<string, readonly KeptValue[]>>;
  readonly endedLinks: readonly { readonly to: Association; readonly ended: number }[];
}

export interface HistoryCheckpoint {
  readonly cursor: string;
  readonly fields: readonly string[];
  readonly complete: boolean;
}

/** What was true before (J14). */
export interface HistoryStore {
  /** One page of the CRM's own history with its checkpoint. A course takes the place of what was kept of the field
   *  within its span; older values stay when it is not complete. */
  commitPage(
    page: {
      readonly connection: ConnectionId;
      readonly type: string;
      readonly courses: readonly FieldCourse[];
      readonly checkpoint: HistoryCheckpoint;
      readonly at: number;
    },
    fence: Fence,
  ): Promise<void>;
  checkpoint(connection: ConnectionId, type: string): Promise<HistoryCheckpoint | null>;
  /** The past of these records; a record that is not stored is absent. */
  of(
    connection: ConnectionId,
    type: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, RecordPast>>;
  /** Links that ended at these records' far end: who pointed to them. */
  endedTo(
    connection: ConnectionId,
    type: string,
    ids: readonly string[],
  ): Promise<readonly (RecordKey & { readonly to: Association; readonly ended: number })[]>;
}
