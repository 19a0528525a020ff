import type { EvalContext, Mapping } from '../mapping/types.ts';
import type { Cause, JourneyState, Visit } from '../model/facts.ts';
import { type Decision, decide, type Situation } from './decide.ts';
import { evaluateSegments } from './segments.ts';
import { inPresentNames, JUMPED, resultView } from './state.ts';
import type { StepChanges, StepContext, StepInput, StepResult, Transition } from './types.ts';
import { move } from './visits.ts';

/** One step of one subject on one journey at one instant (J11, J12). Pure, and settled: taken again at the same
 *  instant with the same facts from its own result, it moves nothing. */
export function step(input: StepInput): StepResult {
  const { mapping, instant } = input;
  const transitions: Transition[] = [];
  const marks = new Set<Visit>();
  const before = inPresentNames(mapping, input.state);
  let state = before;
  let decision: Decision;
  for (;;) {
    const situation = situationOf(input, state, transitions.length === 0);
    decision = decide(situation, (condition) => condition.test(situation.context));
    if (decision.move === null) break;
    const { to, rule } = decision.move;
    const byHand = decision.hold === 'override';
    const stamp = {
      at: instant,
      noticed: input.noticed,
      cause: byHand ? ('override' as const) : causeOf(mapping, input.state, input.changes),
      rule,
      mappingVersion: mapping.version,
      uncertain: input.uncertain ?? false,
    };
    transitions.push({ from: state.stage, to, ...stamp });
    const moved = move(mapping, state, to, stamp, marks);
    for (const mark of moved.marks) marks.add(mark);
    state = moved.state;
  }
  return {
    state: { ...state, lastStep: instant, mappingVersion: mapping.version },
    transitions,
    skipped: transitions.length === 0 ? [] : newlySkipped(before, state),
    loop: decision.loop,
  };
}

function newlySkipped(before: JourneyState, after: JourneyState): readonly string[] {
  const known = new Set(before.visits);
  return after.visits.filter((visit) => visit.skipped && !known.has(visit)).map((visit) => visit.stage);
}

/** What one decision of this step sees; the explanation asks for the same. `first`: no move was made yet. */
export function situationOf(
  input: Pick<StepInput, 'mapping' | 'context' | 'instant' | 'override' | 'changes'>,
  state: JourneyState,
  first: boolean,
): Situation {
  const { mapping } = input;
  return {
    mapping,
    state,
    context: contextAt(mapping, input.context, state, input.instant),
    leftNow: leftAt(state, input.instant),
    override: input.override ?? null,
    freeOfMinStay: first && input.changes.overrideEnded === true,
  };
}

/** The whole context of a rule: the instant, this journey's state, and the segments as they are in that state. */
export function contextAt(
  mapping: Mapping,
  known: StepContext,
  state: JourneyState,
  instant: number,
): EvalContext {
  const bare: EvalContext = {
    ...known,
    now: instant,
    journey: resultView(state),
    segments: [],
  };
  const segments = evaluateSegments(mapping, bare);
  return segments.length === 0 ? bare : { ...bare, segments };
}

/** The cause of a move that no override made (J12). */
export function causeOf(mapping: Mapping, before: JourneyState, changes: StepChanges): Cause {
  if (changes.overrideEnded === true) return 'override';
  if (changes.backfill === true) return 'backfill';
  if (changes.identityChanged === true) return 'identity';
  const known = before.mappingVersion;
  if (changes.versionChanged === true || (known !== null && known !== mapping.version)) return 'rule';
  return changes.factsChanged || before.lastStep === null ? 'customer' : 'time';
}

/** Stages really left at this instant, also by an earlier step of the same instant. */
export function leftAt(state: JourneyState, instant: number): ReadonlySet<string> {
  const left = new Set<string>();
  for (const visit of state.visits) {
    if (visit.left === instant && visit.rule !== JUMPED) left.add(visit.stage);
  }
  return left;
}
