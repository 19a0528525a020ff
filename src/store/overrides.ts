import type { RecordKey } from '../model/record.ts';
import type { Fence } from './fence.ts';
import type { LedgerEntry } from './ledger.ts';

/** A stage or band that somebody set by hand (J29). It belongs to the record it was set on, and goes with that record
 *  when subjects are merged or split. */
export interface StoredOverride extends RecordKey {
  readonly override: string;
  readonly journey: string;
  readonly kind: 'stage' | 'band';
  /** Name of the stage or band; null: in no stage. */
  readonly value: string | null;
  /** Who set it; null: the CRM does not tell. */
  readonly owner: string | null;
  readonly reason: string;
  /** Since when it holds, and when Waystage learnt of it; epoch milliseconds. */
  readonly at: number;
  readonly known: number;
  /** When it ends by itself, exclusive; null: when somebody ends it. */
  readonly until: number | null;
  /** Ended before that by a person. */
  readonly ended: OverrideEnd | null;
  readonly source: 'cli' | 'crm' | 'api';
}

export interface OverrideEnd {
  readonly at: number;
  readonly known: number;
  readonly by: string | null;
}

/** What people did to output fields in a CRM, taken over. */
export interface Adoption {
  readonly overrides: readonly StoredOverride[];
  readonly ended: readonly { readonly override: string; readonly end: OverrideEnd }[];
  /** `adopted` entries: from now on the ledger knows these values. */
  readonly entries: readonly LedgerEntry[];
}

export interface OverrideStore {
  /** Adds overrides. The next run looks at their subjects. */
  set(overrides: readonly StoredOverride[]): Promise<void>;
  /** Ends overrides that have no end yet. The next run looks at their subjects. */
  end(overrides: readonly string[], end: OverrideEnd): Promise<void>;
  /** All of it or nothing. */
  adopt(adoption: Adoption, fence: Fence): Promise<void>;
  /** Overrides that were ever set on these records, oldest first. */
  of(records: readonly RecordKey[]): Promise<readonly StoredOverride[]>;
  /** All, oldest first; with an instant only those that have not ended by then. */
  list(openAt: number | null): Promise<readonly StoredOverride[]>;
  /** Makes due whoever has an override that was set or ended since the last look: also what came in while a run was
   *  under way. */
  wake(fence: Fence): Promise<void>;
}
