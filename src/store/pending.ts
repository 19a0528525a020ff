import type { SubjectId, SubjectKind } from '../model/facts.ts';
import type { RecordKey } from '../model/record.ts';
import type { Fence } from './fence.ts';

/**
 * Why a subject is looked at by the next run. `changed`: something about it changed or time asks for it · `writes`:
 * writes of it were planned and have not all been made · `held`: its records do not hold what they should, for a
 * reason that no run can mend.
 */
export type PendingState = 'changed' | 'writes' | 'held';

export interface PendingSubject {
  readonly id: SubjectId;
  /** The last placing did not look at it although it looked at everybody else: it was not there, or left as it was. */
  readonly asleep: boolean;
}

/** The last placing that was made final. */
export interface LastPlacing {
  /** The instant up to which every subject that does not wait was judged; null: never. */
  readonly until: number | null;
  /** What it was judged by, as a text; null: everybody has to be judged anew. */
  readonly basis: string | null;
}

/** What a run did with a subject that is left with something to do. */
export interface LeftOver {
  readonly subject: SubjectId;
  readonly state: PendingState;
  readonly asleep: boolean;
}

/**
 * Who has to be looked at again (J15). Commits of pages, identities, histories and purges note what they touch in
 * their own transaction, once there is a basis; until then everybody is looked at anyway. Nothing is forgotten before
 * `settle`, so that a run that was killed or stopped loses nothing.
 */
export interface PendingStore {
  last(): Promise<LastPlacing>;
  /** Everybody has to be judged anew until the next `settle`. */
  everybody(fence: Fence): Promise<void>;
  /** Records whose subjects, and those that see them, are to be looked at. */
  touch(keys: readonly RecordKey[], fence: Fence): Promise<void>;
  /** Touched records and subjects that were not followed yet, some at a time. */
  touched(limit: number): Promise<readonly Touched[]>;
  /** These touched ones concern these subjects: the first are forgotten and the second wait, in one transaction. */
  followed(touched: readonly Touched[], subjects: readonly SubjectId[], fence: Fence): Promise<void>;
  /** Subjects that are to be looked at themselves: somebody set or ended something for them by hand. */
  add(subjects: readonly SubjectId[], fence: Fence): Promise<void>;
  /** Adds the living subjects that are due on one of these journeys. */
  addDue(journeys: readonly string[], now: number, fence: Fence): Promise<void>;
  /** Living subjects of a kind that wait, in id order, a chunk at a time; others may be added meanwhile. */
  scan(kind: SubjectKind): AsyncIterable<readonly PendingSubject[]>;
  /** Which of these wait. */
  among(subjects: readonly SubjectId[]): Promise<ReadonlyMap<SubjectId, PendingSubject>>;
  count(): Promise<number>;
  /** These were judged in this run and are not done with. */
  leave(run: string, left: readonly LeftOver[], fence: Fence): Promise<void>;
  /** What the run judged is final: whoever it left nothing for waits no more, and earlier placements are forgotten. */
  settle(
    run: string,
    placing: { readonly until: number; readonly basis: string },
    fence: Fence,
  ): Promise<void>;
  /** Subjects of which the run has made all planned writes wait no more. */
  written(run: string, fence: Fence): Promise<void>;
}

/** A touched record, or a subject (`connection` empty). */
export interface Touched {
  readonly connection: string;
  readonly type: string;
  readonly id: string;
}
