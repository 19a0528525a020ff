import type { SubjectId } from '../../model/facts.ts';
import type { FieldValue, RecordKey } from '../../model/record.ts';
import type { PlannedWrite } from '../../store/plans.ts';

/** Which visits a changed mapping makes anew: those from now on, or all since the first fact (J14). */
export type RuleSpan = 'now' | 'backfill';

/** What a saved plan was made from and what it says; the file holds more, for people. */
export interface SavedPlan {
  readonly id: string;
  /** By the clock, and the instant rules were evaluated at; epoch milliseconds. */
  readonly made: number;
  readonly now: number;
  readonly rules: RuleSpan;
  /** Only this connection was planned; null: all. */
  readonly connection: string | null;
  readonly from: {
    /** The rules it was made with, and those that were in force. */
    readonly set: string;
    readonly active: string | null;
    /** Version by journey. */
    readonly versions: Readonly<Record<string, string>>;
    readonly configuration: string;
  };
  /** What decided, by subject of the changes. */
  readonly subjects: Readonly<Record<string, PlannedSubject>>;
  readonly changes: readonly PlannedWrite[];
}

export interface PlannedSubject {
  /** Hash of the records it had. */
  readonly identity: string;
  /** Hash of the facts that decided, by journey. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface ApplyRequest {
  readonly plan: SavedPlan;
  /** Records to write at most; null: all. */
  readonly limit: number | null;
  /** Only subjects in this segment; null: all. */
  readonly segment: string | null;
  /** Nothing at all when anything would be left out. */
  readonly strict: boolean;
}

/** A planned value that was not written, with what is so now. */
export interface LeftOut extends RecordKey {
  readonly subject: SubjectId;
  readonly field: string;
  readonly planned: FieldValue;
  readonly now: FieldValue;
  /** `outputs`: another value would be right now · `facts`: the value would be the same for other reasons · `edited`:
   *  the field is another in the CRM than when it was planned · `gone`: the record is live no more. */
  readonly why: 'outputs' | 'facts' | 'edited' | 'gone';
}

/** What became of a saved plan. */
export interface ApplySummary {
  readonly plan: string;
  /** The rules took over with it. */
  readonly activated: boolean;
  /** Records of the plan that were to be written, that hold it already, and that wait for another `apply`. */
  readonly records: number;
  readonly done: number;
  readonly waiting: number;
  readonly leftOut: readonly LeftOut[];
}
