import { contextAt, EMPTY_STATE, isThere, stateAt } from '../journey/index.ts';
import type { EvalContext, Outcome } from '../mapping/types.ts';
import type { Fact, SubjectFacts } from '../model/facts.ts';
import type { Life } from './types.ts';

/** When an outcome happened to one subject. */
export interface Happenings {
  /** Sorted. */
  readonly events: readonly number[];
  /** Of an outcome that lasts: is it so already? Nothing can be foretold of it then. */
  holdsAt(instant: number): boolean;
}

/** What rules see of a life at an instant. */
export function contextOf({ mapping, timeline, views, state }: Life, instant: number): EvalContext {
  const known = { facts: timeline.at(instant), past: timeline, pastResults: views, ...views.at(instant) };
  return contextAt(mapping, known, stateAt(state, instant), instant);
}

/** When the outcome happened, as it is known today, up to `to`. */
export function happenings(outcome: Outcome, life: Life, to: number): Happenings {
  // Without its own results the journey of then need not be known.
  const seen = outcome.readsResults ? life : { ...life, state: EMPTY_STATE };
  const events: number[] = [];
  const turns: { readonly at: number; readonly holds: boolean }[] = [];
  const met = new Set<string>();
  let there = false;
  let held = false;
  for (const instant of pointsOf(outcome, seen, to)) {
    if (!isThere(seen.timeline.at(instant), seen.mapping)) continue;
    const context = contextOf(seen, instant);
    if (outcome.each !== null) {
      for (const key of itemsOf(outcome, context)) {
        if (met.has(key)) continue;
        met.add(key);
        events.push(instant);
      }
      continue;
    }
    const holds = outcome.when.test(context);
    if (holds === held && there) continue;
    // What is so from the beginning did not happen.
    if (holds && there) events.push(instant);
    turns.push({ at: instant, holds });
    held = holds;
    there = true;
  }
  return {
    events,
    holdsAt: (instant) => turns.findLast(({ at }) => at <= instant)?.holds ?? false,
  };
}

/** Every instant at which the outcome may have come to be so. */
function pointsOf(outcome: Outcome, life: Life, to: number): readonly number[] {
  const beginning = Number.NEGATIVE_INFINITY;
  const bounds = new Set(life.timeline.changes(beginning, to));
  if (outcome.readsResults) {
    for (const instant of life.views.changes(beginning, to)) bounds.add(instant);
    for (const { at } of life.course) if (at <= to) bounds.add(at);
    for (const { entered, left } of life.state.visits)
      for (const move of [entered, left]) if (move !== null && move <= to) bounds.add(move);
  }
  const sorted = [...bounds].sort((a, b) => a - b);
  const points = new Set(sorted);
  for (const [position, from] of sorted.entries()) {
    const end = (sorted[position + 1] ?? to + 1) - 1;
    if (end <= from) continue;
    for (const instant of outcome.when.instants(contextOf(life, from), from, end)) points.add(instant);
  }
  return [...points].sort((a, b) => a - b);
}

/** Keys of the items for which the condition holds alone. */
function itemsOf(outcome: Outcome, context: EvalContext): readonly string[] {
  const { each, when } = outcome;
  if (each === null) return [];
  const { facts } = context;
  const items = each.of === 'account' ? facts.accountLists[each.list] : facts[each.list];
  const alone = (item: Fact): SubjectFacts =>
    each.of === 'account'
      ? { ...facts, accountLists: { ...facts.accountLists, [each.list]: [item] } }
      : { ...facts, [each.list]: [item] };
  return items.filter((item) => when.test({ ...context, facts: alone(item) })).map(({ key }) => key);
}
