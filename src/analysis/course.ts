import type { Cause, Fact, Visit } from '../model/facts.ts';
import { FORMER, type Frame, OFF_PATH } from './frame.ts';
import type { MoveKind, SubjectCourse } from './types.ts';

/** The rule of visits that stand for stages jumped over (J12): nobody was in them. */
const JUMPED = 'skipped';

/** A visit that was not skipped, as it is known at the end of observation. */
export interface Stay {
  readonly stage: string;
  /** Place on the path, or off it. */
  readonly place: number;
  readonly entered: number;
  readonly left: number | null;
  readonly cause: Cause;
  readonly uncertain: boolean;
  /** Its entry is a move that counts. */
  readonly counted: boolean;
  readonly inPeriod: boolean;
  /** open: still there · moved: to the next stay · out: to no stage · cut: by a move that does not count. */
  readonly end: 'open' | 'moved' | 'out' | 'cut';
  /** Where it moved to, by whatever cause. */
  readonly next: Stay | null;
}

export interface Skipped {
  readonly stage: string;
  readonly entered: number;
  readonly jumped: boolean;
  readonly counted: boolean;
}

/** A subject's way, told in present names up to the end of observation. */
export interface Way {
  readonly subject: SubjectCourse;
  readonly stays: readonly Stay[];
  readonly skipped: readonly Skipped[];
  readonly touchpoints: readonly Touchpoint[];
}

export interface Touchpoint {
  readonly at: number;
  readonly channel: string;
  readonly incoming: boolean;
}

/** What did not reach anybody is no touchpoint. */
const MISSED: ReadonlySet<unknown> = new Set(['planned', 'canceled', 'failed', 'no_show', 'unanswered']);

/** Null when nothing of the subject lies within observation. */
export function wayOf(frame: Frame, subject: SubjectCourse): Way | null {
  const { now } = frame.options;
  const real: Visit[] = [];
  const skipped: Skipped[] = [];
  for (const visit of subject.visits) {
    if (visit.entered > now) continue;
    if (!visit.skipped) real.push(visit);
    else
      skipped.push({
        stage: frame.nameOf(visit.stage),
        entered: visit.entered,
        jumped: visit.rule === JUMPED,
        counted: frame.counts(visit),
      });
  }
  if (real.length === 0) return null;
  const stays: Stay[] = new Array(real.length);
  // From the last to the first, so that each knows the next.
  for (let i = real.length - 1; i >= 0; i -= 1) stays[i] = stayOf(frame, real[i]!, stays[i + 1] ?? null);
  return { subject, stays, skipped, touchpoints: touchpointsOf(subject, now) };
}

function stayOf(frame: Frame, visit: Visit, following: Stay | null): Stay {
  const stage = frame.nameOf(visit.stage);
  const left = visit.left !== null && visit.left > frame.options.now ? null : visit.left;
  const next = left !== null && following?.entered === left ? following : null;
  return {
    stage,
    place: frame.placeOf(stage),
    entered: visit.entered,
    left,
    cause: visit.cause,
    uncertain: visit.uncertain,
    counted: frame.counts(visit),
    inPeriod: frame.inPeriod(visit.entered),
    end: endOf(frame, stage, left, next),
    next,
  };
}

/** A visit does not say what took its subject out of it into no stage: that counts as a move of the customer. */
function endOf(frame: Frame, stage: string, left: number | null, next: Stay | null): Stay['end'] {
  if (left === null) return 'open';
  if (next === null) return 'out';
  return next.counted && kindOf(frame, stage, next.stage) !== 'other' ? 'moved' : 'cut';
}

/** What kind of move leads from one stage to another; null is no stage. */
export function kindOf(frame: Frame, from: string | null, to: string | null): MoveKind {
  if (from === null) return 'enter';
  if (to === null) return 'out';
  const a = frame.placeOf(from);
  const b = frame.placeOf(to);
  if (a === FORMER || b === FORMER) return 'other';
  if (b === OFF_PATH) return 'off';
  if (a === OFF_PATH) return 'return';
  return b > a ? 'forward' : 'back';
}

/** How long it lasted, or has lasted so far. */
export function lengthOf(frame: Frame, stay: Stay): number {
  return (stay.left ?? frame.options.now) - stay.entered;
}

/** The stay an event belongs to. One at the very instant of a move belongs to the stage before, because it may be
 *  what made the move; of the first stay the beginning belongs to it. */
export function stayAt(stays: readonly Stay[], at: number): Stay | null {
  for (let i = 0; i < stays.length; i += 1) {
    const stay = stays[i]!;
    if (stay.entered > at) return null;
    if (stay.entered === at && i > 0) return null;
    if (stay.left === null || at <= stay.left) return stay;
  }
  return null;
}

function touchpointsOf(subject: SubjectCourse, now: number): readonly Touchpoint[] {
  const found: Touchpoint[] = [];
  for (const { values } of subject.facts?.touchpoints ?? []) {
    const at = values['at'];
    if (typeof at !== 'number' || at > now || MISSED.has(values['outcome'])) continue;
    const channel = typeof values['channel'] === 'string' ? values['channel'] : 'unknown';
    found.push({ at, channel, incoming: values['direction'] === 'incoming' });
  }
  return found.sort((a, b) => a.at - b.at);
}

/** An instant of a fact, when it has one that lies within observation. */
export function instantOf(fact: Fact, field: string, now: number): number | null {
  const value = fact.values[field];
  return typeof value === 'number' && value <= now ? value : null;
}
