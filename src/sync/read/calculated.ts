import type { CrmRecord } from '../../model/record.ts';
import type { ChangedValue, RecordFate } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { isFatal, noteProblem } from '../problems.ts';
import { type OpenConnection, reach, type Session } from '../session.ts';
import { fateOf, type TypeReader, tally, typeReader } from './apply-page.ts';
import { neededFields, typesNeeded } from './pull.ts';

/** Records asked for at once: a multiple of what the CRMs read with one request. */
const CHUNK = 1_000;

/**
 * Reads again, when it is due, the fields that a mapping reads and the CRM calculates (formulas, roll-ups): their
 * values move with the clock or with other records, without a stamp, so that no increment shows them. Only these
 * fields are asked for, and only these are taken over; every record that is looked at has its fate in the run.
 * @param readInFull this run has just read and compared everything, these fields too
 */
export async function refreshCalculated(
  session: Session,
  open: OpenConnection,
  readInFull: boolean,
): Promise<void> {
  const { store, clock, full, kind } = session.options;
  const { id, refreshCalculatedEvery: every } = open.config;
  if (kind === 'plan' || every === undefined || every === null) return;
  const name = `calculated:${id}`;
  const schedule = await store.schedules.get(name);
  const began = clock.now();
  // The first load has read these fields like all others.
  const fresh = schedule === null || full || readInFull;
  if (!fresh && began < schedule.nextDue) return;
  if (!fresh && !(await refreshTypes(session, open))) return;
  await store.schedules.set({ name, nextDue: began + every });
}

/** False: some type is still to be read again. */
async function refreshTypes(session: Session, open: OpenConnection): Promise<boolean> {
  let whole = true;
  for (const type of typesNeeded(open.config)) {
    const fields = calculatedFields(session, open, type);
    if (fields.length === 0) continue;
    try {
      if (open.readAt.has(type)) await refreshType(await typeReader(session, open, type, fields), fields);
      else whole = false;
    } catch (error) {
      whole = false;
      session.options.signal.throwIfAborted();
      if (isFatal(error)) throw error;
      noteProblem(session, open.config.id, error, `Reading calculated fields of ${type} again failed`);
    }
  }
  return whole;
}

/** Fields of a type that a mapping reads and that move without a stamp. */
function calculatedFields(session: Session, open: OpenConnection, type: string): readonly string[] {
  const known = open.discovery.objects[type]?.fields ?? {};
  return neededFields(session, open.config, type).filter(
    (field) => Object.hasOwn(known, field) && known[field]?.calculated === true,
  );
}

async function refreshType(reader: TypeReader, fields: readonly string[]): Promise<void> {
  const { session, open, type } = reader;
  let held: CrmRecord[] = [];
  for await (const chunk of session.options.store.records.scan(open.config.id, type)) {
    held.push(...chunk.filter(({ state }) => state === 'live'));
    if (held.length < CHUNK) continue;
    await refresh(reader, fields, held);
    held = [];
  }
  if (held.length > 0) await refresh(reader, fields, held);
}

async function refresh(
  reader: TypeReader,
  fields: readonly string[],
  stored: readonly CrmRecord[],
): Promise<void> {
  const { session, open, type } = reader;
  insistOnBudget(open.config.id, open.budget);
  const ids = stored.map(({ id }) => id);
  const { records } = await open.connection.read({ type, ids, fields, discovery: open.discovery });
  await reach(session, 'page-fetched');
  const present = new Map(records.map((record) => [record.id, record]));
  const moved: CrmRecord[] = [];
  const fates: RecordFate[] = [];
  const changed: ChangedValue[] = [];
  const at = session.options.clock.now();
  for (const record of stored) {
    const now = present.get(record.id);
    const values = now === undefined ? [] : movedValues(record, now, fields);
    if (values.length > 0) {
      moved.push({ ...record, fields: { ...record.fields, ...Object.fromEntries(values) } });
      fates.push(fateOf(record, 'applied', 'calculated'));
      // Without a stamp there is no telling when they moved; that they did is known from now on.
      for (const [field, after] of values)
        changed.push({ id: record.id, field, before: record.fields[field] ?? null, after, afterSince: at });
    } else {
      // What became of a record that is not there is for the increments and full readings to say.
      fates.push(fateOf(record, 'ignored', now === undefined ? 'not_there' : 'unchanged'));
    }
  }
  await session.options.store.records.commitPage(
    {
      run: session.run,
      connection: open.config.id,
      type,
      records: moved,
      fates,
      checkpoint: null,
      changes: { values: changed, unlinked: [], newborn: new Set() },
      at,
    },
    session.fence,
  );
  tally(reader, fates);
  await reach(session, 'page-stored');
}

/** A field that did not come could not be read: what is known of it stays. */
function movedValues(
  stored: CrmRecord,
  present: CrmRecord,
  fields: readonly string[],
): readonly (readonly [string, CrmRecord['fields'][string]])[] {
  return fields.flatMap((field) => {
    if (!Object.hasOwn(present.fields, field)) return [];
    const value = present.fields[field] ?? null;
    return Object.is(value, stored.fields[field]) ? [] : [[field, value] as const];
  });
}
