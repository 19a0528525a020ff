import type { Page } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { associationsOf, readAssociations } from './associations.ts';
import { hasResults, type Json } from './client.ts';
import { afterFull, type Cursor } from './cursor.ts';
import { arrayOf, isObject, textOf } from './errors.ts';
import type { ExportStart, Probe } from './export/desk.ts';
import { inlineAssociations, type Mapped, mapRow } from './mapper.ts';
import { apiPath } from './paths.ts';
import { completeRows, splitForQuery } from './properties.ts';
import { CHUNK, CLOCK_ERROR_MS, type ListStart, page, rowId, type Source } from './source.ts';

const LIST_LIMIT = 100;

/**
 * All live records, by HubSpot's list, with their associations inline. Rows whose associations have to be read in
 * full are held until one read takes many of them.
 *
 * Null when everything was handed over. Else the probe, asked once after its number of pages, says that the rest is
 * better exported.
 */
export async function* listed(
  source: Source,
  start: ListStart,
  probe: Probe | null,
): AsyncGenerator<Page, ExportStart | null, undefined> {
  const { client, type } = source;
  const { inline, rest } = splitForQuery(source.properties);
  let { after, began } = start;
  let held: ListedRow[] = [];
  let gone: Mapped[] = [];
  let ask = probe;
  for (let pages = 0; ; pages += 1) {
    if (ask !== null && pages >= ask.afterPages && held.length === 0) {
      const found = await ask.worth();
      ask = null;
      if (found !== null) return { after, began: began ?? found.began, total: found.total };
    }
    const { json, serverTime } = await client.get(
      apiPath('objects', type.name),
      {
        limit: String(LIST_LIMIT),
        properties: inline.join(','),
        ...(type.associations.length === 0 ? {} : { associations: type.associations.join(',') }),
        ...(after === null ? {} : { after }),
      },
      { purpose: 'pull', check: hasResults },
    );
    began ??= serverTime ?? source.clock.now() - CLOCK_ERROR_MS;
    const { rows, failed } = await completeRows(client, type, arrayOf(json['results']), rest, 'pull');
    gone.push(...failed.map((one) => ({ failed: one })));
    held.push(...rows.map((row) => ({ row, ...inlineAssociations(row, type) })));
    const next = nextAfter(json);
    if (next !== null && next === after) {
      throw new WaystageError(
        'crm_bad_answer',
        `${client.who} gave the same page of ${type.name} twice; run again later`,
        { retryable: true },
      );
    }
    after = next;
    if (next !== null && held.length < CHUNK && held.some((one) => one.cut.length > 0)) continue;
    const mapped = await withInline(source, held);
    const cursor: Cursor = next === null ? afterFull(began) : { kind: 'list', after: next, began };
    yield page([...gone, ...mapped], cursor, next === null, null);
    if (next === null) return null;
    held = [];
    gone = [];
  }
}

type ListedRow = { readonly row: unknown } & ReturnType<typeof inlineAssociations>;

async function withInline(source: Source, read: readonly ListedRow[]): Promise<readonly Mapped[]> {
  const { client, type, mapping } = source;
  const whole = new Map<string, ReturnType<typeof associationsOf>>();
  for (const other of type.associations) {
    const cut = read.filter((one) => one.cut.includes(other)).map((one) => rowId(one.row));
    if (cut.length === 0) continue;
    const lists = await readAssociations(client, type, cut, [other], true);
    for (const id of cut) whole.set(id, { ...whole.get(id), ...associationsOf(id, lists) });
  }
  return read.map(({ row, associations }) =>
    mapRow(row, mapping, { ...associations, ...whole.get(rowId(row)) }),
  );
}

export function nextAfter(json: Json): string | null {
  const next = isObject(json['paging']) ? json['paging']['next'] : undefined;
  return isObject(next) ? textOf(next['after']) : null;
}
