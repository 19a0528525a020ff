import type { Cause, JourneyState, ResultView, SubjectFacts } from '../../../src/model/facts.ts';
import { after, before, DAY } from './local-time.ts';
import type { Model, RefStage } from './model.ts';
import { factsAsOf, firstKnown, instantsIn } from './past.ts';
import type { Rule } from './rule.ts';
import { holds, type Moment } from './truth.ts';
import { move, stateAsOf, viewOf } from './visits.ts';

type Views = Readonly<Record<string, ResultView>>;

/** What is known of a subject at the instant of a step. */
export interface Seen {
  readonly facts: SubjectFacts;
  readonly results: Views;
  readonly accountResults: Views;
  readonly peopleResults: Readonly<Record<string, Views>>;
}

/** What `for` looks back at. */
export interface Past {
  seenAt(instant: number): Seen;
  /** Instants at which that changes. */
  readonly changes: ReadonlySet<number>;
  readonly dates: ReadonlySet<number>;
}

export interface RefStep {
  readonly model: Model;
  readonly seen: Seen;
  /** What was known of the subject at earlier instants; absent: what the present facts tell of them. */
  readonly life?: Past;
  readonly state: JourneyState;
  readonly instant: number;
  readonly noticed: number;
  readonly cause: Cause;
  readonly mappingVersion: string;
  /** A stage set by hand and in force (J29). */
  readonly override: string | null;
  /** An override has just ended: its stage is not held by `min_stay` (J29). */
  readonly overrideEnded: boolean;
  readonly uncertain: boolean;
}

export interface RefMove {
  readonly from: string | null;
  readonly to: string | null;
  readonly rule: string;
}

export interface RefResult {
  readonly state: JourneyState;
  readonly moves: readonly RefMove[];
  readonly loop: boolean;
}

/** What a rule sees at the step's instant, or with `state` at an earlier one. */
export function momentOf(model: Model, seen: Seen, state: JourneyState, now: number): Moment {
  const bare: Moment = { ...seen, now, local: model.local, journey: viewOf(state), segments: [] };
  return { ...bare, segments: segmentsAt(model, bare) };
}

/** J17: the segments that hold, in the order listed; they cannot ask for each other. */
function segmentsAt(model: Model, bare: Moment): readonly string[] {
  return model.segments.filter(({ when }) => holds(when, bare)).map(({ name }) => name);
}

/** J11, line by line. */
export function takeStep(step: RefStep): RefResult {
  const { instant, model, override } = step;
  const moves: RefMove[] = [];
  let state = underPresentNames(model, step.state);
  // 8: what was left at this very instant, by this step or by one before it.
  const left = new Set(
    state.visits
      .filter((visit) => visit.left === instant && visit.rule !== 'skipped')
      .map(({ stage }) => stage),
  );
  const go = (to: string | null, rule: string): void => {
    if (state.stage !== null) left.add(state.stage);
    moves.push({ from: state.stage, to, rule });
    state = move(model, state, to, rule, { ...step, at: instant }, step.state.visits.length);
  };
  // 2
  if (override !== null) {
    if (state.stage !== override) go(override, 'override');
    return { state, moves, loop: false };
  }
  let minStayHolds = !step.overrideEnded;
  for (;;) {
    const decided = decide(step, state, minStayHolds);
    if (decided === 'remain') return { state, moves, loop: false };
    if (decided.to !== null && left.has(decided.to)) return { state, moves, loop: true };
    go(decided.to, decided.rule);
    minStayHolds = true;
  }
}

function decide(
  step: RefStep,
  state: JourneyState,
  minStayHolds: boolean,
): 'remain' | { readonly to: string | null; readonly rule: string } {
  const { instant, model, seen } = step;
  const moment = momentOf(model, seen, state, instant);
  const present = model.stages.find(({ name }) => name === state.stage);
  // 3
  for (const [index, { to, when }] of (present?.exits ?? []).entries()) {
    if (holds(when, moment)) return { to, rule: `stages.${present?.name}.exit[${index}]` };
  }
  // 4
  if (present?.terminal === true) return 'remain';
  // 5
  const eligible = model.stages.filter((stage) => isEligible(step, state, stage, moment));
  // 6
  const stay = present === undefined ? null : (present.stay ?? present.enter);
  const mayStay = present !== undefined && (stay === null || holds(stay, moment));
  let candidates = model.stages.filter((stage) => eligible.includes(stage) || (stage === present && mayStay));
  if (present?.minStay && minStayHolds && state.entered !== null) {
    if (instant < after(state.entered, present.minStay, model.local)) {
      candidates = candidates.filter((stage) => stage.urgent || stage === present);
      if (candidates.length === 0) return 'remain';
    }
  }
  // 7
  const winner = candidates.at(-1);
  if ((winner?.name ?? null) === state.stage) return 'remain';
  if (winner !== undefined) {
    return { to: winner.name, rule: winner.isDefault ? 'default' : `stages.${winner.name}.enter` };
  }
  return { to: null, rule: `stages.${state.stage}.${present?.stay ? 'stay' : 'enter'}` };
}

function isEligible(step: RefStep, state: JourneyState, stage: RefStage, moment: Moment): boolean {
  if (stage.isDefault) return true;
  if (stage.enter === null || !holds(stage.enter, moment)) return false;
  if (stage.from !== null && (state.stage === null || !stage.from.includes(state.stage))) return false;
  return (
    stage.wait === null ||
    heldThroughout(step, state, stage.enter, before(step.instant, stage.wait, step.model.local))
  );
}

/** J11.5: was it true at every instant of [start, now]? Asked at every instant at which anything could have changed, and
 *  one millisecond after, because bounds are inclusive here and exclusive there. */
function heldThroughout(step: RefStep, state: JourneyState, rule: Rule, start: number): boolean {
  const { instant, model } = step;
  const first = firstKnown(step.seen.facts);
  if (first === null || first > start) return false;
  const past = step.life ?? pastOf(step.seen);
  // What is known is the same from one change to the next.
  let seen = past.seenAt(start);
  return candidates(model, past, state, start, instant).every((at) => {
    if (at === instant) return true;
    if (past.changes.has(at)) seen = past.seenAt(at);
    return holds(rule, momentOf(model, seen, stateAsOf(state, at), at));
  });
}

function pastOf(seen: Seen): Past {
  return {
    ...instantsIn(seen.facts),
    seenAt: (instant) => ({ ...seen, facts: factsAsOf(seen.facts, instant) }),
  };
}

/** Every instant in [from, to] at which a fact changed or a time condition could change (J13), without asking which
 *  condition: each fact's time, each date plus and minus each duration of the mapping, each midnight, each visit. */
export function candidates(
  model: Model,
  { changes, dates }: Pick<Past, 'changes' | 'dates'>,
  state: JourneyState,
  from: number,
  to: number,
): readonly number[] {
  const { local, spans } = model;
  const found = new Set<number>([from, to]);
  const add = (instant: number): void => {
    for (const one of [instant, instant + 1]) if (one >= from && one <= to) found.add(one);
  };
  for (const instant of changes) add(instant);
  const entries = state.visits.flatMap(({ entered, left }) => (left === null ? [entered] : [entered, left]));
  for (const instant of entries) add(instant);
  for (const date of [...dates, ...entries]) {
    add(date);
    for (const span of spans) {
      for (const edge of [after(date, span, local), before(date, span, local)]) {
        add(edge);
        // Where the clocks change, a wall time may come an hour or two sooner or later.
        if (span.days > 0 && edge >= from - DAY && edge <= to + DAY && changesNear(edge, local)) {
          for (let off = -180; off <= 180; off += 15) add(edge + off * 60_000);
        }
      }
    }
  }
  for (let day = local.day(from); day <= local.day(to); day += 1) add(local.midnight(day));
  return [...found].sort((a, b) => a - b);
}

function changesNear(instant: number, local: Model['local']): boolean {
  const day = local.day(instant);
  return local.midnight(day + 2) - local.midnight(day - 1) !== 3 * DAY;
}

/** J16: a visit to a stage under its old name is one to the stage. */
function underPresentNames(model: Model, state: JourneyState): JourneyState {
  const present = (name: string): string =>
    model.stages.some((stage) => stage.name === name)
      ? name
      : (model.stages.find(({ oldNames }) => oldNames.includes(name))?.name ?? name);
  return {
    ...state,
    stage: state.stage === null ? null : present(state.stage),
    visits: state.visits.map((visit) => ({ ...visit, stage: present(visit.stage) })),
  };
}
