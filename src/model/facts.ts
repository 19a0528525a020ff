import type { Output } from './outputs.ts';
import type { ConnectionId, FieldValue } from './record.ts';

/** A subject of a journey (J1). */
export type SubjectKind = 'person' | 'account';
export type SubjectId = string & { readonly __brand: 'SubjectId' };

/** Value of a fact. text: string · number · boolean · instants (date, datetime): epoch milliseconds. A date
 *  without time is the start of that day in the mapping's time zone (J9). `null`: no value (J8). */
export type Scalar = string | number | boolean | null;

/** Where a value came from (J3: every fact keeps it) and its two times (J4), epoch milliseconds. */
export interface Origin {
  readonly connection: ConnectionId;
  readonly type: string;
  readonly id: string;
  /** The CRM field, or what it was derived from (`dealstage via pipeline`). */
  readonly field: string;
  /** When it was true in the customer's world. */
  readonly at: number;
  /** When the CRM recorded it. */
  readonly known: number;
  /** What the other CRM said when it differs and was not taken (J5). */
  readonly rejected?: {
    readonly value: Scalar;
    readonly connection: ConnectionId;
    readonly type: string;
    readonly id: string;
  };
}

/** One fact: a person, an account, a deal, a ticket, a touchpoint or a survey. */
export interface Fact {
  /** Stable over runs: the smallest `connection:type:id` of its records. */
  readonly key: string;
  /** By fact field name (`won`, `created`); a field that is absent has no value. Null prototype. */
  readonly values: Readonly<Record<string, Scalar>>;
  readonly origins: Readonly<Record<string, Origin>>;
  /** When the CRM last recorded anything of it, epoch milliseconds. */
  readonly recorded?: number;
}

/** All that a rule about one subject may see (J1, J2). Lists are sorted by key. */
export interface SubjectFacts {
  readonly subject: SubjectId;
  readonly kind: SubjectKind;
  /** Itself in a person journey, null in an account journey. */
  readonly person: Fact | null;
  /** Itself in an account journey, the primary account in a person journey (null without one). */
  readonly account: Fact | null;
  readonly people: readonly Fact[];
  readonly deals: readonly Fact[];
  readonly tickets: readonly Fact[];
  readonly touchpoints: readonly Fact[];
  readonly surveys: readonly Fact[];
  /** Lists of the person's account (`account.deals`); empty without an account; the same lists in an account journey. */
  readonly accountLists: FactLists;
}

/** The facts of one subject over time (J13, J14). Instants are epoch milliseconds. */
export interface FactTimeline {
  /** As they were; a subject that was not there yet has neither `person` nor `account` of its own. */
  at(instant: number): SubjectFacts;
  /** Instants in (from, to] at which `at` gives something else, sorted. A superset is right. */
  changes(from: number, to: number): readonly number[];
  /** History cannot tell some value that the rules read (J8). */
  unknownAt(instant: number): boolean;
}

export interface FactLists {
  readonly people: readonly Fact[];
  readonly deals: readonly Fact[];
  readonly tickets: readonly Fact[];
  readonly touchpoints: readonly Fact[];
  readonly surveys: readonly Fact[];
}
export type ListName = keyof FactLists;

/** Cause of a visit (J12). */
export type Cause = 'customer' | 'time' | 'rule' | 'override' | 'identity' | 'backfill';

/** An interval in a stage (J12). Times in epoch milliseconds. */
export interface Visit {
  readonly stage: string;
  readonly entered: number;
  readonly left: number | null;
  /** `now` of the run that saw it. */
  readonly noticed: number;
  readonly cause: Cause;
  /** The rule that moved it: `stages.decision.enter`, `stages.decision.exit[0]`, `default`. */
  readonly rule: string;
  readonly mappingVersion: string;
  /** Passed without staying (J11.8, J12): entered = left. */
  readonly skipped: boolean;
  readonly uncertain: boolean;
}

/** What a journey keeps of one subject between steps. */
export interface JourneyState {
  readonly stage: string | null;
  /** Of the present stage; null without one. */
  readonly entered: number | null;
  readonly visits: readonly Visit[];
  /** The instant of the last step; null before the first. */
  readonly lastStep: number | null;
  readonly mappingVersion: string | null;
}

export interface HealthState {
  readonly score: number | null;
  readonly band: string | null;
}

/** Results of other journeys and healths a rule may read (J2), at the same instant. Keyed by journey name. */
export interface ResultView {
  readonly stage: string | null;
  readonly entered: number | null;
  readonly previous: string | null;
  readonly visits: number;
  readonly score: number | null;
  readonly band: string | null;
}

/** What a subject's record should hold: by output; null clears the field. */
export type OutputValues = Readonly<Partial<Record<Output, FieldValue>>>;
