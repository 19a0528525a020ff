import type { EvalContext, Mapping } from '../mapping/types.ts';
import type { JourneyState } from '../model/facts.ts';
import { minStayUntil, type Situation } from './decide.ts';
import { held } from './held.ts';
import { findStage } from './state.ts';

/**
 * Instants in (context.now, to] at which a step may decide otherwise although no fact changes: the edges of time
 * conditions, the end of a wait (`for`) and of `min_stay`. Sorted; a superset is right. Holds as long as the facts
 * and the state stay as they are.
 * @param situation as it is after the step at `context.now`
 */
export function timeEdges(mapping: Mapping, situation: Situation, to: number): readonly number[] {
  const { context, state } = situation;
  const from = context.now;
  const points = new Set<number>();
  for (const condition of conditionsOf(mapping)) {
    for (const instant of condition.instants(context, from, to)) points.add(instant);
  }
  const add = (instant: number): void => {
    if (instant > from && instant <= to) points.add(instant);
  };
  const until = minStayUntil(situation, findStage(mapping, state.stage));
  if (until !== null) add(until);
  for (const instant of waitEnds(mapping, context, state)) add(instant);
  return [...points].sort((a, b) => a - b);
}

/** When the waits that run now will have been long enough, if nothing breaks them. */
function waitEnds(mapping: Mapping, context: EvalContext, state: JourneyState): readonly number[] {
  const ends: number[] = [];
  for (const stage of mapping.stages) {
    const { enter, for: wait } = stage;
    if (enter === null || wait === null || stage.name === state.stage || !enter.test(context)) continue;
    const { met, since } = held({ mapping, context, state }, enter, wait);
    if (!met && since !== null) for (const end of wait.edgesAfter(since)) ends.push(end, end + 1);
  }
  return ends;
}

function* conditionsOf(mapping: Mapping): Generator<{
  instants(context: EvalContext, from: number, to: number): readonly number[];
}> {
  for (const stage of mapping.stages) {
    if (stage.enter !== null) yield stage.enter;
    if (stage.stay !== null) yield stage.stay;
    for (const { when } of stage.exit) yield when;
  }
  for (const segment of mapping.segments) yield segment.when;
}
