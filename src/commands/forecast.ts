import type { App } from '../app/app.ts';
import type { Connector } from '../connector/port.ts';
import type { RunSummary } from '../sync/summary.ts';
import type { PlannedWrite } from '../sync/write/plan.ts';

/** Requests the writes of one connection and type take, and the fresh reads before them (J27). */
export interface Forecast {
  readonly connection: string;
  readonly type: string;
  readonly records: number;
  readonly fields: number;
  readonly requests: number;
  readonly reads: number;
}

/** What a plan costs in one CRM (J25). */
export interface Cost {
  readonly connection: string;
  readonly records: number;
  readonly requests: number;
  readonly reads: number;
  /** Requests this connection may still make of its daily quota; null: the CRM tells of none. */
  readonly left: number | null;
  /** At the rate limit; null: no limit is known. */
  readonly seconds: number | null;
}

export function forecastOf(app: App, writes: readonly PlannedWrite[]): readonly Forecast[] {
  const rows = new Map<string, { connection: string; type: string; records: number; fields: number }>();
  for (const write of writes) {
    const key = `${write.connection}\n${write.type}`;
    const row = rows.get(key) ?? { connection: write.connection, type: write.type, records: 0, fields: 0 };
    row.records += 1;
    row.fields += write.changes.length;
    rows.set(key, row);
  }
  return [...rows.values()].map((row) => {
    const connector = app.connections.find(({ id }) => id === row.connection)?.connector;
    if (connector === undefined) return { ...row, requests: row.records, reads: row.records };
    return {
      ...row,
      requests: requestsFor(connector, row.records),
      reads: Math.ceil(row.records / connector.capabilities.writeBatch),
    };
  });
}

export function costsOf(app: App, summary: RunSummary, forecast: readonly Forecast[]): readonly Cost[] {
  return app.connections.flatMap(({ id, requestsPer10s }) => {
    const rows = forecast.filter(({ connection }) => connection === id);
    if (rows.length === 0) return [];
    const sum = (of: (row: Forecast) => number): number => rows.reduce((total, row) => total + of(row), 0);
    const [requests, reads] = [sum((row) => row.requests), sum((row) => row.reads)];
    const budget = summary.budgets[id];
    const spent = summary.connections[id]?.requests ?? 0;
    return [
      {
        connection: id,
        records: sum((row) => row.records),
        ...{ requests, reads },
        left: budget === undefined ? null : Math.max(0, budget.allowed - spent),
        seconds:
          requestsPer10s === undefined ? null : Math.ceil(((requests + reads) / requestsPer10s) * 100) / 10,
      },
    ];
  });
}

/** A bulk job takes about this many requests: create, upload, start, look, and two results. */
const REQUESTS_PER_JOB = 6;

/** Requests that writing this many records of one type takes. */
function requestsFor({ capabilities }: Connector, records: number): number {
  const { bulkWrite, writeBatch } = capabilities;
  if (bulkWrite === undefined || records < bulkWrite.from) return Math.ceil(records / writeBatch);
  return Math.ceil(records / bulkWrite.limit) * REQUESTS_PER_JOB;
}
