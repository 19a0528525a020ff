import type { EvalContext } from '../mapping/types.ts';
import type { JourneyState, OutputValues, ResultView } from '../model/facts.ts';
import { type HealthResult, type PreviousHealth, scoreHealth } from './health.ts';
import { outputsOf } from './outputs.ts';
import { NO_HEALTH, resultView } from './state.ts';
import { contextAt, step } from './step.ts';
import { healthTrend } from './trend.ts';
import type { BandOverride, StepInput, StepResult } from './types.ts';

export interface EvaluateInput extends StepInput {
  /** The health before; decides whether a band near its bound is kept (J19). */
  readonly previousHealth: PreviousHealth;
  /** As of when health is judged, told the state after the step (`healthInstant`); absent: the instant of the step. */
  readonly healthAt?: (state: JourneyState) => number;
  /** A band in force (J29). */
  readonly band?: BandOverride | null;
}

export interface Evaluation {
  readonly step: StepResult;
  /** After the step; the first is the primary one. */
  readonly segments: readonly string[];
  readonly health: HealthResult | null;
  readonly outputs: OutputValues;
  /** What other journeys read of this one (J2). */
  readonly result: ResultView;
  /** What segments, health and outputs saw: the instant of the step with the state after it. */
  readonly context: EvalContext;
}

/** All there is to say of one subject on one journey at one instant: the step, then segments, health and outputs in
 *  the state after it. So evaluating the same facts again from its result changes nothing. */
export function evaluate(input: EvaluateInput): Evaluation {
  const { mapping } = input;
  const taken = step(input);
  const context = contextAt(mapping, input.context, taken.state, input.instant);
  const healthAt = input.healthAt?.(taken.state) ?? input.instant;
  const judged =
    healthAt === input.instant ? context : contextAt(mapping, input.context, taken.state, healthAt);
  const health = scoreHealth(mapping, judged, input.previousHealth, input.band ?? null);
  const wanted =
    health !== null &&
    input.context.past !== undefined &&
    mapping.outputs.some(({ output }) => output === 'health_trend');
  const trend = wanted
    ? healthTrend({ mapping, context: input.context, state: taken.state, instant: healthAt, health })
    : null;
  const outputs = outputsOf({
    mapping,
    state: taken.state,
    health,
    segments: context.segments,
    context,
    override: input.override ?? null,
    ...(trend === null ? {} : { trend }),
  });
  return {
    step: taken,
    segments: context.segments,
    health,
    outputs,
    result: resultView(taken.state, health ?? NO_HEALTH),
    context,
  };
}
