import type { Association, CrmRecord } from '../../model/record.ts';
import type { ChangedValue, EndedLink, PageChanges } from '../../store/port.ts';

/** A record may be read late by as much as an index lags and clocks differ. */
const SLACK = 3_600_000;

/**
 * What some records lose against what is stored of them, so that the past can be told (J14): the values of fields
 * that changed, associations that ended. The CRM's stamp dates them; it is the latest instant they can have changed.
 * @param own fields of ours; their past is in the ledger
 * @param readBefore when this type was last read to its end, null when it never was. A record that was created since
 *   is taken to have had its values since it was created: it cannot be told apart, and little time lies between.
 */
export function changesOf(
  stored: ReadonlyMap<string, CrmRecord>,
  records: readonly CrmRecord[],
  own: ReadonlySet<string>,
  readBefore: number | null,
): PageChanges {
  const values: ChangedValue[] = [];
  const unlinked: EndedLink[] = [];
  const newborn = new Set<string>();
  for (const record of records) {
    const before = stored.get(record.id);
    if (before === undefined) {
      if (readBefore !== null && record.created !== null && record.created >= readBefore - SLACK)
        newborn.add(record.id);
      continue;
    }
    for (const field in record.fields) {
      if (own.has(field)) continue;
      const after = record.fields[field] ?? null;
      const known = Object.hasOwn(before.fields, field);
      const value = known ? (before.fields[field] ?? null) : undefined;
      if (Object.is(value, after)) continue;
      const change = { id: record.id, field, after, afterSince: record.modified };
      values.push(value === undefined ? change : { ...change, before: value });
    }
    for (const to of lost(before, record)) unlinked.push({ id: record.id, to, ended: record.modified });
  }
  return { values, unlinked, newborn };
}

/** Links that are not there any more, or say something else now. */
function lost(before: CrmRecord, after: CrmRecord): readonly Association[] {
  return Object.entries(before.associations).flatMap(([type, links]) => {
    const now = after.associations[type];
    if (now === undefined) return [];
    const kept = new Set(now.map(linkText));
    return links.filter((link) => !kept.has(linkText(link)));
  });
}

function linkText({ id, primary, label }: Association): string {
  return JSON.stringify([id, primary, label]);
}
