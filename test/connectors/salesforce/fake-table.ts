import type { FakeAnswer, FakeRequest } from './fake-org.ts';

export interface FakeRow {
  readonly id: string;
  /** Epoch milliseconds. */
  stamp: number;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface FakeTableOptions {
  readonly pageSize: number;
  /** Whether ORDER BY sees milliseconds; Salesforce does not say, so both must be safe. */
  readonly orderByMilliseconds?: boolean;
  /** Called before each query; an answer replaces the real one. */
  readonly before?: (request: FakeRequest, count: number) => FakeAnswer | null;
}

/** Rows of one object behind the queries that a pull sends, with cursors that can expire. */
export function fakeTable(rows: readonly FakeRow[], options: FakeTableOptions) {
  const cursors = new Map<string, { readonly rows: readonly FakeRow[]; readonly total: number }>();
  let count = 0;
  let made = 0;
  const pageOf = (all: readonly FakeRow[], total: number): FakeAnswer => {
    const part = all.slice(0, options.pageSize);
    const rest = all.slice(options.pageSize);
    const key = `/services/data/v67.0/query/cursor-${++made}`;
    if (rest.length > 0) cursors.set(key, { rows: rest, total });
    return {
      body: {
        totalSize: total,
        done: rest.length === 0,
        ...(rest.length > 0 ? { nextRecordsUrl: key } : {}),
        records: part.map(({ id, stamp, fields }) => ({
          Id: id,
          SystemModstamp: new Date(stamp).toISOString().replace('Z', '+0000'),
          CreatedDate: '2026-01-01T00:00:00.000+0000',
          IsDeleted: false,
          ...fields,
        })),
      },
    };
  };
  return {
    expire: () => cursors.clear(),
    answer: (request: FakeRequest): FakeAnswer => {
      count += 1;
      const replaced = options.before?.(request, count) ?? null;
      if (replaced !== null) return replaced;
      if (request.soql === null) {
        const cursor = cursors.get(request.path);
        if (cursor === undefined) return refused('INVALID_QUERY_LOCATOR', 'invalid query locator');
        return pageOf(cursor.rows, cursor.total);
      }
      const found = select(rows, request.soql, options.orderByMilliseconds === true);
      return pageOf(found, found.length);
    },
  };
}

export function refused(errorCode: string, message: string, status = 400): FakeAnswer {
  return { status, body: [{ message, errorCode }] };
}

function select(rows: readonly FakeRow[], soql: string, byMilliseconds: boolean): readonly FakeRow[] {
  const second = (ms: number): number => Math.floor(ms / 1000);
  const at = (pattern: RegExp): number | null => {
    const found = pattern.exec(soql)?.[1];
    return found === undefined ? null : second(Date.parse(found));
  };
  const from = at(/SystemModstamp >= ([^ ]+Z)/);
  const to = at(/SystemModstamp < ([^ ]+Z)/);
  const after = /Id > '([^']+)'/.exec(soql)?.[1];
  const limit = /LIMIT (\d+)/.exec(soql)?.[1];
  const ids = /Id IN \(([^)]*)\)/.exec(soql)?.[1]?.match(/\w+/g) ?? null;
  const kept = rows.filter(
    ({ id, stamp }) =>
      (from === null || second(stamp) >= from) &&
      (to === null || second(stamp) < to) &&
      (after === undefined || id > after) &&
      (ids === null || ids.includes(id)),
  );
  const stampOf = ({ stamp }: FakeRow): number => (byMilliseconds ? stamp : second(stamp));
  const byId = (a: FakeRow, b: FakeRow): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  kept.sort(
    soql.includes('ORDER BY SystemModstamp') ? (a, b) => stampOf(a) - stampOf(b) || byId(a, b) : byId,
  );
  return limit === undefined ? kept : kept.slice(0, Number(limit));
}
