import type { HealthState, JourneyState, OutputValues, SubjectId, Visit } from '../model/facts.ts';
import type { Fence } from './fence.ts';

/** Where one subject stands on one journey. */
export interface Placement {
  readonly subject: SubjectId;
  readonly journey: string;
  readonly state: JourneyState;
  readonly health: HealthState & { readonly coverage: number | null };
  readonly segments: readonly string[];
  /** What the CRM records of the subject should hold. */
  readonly outputs: OutputValues;
  /** Hash of the facts that decided it. */
  readonly factsHash: string;
  /** Hash of the records the subject had; empty: not known, from an older version. */
  readonly identityHash: string;
  readonly evaluatedAt: number;
  /** When time alone can next change an output (J15); null: never; absent: not known, so at the next run. */
  readonly due?: number | null;
  /** The steps were taken again because of a late fact, and these of the known visits were not so. */
  readonly superseded?: readonly Visit[];
  /** All visits and the course of health take the place of what was known, `superseded` visits included (J14). */
  readonly replaces?: true;
  /** What was set by hand at the last step (J29); absent: nothing. */
  readonly byHand?: { readonly stage: boolean; readonly band: boolean };
  /** Points to add to the course of health, oldest first; absent: one when score or band moved. */
  readonly course?: readonly HealthPoint[];
}

/** A mapping version and since when it decides. */
export interface VersionSpan {
  readonly version: string;
  readonly since: number;
}

/** A visit that was believed until a late fact showed it to be wrong (J13). */
export interface SupersededVisit extends Visit {
  readonly superseded: number;
}

export interface HealthPoint {
  readonly at: number;
  readonly score: number | null;
  readonly band: string | null;
  readonly coverage: number | null;
}

export interface JourneyStore {
  /** Saves placements; new visits and changed ends are written, health points appended when score or band moved.
   *  Visits that the new ones contradict are kept as superseded. */
  save(placements: readonly Placement[], run: string, fence: Fence): Promise<void>;
  /** All that was saved since the last `settle` is made undone: stages, visits and health are as they were (J24). */
  takeBack(fence: Fence): Promise<void>;
  /** What was saved is final. */
  settle(fence: Fence): Promise<void>;
  get(journey: string, subjects: readonly string[]): Promise<ReadonlyMap<string, Placement>>;
  ofSubject(subject: string): Promise<readonly Placement[]>;
  /** All placements of a journey in subject order, a chunk at a time, without visits. */
  scan(journey: string): AsyncIterable<readonly Placement[]>;
  visits(subject: string, journey: string): Promise<readonly Visit[]>;
  superseded(subject: string, journey: string): Promise<readonly SupersededVisit[]>;
  healthPoints(subject: string, journey: string): Promise<readonly HealthPoint[]>;
  stageCounts(): Promise<
    readonly { readonly journey: string; readonly stage: string | null; readonly n: number }[]
  >;
  bandCounts(): Promise<
    readonly { readonly journey: string; readonly band: string | null; readonly n: number }[]
  >;
  /** Remembers a mapping version, and when it takes over from another one. */
  noteVersion(version: {
    readonly journey: string;
    readonly version: string;
    readonly file: string;
    readonly text: string;
    readonly since: number;
  }): Promise<void>;
  /** Every version that decided once, oldest first, with the text it was read from. */
  knownVersions(
    journey: string,
  ): Promise<readonly { readonly version: string; readonly file: string; readonly text: string }[]>;
  versionSince(journey: string, version: string): Promise<number | null>;
  /** Which version decided since when, oldest first: the time line of the journey (J14). */
  versions(journey: string): Promise<readonly VersionSpan[]>;
}
