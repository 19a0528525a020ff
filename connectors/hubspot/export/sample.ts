import type { CrmRecord } from '../../../src/model/record.ts';
import { associationsOf, readAssociations } from '../associations.ts';
import { mapRow } from '../mapper.ts';
import { BATCH, batchRead } from '../properties.ts';
import { rowId, type Source } from '../source.ts';
import { UnfitExport } from './file.ts';

/** Two answers of HubSpot may be of two of its clocks. */
const MARGIN_MS = 60_000;
/** What moves without a stamp may have moved since the export, in so many records. */
const MOVED_SHARE = 0.1;

/**
 * Compares some of the first records of an export with what the API says about them. HubSpot documents what an export
 * holds, but not how each value is written: whatever is not exactly as a list would give it shows here, before any
 * record is used. Records that changed since the export began say nothing. Throws `UnfitExport`.
 */
export async function checkSample(
  source: Source,
  records: readonly CrmRecord[],
  began: number,
): Promise<void> {
  const { client, type, mapping, properties } = source;
  const step = Math.max(1, Math.floor(records.length / BATCH));
  const sample = records.filter((_, index) => index % step === 0).slice(0, BATCH);
  if (sample.length === 0) return;
  const ids = sample.map((record) => record.id);
  const rows = await batchRead(client, type, ids, properties, false, 'pull');
  const lists = await readAssociations(client, type, rows.map(rowId));
  const read = new Map<string, CrmRecord>();
  for (const row of rows) {
    const mapped = mapRow(row, mapping, associationsOf(rowId(row), lists));
    if ('record' in mapped) read.set(mapped.record.id, mapped.record);
  }
  const differing = new Map<string, number>();
  let compared = 0;
  for (const record of sample) {
    const now = read.get(record.id);
    if (now === undefined) continue;
    if (now.modified !== record.modified && now.modified >= began - MARGIN_MS) continue;
    compared += 1;
    for (const name of differences(record, now)) differing.set(name, (differing.get(name) ?? 0) + 1);
  }
  if (compared === 0) throw new UnfitExport('nothing in it that could be compared with the API');
  for (const [name, count] of differing) {
    const moves = name.startsWith('associations ') || mapping.fields.get(name)?.calculated === true;
    if (!moves || count > compared * MOVED_SHARE)
      throw new UnfitExport(`${name} differs from the API in ${count} of ${compared} records`);
  }
}

/** Names of what is not the same in both. */
function differences(a: CrmRecord, b: CrmRecord): readonly string[] {
  const found: string[] = [];
  for (const name of new Set([...Object.keys(a.fields), ...Object.keys(b.fields)]))
    if (a.fields[name] !== b.fields[name]) found.push(name);
  for (const other of new Set([...Object.keys(a.associations), ...Object.keys(b.associations)]))
    if (JSON.stringify(a.associations[other]) !== JSON.stringify(b.associations[other]))
      found.push(`associations with ${other}`);
  if (a.modified !== b.modified) found.push('the modification stamp');
  if (a.created !== b.created) found.push('the creation date');
  if (a.mergedIds.join(';') !== b.mergedIds.join(';')) found.push('the merged ids');
  return found;
}
