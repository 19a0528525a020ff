import type { CrmRecord } from '../../model/record.ts';
import type { PageChanges, RecordFate } from '../../store/port.ts';
import { countsOf, type OpenConnection, type Session } from '../session.ts';
import { ownFieldNames } from '../write/outputs.ts';
import { changesOf } from './changes.ts';
import { contradicts, judge, touches } from './judge.ts';

/** One object type of an open connection, as it is read in this run. */
export interface TypeReader {
  readonly session: Session;
  readonly open: OpenConnection;
  readonly type: string;
  /** Fields to ask for: those the mappings read and those Waystage owns. */
  readonly needed: readonly string[];
  /** Of these, what the CRM shows us. */
  readonly shown: readonly string[];
  readonly own: ReadonlySet<string>;
  /** Stamps of the records the CRM refused to write, by id. */
  readonly parked: Map<string, number>;
  /** When the type was last read, if it was ever read to its end. */
  readonly readBefore: number | null;
}

/** What is to be stored of some rows, and the fate of each. */
export interface Applied {
  readonly keep: readonly CrmRecord[];
  readonly fates: readonly RecordFate[];
  readonly changes: PageChanges;
}

export async function typeReader(
  session: Session,
  open: OpenConnection,
  type: string,
  needed: readonly string[],
): Promise<TypeReader> {
  const { config, discovery } = open;
  // What the CRM does not show now is a new field on the day it does: then all is read again.
  const shown = discovery.objects[type]?.fields ?? {};
  const parked = new Map<string, number>();
  const checkpoint = await session.options.store.records.checkpoint(config.id, type);
  for (const write of await session.options.store.holds.parked(config.id))
    if (write.type === type) parked.set(write.id, write.stamp);
  return {
    session,
    open,
    type,
    needed,
    shown: needed.filter((field) => Object.hasOwn(shown, field)),
    own: new Set(
      [session.options, ...(session.options.rules?.others ?? [])].flatMap(({ mappings }) =>
        ownFieldNames(mappings, config.connector, type),
      ),
    ),
    parked,
    readBefore: checkpoint?.complete === true ? (checkpoint.at ?? null) : null,
  };
}

/**
 * Compares rows with what is stored. `causeOf` names why a record is applied; null in an increment, where a change is
 * what one expects.
 */
export async function applyRows(
  reader: TypeReader,
  rows: readonly CrmRecord[],
  failed: readonly { readonly id: string; readonly message: string }[],
  causeOf: (stored: CrmRecord | undefined, incoming: CrmRecord) => string | null,
): Promise<Applied> {
  const { session, open, type, own } = reader;
  const { store } = session.options;
  const connection = open.config.id;
  const stored = await store.records.get(
    connection,
    type,
    rows.map((row) => row.id),
  );
  const unknown = rows.filter((row) => !stored.has(row.id)).map((row) => row.id);
  const purged = await store.readings.purged(connection, type, unknown);
  if (stored.size === 0 && purged.size === 0) {
    const fates = rows.map((row) => fateOf(row, 'applied', causeOf(undefined, row)));
    await noteModified(reader, rows);
    const changes = changesOf(stored, rows, own, reader.readBefore);
    return { keep: rows, fates: [...fates, ...failedOf(reader, failed)], changes };
  }
  const requested = new Set(reader.needed);
  const first = rows.map((row) => withHidden(stored.get(row.id), row, requested, own));
  const touched = first.filter((record) => touches(stored.get(record.id), record, own));
  const written = await store.ledger.lastWritten(
    connection,
    type,
    touched.map((record) => record.id),
  );
  const doubtful = touched.filter((record) =>
    contradicts(stored.get(record.id), record, own, written.get(record.id)),
  );
  const again = await lookAgain(reader, doubtful);
  const records = first.map((record) => {
    const fresh = again.get(record.id);
    return fresh === undefined ? record : withHidden(stored.get(record.id), fresh, requested, own);
  });
  const keep: CrmRecord[] = [];
  const fates: RecordFate[] = [];
  for (const record of records) {
    const before = stored.get(record.id);
    if (before === undefined && purged.has(record.id)) {
      fates.push(fateOf(record, 'ignored', 'purged'));
      continue;
    }
    const { fate, store: kept } = judge(before, record, own, written.get(record.id));
    if (kept !== null) keep.push(kept);
    fates.push(fate.fate === 'applied' ? { ...fate, reason: causeOf(before, record) } : fate);
  }
  fates.push(...failedOf(reader, failed));
  await noteModified(reader, rows);
  return { keep, fates, changes: changesOf(stored, keep, own, reader.readBefore) };
}

function failedOf(
  { open, type }: TypeReader,
  failed: readonly { readonly id: string; readonly message: string }[],
): readonly RecordFate[] {
  const key = { connection: open.config.id, type };
  return failed.map(({ id, message }) => ({ ...key, id, fate: 'failed', reason: 'bad_row', message }));
}

/**
 * The same records by their ids. A search index may still show what was there before we wrote; that must not be
 * taken for a person's edit. A record that is gone meanwhile stays as it was listed.
 */
async function lookAgain(
  { open, type, needed }: TypeReader,
  doubtful: readonly CrmRecord[],
): Promise<ReadonlyMap<string, CrmRecord>> {
  if (doubtful.length === 0) return new Map();
  const { records } = await open.connection.read({
    type,
    ids: doubtful.map((record) => record.id),
    fields: needed,
    discovery: open.discovery,
  });
  return new Map(records.map((record) => [record.id, record]));
}

/**
 * A requested field that did not come could not be read (a permission was taken away, the field is gone): what was
 * known of it stays, since its absence says nothing about the customer. Our own fields are different: what cannot be
 * read there must not be written.
 */
function withHidden(
  stored: CrmRecord | undefined,
  incoming: CrmRecord,
  requested: ReadonlySet<string>,
  own: ReadonlySet<string>,
): CrmRecord {
  if (stored === undefined) return incoming;
  const hidden = Object.entries(stored.fields).filter(
    ([name]) => !Object.hasOwn(incoming.fields, name) && requested.has(name) && !own.has(name),
  );
  if (hidden.length === 0) return incoming;
  return { ...incoming, fields: { ...Object.fromEntries(hidden), ...incoming.fields } };
}

/** A record that was modified since the CRM refused it is worth another try, even if we read nothing new in it. */
async function noteModified(reader: TypeReader, rows: readonly CrmRecord[]): Promise<void> {
  const { session, open, type, parked } = reader;
  if (parked.size === 0) return;
  const newer = new Map(
    rows.filter((row) => row.modified > (parked.get(row.id) ?? Infinity)).map((row) => [row.id, row]),
  );
  if (newer.size === 0) return;
  const { holds } = session.options.store;
  const writes = (await holds.parked(open.config.id)).filter((one) => one.type === type && newer.has(one.id));
  await holds.park(
    writes.map((one) => ({ ...one, stamp: newer.get(one.id)?.modified ?? one.stamp, due: true })),
    session.fence,
  );
  for (const [id, row] of newer) parked.set(id, row.modified);
}

/**
 * Stored records that the CRM has merged into one of these, as the losers they now are. A search for changes does not
 * show the losers any more; only the survivor names them.
 */
export async function mergedAway(
  { session, open, type }: TypeReader,
  survivors: readonly CrmRecord[],
): Promise<readonly CrmRecord[]> {
  const into = new Map<string, CrmRecord>();
  for (const survivor of survivors)
    for (const loser of survivor.mergedIds) if (loser !== survivor.id) into.set(loser, survivor);
  for (const { id } of survivors) into.delete(id);
  const stored = await session.options.store.records.get(open.config.id, type, [...into.keys()]);
  return [...stored.values()]
    .filter((loser) => loser.state === 'live')
    .map((loser) => {
      const survivor = into.get(loser.id);
      // The stamp of the survivor is the latest instant at which the loser can have ended.
      const modified = Math.max(loser.modified, survivor?.modified ?? 0);
      return { ...loser, state: 'merged', modified, successor: { type, id: survivor?.id ?? '' } };
    });
}

export function fateOf(
  { connection, type, id }: Pick<CrmRecord, 'connection' | 'type' | 'id'>,
  fate: RecordFate['fate'],
  reason: string | null,
): RecordFate {
  return { connection, type, id, fate, reason, message: null };
}

/** Adds what became of these records to the run's counts. */
export function tally(reader: TypeReader, fates: readonly RecordFate[]): void {
  const counts = countsOf(reader.session, reader.open.config.id);
  for (const { fate, reason } of fates) {
    counts.seen += 1;
    if (fate === 'applied') counts.applied += 1;
    else if (fate === 'failed') counts.failed += 1;
    else counts.ignored[reason ?? 'other'] = (counts.ignored[reason ?? 'other'] ?? 0) + 1;
  }
}
