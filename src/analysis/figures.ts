import type { KpiMeasure } from '../mapping/types.ts';
import type { Cause, SubjectId } from '../model/facts.ts';

/* What an analysis gives (J34, J35). Times in days are lengths of 24 hours, times in hours likewise; shares are in
 * [0, 1] and null when their denominator is 0. A *stay* is a visit that was not skipped. */

/** All figures of one group of subjects. */
export interface Figures {
  readonly population: Population;
  readonly stages: readonly StageNow[];
  readonly transitions: readonly TransitionEdge[];
  readonly loops: readonly Loop[];
  readonly skips: readonly Skip[];
  readonly reentries: readonly Reentry[];
  readonly conversion: readonly Conversion[];
  readonly dwell: readonly Dwell[];
  readonly dropOff: readonly DropOff[];
  readonly bottlenecks: readonly Bottleneck[];
  readonly conformance: Conformance;
  /** Null where the facts needed were not asked for by any mapping. */
  readonly sentiment: readonly Sentiment[] | null;
  readonly friction: readonly Friction[] | null;
  readonly touchpoints: readonly StageTouchpoints[] | null;
  readonly precedes: Precedes | null;
  /** Also null when the mapping does not name its `marketing_qualified` stage. */
  readonly handOff: HandOff | null;
  readonly customers: Customers | null;
  readonly advocacy: Advocacy | null;
  readonly disagreement: readonly Disagreement[];
  readonly kpis: readonly KpiResult[];
}

export interface Population {
  /** Subjects with at least one visit. */
  readonly subjects: number;
  /** In a stage at `now`. */
  readonly placed: number;
  /** Stays that began in the period and whose cause counts. */
  readonly counted: number;
  /** Stays that began in the period and do not count, by cause; `uncertain` whatever the cause. */
  readonly leftOut: Readonly<Partial<Record<Cause | 'uncertain', number>>>;
}

/** A stage at `now`. */
export interface StageNow {
  readonly stage: string;
  readonly label: string;
  readonly offPath: boolean;
  readonly subjects: number;
  /** Of those, with a health score; the average is theirs. */
  readonly scored: number;
  readonly averageHealth: number | null;
  readonly bands: Readonly<Record<string, number>>;
}

/** enter: into the journey · forward, back: on the ideal path · off: to an off-path stage · return: from one to the
 *  path · out: to no stage · other: from or to a stage the mapping no longer has. */
export type MoveKind = 'enter' | 'forward' | 'back' | 'off' | 'return' | 'out' | 'other';

/** An edge of the journey map. */
export interface TransitionEdge {
  readonly from: string | null;
  readonly to: string | null;
  readonly kind: MoveKind;
  readonly moves: number;
  readonly subjects: number;
  /** Half of these moves came after at most so long in `from`, of those that entered it by a move that counts; null
   *  without any. */
  readonly medianDays: number | null;
}

/** A way from a stage back to itself, all moves of it counted. */
export interface Loop {
  /** First and last are the same; more than six are shortened with `…`. */
  readonly stages: readonly string[];
  readonly times: number;
  readonly subjects: number;
  /** From leaving the stage to being back. */
  readonly medianDays: number;
}

/** An on-path stage that was left out on the way forward (J12). */
export interface Skip {
  readonly stage: string;
  /** Subjects that jumped over it without being in it. */
  readonly jumped: number;
  /** Times it was passed in no time. */
  readonly passed: number;
  /** Subjects that entered it in the period. */
  readonly entered: number;
}

export interface Reentry {
  readonly stage: string;
  /** Entries into a stage where the subject had been before. */
  readonly times: number;
  readonly subjects: number;
  /** Of those that left it by a move that counts. */
  readonly medianDaysAway: number | null;
}

/** Where those went that entered an on-path stage; each subject by its first entry in the period. */
export interface Conversion {
  readonly stage: string;
  readonly entered: number;
  /** Later stages of the path, nearest first: the first is the conversion of the stage. */
  readonly targets: readonly ConversionTarget[];
  /** To the next stage or a later one, by the month of entry (`2026-01`, in the mapping's zone). */
  readonly cohorts: readonly (ConversionCount & { readonly month: string; readonly entered: number })[];
}

export interface ConversionCount {
  /** The denominator: entered, and the window is over; without those that something else than the customer moved
   *  meanwhile (`cut`). No off-path entry is ever among them. */
  readonly complete: number;
  readonly reached: number;
  readonly rate: number | null;
  /** Entered too late for the window to be over, whether they reached it or not. */
  readonly pending: number;
  readonly cut: number;
}

export interface ConversionTarget extends ConversionCount {
  /** This stage or a later one. */
  readonly stage: string;
}

/** Time in a stage, of stays that began in the period. */
export interface Dwell {
  readonly stage: string;
  readonly offPath: boolean;
  readonly stays: number;
  readonly ended: number;
  readonly open: number;
  /** Ended by a cause that does not count. */
  readonly cut: number;
  /** After so long half (nine of ten) have left, by Kaplan and Meier: an open or cut stay counts as longer than it has
   *  been so far. Of ended stays alone the figure would be too low, because long stays are still open. Null: fewer than
   *  that have left within what could be observed. */
  readonly medianDays: number | null;
  readonly p90Days: number | null;
  /** Half of the open ones have been there for at most so long. */
  readonly openMedianDays: number | null;
}

/** What became of the stays in a stage that began in the period. */
export interface DropOff {
  readonly stage: string;
  readonly offPath: boolean;
  /** = forward + back + off + returned + out + open + cut. */
  readonly stays: number;
  readonly forward: number;
  readonly back: number;
  readonly off: number;
  /** From an off-path stage to the path. */
  readonly returned: number;
  readonly out: number;
  readonly open: number;
  /** Of the open ones: there for at least the silent time and no touchpoint in it. Null: touchpoints are not known. */
  readonly silent: number | null;
  readonly cut: number;
  /** (back + off + out + silent) / (stays - cut); null for off-path stages. */
  readonly rate: number | null;
}

/** An on-path stage where people wait longer than usual. */
export interface Bottleneck {
  readonly stage: string;
  /** The KPI's target, else the median of those that moved forward; null: nobody did, and nothing can be compared. */
  readonly usualDays: number | null;
  readonly usual: 'target' | 'median' | null;
  readonly open: number;
  /** Open stays that are longer than usual. */
  readonly heldUp: number;
  /** Days beyond the usual, of all held up together: what the list is ranked by. */
  readonly daysLost: number;
}

export interface Conformance {
  /** Subjects with a counted move in the period. */
  readonly subjects: number;
  /** Of them, without any deviation. */
  readonly conforming: number;
  /** Starts and moves other than returns, and those of them that the ideal path foresees: the start in its first stage,
   *  a step to the next. */
  readonly moves: number;
  readonly conformingMoves: number;
  /** Those that go with worse outcomes first. */
  readonly deviations: readonly Deviation[];
  /** The ten most frequent ways. */
  readonly paths: readonly {
    readonly stages: readonly string[];
    readonly subjects: number;
    readonly conforms: boolean;
  }[];
}

/** late_start: began in that stage, not the first · skip: jumped over it · back: went back from it · detour: was in that
 *  off-path stage and came back. */
export type DeviationKind = 'late_start' | 'skip' | 'back' | 'detour';

/** A deviation beside the subjects that could have made it and did not. A worse outcome is to be off the path or out of
 *  the journey at `now`. What goes together need not be cause and effect. */
export interface Deviation {
  readonly kind: DeviationKind;
  readonly stage: string;
  readonly subjects: number;
  readonly worse: number;
  /** skip: went past the stage · late_start, back: were in it · detour: everybody not in it for the first time now. */
  readonly others: number;
  readonly othersWorse: number;
  /** worse / subjects divided by othersWorse / others. */
  readonly ratio: Interval | null;
}

/** A ratio with the bounds of its 95 % interval, widened so that it holds for all rows of its list together
 *  (Bonferroni). `beyondChance`: 1 is outside. Null in place of it: fewer than five cases on a side. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly beyondChance: boolean;
}

/** Answers given while in a stage; one at the very instant of a move belongs to the stage before. */
export interface Sentiment {
  /** Null: before the first visit or in no stage. */
  readonly stage: string | null;
  readonly answers: number;
  /** Of all answers with a score, 0-100 whatever the survey. */
  readonly average: number | null;
  readonly surveys: readonly {
    readonly type: string;
    readonly answers: number;
    readonly average: number | null;
    /** For NPS, by score: promoters from 90, detractors up to 60. */
    readonly promoters: number | null;
    readonly detractors: number | null;
    /** -100 to 100. */
    readonly nps: number | null;
  }[];
}

/** Tickets created while in a stage, most first. */
export interface Friction {
  readonly stage: string | null;
  readonly tickets: number;
  readonly subjects: number;
  /** Tickets for each 100 subjects in 30 days in the stage; null outside of stages. */
  readonly per100Months: number | null;
  /** Most first; `unknown` without a category. Null: categories were not asked for. */
  readonly categories: readonly { readonly category: string; readonly tickets: number }[] | null;
  /** Replied to, and not yet (or closed without); null: replies were not asked for. */
  readonly replied: number | null;
  readonly unreplied: number | null;
  /** By Kaplan and Meier, like the time in a stage. */
  readonly firstReplyMedianHours: number | null;
  readonly reopened: number | null;
  readonly escalated: number | null;
}

/** Touchpoints that reached somebody: planned, cancelled, failed and unanswered ones and no-shows do not count. */
export interface StageTouchpoints {
  readonly stage: string | null;
  readonly touchpoints: number;
  /** Most first. */
  readonly channels: readonly {
    readonly channel: string;
    readonly touchpoints: number;
    readonly subjects: number;
    /** Of them, from the customer. */
    readonly incoming: number;
  }[];
  /** For each subject in 30 days in the stage; null outside of stages. */
  readonly perMonth: number | null;
}

/** Moves forward in the days after a touchpoint beside those in the rest of the time in the same stage. The rates are
 *  by time, so that a long stay does not make its many touchpoints look useful. It says what precedes, not why. */
export interface Precedes {
  /** How long after a touchpoint counts as after it. */
  readonly days: number;
  /** Those beyond chance first. */
  readonly rows: readonly {
    readonly stage: string;
    readonly channel: string;
    /** Subject-days within `days` after such a touchpoint, and moves forward in them. */
    readonly daysAfter: number;
    readonly movesAfter: number;
    /** The rest of the time in the stage. */
    readonly daysOther: number;
    readonly movesOther: number;
    /** movesAfter / daysAfter divided by movesOther / daysOther. */
    readonly lift: Interval | null;
  }[];
}

/** From the first entry of the marketing-qualified stage in the period to the first sales touch from then on. */
export interface HandOff {
  readonly stage: string;
  readonly qualified: number;
  readonly touched: number;
  readonly waiting: number;
  readonly withinDay: number;
  /** By Kaplan and Meier: who waits counts as longer than so far. */
  readonly medianHours: number | null;
  readonly p90Hours: number | null;
}

/** By the subjects' own deals. Null figures: the field was not asked for. */
export interface Customers {
  /** Subjects whose first won deal closed in the period. */
  readonly customers: number;
  /** Of them, with a second won deal by `now`. */
  readonly repeat: number;
  readonly repeatRate: number | null;
  /** From the first to the second, by Kaplan and Meier. */
  readonly medianDaysToSecond: number | null;
  /** Of the customers: nothing lost as a renewal since the last win. */
  readonly kept: number | null;
  readonly retentionRate: number | null;
  /** By the year of the first win, in the mapping's zone. */
  readonly cohorts: readonly {
    readonly year: string;
    readonly customers: number;
    readonly repeat: number;
    readonly kept: number | null;
  }[];
  /** Deals closed in the period. */
  readonly kinds: readonly { readonly kind: string; readonly won: number; readonly lost: number }[];
}

export interface Advocacy {
  /** Subjects that answered an NPS survey in the period, by their latest answer. */
  readonly asked: number;
  readonly promoters: number;
  readonly passives: number;
  readonly detractors: number;
  readonly nps: number | null;
}

/** A field where the CRMs say different things of one subject (J5). */
export interface Disagreement {
  /** `person.title`, `deals.amount`. */
  readonly field: string;
  /** Facts where a value differs and was not taken. */
  readonly differ: number;
  /** Facts with a value. */
  readonly of: number;
  readonly share: number | null;
  /** Whose value was taken, by connection. */
  readonly taken: Readonly<Record<string, number>>;
  /** The first subjects by id, at most five. */
  readonly examples: readonly SubjectId[];
}

/** A target and what came of it (J35). */
export interface KpiResult {
  readonly stage: string;
  readonly measure: KpiMeasure;
  /** In the unit of the mapping's `Kpi`: shares, days, 0-100. */
  readonly target: number;
  readonly better: 'higher' | 'lower';
  /** As the mapping says it; null: the analysis' own. */
  readonly window: string | null;
  readonly value: number | null;
  /** What the value is of: subjects, stays, answers. */
  readonly of: number;
  /** Null: nothing to judge by yet. */
  readonly met: boolean | null;
}
