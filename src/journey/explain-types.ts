import type { ConditionTrace, Position } from '../mapping/types.ts';
import type { Cause, Scalar, SubjectKind } from '../model/facts.ts';
import type { RecordKey } from '../model/record.ts';
import type { Decision } from './decide.ts';
import type { HealthReason } from './health-reason.ts';
import type { Unmet } from './next.ts';

/** A record that a value came from. Plain data: an explanation is printed as JSON as it is. */
export interface Source extends RecordKey {
  readonly field: string;
  /** When it was true, and when the CRM recorded it; null for a field without a value. Epoch milliseconds. */
  readonly at: number | null;
  readonly known: number | null;
}

/** What the other CRM says, where it differs and was not taken (J5). */
export interface NotTaken extends RecordKey {
  /** `account.name`, `deals.amount`. */
  readonly path: string;
  readonly value: Scalar;
  readonly words: string;
  readonly taken: Scalar;
  readonly takenWords: string;
  readonly takenFrom: Source;
}

/** A value a rule saw, with the records it came from. */
export interface SeenInWords {
  readonly path: string;
  readonly value: Scalar;
  /** As people read it: dates as dates. */
  readonly words: string;
  readonly sources: readonly Source[];
}

/** A rule as a tree with each condition's truth (J33). */
export interface RuleTrace {
  readonly text: string;
  readonly name: string | null;
  readonly kind: ConditionTrace['kind'];
  readonly holds: boolean;
  /** 0 when it holds, else how far it is from holding, up to 1. */
  readonly distance: number;
  readonly position: Position;
  readonly seen: readonly SeenInWords[];
  readonly children: readonly RuleTrace[];
}

/** How one stage was judged (J11.3 to 6). */
export interface StageJudgement {
  readonly stage: string;
  readonly label: string;
  readonly offPath: boolean;
  /** The subject is in it. */
  readonly present: boolean;
  readonly eligible: boolean;
  /** Its own rule keeps the subject; null for stages the subject is not in. */
  readonly stays: boolean | null;
  readonly enter: RuleTrace | null;
  readonly stay: RuleTrace | null;
  readonly from: { readonly stages: readonly string[]; readonly met: boolean } | null;
  /** `since`: from when on `enter` has held without a break, looking back no further than the wait. */
  readonly for: { readonly text: string; readonly met: boolean; readonly since: number | null } | null;
  /** Only of the present stage. */
  readonly exit: readonly { readonly to: string | null; readonly rule: RuleTrace }[];
}

/** What is told of an override. */
export interface SetByHand {
  readonly owner: string | null;
  readonly reason: string | null;
  readonly until: number | null;
  /** As people read it: `set by hand by Ann until 20 Dec 2026: key account`. */
  readonly words: string;
}

export interface StageExplanation {
  readonly stage: string | null;
  readonly label: string | null;
  readonly entered: number | null;
  readonly noticed: number | null;
  readonly cause: Cause | null;
  /** The rule that moved the subject here, and the mapping version it stood in. */
  readonly rule: string | null;
  readonly ruleVersion: string | null;
  readonly uncertain: boolean;
  readonly previous: string | null;
  /** Set by hand and in force (J29): who, why, until when (null: until somebody ends it). */
  readonly override: SetByHand | null;
  /** One line, as the `stage_reason` output. */
  readonly reason: string;
  /** Where the rules put the subject now; `move` is null when it stays. */
  readonly decision: Decision;
  /** End of the present stage's `min_stay` while it lasts. */
  readonly minStayUntil: number | null;
  /** Every stage in the mapping's order; the candidate listed last wins. */
  readonly stages: readonly StageJudgement[];
}

export interface NextExplanation {
  readonly stage: string;
  readonly label: string;
  /** Nearest first. */
  readonly unmet: readonly (Omit<Unmet, 'trace'> & {
    readonly words: string;
    readonly rule: RuleTrace | null;
  })[];
}

export interface MeasureExplanation {
  readonly name: string;
  readonly label: string;
  /** `Open tickets: 4`. */
  readonly words: string;
  readonly value: number | null;
  readonly score: number | null;
  readonly hasData: boolean;
  /** Share of the whole score, [0,1]. */
  readonly weight: number;
  /** Points from `neutral`. */
  readonly contribution: number;
  readonly decay: number;
  readonly seen: readonly SeenInWords[];
}

export interface HealthExplanation {
  readonly score: number | null;
  readonly band: string;
  /** The band was set by hand (J29); the rules say `judged`. */
  readonly override: (SetByHand & { readonly judged: string }) | null;
  readonly coverage: number;
  readonly minCoverage: number;
  readonly neutral: number;
  readonly cap: { readonly label: string; readonly max: number; readonly lowered: boolean } | null;
  readonly groups: readonly {
    readonly name: string;
    readonly label: string;
    readonly score: number | null;
    readonly coverage: number;
    readonly weight: number;
    readonly measures: readonly MeasureExplanation[];
  }[];
  readonly drags: readonly HealthReason[];
  readonly lifts: readonly HealthReason[];
}

/** Why a subject is where it is, and why not further (J33). */
export interface Explanation {
  readonly journey: string;
  readonly label: string;
  readonly subject: string;
  readonly kind: SubjectKind;
  /** The instant it is true for. */
  readonly at: number;
  readonly timezone: string;
  readonly mappingVersion: string;
  /** Null for a mapping with health only. */
  readonly stage: StageExplanation | null;
  readonly next: NextExplanation | null;
  readonly health: HealthExplanation | null;
  readonly segments: readonly {
    readonly name: string;
    readonly label: string;
    readonly holds: boolean;
    readonly rule: RuleTrace;
  }[];
  readonly notTaken: readonly NotTaken[];
}
