import type { Mapping } from '../mapping/types.ts';
import type { FactTimeline, JourneyState } from '../model/facts.ts';
import { timeEdges } from './edges.ts';
import { contextAt, leftAt } from './step.ts';
import type { StepContext } from './types.ts';
import type { HandSpan, ViewTimeline } from './walk.ts';
import { zoneOf } from './words.ts';

/** Nobody plans further; what is due later is looked at again then. */
const HORIZON = 50 * 366 * 86_400_000;

export interface DueInput {
  readonly mapping: Mapping;
  readonly context: StepContext;
  /** After the step at `instant`. */
  readonly state: JourneyState;
  readonly instant: number;
  readonly timeline?: FactTimeline;
  readonly views?: ViewTimeline;
  /** Stages and bands set by hand. */
  readonly overrides?: readonly HandSpan[];
}

/**
 * J15: the next instant at which time alone can change a written output of a settled subject; never late, at times
 * early. Null: only facts can.
 */
export function nextDue(input: DueInput): number | null {
  const { mapping, instant, state, overrides = [] } = input;
  const zone = zoneOf(mapping);
  const midnight = zone.dayStart(zone.dayNumber(instant) + 1);
  let due: number | null = mapping.health === null ? null : midnight;
  const soonest = (candidate: number | undefined | null): void => {
    if (candidate != null && candidate > instant && (due === null || candidate < due)) due = candidate;
  };
  const far = instant + HORIZON;
  soonest(input.timeline?.changes(instant, far)[0]);
  soonest(input.views?.changes(instant, far)[0]);
  for (const { from, until } of overrides) {
    soonest(from);
    soonest(until);
  }
  const context = contextAt(mapping, input.context, state, instant);
  const situation = {
    mapping,
    context,
    state,
    leftNow: leftAt(state, instant),
    override: null,
    freeOfMinStay: false,
  };
  // The near ones first: what changes every day would be counted day by day for years.
  const near = timeEdges(mapping, situation, midnight)[0];
  soonest(near);
  if (near !== undefined || (due !== null && due <= midnight)) return due;
  soonest(timeEdges(mapping, situation, due ?? far)[0]);
  return due;
}
