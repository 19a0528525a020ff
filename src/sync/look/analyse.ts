import { type Analysis, type AnalysisOptions, createAnalysis, type Division } from '../../analysis/index.ts';
import { ANALYSIS_PARTS, wantedReads } from '../../mapping/index.ts';
import type { FactName, Mapping, ReadSet } from '../../mapping/types.ts';
import type { SubjectId, SubjectKind } from '../../model/facts.ts';
import type { Store } from '../../store/port.ts';
import type { SyncConnection } from '../session.ts';
import { createFactMaker } from '../subjects/facts.ts';
import { type FactSource, loadNeighbourhood } from '../subjects/neighbourhood.ts';

/** Subjects whose visits and facts are in memory at a time. */
const CHUNK = 200;

/** One journey to analyse, with what is asked about it; `known` is found out here. */
export interface AnalyseRequest {
  readonly mapping: Mapping;
  readonly options: Omit<AnalysisOptions, 'known'>;
  readonly division: Division;
}

/**
 * Analyses journeys out of what is stored (J34, J35): subjects are read a chunk at a time, and only counts and lengths
 * of them stay. Subjects whose records are all archived are left out, as they are in every count.
 * @param mappings all that are in use: what they ask the CRMs for is what can be told
 * @param advance told how many subjects are done
 */
export async function analyseJourneys(
  store: Store,
  connections: readonly SyncConnection[],
  mappings: readonly Mapping[],
  requests: readonly AnalyseRequest[],
  signal: AbortSignal,
  advance: (done: number) => void = () => undefined,
): Promise<readonly Analysis[]> {
  const known = union(mappings.map(wantedReads));
  const running = requests.map(({ mapping, options, division }) => ({
    mapping: forAnalysis(mapping, known),
    analysis: createAnalysis(mapping, { ...options, known }, division),
  }));
  const source: FactSource = { store, connections };
  const discoveries = new Map((await store.connections.list()).map(({ id, discovery }) => [id, discovery]));
  const maker = createFactMaker(
    connections,
    (id) => discoveries.get(id) ?? null,
    running.map(({ mapping }) => mapping),
    () => undefined,
  );
  let done = 0;
  for (const kind of ['account', 'person'] as const) {
    const own = running.filter(({ mapping }) => mapping.subject === kind);
    if (own.length === 0) continue;
    for await (const subjects of chunksOf(store, kind)) {
      signal.throwIfAborted();
      const neighbourhood =
        kind === 'account'
          ? await loadNeighbourhood(source, subjects, [])
          : await loadNeighbourhood(source, [], subjects);
      for (const { mapping, analysis } of own) {
        const placements = await store.journeys.get(mapping.name, subjects);
        for (const subject of subjects) {
          const placement = placements.get(subject);
          if (placement === undefined) continue;
          analysis.add({
            subject,
            visits: placement.state.visits,
            segments: placement.segments,
            health: placement.health,
            facts: maker.facts(neighbourhood, mapping, kind, subject),
          });
        }
      }
      done += subjects.length;
      advance(done);
    }
  }
  return running.map(({ analysis }) => analysis.result());
}

async function* chunksOf(store: Store, kind: SubjectKind): AsyncIterable<readonly SubjectId[]> {
  for await (const subjects of store.subjects.scan(kind)) {
    const live = subjects.filter(({ gone }) => !gone).map(({ id }) => id);
    for (let i = 0; i < live.length; i += CHUNK) yield live.slice(i, i + CHUNK);
  }
}

/** The mapping as the fact maker needs it: reading what the analysis looks at, and all that rules read, because the
 *  CRMs may differ there too. */
function forAnalysis(mapping: Mapping, known: ReadSet): Mapping {
  return { ...mapping, reads: union([known, ...Object.values(ANALYSIS_PARTS)]) };
}

function union(sets: readonly ReadSet[]): ReadSet {
  const all = new Map<FactName, Set<string>>();
  for (const set of sets) {
    for (const [fact, fields] of Object.entries(set) as [FactName, readonly string[]][]) {
      const known = all.get(fact) ?? new Set<string>();
      for (const field of fields) known.add(field);
      all.set(fact, known);
    }
  }
  return Object.fromEntries([...all].map(([fact, fields]) => [fact, [...fields].sort()]));
}
