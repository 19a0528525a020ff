import type { EvalContext, Mapping } from '../mapping/types.ts';
import type { JourneyState, OutputValues } from '../model/facts.ts';
import type { Output } from '../model/outputs.ts';
import type { FieldValue } from '../model/record.ts';
import type { Situation } from './decide.ts';
import type { HealthResult } from './health.ts';
import { healthReasonWords } from './health-reason.ts';
import { nextStage } from './next.ts';
import { primarySegment } from './segments.ts';
import { nextStepWords, stageReason } from './stage-reason.ts';
import { inPresentNames, previousStage } from './state.ts';
import { leftAt } from './step.ts';
import type { StageOverride } from './types.ts';
import { zoneOf } from './words.ts';

export interface OutputsInput {
  readonly mapping: Mapping;
  /** After the step. */
  readonly state: JourneyState;
  readonly health: HealthResult | null;
  readonly segments: readonly string[];
  /** At the instant of the step, with the state after it (`contextAt`). */
  readonly context: EvalContext;
  /** An override in force, so that the reason says so. */
  readonly override?: StageOverride | null;
  /** J20; left out of the outputs when it is not known how health was before. */
  readonly trend?: 'up' | 'flat' | 'down' | 'unknown';
}

const OF_STAGES: readonly Output[] = [
  'stage',
  'stage_entered',
  'previous_stage',
  'stage_reason',
  'next_step',
];

/** What the subject's records should hold (J22): the outputs that the mapping declares, and of these the ones that
 *  it can fill; null clears a field. The same facts, state and day give the same values, so that a second run writes
 *  nothing. Dates are local days `YYYY-MM-DD`; texts are not cut to a field's length here. */
export function outputsOf(input: OutputsInput): OutputValues {
  const { mapping, health, context } = input;
  const situation = settledSituation(input);
  const values: Partial<Record<Output, FieldValue>> = {};
  for (const { output } of mapping.outputs) {
    if (OF_STAGES.includes(output)) {
      if (mapping.stages.length > 0) values[output] = stageValue(output, situation);
    } else if (output === 'segment') {
      values.segment = primarySegment(input.segments);
    } else if (output === 'health_trend') {
      if (input.trend !== undefined) values.health_trend = input.trend;
    } else if (health !== null) {
      if (output === 'health_score') values.health_score = health.score;
      else if (output === 'health_band') values.health_band = health.band;
      else values.health_reason = healthReasonWords(mapping, health, context);
    }
  }
  return values;
}

function stageValue(output: Output, situation: Situation): FieldValue {
  const { state, mapping } = situation;
  switch (output) {
    case 'stage':
      return state.stage;
    case 'stage_entered':
      return state.entered === null ? null : zoneOf(mapping).dateText(state.entered);
    case 'previous_stage':
      return previousStage(state);
    case 'stage_reason':
      return stageReason(situation);
    default:
      return nextStepWords(nextStage(situation), zoneOf(mapping));
  }
}

/** The situation after a step: what the next decision at the same instant would see. */
export function settledSituation(
  input: Pick<OutputsInput, 'mapping' | 'state' | 'context' | 'override'>,
): Situation {
  const state = inPresentNames(input.mapping, input.state);
  return {
    mapping: input.mapping,
    context: input.context,
    state,
    leftNow: leftAt(state, input.context.now),
    override: input.override ?? null,
    freeOfMinStay: false,
  };
}
