import type { Coverage, CoveredTimeline } from '../../facts/index.ts';
import { NO_HEALTH, replay, type VersionSpan, type WalkResult } from '../../journey/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { SubjectId } from '../../model/facts.ts';
import { type HandSpans, NOTHING_BY_HAND } from '../place/overrides.ts';
import type { FactMaker, Told } from '../subjects/facts.ts';
import type { FactSource } from '../subjects/neighbourhood.ts';
import { evaluationLevels, type JourneyViews, Results, resultsOf } from '../subjects/results.ts';
import { type SubjectChunk, subjectChunks } from '../subjects/subject-chunks.ts';

/** Before anything that a record can date. */
export const BEGINNING = Number.NEGATIVE_INFINITY;

export interface ReplayRequest {
  /** The journeys asked for and those they read (J2), in any order. */
  readonly mappings: readonly Mapping[];
  /** By journey: which version decides since when (J14). A journey that is not named has its mapping from the
   *  beginning. */
  readonly versions?: ReadonlyMap<string, readonly VersionSpan[]>;
  /** Steps are taken up to this instant, itself included. */
  readonly to: number;
  /** `now` of who asks; becomes `noticed` of the visits. */
  readonly noticed: number;
  /** Facts from when they were true (the default), or from when they were recorded (J36). */
  readonly told?: Told;
  /** The cause of every visit is `backfill`. */
  readonly backfill?: boolean;
  /** What is set by hand (J29); absent: nothing. */
  readonly byHand?: (mapping: Mapping, subject: SubjectId) => HandSpans;
}

/** What one journey would have told of one subject. */
export interface Replayed {
  readonly subject: SubjectId;
  /** The version that decides at the end. */
  readonly mapping: Mapping;
  readonly timeline: CoveredTimeline;
  /** What rules saw of other journeys, over time. */
  readonly views: JourneyViews;
  readonly result: WalkResult;
  /** How much of the facts that rules read is told by the records, since there are any. */
  readonly coverage: Coverage;
}

/**
 * J14: what journeys would have told of every subject, from the facts as they were, a chunk at a time; nothing of a
 * chunk is held once the next is asked for. Journeys are judged in the order in which they read each other, each seeing
 * what the others said at the same instant.
 */
export async function* replaySubjects(
  source: FactSource,
  maker: FactMaker,
  request: ReplayRequest,
): AsyncGenerator<{ readonly chunk: SubjectChunk; readonly replayed: readonly Replayed[] }> {
  for await (const chunk of subjectChunks(source))
    yield { chunk, replayed: replayChunk(maker, chunk, request) };
}

/** Subjects that are loaded, with all that rules about them may see. */
export type LoadedSubjects = Pick<SubjectChunk, 'accounts' | 'people' | 'neighbourhood'>;

/** The same of subjects that are loaded. */
export function replayChunk(
  maker: FactMaker,
  { accounts, people, neighbourhood }: LoadedSubjects,
  request: ReplayRequest,
): readonly Replayed[] {
  const { versions, to, noticed, told, byHand } = request;
  const results = new Results();
  const all: Replayed[] = [];
  for (const mapping of evaluationLevels(request.mappings).flat()) {
    const spans = versions?.get(mapping.name) ?? [{ mapping, since: BEGINNING }];
    for (const subject of mapping.subject === 'account' ? accounts : people) {
      const timeline = maker.timeline(neighbourhood, mapping, subject, BEGINNING, told);
      if (timeline === null) continue;
      const viewsOf = (version: Mapping): JourneyViews =>
        resultsOf(version, version.subject, subject, neighbourhood.graph, results, () =>
          neighbourhood.epochs(BEGINNING),
        ).views;
      const hands = byHand?.(mapping, subject) ?? NOTHING_BY_HAND;
      const result = replay({
        versions: spans,
        timeline,
        views: viewsOf,
        to,
        noticed,
        ...(request.backfill === true ? { changes: { backfill: true } } : {}),
        overrides: hands.stages,
        bands: hands.bands,
      });
      const { state, course } = result;
      results.set(mapping.name, subject, { state, health: result.health, course, healthBefore: NO_HEALTH });
      all.push({
        subject,
        mapping,
        timeline,
        views: viewsOf(mapping),
        result,
        coverage: timeline.coverage(BEGINNING, to),
      });
    }
  }
  return all;
}

/** `known` of `asked`, as a share; null when rules read nothing or nothing was there. */
export function shareOf({ known, asked }: Coverage): number | null {
  return asked === 0 ? null : known / asked;
}
