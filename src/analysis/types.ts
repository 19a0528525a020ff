import type { Duration, ReadSet } from '../mapping/types.ts';
import type { Cause, HealthState, SubjectFacts, SubjectId, SubjectKind, Visit } from '../model/facts.ts';
import type { Figures } from './figures.ts';

export type * from './figures.ts';

/* What an analysis takes, and the document it gives (J34, J35). */

/** What is looked at. */
export interface AnalysisOptions {
  /** End of all observation, epoch milliseconds: nothing later is seen, a visit that ends later is open. */
  readonly now: number;
  /** The period, [from, to): entries, moves, answers, tickets, touchpoints in it count; what became of them is
   *  observed until `now`. Null: from the beginning, until `now`. */
  readonly from: number | null;
  readonly to: number | null;
  /** Moves that count. Others are named in `leftOut`, and what they cut short counts as open until then. */
  readonly causes: readonly Cause[];
  /** Also moves where history could not tell some value (J8). */
  readonly uncertain: boolean;
  /** Only subjects in this segment now (in any place of their list); null: all. */
  readonly segment: string | null;
  /** Within which a stage should lead on. */
  readonly window: Duration;
  /** So long without a touchpoint is silence. */
  readonly silent: Duration;
  /** Facts that were asked of the CRMs; figures about others are null, not 0. Null: all were. */
  readonly known: ReadSet | null;
}

/** Causes of the customer's own moves (J12). */
export const OWN_CAUSES: readonly Cause[] = ['customer', 'time'];

/** One subject as the analysis sees it. */
export interface SubjectCourse {
  readonly subject: SubjectId;
  /** In the order they were made. Superseded ones (J13) are left out by whoever reads them. */
  readonly visits: readonly Visit[];
  /** Segments that hold now, the primary one first (J17). */
  readonly segments: readonly string[];
  readonly health: HealthState | null;
  /** Null: no facts can be told (all records archived). */
  readonly facts: SubjectFacts | null;
}

/** How subjects can be told apart. By segment, each counts in its primary one. */
export const DIMENSIONS = ['segment', 'owner', 'source'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The whole document of one journey. */
export interface Analysis extends Figures {
  readonly journey: string;
  readonly label: string;
  readonly subject: SubjectKind;
  readonly mappingVersion: string;
  readonly period: { readonly from: number | null; readonly to: number | null; readonly now: number };
  readonly segment: string | null;
  readonly causes: readonly Cause[];
  readonly uncertain: boolean;
  /** As texts: `90d`. */
  readonly window: string;
  readonly silent: string;
  /** On-path stages in order. */
  readonly path: readonly string[];
  /** Largest first; after the twentieth, all others together under `value: null` and `others: true`. */
  readonly groups?: {
    readonly by: Dimension;
    readonly rows: readonly {
      readonly value: string | null;
      readonly others: boolean;
      readonly figures: Figures;
    }[];
  };
  /** What entered before a mapping version came into use, observed until then, beside what entered since. */
  readonly versions?: {
    readonly version: string;
    readonly since: number;
    readonly before: Figures;
    readonly after: Figures;
  };
}
