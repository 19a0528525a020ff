import type {
  Fact,
  FactTimeline,
  ListName,
  ResultView,
  Scalar,
  SubjectFacts,
  SubjectKind,
} from '../model/facts.ts';
import type { Output } from '../model/outputs.ts';
import type { Position, Problem } from '../model/problem.ts';
import type { Entity } from '../model/record.ts';

/** What a condition is evaluated against. All pure: `now` is the instant of the step. */
export interface EvalContext {
  readonly now: number;
  readonly facts: SubjectFacts;
  /** This journey's own state before the step (fact `journey`). */
  readonly journey: ResultView;
  /** `journeys.<name>` / `health.<name>` of the same subject. */
  readonly results: Readonly<Record<string, ResultView>>;
  /** `account.journeys.<name>` of the person's account. */
  readonly accountResults: Readonly<Record<string, ResultView>>;
  /** `people[].journeys.<name>`, by the person's fact key. */
  readonly peopleResults: Readonly<Record<string, Readonly<Record<string, ResultView>>>>;
  /** Names of the segments that hold for the subject (J17), set after segments were evaluated. */
  readonly segments: readonly string[];
  /** The facts as they were before, for `for` (J11.5). Absent: told by the dates of the present ones. */
  readonly past?: FactTimeline;
  /** Results of other journeys as they were before, for `for` too. Absent: the present ones are taken. */
  readonly pastResults?: {
    at(instant: number): Pick<EvalContext, 'results' | 'accountResults' | 'peopleResults'>;
    /** Instants in (from, to] at which `at` gives something else, sorted. */
    changes(from: number, to: number): readonly number[];
  };
}

/** A checked and compiled condition (J6): a closure for the decision and an explainer on the same tree. */
export interface Condition {
  readonly position: Position;
  /** One readable line: "some deal with won and closed within 365d". */
  readonly text: string;
  test(context: EvalContext): boolean;
  /** Same truth as `test`, with the values seen. */
  explain(context: EvalContext): ConditionTrace;
  /** The same condition tested as of an earlier instant: values whose `at` is later count as no value (for `for`, J11.5). */
  testAt(context: EvalContext, instant: number): boolean;
  /** Instants in (from, to] at which the truth may change: fact times and the edges of time conditions. */
  instants(context: EvalContext, from: number, to: number): readonly number[];
}

/** The rule as a tree with each condition's truth and the values it saw (J33). */
export interface ConditionTrace {
  readonly text: string;
  /** Name from `define:`, when the condition has one. */
  readonly name?: string;
  readonly kind: 'all' | 'any' | 'not' | 'compare' | 'list' | 'expr' | 'segment';
  readonly holds: boolean;
  /** Values seen, each with the fact it came from. */
  readonly seen: readonly SeenValue[];
  readonly children: readonly ConditionTrace[];
  readonly position: Position;
  /** 0 when it holds; else how far away it is in [0,1], for "nearest first" (share of unmet parts, distance of a number). */
  readonly distance: number;
}

export interface SeenValue {
  /** `deals.won`, `count(touchpoints)`. */
  readonly path: string;
  readonly value: Scalar;
  /** The fact it came from (its key and origins lead to records); null for results and counts. */
  readonly fact: Fact | null;
  /** The field's type, so that an instant is shown as a date; absent: looked up by `path` in the catalogue. */
  readonly type?: FactType;
}

/** A checked and compiled number (health measures, `expr` values). `null`: missing (J18). */
export interface NumberValue {
  readonly position: Position;
  readonly text: string;
  value(context: EvalContext): number | null;
  explain(context: EvalContext): { readonly value: number | null; readonly seen: readonly SeenValue[] };
}

/** `for`, `min_stay`, `half_life`: exact milliseconds or calendar days in a zone (J9). */
export interface Duration {
  readonly text: string;
  /** The instant this long before `instant`. */
  before(instant: number): number;
  /** The instant this long after `instant`. */
  after(instant: number): number;
  /** Instants around which `before(t)` passes `instant`: one, or three near a change of the clock. */
  edgesAfter(instant: number): readonly number[];
}

export interface Stage {
  readonly name: string;
  readonly label: string;
  readonly position: Position;
  /** Not progress: at risk, churned, disqualified. */
  readonly offPath: boolean;
  readonly isDefault: boolean;
  readonly terminal: boolean;
  readonly urgent: boolean;
  readonly enter: Condition | null;
  /** Default: `enter` (J11.6). */
  readonly stay: Condition | null;
  readonly from: readonly string[] | null;
  readonly for: Duration | null;
  readonly minStay: Duration | null;
  readonly exit: readonly { readonly to: string | null; readonly when: Condition }[];
  readonly renamedFrom: readonly string[];
}

export interface Segment {
  readonly name: string;
  readonly label: string;
  readonly when: Condition;
}

export interface Measure {
  readonly name: string;
  readonly label: string;
  readonly position: Position;
  readonly weight: number;
  /** By segment name; the primary segment's weight replaces `weight`. */
  readonly segmentWeights: Readonly<Record<string, number>>;
  /** What `missing: number` or policy gives (J18). */
  readonly missing: 'skip' | 'zero' | number;
  /** Either a value with a scale … */
  readonly value: NumberValue | null;
  readonly scale: readonly { readonly at: number; readonly score: number }[] | null;
  /** … or cases: the first that holds gives its score. */
  readonly cases: readonly { readonly when: Condition | null; readonly score: number }[] | null;
  /** Decay toward `neutral`/0 of the measure's 0-100 with the age of `since`, when wanted. */
  readonly halfLife: { readonly duration: Duration; readonly since: NumberValue } | null;
}

export interface HealthGroup {
  readonly name: string;
  readonly label: string;
  readonly weight: number;
  readonly segmentWeights: Readonly<Record<string, number>>;
  readonly measures: readonly Measure[];
}

export interface HealthModel {
  readonly groups: readonly HealthGroup[];
  /** Share of weight [0,1] below which the band is `unknown`. */
  readonly minCoverage: number;
  readonly neutral: number;
  readonly caps: readonly { readonly when: Condition; readonly max: number; readonly label: string }[];
  /** Highest lower bound first. */
  readonly bands: readonly { readonly name: string; readonly label: string; readonly from: number }[];
  readonly hysteresis: number;
  /** The score output is written when it differs from the CRM's by this much (J20). */
  readonly writeStep: number;
  /** The trend compares the score with the one this long ago (J20). */
  readonly trend: Duration;
  readonly position: Position;
}

/** Which outputs are wanted and how they are called, by connector id; empty names: the connector's default. */
export interface OutputChoice {
  readonly output: Output;
  readonly label: string;
  readonly names: Readonly<Record<string, string>>;
}

/** What a KPI measures of a stage (J35). */
export type KpiMeasure = 'conversion' | 'median_time' | 'drop_off' | 'sentiment' | 'health';

/** What a stage is to reach (J35). Conversion, sentiment and health: at least; median time and drop-off: at most. */
export interface Kpi {
  readonly stage: string;
  readonly measure: KpiMeasure;
  /** conversion, drop_off: a share in [0, 1] · median_time: days · sentiment, health: 0-100. */
  readonly target: number;
  /** conversion: the time in which it must happen · the others: what entered or was answered within it counts. */
  readonly window: Duration | null;
  readonly position: Position;
}

/** Facts that an analysis may ask for besides those of the rules. */
export type AnalysisPart = 'touchpoints' | 'tickets' | 'surveys' | 'deals' | 'owner' | 'source';

/** What `analysis:` says; it changes no stage and no health. */
export interface AnalysisSettings {
  readonly include: readonly AnalysisPart[];
  /** The stage whose first entry hands somebody over to sales. */
  readonly marketingQualified: string | null;
  /** Channels that count as a sales touch; null: the default. */
  readonly salesTouch: readonly string[] | null;
  readonly silent: Duration | null;
  readonly window: Duration | null;
}

/** What a backtest compares a journey with (J36); it judges nobody. */
export interface Outcome {
  readonly name: string;
  readonly label: string;
  readonly position: Position;
  /** It happens when this becomes true; with `each`, for every item of the list for which it comes to hold alone. */
  readonly when: Condition;
  readonly each: { readonly list: ListName; readonly of: 'self' | 'account' } | null;
  /** Of whom it can be foretold; null: of everybody. */
  readonly among: Condition | null;
  /** Something wished for: foretold by the best band instead of the worst. */
  readonly good: boolean;
  /** What foretells it; null: the default of a backtest. */
  readonly foretoldBy: { readonly stages: readonly string[]; readonly bands: readonly string[] } | null;
  readonly reads: ReadSet;
  /** It looks at journeys, healths or segments, not at facts alone. */
  readonly readsResults: boolean;
}

/** One mapping file: one journey, with its segments, health and outputs. */
export interface Mapping {
  readonly file: string;
  /** `journey:` name; unique among the active mappings. */
  readonly name: string;
  readonly label: string;
  readonly subject: SubjectKind;
  readonly timezone: string;
  /** Hash of the text of the mapping and its field maps: changes exactly when its meaning may. */
  readonly version: string;
  /** In listed order; the later wins (J11.7). Empty for a mapping with health only. */
  readonly stages: readonly Stage[];
  readonly segments: readonly Segment[];
  readonly health: HealthModel | null;
  readonly outputs: readonly OutputChoice[];
  /** Fact fields read by rules and health, by fact (`person`, `account`, `deals`, …): drives what is requested. */
  readonly reads: ReadSet;
  /** What rules about a person read of its account (J2); absent: everything there is. */
  readonly readsOfAccount?: AccountReads;
  /** Names of journeys this one reads (J2), for the order of evaluation. */
  readonly dependsOn: readonly { readonly of: 'self' | 'account' | 'people'; readonly journey: string }[];
  /** By `deals.amount`: connections whose value goes first where records differ, else the newest (J5). */
  readonly prefer?: Readonly<Record<string, readonly string[]>>;
  /** What one amount of another home currency is worth in the one rules count in (J5); null: money is not converted. */
  readonly rates?: Rates | null;
  /** Targets (J35), in the order of the file. */
  readonly kpis?: readonly Kpi[];
  readonly analysis?: AnalysisSettings | null;
  readonly outcomes?: readonly Outcome[];
}

/** One `USD` is `per.USD` of `to`. */
export interface Rates {
  readonly to: string;
  readonly per: Readonly<Record<string, number>>;
}

export interface AccountReads {
  /** Some field of `account` itself, or what a journey says of it. */
  readonly fields: boolean;
  /** `account.deals` and the like, sorted. */
  readonly lists: readonly ListName[];
}

export type FactName = 'person' | 'account' | ListName;
export type ReadSet = Readonly<Partial<Record<FactName, readonly string[]>>>;

/** How one CRM object type feeds one fact (J3). */
export interface ObjectMap {
  readonly type: string;
  readonly entity: Entity;
  readonly fields: Readonly<Record<string, FieldSource>>;
}

/** Where a fact field of an object type comes from. */
export type FieldSource =
  /** A CRM field, optionally with a value map (`CRM option -> our word`), or several joined with spaces. */
  | {
      readonly kind: 'field';
      readonly fields: readonly string[];
      readonly values: Readonly<Record<string, string>> | null;
      /** Linear normalisation to 0-100 for surveys, by another field's value (`NPS: [0, 10]`). */
      readonly scale: {
        readonly by: string | null;
        readonly ranges: Readonly<Record<string, readonly [number, number]>>;
      } | null;
    }
  /** From the pipeline's metadata of the record's stage field. */
  | {
      readonly kind: 'stage';
      readonly field: string;
      readonly pipeline: string | null;
      readonly gives: 'open' | 'won' | 'lost' | 'closed' | 'label' | 'probability';
      /** With `gives: closed` (an instant): the CRM field with the closing date, read only while the stage is closed. */
      readonly date?: string;
    }
  /** The record's own creation or modification stamp. */
  | { readonly kind: 'stamp'; readonly stamp: 'created' | 'modified' }
  /** A constant: `channel: email`. */
  | { readonly kind: 'constant'; readonly value: Scalar };

/** All of one connector's object maps, from `mappings/fields/<connector>.yaml` and the mappings' own `fields:`. */
export interface FieldMap {
  readonly connector: string;
  readonly objects: readonly ObjectMap[];
  /** Identity keys by object type: which CRM fields hold e-mails, domains and the ids of the other CRM (J30). */
  readonly identity: Readonly<Record<string, IdentityFields>>;
  /** Types of fact fields that are not in the catalogue (`catalogue.ts`), by `account.arr`. */
  readonly types?: Readonly<Record<string, FactType>>;
  /** Those of them that are amounts of money in the connection's home currency (J5), by `account.arr`. */
  readonly money?: readonly string[];
}

/** Type of a fact field. `date` and `datetime` are instants (epoch milliseconds); a `date` has no time of day (J9). */
export type FactType = 'text' | 'number' | 'boolean' | 'date' | 'datetime';

export interface IdentityFields {
  /** Primary e-mail first. */
  readonly emails: readonly string[];
  readonly domains: readonly string[];
  /** Fields holding another connector's record id: `{field: hs_salesforcecontactid, connector: salesforce, types: [Contact]}`. */
  readonly crossIds: readonly {
    readonly field: string;
    readonly connector: string;
    readonly types: readonly string[];
  }[];
}

export type { Fact, Position, Problem, Scalar, SubjectFacts };
