import { createHash } from 'node:crypto';
import {
  EMPTY_STATE,
  type Evaluation,
  evaluate,
  healthInstant,
  inForce,
  isThere,
  nextDue,
  type PreviousHealth,
  replay,
  type StageOverride,
  type StepContext,
  type Transition,
  type VersionSpan,
  type WalkResult,
  walk,
} from '../../journey/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { FactTimeline, JourneyState, SubjectFacts, SubjectId, Visit } from '../../model/facts.ts';
import type { HealthPoint, Placement } from '../../store/port.ts';
import type { FactMaker } from '../subjects/facts.ts';
import type { Neighbourhood } from '../subjects/neighbourhood.ts';
import { type Results, resultsOf } from '../subjects/results.ts';
import { type HandSpans, handText, NOTHING_BY_HAND } from './overrides.ts';

/** Clocks differ and a run takes its time: what the CRM dated after the run's instant by no more than this is judged
 *  at its own instant; what is dated further ahead waits for its day. */
const AHEAD = 86_400_000;

/** What the CRM dated this little before the last step was not late, only on its way here: indexes lag. */
const ON_THE_WAY = 15 * 60_000;

/** The first instant that is a date. */
const EARLIEST = -8_640_000_000_000_000;

export interface AdvanceInput {
  readonly mapping: Mapping;
  readonly subject: SubjectId;
  readonly neighbourhood: Neighbourhood;
  readonly maker: FactMaker;
  readonly results: Results;
  readonly before: Placement | undefined;
  readonly identityHash: string;
  /** The versions of this journey, oldest first, the present one last. */
  readonly versions: readonly { readonly version: string; readonly since: number }[];
  /** Set by hand for this subject on this journey (J29); absent: nothing. */
  readonly byHand?: HandSpans;
  /** The instant of the run. */
  readonly now: number;
  /** The rules of a journey that this one looks at take over with this run: what moves now is their doing (J12). */
  readonly rulesChanged?: boolean;
}

export interface Advanced {
  readonly evaluation: Evaluation;
  readonly placement: Placement;
  /** Moves that were not known before, oldest first. */
  readonly transitions: readonly Transition[];
  /** Visits that a late fact showed to be wrong. */
  readonly corrected: number;
  readonly loop: boolean;
  /** The stage is by hand. */
  readonly override: StageOverride | null;
  /** More steps than one subject may cost. */
  readonly exhausted: boolean;
}

/**
 * Takes one subject on one journey from its last step to the present, a step at every instant that asks for one (J13).
 * A late fact re-runs the steps of the present mapping version from its beginning, so that a live run and a replay
 * agree. Null: nothing of the subject is alive.
 */
export function advance(input: AdvanceInput): Advanced | null {
  const { mapping, subject, neighbourhood, maker, results, before, versions, now } = input;
  const { byHand = NOTHING_BY_HAND } = input;
  const last = before?.state.lastStep ?? null;
  const timeline = maker.timeline(
    neighbourhood,
    mapping,
    subject,
    lookBackTo(mapping, last ?? firstOf(input)),
  );
  if (timeline === null) return null;
  const instant = instantOf(timeline, Math.max(now, last ?? now));
  const facts = timeline.at(instant);
  if (!isThere(facts, mapping)) return null;
  const { now: presentResults, views } = resultsOf(
    mapping,
    mapping.subject,
    subject,
    neighbourhood.graph,
    results,
    () => neighbourhood.epochs(lookBackTo(mapping, last ?? firstOf(input))),
  );
  const context: StepContext = { facts, past: timeline, ...presentResults };
  const walked = walkTo({ ...input, timeline, facts, instant, views });
  const factsHash = seenHash(input, timeline, views, instant);
  const stage = inForce(byHand.stages, instant);
  const band = inForce(byHand.bands, instant);
  // What a walk has passed it has seen the end of; without one only what was by hand before tells.
  const ended =
    walked === null ? before?.byHand?.stage === true : byHand.stages.some(({ until }) => until === instant);
  const identityChanged = changedIdentity(input);
  const active = versions.at(-1);
  const byHands = [...byHand.stages, ...byHand.bands];
  const begun = active?.version === mapping.version ? active.since : now;
  const evaluation = evaluate({
    mapping,
    context,
    state: walked?.result.state ?? before?.state ?? EMPTY_STATE,
    instant,
    noticed: now,
    changes: {
      factsChanged:
        factsChanged(input, timeline, instant, factsHash, walked !== null) ||
        // What another journey says now is as good as a fact (J2).
        views.changes(instant - 1, instant).length > 0,
      identityChanged,
      ...(stage === null && ended ? { overrideEnded: true } : {}),
      ...(input.rulesChanged === true ? { versionChanged: true } : {}),
    },
    override: stage,
    band,
    uncertain: timeline.unknownAt(instant),
    healthAt: (state) =>
      healthInstant({ mapping, timeline, views, byHand: byHands, state, since: begun, instant }),
    previousHealth: walked?.result.health ?? healthBefore(before),
  });
  const course = courseOf(before, walked?.result ?? null, evaluation, instant);
  results.set(mapping.name, subject, {
    state: evaluation.step.state,
    health: { score: evaluation.health?.score ?? null, band: evaluation.health?.band ?? null },
    course: walked?.result.course ?? [],
    ...(before === undefined ? {} : { healthBefore: before.health }),
  });
  const moves = [...(walked?.result.transitions ?? []), ...evaluation.step.transitions];
  const superseded =
    before === undefined || walked?.again !== true
      ? []
      : contradicted(before.state, evaluation.step.state.visits);
  const settled = nextDue({
    ...{ mapping, context, state: evaluation.step.state, instant, timeline, views },
    overrides: byHands,
  });
  const due = sooner(settled, timeline.changes(instant, Number.POSITIVE_INFINITY)[0]);
  return {
    evaluation,
    placement: {
      subject,
      journey: mapping.name,
      state: evaluation.step.state,
      health: {
        score: evaluation.health?.score ?? null,
        band: evaluation.health?.band ?? null,
        coverage: evaluation.health?.coverage ?? null,
      },
      segments: evaluation.segments,
      outputs: evaluation.outputs,
      factsHash: factsHash + handText(byHand, instant),
      identityHash: input.identityHash,
      evaluatedAt: now,
      due,
      course,
      ...(stage === null && band === null
        ? {}
        : { byHand: { stage: stage !== null, band: evaluation.health?.byHand != null } }),
      ...(walked?.again === true ? { superseded } : {}),
    },
    transitions: newMoves(moves, before?.state ?? EMPTY_STATE, superseded.length > 0),
    corrected: superseded.length,
    override: stage,
    loop: evaluation.step.loop || (walked?.result.loops.length ?? 0) > 0,
    exhausted: walked?.result.exhausted ?? false,
  };
}

interface WalkTo extends AdvanceInput {
  readonly timeline: FactTimeline;
  readonly facts: SubjectFacts;
  readonly instant: number;
  readonly views: ReturnType<typeof resultsOf>['views'];
}

interface Walked {
  readonly result: WalkResult;
  /** From the beginning of the present version, because of a late fact. */
  readonly again: boolean;
}

/** The steps before the one at `instant`; null: there are none. */
function walkTo(input: WalkTo): Walked | null {
  const { mapping, before, versions, timeline, instant, now, views, byHand = NOTHING_BY_HAND } = input;
  const active = versions.at(-1)?.since ?? now;
  const version: VersionSpan = {
    mapping,
    since: before === undefined ? (versions[0]?.since ?? now) : active,
  };
  const common = { timeline, noticed: now, overrides: byHand.stages, bands: byHand.bands };
  if (before === undefined || before.state.lastStep === null) {
    if (version.since >= instant) return null;
    const result = replay({ ...common, versions: [version], views: () => views, to: instant - 1 });
    return { result, again: false };
  }
  const last = before.state.lastStep;
  // The present version decides from now on; what happened before it is not judged by it.
  if (before.state.mappingVersion !== mapping.version || last >= instant) return null;
  if (changedIdentity(input)) return null;
  if (
    before.factsHash !== '' &&
    active <= last &&
    before.factsHash !== seenHash(input, timeline, views, last) + handText(byHand, last)
  ) {
    const then = stateBefore(before.state, active, versions.at(-2)?.version ?? null);
    const whole = input.maker.timeline(
      input.neighbourhood,
      mapping,
      input.subject,
      lookBackTo(mapping, active),
    );
    const part = replay({
      ...common,
      timeline: whole ?? timeline,
      versions: [version],
      views: () => views,
      to: instant - 1,
      // The step that the version began with is taken again, from what was there before it.
      before: { state: then, health: { score: null, band: null }, since: Number.NEGATIVE_INFINITY },
    });
    return { result: part, again: true };
  }
  const result = walk({
    ...common,
    mapping,
    views,
    state: before.state,
    health: healthBefore(before),
    from: last,
    to: instant,
    changes: {},
  });
  return { result, again: false };
}

/** A band set by hand is not an earlier band (J19). */
function healthBefore(before: Placement | undefined): PreviousHealth {
  if (before === undefined) return { score: null, band: null };
  return { ...before.health, overridden: before.byHand?.band === true };
}

function changedIdentity({ before, identityHash }: AdvanceInput): boolean {
  // Compared with what the last placement saw, not with the last run: that one may have ended in between.
  return before !== undefined && before.identityHash !== '' && before.identityHash !== identityHash;
}

/** Did a fact change at the very instant of the last step, or in a way that has no date? */
function factsChanged(
  { before }: AdvanceInput,
  timeline: FactTimeline,
  instant: number,
  hash: string,
  walked: boolean,
): boolean {
  if (before === undefined || timeline.changes(instant - 1, instant).length > 0) return true;
  if (before.factsHash.split('|')[0] === hash) return false;
  const last = before.state.lastStep ?? instant;
  return !walked || timeline.changes(last, instant).length === 0;
}

/** Of all that the rules saw at an instant: the facts, and what other journeys said (J2). */
function seenHash(
  { maker, mapping }: AdvanceInput,
  timeline: FactTimeline,
  views: ReturnType<typeof resultsOf>['views'],
  instant: number,
): string {
  const facts = maker.hash(timeline.at(instant));
  if (mapping.dependsOn.length === 0) return facts;
  const { results, accountResults, peopleResults } = views.at(instant);
  const people = Object.entries(peopleResults).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha1')
    .update(JSON.stringify([facts, results, accountResults, people]))
    .digest('base64');
}

/** A run judges what is dated a little ahead at its own instant, so it has to look at it that much sooner. */
function sooner(due: number | null, change: number | undefined): number | null {
  if (change === undefined) return due;
  return due === null ? change - AHEAD : Math.min(due, change - AHEAD);
}

/** Where the steps of somebody new begin. */
function firstOf({ versions, now }: AdvanceInput): number {
  return Math.min(now, versions[0]?.since ?? now);
}

/** How far back the past has to be exact: to the last step, and as far before it as a wait may look. */
function lookBackTo(mapping: Mapping, instant: number): number {
  // Before any date there is nothing to wait for.
  if (instant < EARLIEST) return instant;
  let first = instant;
  for (const { for: wait } of mapping.stages)
    if (wait !== null) first = Math.min(first, wait.before(instant));
  return first - 1;
}

function instantOf(timeline: FactTimeline, now: number): number {
  return timeline.changes(now, now + AHEAD).at(-1) ?? now;
}

/** The state as it was before anything of `instant` or later. */
function stateBefore(state: JourneyState, instant: number, mappingVersion: string | null): JourneyState {
  const visits = state.visits
    .filter((visit) => visit.entered < instant)
    .map((visit) => (visit.left !== null && visit.left >= instant ? { ...visit, left: null } : visit));
  const open = visits.findLast((visit) => visit.left === null);
  return {
    stage: open?.stage ?? null,
    entered: open?.entered ?? null,
    visits,
    lastStep: mappingVersion === null ? null : instant - 1,
    mappingVersion,
  };
}

/** Visits that were known and are not so: they never began, ended otherwise, or had ended before they were last seen. */
function contradicted(before: JourneyState, after: readonly Visit[]): readonly Visit[] {
  const known = new Map(after.map((visit) => [visitText(visit), visit]));
  const seen = (before.lastStep ?? 0) - ON_THE_WAY;
  return before.visits.filter((visit) => {
    const now = known.get(visitText(visit));
    if (now === undefined) return true;
    return visit.left === null ? now.left !== null && now.left < seen : visit.left !== now.left;
  });
}

function visitText({ stage, entered, skipped, left }: Visit): string {
  return JSON.stringify([stage, entered, skipped && left === entered]);
}

function newMoves(
  moves: readonly Transition[],
  before: JourneyState,
  corrects: boolean,
): readonly Transition[] {
  const known = new Set(before.visits.map(({ stage, entered }) => `${entered} ${stage}`));
  const last = (before.lastStep ?? Number.NEGATIVE_INFINITY) - ON_THE_WAY;
  return moves.filter((move) => {
    if (known.has(`${move.at} ${move.to}`)) return false;
    // What a late fact says about the time before the last step is a correction.
    return !corrects || move.at > last;
  });
}

/** Points to add to the course of the subject's health. */
function courseOf(
  before: Placement | undefined,
  walked: WalkResult | null,
  { health }: Evaluation,
  instant: number,
): readonly HealthPoint[] {
  if (health === null) return [];
  const last = before?.state.lastStep ?? Number.NEGATIVE_INFINITY;
  const points: HealthPoint[] = (walked?.course ?? []).filter(({ at }) => at > last);
  const { score, band, coverage } = health;
  const known = points.at(-1) ?? before?.health;
  if (known === undefined || known.score !== score || known.band !== band)
    points.push({ at: instant, score, band, coverage });
  return points;
}
