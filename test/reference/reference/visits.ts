import type { Cause, JourneyState, ResultView, Visit } from '../../../src/model/facts.ts';
import type { Model } from './model.ts';

/** What is written into every visit that one step opens. */
export interface Stamp {
  readonly at: number;
  readonly noticed: number;
  readonly cause: Cause;
  readonly mappingVersion: string;
  readonly uncertain: boolean;
}

/** What rules see of a journey: stages passed in no time were never stayed in and do not count. */
export function viewOf({ entered, stage, visits }: JourneyState): ResultView {
  const stayed = visits.filter(({ skipped }) => !skipped);
  const before = stage === null ? stayed : stayed.slice(0, -1);
  return {
    stage,
    entered,
    previous: before.at(-1)?.stage ?? null,
    visits: stayed.length,
    score: null,
    band: null,
  };
}

/** The state as it was right after an earlier instant. */
export function stateAsOf(state: JourneyState, instant: number): JourneyState {
  const visits = state.visits
    .filter(({ entered }) => entered <= instant)
    .map((visit) => (visit.left !== null && visit.left > instant ? { ...visit, left: null } : visit));
  const present = visits.findLast(({ left }) => left === null);
  return { ...state, visits, stage: present?.stage ?? null, entered: present?.entered ?? null };
}

/** J12: closes the visit of the present stage, records what was jumped over, opens the visit of `to`. `recorded`: how
 *  many visits there were before the step; those are never erased. */
export function move(
  model: Model,
  state: JourneyState,
  to: string | null,
  rule: string,
  stamp: Stamp,
  recorded: number,
): JourneyState {
  const { at } = stamp;
  const jumped = to === null ? [] : jumpedOver(model, state, to, at);
  const closed = state.visits.map((visit) =>
    visit.left === null ? { ...visit, left: at, skipped: visit.entered === at } : visit,
  );
  const made = (stage: string, why: string, skipped: boolean): Visit => ({
    stage,
    entered: at,
    left: skipped ? at : null,
    noticed: stamp.noticed,
    cause: stamp.cause,
    rule: why,
    mappingVersion: stamp.mappingVersion,
    skipped,
    uncertain: stamp.uncertain,
  });
  if (to === null) return { ...state, stage: null, entered: null, visits: closed };
  // Jumped over by this very step and entered now: it was not skipped after all.
  const kept = closed.filter(
    (visit, index) => index < recorded || visit.rule !== 'skipped' || visit.stage !== to,
  );
  const visits = [...kept, ...jumped.map((stage) => made(stage, 'skipped', true)), made(to, rule, false)];
  return { ...state, stage: to, entered: at, visits };
}

/** On-path stages between where the path was left and `to` that were never visited; only going forward. What was
 *  passed or noted at this very instant is not noted twice. */
function jumpedOver(model: Model, state: JourneyState, to: string, at: number): readonly string[] {
  const path = model.stages.filter(({ offPath }) => !offPath).map(({ name }) => name);
  const stayed = state.visits.filter(({ skipped }) => !skipped).map(({ stage }) => stage);
  const from = stayed.findLast((stage) => path.includes(stage));
  if (from === undefined || !path.includes(to) || path.indexOf(to) < path.indexOf(from)) return [];
  const noted = state.visits.filter(({ entered }) => entered === at).map(({ stage }) => stage);
  return path
    .slice(path.indexOf(from) + 1, path.indexOf(to))
    .filter((stage) => !stayed.includes(stage) && !noted.includes(stage));
}
