import type { Cause, JourneyState, SubjectFacts } from '../../../src/model/facts.ts';
import { scoreOf } from './health.ts';
import { after, before, DAY } from './local-time.ts';
import type { Model } from './model.ts';
import { momentOf, type Seen, takeStep } from './step.ts';

/** A subject over time (J13, J14). */
export interface Life {
  seenAt(instant: number): Seen;
  /** Instants at which facts or results of other journeys change. */
  readonly changes: ReadonlySet<number>;
  /** Dates among the values: time conditions have their edges about them. */
  readonly dates: ReadonlySet<number>;
  unknownAt(instant: number): boolean;
}

export interface RefOverride {
  readonly stage: string;
  readonly from: number;
  /** Exclusive. */
  readonly until: number | null;
}

export interface RefRun {
  readonly state: JourneyState;
  readonly loops: readonly number[];
  /** Each time score or band became another one. */
  readonly course: readonly {
    readonly at: number;
    readonly score: number | null;
    readonly band: string | null;
    readonly coverage: number;
  }[];
}

export interface RunInput {
  readonly model: Model;
  readonly life: Life;
  readonly overrides: readonly RefOverride[];
  readonly from: number;
  readonly to: number;
  readonly noticed: number;
  readonly mappingVersion: string;
}

const NOWHERE: JourneyState = {
  stage: null,
  entered: null,
  visits: [],
  lastStep: null,
  mappingVersion: null,
};

/** J13: a step at every instant at which anything could change, one after the other. It ends with a `journey-loop`: rules
 *  that contradict each other move again whenever the next step is taken, so what follows depends on that instant. */
export function run({ from, life, mappingVersion, model, noticed, overrides, to }: RunInput): RefRun {
  const ahead = new Agenda(from, to);
  ahead.add(from);
  for (const { from: begin, until } of overrides)
    for (const edge of [begin, until]) if (edge !== null) ahead.add(edge);
  for (const instant of life.changes) schedule(model, ahead, instant);
  for (const date of life.dates) schedule(model, ahead, date);
  for (let day = model.local.day(from); day <= model.local.day(to); day += 1) {
    schedule(model, ahead, model.local.midnight(day), false);
  }
  let state = NOWHERE;
  let health: { readonly score: number | null; readonly band: string | null } = { score: null, band: null };
  const loops: number[] = [];
  const course: RefRun['course'][number][] = [];
  let steps = 0;
  for (let at = ahead.next(); at !== null; at = ahead.next()) {
    const seen = life.seenAt(at);
    if (!isThere(seen.facts)) continue;
    const override = overrideAt(overrides, at);
    const ended = override === null && overrides.some(({ until }) => until === at);
    const changed = life.changes.has(at);
    const result = takeStep({
      model,
      seen,
      life,
      state,
      instant: at,
      noticed,
      cause: causeOf(override !== null || ended, changed || steps === 0),
      mappingVersion,
      override: override?.stage ?? null,
      overrideEnded: ended,
      uncertain: life.unknownAt(at),
    });
    // A new entry has edges of its own: the end of min_stay, and rules that read when the stage was entered.
    if (result.moves.length > 0) schedule(model, ahead, at);
    state = { ...result.state, lastStep: at, mappingVersion };
    // J20: facts and moves change health at once, time at midnight.
    const midnight = model.local.midnight(model.local.day(at)) === at;
    if (model.health !== null && (steps === 0 || changed || result.moves.length > 0 || midnight)) {
      const { band, coverage, score } = scoreOf(model.health, momentOf(model, seen, state, at), health.band);
      if (score !== health.score || band !== health.band) course.push({ at, score, band, coverage });
      health = { score, band };
    }
    steps += 1;
    if (result.loop) {
      loops.push(at);
      break;
    }
  }
  return { state, loops, course };
}

function causeOf(byHand: boolean, changed: boolean): Cause {
  if (byHand) return 'override';
  return changed ? 'customer' : 'time';
}

function isThere({ account, kind, person }: SubjectFacts): boolean {
  return (kind === 'person' ? person : account) !== null;
}

/** The one in force; of several the one set last (J29). */
function overrideAt(overrides: readonly RefOverride[], at: number): RefOverride | null {
  const there = overrides.filter(({ from, until }) => from <= at && (until === null || at < until));
  return there.sort((a, b) => a.from - b.from).at(-1) ?? null;
}

/** All edges that an instant brings, and all ends of waits that may begin at them. */
function schedule(model: Model, ahead: Agenda, instant: number, isDate = true): void {
  const { local, spans } = model;
  const edges = [instant, instant + 1];
  for (const span of isDate ? spans : []) {
    for (const edge of [after(instant, span, local), before(instant, span, local)]) {
      edges.push(edge, edge + 1);
      if (span.days > 0 && clockChangesNear(model, edge)) {
        for (let off = -180; off <= 180; off += 15) edges.push(edge + off * 60_000, edge + off * 60_000 + 1);
      }
    }
  }
  for (const edge of edges) {
    ahead.add(edge);
    for (const { wait } of model.stages) {
      if (wait === null) continue;
      const end = after(edge, wait, local);
      ahead.add(end);
      if (wait.days > 0 && clockChangesNear(model, end)) {
        for (let off = -180; off <= 180; off += 15) ahead.add(end + off * 60_000);
      }
    }
  }
}

function clockChangesNear({ local }: Model, instant: number): boolean {
  const day = local.day(instant);
  return local.midnight(day + 2) - local.midnight(day - 1) !== 3 * DAY;
}

/** Instants still to come, each once, in their order; new ones may be added while it is worked off. */
class Agenda {
  readonly #from: number;
  readonly #to: number;
  readonly #known = new Set<number>();
  #sorted: number[] = [];
  #fresh: number[] = [];
  #last = Number.NEGATIVE_INFINITY;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  add(instant: number): void {
    if (instant < this.#from || instant > this.#to || instant <= this.#last || this.#known.has(instant))
      return;
    this.#known.add(instant);
    this.#fresh.push(instant);
  }

  next(): number | null {
    if (this.#fresh.length > 0) {
      // Latest first, so that the next one is taken from the end.
      this.#sorted = [...this.#sorted, ...this.#fresh].sort((a, b) => b - a);
      this.#fresh = [];
    }
    const found = this.#sorted.pop() ?? null;
    if (found !== null) this.#last = found;
    return found;
  }
}
