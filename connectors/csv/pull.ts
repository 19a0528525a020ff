import type { Page, PullRequest } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import { type Cursor, readCursor, type Seen, writeCursor } from './cursor.ts';
import type { Folder, OpenFile } from './folder.ts';
import { mapRow, presentFields, type RowReader } from './mapper.ts';
import { type CsvType, csvTypeOf } from './schema.ts';
import { type Survey, surveyFile } from './survey.ts';
import { checkRow, rowsOf } from './table.ts';

/** Bytes of rows after which a page is full, however few rows they are. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** Times a file is read again when somebody writes into it meanwhile. */
const TRIES = 3;

/** Where a pull of one version of a file stands. */
interface Position {
  at: number;
  line: number;
  failed: number;
}

/**
 * Pages of one file. It is read once from end to end before anything is handed over, so that a file that is broken as
 * a whole gives nothing, and then again for its rows.
 *
 * An increment of a file with the same hash hands nothing over. Of a file that changed it hands over the rows whose
 * bucket in the sketch of the last pull differs: no row that changed is missed, whatever its `modified` says, and some
 * that did not change come along. Rows that cannot be read are named every time until they are mended.
 *
 * A cursor inside a file holds its hash and the place of the next row; when the file has changed since, all of it is
 * handed over anew.
 */
export async function* pull(
  folder: Folder,
  pageSize: number,
  request: PullRequest,
): AsyncGenerator<Page, void, undefined> {
  const type = csvTypeOf(request.type);
  let cursor = request.cursor === null ? null : readCursor(request.cursor);
  let handedOver = false;
  for (let tries = 1; ; tries += 1) {
    const file = await openOrThrow(folder, type);
    try {
      const survey = await surveyFile(file);
      let changed = false;
      for await (const page of pagesOf(folder, file, survey, type, request.fields, pageSize, cursor)) {
        changed = (await file.version()).text !== survey.version;
        if (changed) break;
        yield page;
        handedOver = true;
      }
      if (!changed) return;
    } finally {
      await file.close();
    }
    if (tries === TRIES) throw changedMeanwhile(type.file);
    if (handedOver) cursor = null;
    folder.context.log.info(
      { file: type.file },
      'a CSV file was changed while it was read; reading it again',
    );
  }
}

/** Throws `crm_permission` when the folder does not have the file. */
async function openOrThrow(folder: Folder, type: CsvType): Promise<OpenFile> {
  const file = await folder.open(type.file, 'pull');
  if (file !== null) return file;
  throw new WaystageError(
    'crm_permission',
    `${folder.shown} has no ${type.file}. Add it, with the column \`id\` at least, ` +
      'or name the object types you have under `objects` of the connection.',
  );
}

export function changedMeanwhile(file: string): WaystageError {
  return new WaystageError(
    'crm_bad_answer',
    `${file} was changed again and again while it was read. Sync again when the other program has finished.`,
    { retryable: true },
  );
}

async function* pagesOf(
  folder: Folder,
  file: OpenFile,
  survey: Survey,
  type: CsvType,
  fields: readonly string[],
  pageSize: number,
  cursor: Cursor | null,
): AsyncGenerator<Page, void, undefined> {
  const { header, hash } = survey;
  const same = cursor !== null && cursor.hash === hash;
  // Pages of an earlier version are out already: only the whole file is sure to replace every one of their rows.
  const seen = same || cursor?.kind === 'since' ? (cursor?.seen ?? null) : null;
  const end = (failed: number): string =>
    writeCursor({
      kind: 'since',
      hash,
      failed,
      seen: { header: survey.headerHash, sketch: survey.sketch.toString() },
    });
  if (same && cursor.kind === 'since' && cursor.failed === 0) {
    yield { records: [], failed: [], cursor: end(0), done: true, total: 0 };
    return;
  }
  const position: Position =
    same && cursor.kind === 'within'
      ? { at: cursor.at, line: cursor.line, failed: cursor.failed }
      : { ...header.body, failed: 0 };
  const reader: RowReader = {
    connection: folder.connection,
    type,
    header,
    fields: presentFields(header, fields),
    duplicates: survey.duplicates,
    modified: survey.modified,
  };
  yield* walk(file, survey, reader, seen, position, pageSize, end);
}

async function* walk(
  file: OpenFile,
  survey: Survey,
  reader: RowReader,
  seen: Seen | null,
  position: Position,
  pageSize: number,
  end: (failed: number) => string,
): AsyncGenerator<Page, void, undefined> {
  const { header, hash } = survey;
  const changed = survey.sketch.changedSince(seen?.header === survey.headerHash ? seen.sketch : null);
  let records: CrmRecord[] = [];
  let failed: { readonly id: string; readonly message: string }[] = [];
  let bytes = 0;
  for await (const rows of rowsOf(file, header, position)) {
    for (const row of rows) {
      const checked = checkRow(row, header);
      if (checked === null) continue;
      const mapped = mapRow(checked, reader);
      if ('failed' in mapped) failed.push(mapped.failed);
      else if (changed.has(mapped.record.id)) records.push(mapped.record);
      else continue;
      bytes += row.bytes.length;
      if (records.length + failed.length < pageSize && bytes < PAGE_BYTES) continue;
      position.failed += failed.length;
      const next = { at: row.next, line: row.lastLine + 1, failed: position.failed };
      const cursor = writeCursor({ kind: 'within', hash, seen, ...next });
      yield { records, failed, cursor, done: false, total: changed.rows };
      records = [];
      failed = [];
      bytes = 0;
    }
  }
  const cursor = end(position.failed + failed.length);
  yield { records, failed, cursor, done: true, total: changed.rows };
}
