import type { Mapping } from '../mapping/types.ts';
import type { Cause, JourneyState, Visit } from '../model/facts.ts';
import { idealPath, JUMPED, placeOnPath } from './state.ts';

/** What is written on every visit a step opens. */
export interface VisitStamp {
  readonly at: number;
  readonly noticed: number;
  readonly cause: Cause;
  readonly rule: string;
  readonly mappingVersion: string;
  readonly uncertain: boolean;
}

/** The state after one move (J12): the open visit ends, the stages jumped over are noted, the new visit begins.
 *  `jumped` are the marks this same step has made so far: one is taken back when its stage is entered after all. */
export function move(
  mapping: Mapping,
  state: JourneyState,
  to: string | null,
  stamp: VisitStamp,
  jumped: ReadonlySet<Visit>,
): { readonly state: JourneyState; readonly marks: readonly Visit[] } {
  const visits: Visit[] = [];
  for (const visit of state.visits) {
    if (jumped.has(visit) && visit.stage === to) continue;
    visits.push(
      visit.left === null ? { ...visit, left: stamp.at, skipped: visit.entered === stamp.at } : visit,
    );
  }
  const marks = to === null ? [] : jumpedOver(mapping, state, to, stamp, visits);
  visits.push(...marks);
  if (to !== null) visits.push(visitOf(to, stamp, { left: null, skipped: false, rule: stamp.rule }));
  return { state: { ...state, stage: to, entered: to === null ? null : stamp.at, visits }, marks };
}

/** Going forward on the ideal path: the stages between that were never visited. From off the path or from no stage,
 *  "forward" is measured from the last stage on the path; a subject that never was on it skips nothing. */
function jumpedOver(
  mapping: Mapping,
  before: JourneyState,
  to: string,
  stamp: VisitStamp,
  visits: readonly Visit[],
): readonly Visit[] {
  const path = idealPath(mapping);
  const place = placeOnPath(mapping, before);
  const target = path.findIndex((stage) => stage.name === to);
  if (place < 0 || target < 0) return [];
  const known = new Set<string>();
  for (const visit of visits) {
    const noted = visit.skipped && visit.entered !== stamp.at;
    if (!noted) known.add(visit.stage);
  }
  return path
    .slice(place + 1, Math.max(target, place + 1))
    .filter((stage) => !known.has(stage.name))
    .map((stage) => visitOf(stage.name, stamp, { left: stamp.at, skipped: true, rule: JUMPED }));
}

function visitOf(
  stage: string,
  stamp: VisitStamp,
  own: { readonly left: number | null; readonly skipped: boolean; readonly rule: string },
): Visit {
  return {
    stage,
    entered: stamp.at,
    left: own.left,
    noticed: stamp.noticed,
    cause: stamp.cause,
    rule: own.rule,
    mappingVersion: stamp.mappingVersion,
    skipped: own.skipped,
    uncertain: stamp.uncertain,
  };
}
