import type { Cause, ListName, ResultView, Scalar } from '../model/facts.ts';
import type { Position } from '../model/problem.ts';

export const CAUSES = [
  'customer',
  'time',
  'rule',
  'override',
  'identity',
  'backfill',
] as const satisfies readonly Cause[];

/** Values of one thing that begin at an instant; null takes the value away. */
export type Values = Readonly<Record<string, Scalar>>;

/** Where a thing of a test stands: the subject itself, an item of a list, an item of the account's lists. */
export type Place = 'person' | 'account' | `${ListName}/${string}` | `account/${ListName}/${string}`;

/** What becomes true of one thing at an instant. */
export interface Change {
  readonly at: number;
  readonly place: Place;
  /** Null: it is there no more. */
  readonly values: Values | null;
}

/** What another journey says from an instant on. */
export interface ViewChange {
  readonly at: number;
  readonly of: 'self' | 'account' | `people/${string}`;
  readonly journey: string;
  readonly view: Partial<ResultView>;
}

/** A value the file expects, and where it says so. */
export interface Wanted<T> {
  readonly value: T;
  readonly position: Position;
}

export interface Expectation {
  readonly at: number;
  /** As written: `2026-03-01`. */
  readonly when: string;
  readonly position: Position;
  /** Null: in no stage. */
  readonly stage: Wanted<string | null> | null;
  readonly band: Wanted<string> | null;
  readonly score: Wanted<{ readonly gte: number | null; readonly lte: number | null }> | null;
  readonly segments: Wanted<readonly string[]> | null;
  readonly reason: readonly Wanted<string>[];
  readonly healthReason: readonly Wanted<string>[];
  readonly nextStep: readonly Wanted<string>[];
}

/** A date names the whole day in the mapping's zone, an instant itself. */
export interface Moment {
  readonly instant: number;
  readonly wholeDay: boolean;
  readonly text: string;
}

export interface WantedVisit {
  readonly position: Position;
  readonly stage: string;
  /** Undefined: not asked. */
  readonly entered: Moment | undefined;
  /** Null: still in it. */
  readonly left: Moment | null | undefined;
  readonly cause: Cause | undefined;
  readonly skipped: boolean | undefined;
}

export interface TestCase {
  readonly name: string;
  readonly position: Position;
  readonly start: number;
  readonly until: number;
  readonly changes: readonly Change[];
  readonly views: readonly ViewChange[];
  readonly expectations: readonly Expectation[];
  readonly visits: Wanted<readonly WantedVisit[]> | null;
}

/** One difference between what a test expects and what the mapping makes of the facts. */
export interface Difference {
  readonly position: Position;
  /** `stage`, `visits`. */
  readonly what: string;
  /** As the test writes it; null for what holds of the whole time line. */
  readonly when: string | null;
  readonly expected: string;
  readonly found: string;
  /** Why it is as it is: the rule's own words. */
  readonly because: string | null;
}

export interface CaseResult {
  readonly name: string;
  readonly position: Position;
  readonly differences: readonly Difference[];
}
