import { WaystageError } from '../../../src/model/errors.ts';
import type { Reply } from '../client.ts';
import { textOf } from '../errors.ts';
import { instantOf } from '../mapper.ts';
import { apiPath } from '../paths.ts';
import { hubspotType } from '../schema.ts';
import type { Source } from '../source.ts';

/** First look at an export, and the longest time between two. */
const FIRST_LOOK_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** Rows an export gets through in a millisecond, about: a large one need not be asked after early. */
const ROWS_PER_MS = 10;
/** An export that has not moved for this long is given up, and any after the longest time. */
const STUCK_MS = 10 * 60_000;
const LONGEST_MS = 3 * 3_600_000;
/** While its state stays the same its details are looked at now and then: they may move. */
const DETAILS_EVERY_MS = 3 * 60_000;

export interface ExportInfo {
  /** `PENDING`, `PROCESSING`, `COMPLETE`, `CANCELED`; `STUCK` is ours. */
  readonly state: string;
  /** Where the file can be fetched for five minutes. */
  readonly url: string | null;
}

/** Properties an export has to show: those of a list, and what a list says beside them. */
export function exportedProperties({
  properties,
  type,
}: Pick<Source, 'properties' | 'type'>): readonly string[] {
  return [...new Set([...properties, type.created])];
}

/** Asks for an export of all live records, by internal names and values; answers its id. Not sent twice: an export that
 *  nobody wants keeps the next one waiting. */
export async function startExport(source: Source): Promise<string> {
  const { client, type } = source;
  const { json } = await client.post(
    apiPath('exports', 'export', 'async'),
    {
      exportType: 'VIEW',
      format: 'CSV',
      exportName: `waystage-${type.name}`,
      language: 'EN',
      objectType: type.typeId,
      objectProperties: exportedProperties(source),
      associatedObjectType: type.associations.map((other) => hubspotType(other).typeId),
      includeLabeledAssociations: true,
      includePrimaryDisplayPropertyForAssociatedObjects: false,
      exportInternalValuesOptions: ['NAMES', 'VALUES'],
      overrideAssociatedObjectsPerDefinitionPerRowLimit: false,
    },
    {
      purpose: 'pull',
      idempotent: false,
      check: (answer) => (exportId(answer['id']) === null ? 'an export without an id' : null),
    },
  );
  return exportId(json['id']) ?? '';
}

function exportId(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : textOf(value);
  return text !== null && /^\d{1,20}$/.test(text) ? text : null;
}

/** State and, when it is complete, a new address of the file. */
export async function exportInfo({ client }: Source, id: string): Promise<ExportInfo> {
  const { json } = await client.get(
    apiPath('exports', 'export', 'async', 'tasks', id, 'status'),
    {},
    {
      purpose: 'pull',
      check: (answer) => (textOf(answer['status']) === null ? 'an export without a status' : null),
    },
  );
  return { state: textOf(json['status']) ?? '', url: textOf(json['result']) };
}

/** What HubSpot says about an export beside its state; `rows` null when it does not say. */
export async function exportDetails(
  { client }: Source,
  id: string,
): Promise<{ readonly rows: number | null; readonly updated: number | null }> {
  const { json }: Reply = await client.get(apiPath('exports', 'export', id), {}, { purpose: 'pull' });
  const rows = json['recordCount'];
  return {
    rows: typeof rows === 'number' && Number.isInteger(rows) && rows >= 0 ? rows : null,
    updated: instantOf(json['updatedAt']),
  };
}

/** Waits until an export is over, or `STUCK`. `rows`: how many it has to get through; null: it was made earlier, look
 *  at once. Rejects as the client does, and with `stopped`. */
export async function waitForExport(source: Source, id: string, rows: number | null): Promise<ExportInfo> {
  let wait = FIRST_LOOK_MS + Math.min(LONGEST_WAIT_MS, Math.ceil((rows ?? 0) / ROWS_PER_MS));
  let idle = 0;
  let waited = 0;
  let seen = '';
  let details: { readonly at: number; readonly text: string } | null = null;
  for (let look = 0; ; look += 1) {
    if (look > 0 || rows !== null) {
      await sleep(source, wait);
      // Time is what was waited, not what a clock shows: a machine that slept has not watched the export.
      idle += wait;
      waited += wait;
      if (look > 0) wait = Math.min(LONGEST_WAIT_MS, wait * 1.5);
    }
    const info = await exportInfo(source, id);
    if (info.state !== 'PENDING' && info.state !== 'PROCESSING') return info;
    if (info.state !== seen) [idle, details] = [0, null];
    seen = info.state;
    if (idle >= (details?.at ?? 0) + DETAILS_EVERY_MS) {
      const text = JSON.stringify(await exportDetails(source, id));
      if (details !== null && text !== details.text) idle = 0;
      details = { at: idle, text };
    }
    if (idle >= STUCK_MS || waited >= LONGEST_MS) return { state: 'STUCK', url: null };
  }
}

async function sleep({ clock, client }: Source, ms: number): Promise<void> {
  try {
    await clock.sleep(ms, client.signal);
  } catch (error) {
    throw new WaystageError('stopped', 'the run was stopped while HubSpot was working on an export', {
      cause: error,
    });
  }
}
