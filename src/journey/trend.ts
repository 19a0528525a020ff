import type { HealthModel, Mapping } from '../mapping/types.ts';
import type { HealthState, JourneyState } from '../model/facts.ts';
import { type HealthResult, scoreHealth } from './health.ts';
import { stateAt } from './state.ts';
import { contextAt } from './step.ts';
import type { StepContext } from './types.ts';
import { isThere } from './walk.ts';

export type Trend = 'up' | 'flat' | 'down' | 'unknown';

/** Points that make a direction (J20). */
const THRESHOLD = 5;
const NO_EARLIER: HealthState = { score: null, band: null };

export interface TrendInput {
  readonly mapping: Mapping;
  /** With `past`; without it nothing can be told. */
  readonly context: StepContext;
  /** After the step at `instant`. */
  readonly state: JourneyState;
  readonly instant: number;
  readonly health: HealthResult;
}

/**
 * J20: where the score is going: against what the same mapping version says of the facts of then. `unknown` when the
 * past is not known, or too little of either score has data.
 */
export function healthTrend({ mapping, context, state, instant, health }: TrendInput): Trend {
  const model = mapping.health;
  const { past, pastResults } = context;
  if (model === null || past === undefined) return 'unknown';
  const then = model.trend.before(instant);
  const facts = past.at(then);
  if (!isThere(facts, mapping)) return 'unknown';
  const known = { ...context, facts, ...pastResults?.at(then) };
  const earlier = scoreHealth(mapping, contextAt(mapping, known, stateAt(state, then), then), NO_EARLIER);
  if (earlier === null || tooLittle(model, earlier) || tooLittle(model, health)) return 'unknown';
  const moved = (health.score ?? 0) - (earlier.score ?? 0);
  if (Math.abs(moved) < THRESHOLD) return 'flat';
  return moved > 0 ? 'up' : 'down';
}

function tooLittle(model: HealthModel, { score, coverage }: HealthResult): boolean {
  return score === null || coverage < model.minCoverage;
}
