import type { ViewTimeline } from '../journey/index.ts';
import type { Duration, Mapping, Outcome } from '../mapping/types.ts';
import type { FactTimeline, JourneyState } from '../model/facts.ts';

/** The life of one subject on one journey: what was true of it, or what was known of it at each instant. */
export interface Life {
  readonly mapping: Mapping;
  readonly timeline: FactTimeline;
  readonly views: ViewTimeline;
  /** With its visits up to the end. */
  readonly state: JourneyState;
  /** Each band from its instant on, oldest first. */
  readonly course: readonly { readonly at: number; readonly band: string | null }[];
}

/** What is compared. */
export interface Question {
  readonly outcome: Outcome;
  readonly foretoldBy: Foretelling;
  readonly horizons: readonly Horizon[];
  /** Instants at which it is judged, sorted. */
  readonly instants: readonly number[];
  /** What happens later is not known. */
  readonly to: number;
}

/** How long after an instant the outcome may happen to count as foretold. */
export interface Horizon {
  readonly text: string;
  readonly duration: Duration;
}

/** Being in one of these stages or bands foretells the outcome. */
export interface Foretelling {
  readonly stages: readonly string[];
  readonly bands: readonly string[];
}

/** How often something was so, and how often the outcome followed. */
export interface Share {
  readonly name: string;
  readonly judged: number;
  readonly followed: number;
  /** Null: nobody was judged. */
  readonly rate: number | null;
}

/** How well an outcome was foretold within one horizon. */
export interface HorizonReport {
  readonly horizon: string;
  /** A subject at an instant, the horizon after which has passed. */
  readonly judged: number;
  /** The outcome followed. */
  readonly positives: number;
  /** It was foretold. */
  readonly flagged: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
  /** `positives` of `judged`: what guessing at random reaches as precision. */
  readonly baseRate: number | null;
  /** Null: the outcome never followed, or nothing was foretold; then there is nothing to measure. */
  readonly precision: number | null;
  readonly recall: number | null;
  /** Times the outcome happened that could have been foretold, and those that were, at least once. */
  readonly events: number;
  readonly foretold: number;
  /** From the first warning within the horizon to the outcome, in days; null: nothing was foretold. */
  readonly leadDays: { readonly median: number; readonly shortest: number; readonly longest: number } | null;
  readonly bands: readonly Share[];
  readonly stages: readonly Share[];
}

/** One time the outcome happened. */
export interface Case {
  readonly at: number;
  /** The first instant within the longest horizon before it at which it was foretold; null: it was not. */
  readonly warned: number | null;
  /** At some instant within that horizon it could have been. */
  readonly judged: boolean;
}

/** How well one version of a journey foretold an outcome. */
export interface BacktestReport {
  readonly journey: string;
  readonly version: string;
  readonly foretoldBy: Foretelling;
  /** Subjects judged at least once. */
  readonly subjects: number;
  readonly horizons: readonly HorizonReport[];
}
