import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { App } from '../app/app.ts';
import type { Connector } from '../connector/port.ts';
import { WaystageError } from '../model/errors.ts';
import { recordKeyText } from '../model/record.ts';
import type { PlannedWrite } from '../sync/plan.ts';
import type { SyncResult } from '../sync/run.ts';
import { bars, summaryLines } from '../terminal/summary.ts';
import { table } from '../terminal/table.ts';
import { clean, columns, count, pad, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print, remark } from './context.ts';
import { journeyLabels, runWithProgress } from './sync.ts';

/** Records the terminal lists; the file and `--json` have all. */
const SHOWN = 15;

export interface PlanOptions {
  readonly out: string | undefined;
  readonly full: boolean;
  readonly connection: string | undefined;
}

/** Requests the writes of one connection and type take. */
interface Forecast {
  readonly connection: string;
  readonly type: string;
  readonly records: number;
  readonly fields: number;
  readonly requests: number;
}

/** `plan`: what a sync would write, record by record, with the requests it needs. Writes nothing to a CRM. */
export async function plan(context: CommandContext, app: App, options: PlanOptions): Promise<ExitStatus> {
  const result = await runWithProgress(context, app, 'plan', {
    full: options.full,
    connection: options.connection,
  });
  const forecast = forecastOf(app, result.writes);
  const document = { ...result.summary, forecast, changes: result.writes };
  if (options.out !== undefined) {
    save(resolve(context.folder, options.out), document);
    remark(context, `The plan is saved in ${options.out}.`);
  }
  print(context, document, () => lines(context, app, result, forecast));
  return result.exit;
}

function lines(
  context: CommandContext,
  app: App,
  result: SyncResult,
  forecast: readonly Forecast[],
): readonly string[] {
  const { width } = context.streams;
  const { writes } = result;
  const fields = writes.reduce((sum, write) => sum + write.changes.length, 0);
  const shown = writes.slice(0, SHOWN);
  return [
    ...summaryLines(result.summary, 'plan', journeyLabels(app), width),
    '',
    writes.length === 0
      ? `A sync would write nothing${result.summary.writes.unreadable > 0 ? ' until the fields are there' : ''}.`
      : `A sync would write ${plural(fields, 'field')} on ${plural(writes.length, 'record')}:`,
    ...(forecast.length === 0
      ? []
      : table(
          [
            { title: 'Connection' },
            { title: 'Type' },
            { title: 'Records', align: 'right' },
            { title: 'Fields', align: 'right' },
            { title: 'Requests', align: 'right' },
          ],
          forecast.map((row) => [
            row.connection,
            row.type,
            count(row.records),
            count(row.fields),
            count(row.requests),
          ]),
          width,
        )),
    ...(writes.length === 0 ? [] : ['', 'Stage fields', ...stageChanges(writes, width), '']),
    ...shown.flatMap((write) => recordLines(write, width)),
    ...(writes.length > SHOWN
      ? [`… and ${plural(writes.length - SHOWN, 'more record')}; --json or --out FILE has them all.`]
      : []),
  ];
}

/** The record, then a line for each field: what is there, and what a sync would put there. */
function recordLines(write: PlannedWrite, width: number): readonly string[] {
  const name = Math.max(...write.changes.map((change) => change.field.length));
  return [
    recordKeyText(write),
    ...write.changes.flatMap((change) => {
      const field = `  ${pad(change.field, name)}  `;
      const [now, then] = [clean(value(change.old)), clean(value(change.new))];
      const short = `${field}${now} → ${then}`;
      if (columns(short) <= width) return [short];
      const space = ' '.repeat(name + 4);
      return [
        ...wrap(`${field}now   ${now}`, width, `${space}      `),
        ...wrap(`${space}then  ${then}`, width, `${space}      `),
      ];
    }),
    ...reasonsOf(write).flatMap((reason) => wrap(`  because ${clean(reason)}`, width, '    ')),
  ];
}

/** Several fields of a record often change for one reason. */
function reasonsOf(write: PlannedWrite): readonly string[] {
  return [...new Set(write.changes.flatMap((change) => change.reason ?? []))];
}

function value(field: string | number | boolean | null): string {
  return field === null ? '(empty)' : String(field);
}

function stageChanges(writes: readonly PlannedWrite[], width: number): readonly string[] {
  const moves = new Map<string, number>();
  for (const write of writes) {
    for (const change of write.changes) {
      if (change.output !== 'stage') continue;
      const move = `${value(change.old)} → ${value(change.new)}`;
      moves.set(move, (moves.get(move) ?? 0) + 1);
    }
  }
  const names = [...moves.keys()].sort((a, b) => (moves.get(b) ?? 0) - (moves.get(a) ?? 0));
  return names.length === 0
    ? ['  none changes']
    : bars(
        names.map((name) => ({ label: clean(name), value: moves.get(name) ?? 0 })),
        width,
      );
}

function forecastOf(app: App, writes: readonly PlannedWrite[]): readonly Forecast[] {
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
    return { ...row, requests: connector === undefined ? row.records : requestsFor(connector, row.records) };
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

function save(path: string, document: unknown): void {
  try {
    writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new WaystageError(
      'usage',
      `The plan cannot be saved to ${path}: ${(error as Error).message}. Choose another file with --out.`,
      { cause: error },
    );
  }
}
