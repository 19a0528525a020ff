import type { EvalContext, Mapping } from '../mapping/types.ts';
import type { Cause, JourneyState } from '../model/facts.ts';

/** What the caller knows of a subject at the instant of a step: the facts and the results of other journeys.
 *  The instant, the journey's own state and the segments are set by the step itself. */
export type StepContext = Omit<EvalContext, 'now' | 'journey' | 'segments'>;

/** What changed since the last step; decides the cause of a move (J12). Of several, the first named here wins, so
 *  that a move is counted as the customer's own only when nothing else can have made it. */
export interface StepChanges {
  /** The step belongs to a backfill over history. */
  readonly backfill?: boolean;
  /** Records were merged, split, converted or linked to this subject since the last step. */
  readonly identityChanged?: boolean;
  /** The mapping changed. Also found out by itself, when the state was made by another mapping version. */
  readonly versionChanged?: boolean;
  /** Any fact the rules read differs from the one of the last step; false: only the clock moved. */
  readonly factsChanged: boolean;
  /** The override that held until this step has ended (J29): `min_stay` does not hold its stage. */
  readonly overrideEnded?: boolean;
}

/** What people are told of an override: who set it, why, and until when (exclusive; null: until somebody ends it). */
export interface ByHand {
  readonly owner?: string | null;
  readonly reason?: string | null;
  readonly until?: number | null;
}

/** A stage set by hand (J29); null: in no stage. */
export interface StageOverride extends ByHand {
  readonly stage: string | null;
}

/** A health band set by hand (J29). */
export interface BandOverride extends ByHand {
  readonly band: string;
}

export interface StepInput {
  readonly mapping: Mapping;
  readonly context: StepContext;
  /** As it was before the step. For a past instant: the state of then. */
  readonly state: JourneyState;
  /** When the step is taken in the customer's world, epoch milliseconds; becomes `entered` of new visits. */
  readonly instant: number;
  /** `now` of the run that takes it. */
  readonly noticed: number;
  readonly changes: StepChanges;
  /** An override in force (J29). A stage that the mapping does not have is not taken. */
  readonly override?: StageOverride | null;
  /** History cannot tell some value at this instant (J8). */
  readonly uncertain?: boolean;
}

/** One move between two stages; null is "in no stage". */
export interface Transition {
  readonly from: string | null;
  readonly to: string | null;
  readonly at: number;
  readonly noticed: number;
  readonly cause: Cause;
  /** `stages.decision.enter`, `stages.trial.exit[0]`, `stages.trial.stay`, `default`, `override`. */
  readonly rule: string;
  readonly mappingVersion: string;
  readonly uncertain: boolean;
}

export interface StepResult {
  readonly state: JourneyState;
  /** Moves in the order they were taken, all at the same instant. */
  readonly transitions: readonly Transition[];
  /** Stages recorded as skipped by this step: jumped over on the ideal path, or passed in no time. */
  readonly skipped: readonly string[];
  /** `journey-loop` (J11.8): the rules would enter again a stage that was left at this very instant. */
  readonly loop: boolean;
}
