import { buildFactGraph, type FactGraph, type FactGraphInput, type GraphEpochs } from '../facts/index.ts';
import {
  type Association,
  type CrmRecord,
  type DatedRecord,
  type RecordKey,
  recordKeyText,
} from '../model/record.ts';
import type { RecordPast, Store } from '../store/port.ts';
import { byType } from './record-cache.ts';

export interface DatedGraphs {
  readonly present: FactGraph;
  epochs(since: number): GraphEpochs;
}

/**
 * Records with their past, and who belonged to whom over time: a link counts from the later creation of its two
 * records until it ended, a record until it was archived, merged or converted.
 */
export async function datedGraphs(
  store: Store,
  records: ReadonlyMap<string, CrmRecord>,
  input: Omit<FactGraphInput, 'records' | 'asOf'>,
): Promise<DatedGraphs> {
  const pasts = await pastsOf(store, [...records.values()]);
  const dated: DatedRecord[] = [];
  for (const [key, record] of records) {
    const past = pasts.get(key);
    dated.push(past === undefined ? record : { ...record, past });
  }
  const present = buildFactGraph({ ...input, records: dated });
  const ends = endsOf(dated, pasts);
  const made = new Map<number, FactGraph>();
  const graphAt = (instant: number): FactGraph => {
    const known = made.get(instant);
    if (known !== undefined) return known;
    const graph = buildFactGraph({
      ...input,
      records: dated,
      asOf: {
        alive: (record) => record.state === 'live' || record.modified > instant,
        associations: (record) => linksAt(record, pasts.get(recordKeyText(record)), instant),
      },
    });
    made.set(instant, graph);
    return graph;
  };
  return {
    present,
    epochs(since) {
      const later = ends.filter((end) => end > since);
      const starts = [Number.NEGATIVE_INFINITY, ...later];
      return starts.map((from, position) =>
        position === starts.length - 1
          ? { from, graph: present }
          : { from, graph: graphAt(Math.max(from, since)) },
      );
    },
  };
}

/** Records that were once linked to these and are not any more: what they said then still counts. */
export async function formerEnds(store: Store, keys: readonly RecordKey[]): Promise<readonly RecordKey[]> {
  const found: RecordKey[] = [];
  for (const { connection, type, ids } of byType(keys)) {
    for (const { id, type: from } of await store.history.endedTo(connection, type, ids))
      found.push({ connection, type: from, id });
  }
  return found;
}

async function pastsOf(store: Store, keys: readonly RecordKey[]): Promise<ReadonlyMap<string, RecordPast>> {
  const pasts = new Map<string, RecordPast>();
  for (const { connection, type, ids } of byType(keys)) {
    for (const past of (await store.history.of(connection, type, ids)).values())
      pasts.set(recordKeyText(past), past);
  }
  return pasts;
}

/** Instants at which records or links ended, sorted. */
function endsOf(records: readonly DatedRecord[], pasts: ReadonlyMap<string, RecordPast>): readonly number[] {
  const ends = new Set<number>();
  for (const record of records) {
    if (record.state !== 'live') ends.add(record.modified);
    for (const { ended } of pasts.get(recordKeyText(record))?.endedLinks ?? []) ends.add(ended);
  }
  return [...ends].sort((a, b) => a - b);
}

function linksAt(
  record: DatedRecord,
  past: RecordPast | undefined,
  instant: number,
): Readonly<Record<string, readonly Association[]>> {
  const former = (past?.endedLinks ?? []).filter(({ ended }) => ended > instant);
  if (former.length === 0) return record.associations;
  const links: Record<string, Association[]> = Object.create(null);
  for (const type in record.associations) links[type] = [...(record.associations[type] ?? [])];
  for (const { to } of former) {
    const known = links[to.type] ?? [];
    // What is said of a link now does not hold for the time it said something else.
    links[to.type] = [...known.filter(({ id }) => id !== to.id), to];
  }
  return links;
}
