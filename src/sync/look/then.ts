import {
  EMPTY_STATE,
  type HealthStep,
  NO_HEALTH,
  type StepContext,
  stateAt,
  type VersionSpan,
} from '../../journey/index.ts';
import { loadMapping } from '../../mapping/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { JourneyState, SubjectId } from '../../model/facts.ts';
import type { Store, StoredSubject } from '../../store/port.ts';
import { type HandSpans, overridesOf, spansOf } from '../place/overrides.ts';
import type { SyncConnection } from '../session.ts';
import { createFactMaker, type FactMaker } from '../subjects/facts.ts';
import { type FactSource, loadNeighbourhood, type Neighbourhood } from '../subjects/neighbourhood.ts';
import { Results, resultsOf } from '../subjects/results.ts';
import { BEGINNING, type LoadedSubjects, type Replayed, replayChunk } from './replay.ts';

/** How a subject stood on a journey at an earlier instant. */
export interface Then {
  /** The version that decided then; where none did yet, the present one. */
  readonly mapping: Mapping;
  /** Since when that version decides; null: it did not yet. */
  readonly since: number | null;
  /** No version decided then: it is told by replaying the present one. */
  readonly replayed: boolean;
  readonly state: JourneyState;
  readonly course: readonly HealthStep[];
  readonly byHand: HandSpans;
  /** Facts and results of then; null: the subject was not there yet. */
  readonly context: StepContext | null;
}

/** A subject with all that rules about it may see. */
export interface Surroundings {
  readonly maker: FactMaker;
  readonly neighbourhood: Neighbourhood;
  readonly chunk: LoadedSubjects;
}

/** Loads one subject, its account and its people. */
export async function surroundingsOf(
  source: FactSource,
  mappings: readonly Mapping[],
  subject: Pick<StoredSubject, 'id' | 'kind'>,
): Promise<Surroundings> {
  const discoveries = new Map(
    (await source.store.connections.list()).map(({ id, discovery }) => [id, discovery]),
  );
  const maker = createFactMaker(
    source.connections,
    (id) => discoveries.get(id) ?? null,
    mappings,
    () => undefined,
  );
  const { id, kind } = subject;
  const first =
    kind === 'account'
      ? await loadNeighbourhood(source, [id], [])
      : await loadNeighbourhood(source, [], [id]);
  const account = kind === 'account' ? id : (first.graph.accountOf(id) as SubjectId | null);
  // Rules about a person may read all of its account: load that neighbourhood too.
  const neighbourhood =
    kind === 'account' || account === null ? first : await loadNeighbourhood(source, [account], [id]);
  const accounts = account === null ? [] : [account];
  const people = account === null ? [id] : (neighbourhood.graph.peopleOf(account) as SubjectId[]);
  return { maker, neighbourhood, chunk: { accounts, people, neighbourhood } };
}

/**
 * How a subject stood at an instant on every journey of its kind (J14, J33): as the runs of then knew and later ones
 * corrected it; before any version decided, as the present one would have.
 */
export async function thenOf(
  source: FactSource,
  mappings: readonly Mapping[],
  subject: StoredSubject,
  instant: number,
): Promise<readonly Then[]> {
  const { store, connections } = source;
  const spans = new Map<string, readonly VersionSpan[]>();
  for (const mapping of mappings) spans.set(mapping.name, await timeLineOf(store, connections, mapping));
  const versions = [...spans.values()].flat().map(({ mapping }) => mapping);
  const { neighbourhood, maker, chunk } = await surroundingsOf(source, [...mappings, ...versions], subject);
  const results = await recordedResults(store, mappings, [...chunk.accounts, ...chunk.people]);
  const around = [...chunk.accounts, ...chunk.people];
  const overrides = await overridesOf(store, neighbourhood.recordsOf, around);
  const byHand = (mapping: Mapping, id: SubjectId): HandSpans => spansOf(overrides.get(id) ?? [], mapping);
  const replayed = new Map<string, Replayed>();
  const replayOnce = (): ReadonlyMap<string, Replayed> => {
    if (replayed.size === 0)
      for (const one of replayChunk(maker, chunk, { mappings, to: instant, noticed: instant, byHand }))
        if (one.subject === subject.id) replayed.set(one.mapping.name, one);
    return replayed;
  };
  return mappings
    .filter((mapping) => mapping.subject === subject.kind)
    .flatMap((present): readonly Then[] => {
      const deciding = spans.get(present.name)?.findLast(({ since }) => since <= instant);
      const recorded = results.get(present.name, subject.id);
      if (deciding === undefined || recorded === undefined) {
        const one = replayOnce().get(present.name);
        if (one === undefined) return [];
        const { result, timeline, views } = one;
        const facts = timeline.at(instant);
        const there = (subject.kind === 'person' ? facts.person : facts.account) !== null;
        return [
          {
            mapping: present,
            since: null,
            replayed: true,
            state: result.state,
            course: result.course,
            byHand: byHand(present, subject.id),
            context: there ? { facts, past: timeline, pastResults: views, ...views.at(instant) } : null,
          },
        ];
      }
      const { mapping } = deciding;
      const timeline = maker.timeline(neighbourhood, mapping, subject.id, BEGINNING);
      if (timeline === null) return [];
      const { views } = resultsOf(mapping, subject.kind, subject.id, neighbourhood.graph, results);
      const facts = timeline.at(instant);
      const there = (subject.kind === 'person' ? facts.person : facts.account) !== null;
      return [
        {
          mapping,
          since: deciding.since,
          replayed: false,
          state: { ...stateAt(recorded.state, instant), lastStep: instant, mappingVersion: mapping.version },
          course: (recorded.course ?? []).filter(({ at }) => at <= instant),
          byHand: byHand(mapping, subject.id),
          context: there ? { facts, past: timeline, pastResults: views, ...views.at(instant) } : null,
        },
      ];
    });
}

/** The versions of a journey that decided, with the rules they had; one that cannot be read any more is left out. */
export async function timeLineOf(
  store: Store,
  connections: readonly SyncConnection[],
  present: Mapping,
): Promise<readonly VersionSpan[]> {
  const spans = await store.journeys.versions(present.name);
  const texts = new Map((await store.journeys.knownVersions(present.name)).map((one) => [one.version, one]));
  const fieldMaps = [...new Map(connections.map(({ fieldMap }) => [fieldMap.connector, fieldMap])).values()];
  const loaded = new Map<string, Mapping>([[present.version, present]]);
  const versionOf = (version: string): Mapping | null => {
    const known = loaded.get(version);
    if (known !== undefined) return known;
    const text = texts.get(version);
    if (text === undefined) return null;
    const { mapping } = loadMapping(text.text, text.file, { timezone: present.timezone, fieldMaps });
    if (mapping === null) return null;
    // Field maps may have changed since; it is still the version of this name.
    const named = { ...mapping, version };
    loaded.set(version, named);
    return named;
  };
  return spans.flatMap(({ version, since }) => {
    const mapping = versionOf(version);
    return mapping === null ? [] : [{ mapping, since }];
  });
}

/** What all runs together recorded of these subjects. */
async function recordedResults(
  store: Store,
  mappings: readonly Mapping[],
  subjects: readonly SubjectId[],
): Promise<Results> {
  const results = new Results();
  for (const { name } of mappings) {
    for (const [subject, placement] of await store.journeys.get(name, subjects)) {
      const points = await store.journeys.healthPoints(subject, name);
      results.set(name, subject as SubjectId, {
        state: placement.state ?? EMPTY_STATE,
        health: placement.health,
        course: points.map((point) => ({ ...point, coverage: point.coverage ?? 0 })),
        healthBefore: NO_HEALTH,
      });
    }
  }
  return results;
}
