import type { Mapping, Stage } from '../mapping/types.ts';
import type { HealthState, JourneyState, ResultView, Visit } from '../model/facts.ts';

/** `rule` of the visits that stand for stages jumped over; nobody was ever in them. */
export const JUMPED = 'skipped';

/** A subject that no step has seen yet. */
export const EMPTY_STATE: JourneyState = {
  stage: null,
  entered: null,
  visits: [],
  lastStep: null,
  mappingVersion: null,
};

export const NO_HEALTH: HealthState = { score: null, band: null };

/** The stage of this name, or the one that says `renamed_from` it (J16); undefined when the mapping has neither. */
export function findStage(mapping: Mapping, name: string | null): Stage | undefined {
  if (name === null) return undefined;
  return (
    mapping.stages.find((stage) => stage.name === name) ??
    mapping.stages.find((stage) => stage.renamedFrom.includes(name))
  );
}

/** The state in the mapping's present names: a renamed stage keeps its visits, without a transition (J16). */
export function inPresentNames(mapping: Mapping, state: JourneyState): JourneyState {
  const present = (name: string): string => findStage(mapping, name)?.name ?? name;
  const stage = state.stage === null ? null : present(state.stage);
  if (stage === state.stage && state.visits.every((visit) => present(visit.stage) === visit.stage))
    return state;
  return {
    ...state,
    stage,
    visits: state.visits.map((visit) => {
      const name = present(visit.stage);
      return name === visit.stage ? visit : { ...visit, stage: name };
    }),
  };
}

/** The visit the subject is in, or null. */
export function openVisit(state: JourneyState): Visit | null {
  return state.visits.findLast((visit) => visit.left === null) ?? null;
}

/** The stage before the present one (before "no stage" likewise); stages passed or jumped over do not count. */
export function previousStage(state: JourneyState): string | null {
  return state.visits.findLast((visit) => visit.left !== null && !visit.skipped)?.stage ?? null;
}

/** A journey's result as rules of this and other journeys read it (J2). `visits` counts all visits so far, the
 *  present one included, skipped ones not. */
export function resultView(state: JourneyState, health: HealthState = NO_HEALTH): ResultView {
  let visits = 0;
  for (const visit of state.visits) if (!visit.skipped) visits += 1;
  return {
    stage: state.stage,
    entered: state.entered,
    previous: previousStage(state),
    visits,
    score: health.score,
    band: health.band,
  };
}

/** The state as it was at an earlier instant, by its visits; a move made at that instant counts as made. */
export function stateAt(state: JourneyState, instant: number): JourneyState {
  const visits: Visit[] = [];
  for (const visit of state.visits) {
    if (visit.entered > instant) continue;
    visits.push(visit.left !== null && visit.left > instant ? { ...visit, left: null } : visit);
  }
  const present = visits.findLast((visit) => visit.left === null) ?? null;
  return { ...state, stage: present?.stage ?? null, entered: present?.entered ?? null, visits };
}

/** The stages of the ideal path, in order. */
export function idealPath(mapping: Mapping): readonly Stage[] {
  return mapping.stages.filter((stage) => !stage.offPath);
}

/** Where on the ideal path the subject is, or was last when it is off the path or in no stage; -1: never on it. */
export function placeOnPath(mapping: Mapping, state: JourneyState): number {
  const path = idealPath(mapping);
  for (let i = state.visits.length - 1; i >= 0; i -= 1) {
    const visit = state.visits[i]!;
    if (visit.skipped) continue;
    const stage = findStage(mapping, visit.stage);
    if (stage !== undefined && !stage.offPath) return path.indexOf(stage);
  }
  return -1;
}
