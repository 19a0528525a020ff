import type { Store, StoredConnection, StoredRun } from '../store/port.ts';

/** One journey as the page shows it. */
export interface JourneyShape {
  readonly name: string;
  readonly label: string;
  readonly subject: 'person' | 'account';
  readonly stages: readonly { readonly name: string; readonly label: string; readonly offPath: boolean }[];
  /** Best band first. */
  readonly bands: readonly { readonly name: string; readonly label: string }[];
}

/** What a connection is configured to do. */
export interface ConnectionShape {
  readonly id: string;
  readonly label: string;
  readonly schedule: string | null;
  readonly writeMode: 'apply' | 'plan-only';
}

export interface Counted {
  readonly name: string;
  readonly label: string;
  readonly count: number;
  readonly offPath: boolean;
}

export interface Status {
  readonly connections: readonly (ConnectionShape & {
    readonly account: string | null;
    readonly checkedAt: number | null;
    readonly problem: string | null;
    readonly records: number;
    /** Writing is stopped since. */
    readonly pausedAt?: number | null;
  })[];
  readonly runs: readonly StoredRun[];
  readonly journeys: readonly {
    readonly name: string;
    readonly label: string;
    readonly subject: 'person' | 'account';
    readonly stages: readonly Counted[];
    readonly bands: readonly Counted[];
  }[];
  readonly ambiguous: number;
  /** Why the rules in the files are not the ones in use; null when they are. */
  readonly mappingProblem: string | null;
}

/** Runs the page lists. */
const SHOWN_RUNS = 10;

export async function readStatus(
  store: Store,
  connections: readonly ConnectionShape[],
  journeys: readonly JourneyShape[],
  mappingProblem: string | null,
): Promise<Status> {
  const [stored, states, runs, stages, bands, counts, ambiguities] = await Promise.all([
    store.connections.list(),
    store.connections.states(),
    store.runs.list(SHOWN_RUNS),
    store.journeys.stageCounts(),
    store.journeys.bandCounts(),
    store.records.counts(),
    store.subjects.ambiguities(),
  ]);
  const known = new Map<string, StoredConnection>(stored.map((connection) => [connection.id, connection]));
  return {
    connections: connections.map((connection) => ({
      ...connection,
      account: known.get(connection.id)?.accountName ?? null,
      checkedAt: known.get(connection.id)?.checkedAt ?? null,
      problem: known.get(connection.id)?.problem ?? null,
      pausedAt: states.find((state) => state.id === connection.id)?.pausedAt ?? null,
      records: counts
        .filter((row) => row.connection === connection.id)
        .reduce((sum, row) => sum + row.records, 0),
    })),
    runs,
    journeys: journeys.map((journey) => ({
      name: journey.name,
      label: journey.label,
      subject: journey.subject,
      stages: counted(
        journey.stages.map((stage) => ({ ...stage })),
        stages.filter((row) => row.journey === journey.name).map((row) => ({ name: row.stage, n: row.n })),
        'No stage',
      ),
      bands: counted(
        journey.bands.map((band) => ({ ...band, offPath: false })),
        bands.filter((row) => row.journey === journey.name).map((row) => ({ name: row.band, n: row.n })),
        'No score',
      ),
    })),
    ambiguous: ambiguities.length,
    mappingProblem,
  };
}

/** The listed names in order with their numbers, then what the database holds besides, then the nameless. */
function counted(
  listed: readonly { readonly name: string; readonly label: string; readonly offPath: boolean }[],
  rows: readonly { readonly name: string | null; readonly n: number }[],
  nameless: string,
): readonly Counted[] {
  if (listed.length === 0) return [];
  const numbers = new Map(rows.map((row) => [row.name, row.n]));
  const names = new Set(listed.map((item) => item.name));
  const others = rows.filter((row) => row.name !== null && !names.has(row.name));
  const none = numbers.get(null) ?? 0;
  return [
    ...listed.map((item) => ({ ...item, count: numbers.get(item.name) ?? 0 })),
    ...others.map((row) => ({ name: row.name ?? '', label: row.name ?? '', count: row.n, offPath: true })),
    ...(none === 0 ? [] : [{ name: 'none', label: nameless, count: none, offPath: true }]),
  ];
}
