import type { CrmRecord, FieldValue, RecordKey } from '../../model/record.ts';
import type { LedgerEntry } from '../../store/port.ts';
import { isFatal, noteProblem } from '../problems.ts';
import type { OpenConnection, Session } from '../session.ts';

/** Ids per read when open writes are looked up. */
const READ_BATCH = 100;

/**
 * Writes whose outcome nobody knows (a killed run, a lost answer) are read and compared before anything else is
 * written: what is there is `written`, what is not is `lost` and will be planned anew.
 */
export async function settleOpenWrites(session: Session, open: OpenConnection): Promise<void> {
  const entries = await session.options.store.ledger.open(open.config.id);
  if (entries.length === 0) return;
  const byType = new Map<string, LedgerEntry[]>();
  for (const entry of entries) byType.set(entry.type, [...(byType.get(entry.type) ?? []), entry]);
  for (const [type, group] of byType) {
    const ids = [...new Set(group.map((entry) => entry.id))];
    for (let start = 0; start < ids.length; start += READ_BATCH) {
      const part = new Set(ids.slice(start, start + READ_BATCH));
      await settlePart(
        session,
        open,
        type,
        group.filter((entry) => part.has(entry.id)),
      );
    }
  }
}

async function settlePart(
  session: Session,
  open: OpenConnection,
  type: string,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const { store, clock } = session.options;
  try {
    const found = await readBack(open, type, entries);
    // What is there is stored, too: the pull may not see it yet, and a value of ours that the store does not know
    // would be taken for a person's.
    await store.records.patchFields(presentValues(found, entries), session.fence);
    await store.ledger.settle(
      entries.map((entry) => ({
        entry: entry.entry,
        state: holds(found.get(entry.id), entry.field, entry.new) ? ('written' as const) : ('lost' as const),
        code: null,
        message: null,
      })),
      clock.now(),
      session.fence,
    );
  } catch (error) {
    if (isFatal(error)) throw error;
    noteProblem(
      session,
      open.config.id,
      error,
      `Checking unfinished writes to ${type} of ${open.config.id} failed`,
    );
    throw error;
  }
}

/** The fields of these entries as the CRM shows them now. */
export function presentValues(
  found: ReadonlyMap<string, CrmRecord>,
  entries: readonly (RecordKey & { readonly field: string })[],
): readonly (RecordKey & { readonly fields: Readonly<Record<string, FieldValue>> })[] {
  const patches = new Map<string, RecordKey & { readonly fields: Record<string, FieldValue> }>();
  for (const { connection, type, id, field } of entries) {
    const record = found.get(id);
    if (record === undefined || !Object.hasOwn(record.fields, field)) continue;
    const patch = patches.get(id) ?? { connection, type, id, fields: Object.create(null) };
    patch.fields[field] = record.fields[field] ?? null;
    patches.set(id, patch);
  }
  return [...patches.values()];
}

/** Present values of the fields of these entries, by record id. */
export async function readBack(
  open: OpenConnection,
  type: string,
  entries: readonly { readonly id: string; readonly field: string }[],
): Promise<ReadonlyMap<string, CrmRecord>> {
  const fields = [...new Set(entries.map((entry) => entry.field))];
  const ids = [...new Set(entries.map((entry) => entry.id))];
  const { records } = await open.connection.read({ type, ids, fields, discovery: open.discovery });
  return new Map(records.map((record) => [record.id, record]));
}

export function holds(record: CrmRecord | undefined, field: string, value: FieldValue): boolean {
  return (
    record !== undefined && Object.hasOwn(record.fields, field) && Object.is(record.fields[field], value)
  );
}
