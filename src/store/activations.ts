import type { ConnectionId } from '../model/record.ts';
import type { Fence } from './fence.ts';
import type { VersionSpan } from './journeys.ts';

/** One journey of a rule set. */
export interface ActivatedJourney {
  readonly journey: string;
  readonly version: string;
  readonly file: string;
  readonly text: string;
  /** The time line of its versions from now on, oldest first. */
  readonly spans: readonly VersionSpan[];
}

/** All journeys that decide together, from an instant on (J23). */
export interface Activation {
  readonly seq: number;
  /** Names the rule set: the same journeys in the same versions. */
  readonly set: string;
  readonly since: number;
  readonly run: string;
  /** The plan it was applied from; null: it took over by itself. */
  readonly plan: string | null;
  /** The activation it took over from; null: it was the first. */
  readonly previous: number | null;
  /** When it was rolled back; null: it was not. */
  readonly rolledBack: number | null;
}

export interface NewActivation {
  readonly set: string;
  /** All that is needed to load the rules again; opaque to the store. */
  readonly source: string;
  readonly since: number;
  readonly run: string;
  readonly plan: string | null;
  readonly journeys: readonly ActivatedJourney[];
}

/** What follows for connections when a plan is applied. */
export interface PlanEffect {
  readonly plan: string;
  readonly run: string;
  readonly at: number;
  /** Connections that were waiting for their first plan. */
  readonly opens: readonly ConnectionId[];
  /** Connections whose writing waits for the rest of the plan; a pause of a person's stays one. */
  readonly holds: readonly ConnectionId[];
  /** Connections whose writing had waited for the rest of this plan and goes on. */
  readonly frees: readonly ConnectionId[];
}

/** Which rules decide, and which did before. */
export interface ActivationStore {
  /** The one in force; null: nothing has decided yet. */
  active(): Promise<Activation | null>;
  /** Newest first, those that were rolled back too. */
  list(): Promise<readonly Activation[]>;
  /** What was kept of a rule set. */
  source(set: string): Promise<string | null>;
  /**
   * What the run has saved is final, and with it, in one transaction, the rules take over and the plan has its
   * effect. How the subjects stood that this and later runs move is kept, so that it can be rolled back.
   */
  settle(activation: NewActivation | null, effect: PlanEffect | null, fence: Fence): Promise<void>;
  /** Runs in which this plan was applied. */
  runsOf(plan: string): Promise<readonly string[]>;
  /**
   * Takes the newest activation back, in one transaction: the time lines are those of before; subjects stand as they
   * stood before it; the visits it opened end at `at` and are kept as superseded; connections that waited for the rest
   * of its plan are free. Throws `not_found` when this is not the activation in force or there is none before it.
   */
  rollBack(seq: number, run: string, at: number, fence: Fence): Promise<void>;
}
