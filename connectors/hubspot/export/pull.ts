import type { Page } from '../../../src/connector/port.ts';
import { isWaystageError } from '../../../src/model/errors.ts';
import { isUnknownOutcome, openSpool, type SpoolFile } from '../../../src/transport/index.ts';
import { associationsOf, readAssociations } from '../associations.ts';
import { afterFull, type Cursor } from '../cursor.ts';
import { isRefusal } from '../errors.ts';
import { type Mapped, mapRow } from '../mapper.ts';
import { type ListStart, page, type Source } from '../source.ts';
import { type Columns, columnsOf, type ExportRow } from './columns.ts';
import { countRecords, type ExportDesk } from './desk.ts';
import { DamagedExport, fetchFile, isDamage, MAX_FILE_BYTES, openTable, UnfitExport } from './file.ts';
import { exportDetails, exportInfo, startExport, waitForExport } from './job.ts';
import { checkSample } from './sample.ts';

export type ExportPlace = Extract<Cursor, { readonly kind: 'export' }>;

/** Times a file is fetched when it comes damaged or its address is no longer good. */
const MAX_FETCHES = 4;

/**
 * Pages of a full load by an export. Every page's cursor holds the export and the place in its file, from the moment
 * the export is asked for: a killed run goes on with the same file as long as HubSpot keeps it. Rows come in no order.
 * The export shows the account as it was when HubSpot worked on it; what changes from `began` on is in the first
 * increment.
 *
 * Null when everything was handed over, and else where lists have to go on: the export was refused or cancelled, got
 * stuck, its file cannot be had, is damaged, is not whole, or does not hold what a list would give.
 */
export async function* pullExport(
  source: Source,
  desk: ExportDesk,
  from: ExportPlace,
): AsyncGenerator<Page, ListStart | null, undefined> {
  const rest: ListStart = { after: from.after, began: from.began };
  let place = from;
  let url: string | null;
  const over = await desk.take();
  try {
    const earlier = place.id !== null;
    if (!earlier) {
      const id = desk.off ? null : await startOrNull(source, desk);
      if (id === null) return rest;
      place = { ...place, id };
      yield page([], place, false, place.total);
    }
    url = await urlOrNull(source, desk, place, earlier);
  } finally {
    over();
  }
  if (url === null) return rest;
  const spool = await openSpool(MAX_FILE_BYTES);
  try {
    return (yield* rowsOf(source, desk, spool, place, url)) ? null : rest;
  } finally {
    await spool.close();
  }
}

async function startOrNull(source: Source, desk: ExportDesk): Promise<string | null> {
  try {
    return await startExport(source);
  } catch (error) {
    if (!isRefusal(error) && !isBadAnswer(error) && !isUnknownOutcome(error)) throw error;
    if (isRefusal(error) && error.code === 'crm_credentials') throw error;
    // The day's exports are spent, or the scope is gone: the next type need not ask.
    if (isRefusal(error) && (error.status === 429 || error.status === 403)) desk.giveUp();
    leave(source, 'refused', error);
    return null;
  }
}

/** The address of the file when the export is complete; null when it is of no use. */
async function urlOrNull(
  source: Source,
  desk: ExportDesk,
  place: ExportPlace,
  earlier: boolean,
): Promise<string | null> {
  try {
    const info = await waitForExport(source, place.id ?? '', earlier ? null : place.total);
    if (info.state === 'COMPLETE' && info.url !== null) return info.url;
    // What got stuck keeps every other export waiting.
    if (info.state === 'STUCK') desk.giveUp();
    leave(source, info.state, null);
    return null;
  } catch (error) {
    if (!isRefusal(error) && !isBadAnswer(error)) throw error;
    if (isRefusal(error) && error.code === 'crm_credentials') throw error;
    leave(source, 'gone', error);
    return null;
  }
}

/** Pages of the file; true when all of it was handed over. */
async function* rowsOf(
  source: Source,
  desk: ExportDesk,
  spool: SpoolFile,
  from: ExportPlace,
  firstUrl: string,
): AsyncGenerator<Page, boolean, undefined> {
  const walk = new FileWalk(source, desk, from);
  let url: string | null = firstUrl;
  for (let fetch = 1; ; fetch += 1) {
    try {
      url ??= (await exportInfo(source, walk.place.id ?? '')).url;
      if (url === null) throw new UnfitExport('no address of its file any more');
      await fetchFile(source.client, url, spool);
      yield* walk.pages(spool);
      return true;
    } catch (error) {
      const again = isDamage(error);
      const unfit = error instanceof UnfitExport || isBadAnswer(error);
      if (!again && !unfit && !(isRefusal(error) && error.code !== 'crm_credentials')) throw error;
      if (!again || fetch >= MAX_FETCHES) {
        leave(source, 'file', error);
        return false;
      }
      source.log.warn(
        { connection: source.connection, type: source.type.name, reason: error.message },
        'the file of an export is not good; fetching it again',
      );
      url = null;
    }
  }
}

/** Hands over the rows of a file, which may be fetched several times on the way. */
class FileWalk {
  /** Behind the rows handed over so far. */
  place: ExportPlace;
  readonly #source: Source;
  readonly #desk: ExportDesk;
  #announced: number | null = null;
  #checked = false;

  constructor(source: Source, desk: ExportDesk, place: ExportPlace) {
    this.#source = source;
    this.#desk = desk;
    this.place = place;
  }

  async *pages(spool: SpoolFile): AsyncGenerator<Page, void, undefined> {
    const { pageRows, rowAssociations } = this.#desk.settings;
    const table = await openTable(spool);
    await this.#countRows(table.rows);
    const start = this.place;
    let columns: Columns | null = null;
    let rows: ExportRow[] = [];
    // The last row that was handed over comes again, to see that it is the same file.
    let known = start.last;
    for await (const { header, records } of table.records(Math.max(0, start.row - 1))) {
      columns ??= columnsOf(header, this.#source, rowAssociations);
      for (const cells of records) {
        const row = columns.read(cells);
        if (known !== null) {
          if (row.id !== known) throw new UnfitExport('another order of rows than before');
          known = null;
          continue;
        }
        // The last row of a page waits: only then is it known whether more follow.
        if (rows.length >= pageRows) {
          yield await this.#page(rows, columns, table.rows, false);
          rows = [];
        }
        rows.push(row);
      }
    }
    if (this.place.row + rows.length !== table.rows) throw new DamagedExport('fewer rows than were counted');
    if (columns === null && table.rows > 0) throw new DamagedExport('rows without columns');
    yield await this.#page(rows, columns, table.rows, true);
  }

  /** Throws when the file has fewer rows than HubSpot says the export has, or than there are records. */
  async #countRows(rows: number): Promise<void> {
    const { id, total } = this.place;
    this.#announced ??= (await exportDetails(this.#source, id ?? '')).rows ?? 0;
    if (rows < this.#announced)
      throw new DamagedExport(`${rows} rows where ${this.#announced} were announced`);
    if (rows >= total) return;
    // Records that were archived meanwhile are in neither count any more.
    const now = (await countRecords(this.#source)).total;
    if (rows < Math.min(total, now)) throw new UnfitExport(`${rows} rows of ${Math.min(total, now)} records`);
  }

  async #page(
    rows: readonly ExportRow[],
    columns: Columns | null,
    total: number,
    done: boolean,
  ): Promise<Page> {
    const { place } = this;
    const mapped = await this.#mapped(rows, columns?.missing ?? []);
    if (!this.#checked) {
      const records = mapped.flatMap((one) => ('record' in one ? [one.record] : []));
      await checkSample(this.#source, records, place.began);
      this.#checked = true;
    }
    const next: ExportPlace = {
      ...place,
      row: place.row + rows.length,
      last: rows.at(-1)?.id ?? place.last,
    };
    this.place = next;
    return page(mapped, done ? afterFull(place.began) : next, done, total);
  }

  /** Records with all their associations: what rows do not show is read in batches. */
  async #mapped(rows: readonly ExportRow[], missing: readonly string[]): Promise<readonly Mapped[]> {
    const { client, type, mapping } = this.#source;
    const whole = new Map<string, ReturnType<typeof associationsOf>>();
    for (const other of type.associations) {
      const all = missing.includes(other);
      const ids = rows.filter((row) => all || row.cut.includes(other)).map((row) => row.id);
      if (ids.length === 0) continue;
      const lists = await readAssociations(client, type, ids, [other], !all);
      for (const id of ids) whole.set(id, { ...whole.get(id), ...associationsOf(id, lists) });
    }
    return rows.map(({ id, row, associations }) => {
      const one = mapRow(row, mapping, { ...associations, ...whole.get(id) });
      if ('failed' in one) throw new UnfitExport(one.failed.message);
      return one;
    });
  }
}

/** HubSpot's answer makes no sense, as opposed to having no answer at all. */
function isBadAnswer(error: unknown): boolean {
  return isWaystageError(error) && error.code === 'crm_bad_answer';
}

function leave({ log, connection, type }: Source, why: string, error: unknown): void {
  log.warn(
    { connection, type: type.name, why, said: error instanceof Error ? error.message : null },
    'an export did not work out; going on by lists',
  );
}
