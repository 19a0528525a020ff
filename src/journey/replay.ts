import type { Mapping } from '../mapping/types.ts';
import type { FactTimeline, JourneyState } from '../model/facts.ts';
import type { PreviousHealth } from './health.ts';
import { EMPTY_STATE, NO_HEALTH } from './state.ts';
import type { StepChanges } from './types.ts';
import {
  type BandSpan,
  NO_VIEWS,
  type OverrideSpan,
  type ViewTimeline,
  type WalkResult,
  walk,
} from './walk.ts';

/** A mapping version and the instant from which it decides (J14). */
export interface VersionSpan {
  readonly mapping: Mapping;
  readonly since: number;
}

export interface ReplayInput {
  /** Each decides from its instant until that of the next; sorted. */
  readonly versions: readonly VersionSpan[];
  readonly timeline: FactTimeline;
  /** What other journeys said, for the mapping that is asked about. */
  readonly views?: (mapping: Mapping) => ViewTimeline;
  readonly overrides?: readonly OverrideSpan[];
  readonly bands?: readonly BandSpan[];
  /** Steps are taken up to this instant, itself included. */
  readonly to: number;
  readonly noticed: number;
  readonly changes?: Omit<StepChanges, 'factsChanged' | 'overrideEnded'>;
  /** Go on from here instead of from nothing; `since` is when it was so. */
  readonly before?: { readonly state: JourneyState; readonly health: PreviousHealth; readonly since: number };
}

/**
 * J14: the journey of one subject as the time line of versions would have told it, from the facts as they were. A
 * version takes a step of its own when it begins, because it may see things otherwise at once.
 */
export function replay(input: ReplayInput): WalkResult {
  const { versions, timeline, overrides, bands, to, noticed, before } = input;
  const views = input.views ?? (() => NO_VIEWS);
  let whole: WalkResult = {
    state: before?.state ?? EMPTY_STATE,
    health: before?.health ?? NO_HEALTH,
    transitions: [],
    skipped: [],
    loops: [],
    course: [],
    steps: 0,
    exhausted: false,
  };
  for (const [position, { mapping, since }] of versions.entries()) {
    const end = Math.min(versions[position + 1]?.since ?? Number.POSITIVE_INFINITY, to + 1);
    const resumes = before !== undefined && before.since >= since;
    const from = resumes ? before.since : Math.max(since, firstOf(timeline, since, end));
    if (from >= end) continue;
    const part = walk({
      mapping,
      timeline,
      views: views(mapping),
      state: whole.state,
      health: whole.health,
      from,
      first: !resumes,
      to: end,
      noticed,
      changes: input.changes ?? {},
      ...(overrides === undefined ? {} : { overrides }),
      ...(bands === undefined ? {} : { bands }),
    });
    whole = {
      ...part,
      transitions: [...whole.transitions, ...part.transitions],
      skipped: [...whole.skipped, ...part.skipped],
      loops: [...whole.loops, ...part.loops],
      course: [...whole.course, ...part.course],
      steps: whole.steps + part.steps,
      exhausted: whole.exhausted || part.exhausted,
    };
  }
  return whole;
}

/** Where there is something to judge: at once when the subject is there, else with its first fact. */
function firstOf(timeline: FactTimeline, since: number, end: number): number {
  const { person, account, kind } = timeline.at(since);
  if ((kind === 'person' ? person : account) !== null) return since;
  return timeline.changes(since, end)[0] ?? since;
}
