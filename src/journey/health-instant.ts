import type { Mapping } from '../mapping/types.ts';
import type { FactTimeline, JourneyState } from '../model/facts.ts';
import type { HandSpan, ViewTimeline } from './walk.ts';
import { zoneOf } from './words.ts';

export interface HealthInstantInput {
  readonly mapping: Mapping;
  readonly timeline: FactTimeline;
  readonly views: ViewTimeline;
  /** What is set by hand, and while it is in force (J29). */
  readonly byHand: readonly HandSpan[];
  /** After the step at `instant`. */
  readonly state: JourneyState;
  /** When this mapping version began to decide. */
  readonly since: number;
  readonly instant: number;
}

/**
 * The instant as of which health is judged (J20): time alone moves it at midnight only, while facts, results of other
 * journeys, what is set by hand, and moves change it at once. So it is judged as of the last of these up to `instant`, whenever somebody
 * looks.
 */
export function healthInstant(input: HealthInstantInput): number {
  const { mapping, timeline, views, byHand, state, since, instant } = input;
  const zone = zoneOf(mapping);
  let last = zone.dayStart(zone.dayNumber(instant));
  const see = (at: number | null | undefined): void => {
    if (at != null && at <= instant && at > last) last = at;
  };
  see(timeline.changes(last, instant).at(-1));
  see(views.changes(last, instant).at(-1));
  see(since);
  for (const { from, until } of byHand) {
    see(from);
    see(until);
  }
  for (const { entered, left } of state.visits) {
    see(entered);
    see(left);
  }
  return last;
}
