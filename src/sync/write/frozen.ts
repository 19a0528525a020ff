import { type RecordKey, recordKeyText } from '../../model/record.ts';
import type { PlannedWrite } from '../../store/plans.ts';
import type { LedgerEntry } from '../../store/port.ts';
import type { Session } from '../session.ts';
import type { ManualEdit } from './plan.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A value that is put back this often within an hour is being fought over. */
export const FLIPS_AN_HOUR = 3;

/**
 * Takes out of the plan the fields that something else changes back again and again: they are left as they are for a
 * day and reported (F21). A flip is a write of ours over a value that is not the one we wrote before.
 * @returns the writes that remain, and how many fields were taken out
 */
export async function freezeFights(
  session: Session,
  writes: readonly PlannedWrite[],
  edits: readonly ManualEdit[],
): Promise<{ readonly writes: readonly PlannedWrite[]; readonly frozen: number }> {
  const contested = edits.filter((edit) => !edit.kept);
  if (contested.length === 0) return { writes, frozen: 0 };
  const frozen = new Set<string>();
  for (const group of byType(contested)) {
    const { connection, type } = group[0]!;
    const now = session.options.clock.now();
    const entries = await session.options.store.ledger.writtenSince(
      connection,
      type,
      [...new Set(group.map((edit) => edit.id))],
      now - DAY - HOUR,
    );
    for (const edit of group) {
      const own = entries.filter((entry) => entry.id === edit.id && entry.field === edit.field);
      if (!foughtOver(own, now)) continue;
      frozen.add(fieldKey(edit, edit.field));
      session.notices.push({
        kind: 'frozen',
        subject: edit.subject,
        text: `${recordKeyText(edit)} ${edit.field}: something else in the CRM changed it back ${FLIPS_AN_HOUR} times within an hour. It is left alone for a day. Find the workflow or tool that writes it, or take the output out of the mapping.`,
      });
    }
  }
  if (frozen.size === 0) return { writes, frozen: 0 };
  let count = 0;
  const rest = writes.flatMap((write): PlannedWrite[] => {
    const changes = write.changes.filter((change) => !frozen.has(fieldKey(write, change.field)));
    count += write.changes.length - changes.length;
    return changes.length === 0 ? [] : [{ ...write, changes }];
  });
  return { writes: rest, frozen: count };
}

/** @param entries writes of one field, oldest first */
function foughtOver(entries: readonly LedgerEntry[], now: number): boolean {
  const flips = entries.flatMap((entry, index) => {
    const before = entries[index - 1];
    return before !== undefined && !Object.is(before.new, entry.old) ? [entry.at] : [];
  });
  return flips.some((at, index) => {
    const last = flips[index + FLIPS_AN_HOUR - 1];
    return last !== undefined && last - at <= HOUR && last > now - DAY;
  });
}

function byType(edits: readonly ManualEdit[]): readonly (readonly ManualEdit[])[] {
  const groups = new Map<string, ManualEdit[]>();
  for (const edit of edits) {
    const key = `${edit.connection}\n${edit.type}`;
    groups.set(key, [...(groups.get(key) ?? []), edit]);
  }
  return [...groups.values()];
}

function fieldKey(record: RecordKey, field: string): string {
  return `${recordKeyText(record)} ${field}`;
}
