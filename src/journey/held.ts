import type { Condition, Duration, EvalContext, Mapping } from '../mapping/types.ts';
import type { Fact, JourneyState, SubjectFacts } from '../model/facts.ts';
import { resultView, stateAt } from './state.ts';

/** What `for` is judged on: the context at the instant of the step, and the state with its visits, so that rules
 *  which read the journey itself see what it was at each earlier instant. */
export interface HeldInput {
  readonly mapping: Mapping;
  readonly context: EvalContext;
  readonly state: JourneyState;
}

/** Since when a condition that is true now has been true without a break, looking back no further than `wait` and
 *  no further than the first known fact (J11.5). `met`: it was true at every instant of the whole wait. */
export interface Held {
  readonly met: boolean;
  readonly since: number | null;
}

/** The earliest `at` of the subject's own facts, or null without any. The facts of a person's account do not count:
 *  an old account must not make a person who appeared yesterday look watched for months. */
export function firstKnown(facts: SubjectFacts): number | null {
  let first: number | null = null;
  const look = (fact: Fact | null): void => {
    if (fact === null) return;
    for (const field in fact.origins) {
      const at = fact.origins[field]!.at;
      if (first === null || at < first) first = at;
    }
  };
  look(facts.kind === 'person' ? facts.person : facts.account);
  for (const list of [facts.people, facts.deals, facts.tickets, facts.touchpoints, facts.surveys]) {
    for (const fact of list) look(fact);
  }
  return first;
}

/** Was `condition`, which holds now, true at every instant of [now - wait, now]? Tested wherever its truth may have
 *  changed; on both sides of each edge, so that inclusive and exclusive edges are judged alike. */
export function held(input: HeldInput, condition: Condition, wait: Duration): Held {
  const { context } = input;
  const from = wait.before(context.now);
  const first = firstKnown(context.facts);
  if (first === null || first > context.now) return { met: false, since: null };
  const start = Math.max(from, first);
  let since = context.now;
  for (const instant of pointsBack(input, condition, start)) {
    if (!wasTrue(condition, contextAt(input, instant))) return { met: false, since };
    since = instant;
  }
  return { met: from >= first, since };
}

/** With the facts of then where they are known, else with what the present ones tell about then. */
function wasTrue(condition: Condition, then: EvalContext): boolean {
  return then.past === undefined ? condition.testAt(then, then.now) : condition.test(then);
}

/** The instants of [start, now) at which to look, latest first. */
function pointsBack(input: HeldInput, condition: Condition, start: number): readonly number[] {
  const { context, mapping, state } = input;
  const now = context.now;
  const points = new Set<number>([start]);
  const add = (instant: number): void => {
    if (instant >= start && instant < now) points.add(instant);
    if (instant + 1 > start && instant + 1 < now) points.add(instant + 1);
  };
  const rules = [condition, ...mapping.segments.map((segment) => segment.when)];
  const { past, pastResults } = context;
  for (const visit of state.visits) {
    add(visit.entered);
    if (visit.left !== null) add(visit.left);
  }
  // Each stretch has edges of its own: those of the facts of then, and of the state as it was then.
  const changes = new Set(past?.changes(start, now - 1));
  for (const instant of pastResults?.changes(start, now - 1) ?? []) changes.add(instant);
  for (const { entered, left } of state.visits) {
    for (const move of [entered, left]) if (move !== null && move > start && move < now) changes.add(move);
  }
  let from = start;
  for (const to of [...[...changes].sort((a, b) => a - b), now]) {
    const facts = past?.at(from) ?? context.facts;
    const results = pastResults?.at(from);
    const then = { ...context, ...results, facts, now: from, journey: resultView(stateAt(state, from)) };
    for (const rule of rules) for (const instant of rule.instants(then, from, to)) add(instant);
    add(to);
    from = to;
  }
  points.delete(now);
  return [...points].sort((a, b) => b - a);
}

function contextAt(input: HeldInput, instant: number): EvalContext {
  const { context, mapping, state } = input;
  const journey = resultView(stateAt(state, instant));
  const facts = context.past?.at(instant) ?? context.facts;
  const results = context.pastResults?.at(instant);
  const bare: EvalContext = { ...context, ...results, facts, now: instant, journey, segments: [] };
  if (mapping.segments.length === 0) return bare;
  const segments = mapping.segments.filter((segment) => wasTrue(segment.when, bare));
  return { ...bare, segments: segments.map((segment) => segment.name) };
}
