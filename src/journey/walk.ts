import type { Mapping } from '../mapping/types.ts';
import type { FactTimeline, HealthState, JourneyState, SubjectFacts } from '../model/facts.ts';
import { isTaken } from './decide.ts';
import { timeEdges } from './edges.ts';
import { type PreviousHealth, scoreHealth } from './health.ts';
import { contextAt, leftAt, step } from './step.ts';
import type {
  BandOverride,
  StageOverride,
  StepChanges,
  StepContext,
  StepResult,
  Transition,
} from './types.ts';
import { zoneOf } from './words.ts';

/** Results of other journeys over time, as far as this one reads them (J2). */
export interface ViewTimeline {
  at(instant: number): Pick<StepContext, 'results' | 'accountResults' | 'peopleResults'>;
  /** Instants in (from, to] at which `at` gives something else, sorted. */
  changes(from: number, to: number): readonly number[];
}

const NO_RESULTS = { results: {}, accountResults: {}, peopleResults: {} };
export const NO_VIEWS: ViewTimeline = { at: () => NO_RESULTS, changes: () => [] };

/** While something set by hand is in force (J29). */
export interface HandSpan {
  readonly from: number;
  /** Exclusive; null: until somebody ends it. */
  readonly until: number | null;
}

/** A stage set by hand, and while it is in force (J29). */
export interface OverrideSpan extends HandSpan, Pick<StageOverride, 'stage' | 'owner' | 'reason'> {}

/** A band set by hand, and while it is in force (J29). */
export interface BandSpan extends HandSpan, Pick<BandOverride, 'band' | 'owner' | 'reason'> {}

export interface WalkInput {
  readonly mapping: Mapping;
  readonly timeline: FactTimeline;
  readonly views: ViewTimeline;
  /** As it was after the step at `from`. */
  readonly state: JourneyState;
  readonly health: PreviousHealth;
  /** Steps are taken in (from, to). */
  readonly from: number;
  /** Also a step at `from` itself, before anything else: where a mapping begins to decide. */
  readonly first?: boolean;
  readonly to: number;
  /** `now` of the run. */
  readonly noticed: number;
  /** What is true of the whole walk; whether facts changed is seen step by step. */
  readonly changes: Omit<StepChanges, 'factsChanged' | 'overrideEnded'>;
  readonly overrides?: readonly OverrideSpan[];
  readonly bands?: readonly BandSpan[];
}

/** The course of a score. */
export interface HealthStep extends HealthState {
  readonly at: number;
  readonly coverage: number;
}

export interface WalkResult {
  readonly state: JourneyState;
  readonly health: PreviousHealth;
  readonly transitions: readonly Transition[];
  /** Stages recorded as skipped. */
  readonly skipped: readonly string[];
  /** Instants of a `journey-loop`. */
  readonly loops: readonly number[];
  /** Each time score or band became another one. */
  readonly course: readonly HealthStep[];
  readonly steps: number;
  /** Not walked to the end: more steps than one subject may cost (J10). */
  readonly exhausted: boolean;
}

/** Steps one subject may cost in one walk: an hour by hour change for ten years. */
export const MAX_STEPS = 100_000;

/**
 * J13: a step at every instant at which a fact changed or time alone could change the decision, in their order. A run
 * walks from its last step to now, a replay from the first fact: so both take the same steps.
 */
export function walk(input: WalkInput): WalkResult {
  const walker = new Walker(input);
  return walker.walk();
}

class Walker {
  readonly #input: WalkInput;
  readonly #transitions: Transition[] = [];
  readonly #skipped: string[] = [];
  readonly #loops: number[] = [];
  readonly #course: HealthStep[] = [];
  #state: JourneyState;
  #health: PreviousHealth;
  #healthDay: number | null = null;
  #steps = 0;

  constructor(input: WalkInput) {
    this.#input = input;
    this.#state = input.state;
    this.#health = input.health;
  }

  walk(): WalkResult {
    const { from, to } = this.#input;
    let at = from;
    if (this.#input.mapping.health !== null && this.#input.first !== true)
      this.#healthDay = this.#dayOf(from);
    if (this.#input.first === true) this.#take(from, this.#input.timeline.changes(from - 1, from).length > 0);
    const changed = this.#changes();
    for (const bound of [...this.#bounds(changed), to]) {
      at = this.#quiet(at, bound);
      if (bound < to && this.#steps < MAX_STEPS) this.#take(bound, changed.has(bound), true);
      at = bound;
    }
    return {
      state: this.#state,
      health: this.#health,
      transitions: this.#transitions,
      skipped: this.#skipped,
      loops: this.#loops,
      course: this.#course,
      steps: this.#steps,
      exhausted: this.#steps >= MAX_STEPS,
    };
  }

  /** Where facts or results of other journeys change. */
  #changes(): ReadonlySet<number> {
    const { timeline, views, from, to } = this.#input;
    return new Set([...timeline.changes(from, to - 1), ...views.changes(from, to - 1)]);
  }

  /** Where these or what is set by hand change. */
  #bounds(changed: ReadonlySet<number>): readonly number[] {
    const { overrides = [], bands = [], from, to } = this.#input;
    const bounds = new Set(changed);
    for (const span of [...overrides, ...bands]) {
      for (const edge of [span.from, span.until]) {
        if (edge !== null && edge > from && edge < to) bounds.add(edge);
      }
    }
    return [...bounds].sort((a, b) => a - b);
  }

  /** Steps that time alone asks for between two changes. */
  #quiet(from: number, bound: number): number {
    const { mapping, timeline } = this.#input;
    let at = from;
    if (!isThere(timeline.at(at), mapping)) return at;
    let edges = this.#edges(at, bound - 1);
    let next = 0;
    while (this.#steps < MAX_STEPS) {
      const instant = edges[next];
      at = this.#midnights(at, (instant ?? bound) - 1);
      if (instant === undefined) return at;
      const before = this.#state.visits;
      this.#take(instant, false);
      at = instant;
      next += 1;
      // Rules may look at the state itself, and waits begin anew.
      if (this.#state.visits !== before || this.#hasWaits()) {
        edges = this.#edges(at, bound - 1);
        next = 0;
      }
    }
    return at;
  }

  /** Time moves health at midnight (J20); a midnight that is no edge of a rule moves nothing else. */
  #midnights(from: number, to: number): number {
    const { mapping } = this.#input;
    if (mapping.health === null || to <= from) return from;
    const zone = zoneOf(mapping);
    let at = from;
    for (let day = zone.dayNumber(from) + 1; ; day += 1) {
      const midnight = zone.dayStart(day);
      if (midnight > to) return at;
      this.#score(this.#context(midnight), midnight, false);
      at = midnight;
    }
  }

  #hasWaits(): boolean {
    return this.#input.mapping.stages.some((stage) => stage.for !== null);
  }

  #edges(at: number, to: number): readonly number[] {
    // The entry of a `journey-loop` brings an edge a millisecond later: without this it would move again at each of them.
    const after = this.#loops.at(-1) === at ? at + 1 : at;
    return this.#edgesFrom(at, to).filter((edge) => edge > after);
  }

  #edgesFrom(at: number, to: number): readonly number[] {
    if (to <= at) return [];
    const { mapping } = this.#input;
    const state = this.#state;
    const context = contextAt(mapping, this.#context(at), state, at);
    const situation = {
      mapping,
      context,
      state,
      leftNow: leftAt(state, at),
      override: null,
      freeOfMinStay: false,
    };
    return timeEdges(mapping, situation, to);
  }

  #context(at: number): StepContext {
    const { timeline, views } = this.#input;
    return { facts: timeline.at(at), past: timeline, pastResults: views, ...views.at(at) };
  }

  #take(at: number, factsChanged: boolean, score = factsChanged): void {
    const { mapping, timeline, changes, noticed, overrides = [] } = this.#input;
    const context = this.#context(at);
    if (!isThere(context.facts, mapping)) return;
    this.#steps += 1;
    const override = inForce(overrides, at);
    const ended = overrides.some((span) => span.until === at && isTaken(mapping, span));
    const taken = step({
      mapping,
      context,
      state: this.#state,
      instant: at,
      noticed,
      changes: { ...changes, factsChanged, ...(ended && override === null ? { overrideEnded: true } : {}) },
      ...(override === null ? {} : { override }),
      uncertain: timeline.unknownAt(at),
    });
    this.#note(taken, at);
    this.#score(context, at, score || taken.transitions.length > 0);
  }

  #note(taken: StepResult, at: number): void {
    this.#state = taken.state;
    this.#transitions.push(...taken.transitions);
    this.#skipped.push(...taken.skipped);
    if (taken.loop) this.#loops.push(at);
  }

  #score(known: StepContext, at: number, changed: boolean): void {
    const { mapping } = this.#input;
    if (mapping.health === null) return;
    const day = this.#dayOf(at);
    if (!changed && day === this.#healthDay) return;
    this.#healthDay = day;
    const byHand = inForce(this.#input.bands ?? [], at);
    const health = scoreHealth(mapping, contextAt(mapping, known, this.#state, at), this.#health, byHand);
    if (health === null) return;
    const { score, band, coverage } = health;
    if (score !== this.#health.score || band !== this.#health.band)
      this.#course.push({ at, score, band, coverage });
    this.#health = health.byHand === null ? { score, band } : { score, band, overridden: true };
  }

  #dayOf(instant: number): number {
    return zoneOf(this.#input.mapping).dayNumber(instant);
  }
}

/** What is set by hand at an instant; of several the one that was set last. */
export function inForce<S extends HandSpan>(spans: readonly S[], instant: number): S | null {
  let found: S | null = null;
  for (const span of spans) {
    if (span.from > instant || (span.until !== null && span.until <= instant)) continue;
    if (found === null || span.from >= found.from) found = span;
  }
  return found;
}

/** A step is only taken of a subject that is there. */
export function isThere(facts: SubjectFacts, mapping: Pick<Mapping, 'subject'>): boolean {
  return (mapping.subject === 'person' ? facts.person : facts.account) !== null;
}
