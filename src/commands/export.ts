import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { recordKeyText } from '../model/record.ts';
import type { Store } from '../store/port.ts';
import { plural } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print, remark } from './context.ts';
import { type Cell, csvLine } from './csv.ts';

export const EXPORTS = ['visits', 'health', 'writes'] as const;
type Export = (typeof EXPORTS)[number];
export const FORMATS = ['csv', 'jsonl'] as const;
type Format = (typeof FORMATS)[number];

export interface ExportOptions {
  readonly format: string;
  readonly journey: string | undefined;
  /** A file instead of standard output. */
  readonly out: string | undefined;
}

type Row = readonly Cell[];

/** Columns are only ever added, at the end: tools read them by place. */
const COLUMNS: Readonly<Record<Export, readonly string[]>> = {
  visits: [
    'journey',
    'subject',
    'number',
    'stage',
    'entered',
    'left',
    'noticed',
    'cause',
    'rule',
    'mapping_version',
    'skipped',
    'uncertain',
    'records',
  ],
  health: ['journey', 'subject', 'at', 'score', 'band', 'coverage', 'records'],
  writes: [
    'at',
    'run',
    'connection',
    'type',
    'id',
    'subject',
    'journey',
    'output',
    'field',
    'old',
    'new',
    'state',
    'code',
    'message',
  ],
};

/**
 * `export visits|health|writes`: everything of a kind for BI tools, a line a row, in chunks. Instants are ISO 8601 in
 * UTC, that of a write is when it was begun or, once it is known, when its outcome was; `records` names the CRM records of the subject, `connection:type:id`, with a space between them.
 */
export async function exportRows(
  context: CommandContext,
  store: Store,
  what: string,
  options: ExportOptions,
): Promise<ExitStatus> {
  const kind = oneOf('export', what, EXPORTS);
  const format = oneOf('--format', options.format, FORMATS);
  if (context.json && options.out === undefined) {
    throw new WaystageError(
      'usage',
      'An export is no single JSON document. Leave --json out, or name a file with --out and get its size as JSON.',
    );
  }
  const sink = options.out === undefined ? standard(context) : await file(options.out);
  let rows = 0;
  try {
    if (format === 'csv') await sink.write(csvLine(COLUMNS[kind]));
    for await (const chunk of rowsOf(store, kind, options.journey ?? null)) {
      context.signal.throwIfAborted();
      rows += chunk.length;
      await sink.write(chunk.map((row) => line(kind, format, row)).join(''));
    }
  } finally {
    await sink.end();
  }
  if (options.out !== undefined)
    print(context, { file: options.out, rows }, () => [`Wrote ${plural(rows, 'row')} to ${options.out}.`]);
  else remark(context, `${plural(rows, 'row')}.`);
  return 0;
}

function line(kind: Export, format: Format, row: Row): string {
  if (format === 'csv') return csvLine(row);
  const pairs = COLUMNS[kind].map((column, i) => [column, row[i] ?? null] as const);
  return `${JSON.stringify(Object.fromEntries(pairs))}\n`;
}

async function* rowsOf(store: Store, kind: Export, journey: string | null): AsyncGenerator<readonly Row[]> {
  if (kind === 'visits') {
    for await (const chunk of store.exports.visits(journey)) {
      const records = await recordsOf(store, chunk);
      yield chunk.map((visit) => [
        visit.journey,
        visit.subject,
        visit.seq + 1,
        visit.stage,
        instant(visit.entered),
        visit.left === null ? null : instant(visit.left),
        instant(visit.noticed),
        visit.cause,
        visit.rule,
        visit.mappingVersion,
        visit.skipped,
        visit.uncertain,
        records(visit.subject),
      ]);
    }
  } else if (kind === 'health') {
    for await (const chunk of store.exports.health(journey)) {
      const records = await recordsOf(store, chunk);
      yield chunk.map((point) => [
        point.journey,
        point.subject,
        instant(point.at),
        point.score,
        point.band,
        point.coverage,
        records(point.subject),
      ]);
    }
  } else {
    for await (const chunk of store.exports.writes(journey))
      yield chunk.map((entry) => [
        instant(entry.at),
        entry.run,
        entry.connection,
        entry.type,
        entry.id,
        entry.subject,
        entry.journey,
        entry.output,
        entry.field,
        entry.old,
        entry.new,
        entry.state,
        entry.code,
        entry.message,
      ]);
  }
}

/** So that rows can be joined with what comes out of the CRM itself. */
async function recordsOf(
  store: Store,
  rows: readonly { readonly subject: string }[],
): Promise<(subject: string) => string> {
  const records = new Map<string, string[]>();
  for (const member of await store.subjects.membersOf([...new Set(rows.map(({ subject }) => subject))])) {
    const known = records.get(member.subject);
    if (known === undefined) records.set(member.subject, [recordKeyText(member)]);
    else known.push(recordKeyText(member));
  }
  return (subject) => (records.get(subject) ?? []).sort().join(' ');
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

interface Sink {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

function standard(context: CommandContext): Sink {
  return {
    write: async (text) => context.streams.out(text),
    end: async () => undefined,
  };
}

/** Throws `usage` when the file cannot be written. */
async function file(path: string): Promise<Sink> {
  const stream = createWriteStream(path);
  try {
    await once(stream, 'open');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new WaystageError(
      'usage',
      `The file ${path} cannot be written (${code}). Name another one with --out.`,
    );
  }
  return {
    async write(text) {
      if (!stream.write(text)) await once(stream, 'drain');
    },
    async end() {
      stream.end();
      await finished(stream);
    },
  };
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  const near = nearest(value, known);
  const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
  throw new WaystageError('usage', `${name}: found \`${value}\`; expected ${known.join(', ')}.${hint}`);
}
