import type { PastChange, WriteResult } from '../../connector/port.ts';
import type { ManualEdits } from '../../model/manual-edits.ts';
import type { FieldValue } from '../../model/record.ts';
import { recordKeyText } from '../../model/record.ts';
import type { LedgerEntry } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { isFatal, noteProblem } from '../problems.ts';
import { typesNeeded } from '../read/pull.ts';
import type { OpenConnection, Session } from '../session.ts';
import { holds } from './settle.ts';

/** Writes looked back at together: memory holds no more of them. */
const CHUNK = 2_000;
/** Characters of a value that a notice shows. */
const SHOWN = 60;

/** A value of a person's that a write of ours took the place of. */
interface Lost {
  readonly entry: LedgerEntry;
  readonly change: PastChange;
}

/**
 * Looks back at the writes of earlier runs (J27): a value that somebody put into an output field after we had read it
 * and before our write arrived was lost without a trace in the record; the CRM's own history tells. It is reported,
 * and put back under `ask` and `adopt`, after which it is an edit like any other. What a person did to the field since is left
 * alone. Only where the CRM keeps such a history (`capabilities.pastChanges`).
 *
 * Nothing is noted before a put-back: killed in between, the next run finds the same again, or finds the person's
 * value in the field.
 */
export async function lookBack(session: Session, open: OpenConnection): Promise<void> {
  if (open.config.connector.capabilities.pastChanges === undefined) return;
  const { ledger } = session.options.store;
  const { id } = open.config;
  try {
    for (;;) {
      const { entries, place } = await ledger.toLookBack(id, CHUNK);
      if (entries.length === 0) return;
      const types = typesNeeded(open.config).filter((name) => entries.some(({ type }) => type === name));
      // Without a fresh reading nobody knows what the field holds now: the next run looks.
      if (!types.every((type) => open.readAt.has(type))) return;
      let settled = true;
      for (const type of types) {
        const ofType = entries.filter((entry) => entry.type === type);
        settled =
          (await settleLost(session, open, type, await findLost(session, open, type, ofType))) && settled;
      }
      if (!settled) return;
      await ledger.lookedBack(id, place, session.fence);
    }
  } catch (error) {
    session.options.signal.throwIfAborted();
    if (isFatal(error)) throw error;
    noteProblem(session, id, error, `Looking back at the last writes to ${id} failed`);
  }
}

async function findLost(
  session: Session,
  open: OpenConnection,
  type: string,
  entries: readonly LedgerEntry[],
): Promise<readonly Lost[]> {
  insistOnBudget(open.config.id, open.budget);
  const changes = await open.connection.pastChanges!({
    type,
    ids: [...new Set(entries.map((entry) => entry.id))],
    fields: [...new Set(entries.map((entry) => entry.field))],
    discovery: open.discovery,
  });
  const courses = new Map<string, PastChange[]>();
  for (const change of changes) {
    const key = `${change.id} ${change.field}`;
    const course = courses.get(key);
    if (course === undefined) courses.set(key, [change]);
    else course.push(change);
  }
  const lost = new Map<string, Lost>();
  // The newest write first: each takes its own change out of the course.
  for (const entry of [...entries].reverse()) {
    const key = `${entry.id} ${entry.field}`;
    const course = courses.get(key) ?? [];
    const at = course.findIndex((change) => change.own && Object.is(change.to, entry.new));
    const change = course[at];
    if (change === undefined) continue;
    courses.set(key, course.slice(at + 1));
    // An emptied field is handed back to us: nothing of a person's was lost with it.
    const theirs = !Object.is(change.from, entry.old) && change.from !== null && change.before !== 'merge';
    if (theirs && !lost.has(key)) lost.set(key, { entry, change });
  }
  return withoutOurs(session, open, type, [...lost.values()]);
}

/** A write of ours that was taken for lost may have arrived late: its value is no person's. */
async function withoutOurs(
  session: Session,
  open: OpenConnection,
  type: string,
  lost: readonly Lost[],
): Promise<readonly Lost[]> {
  const doubtful = lost.filter(({ change }) => change.before === 'api');
  if (doubtful.length === 0) return lost;
  const ids = [...new Set(doubtful.map(({ entry }) => entry.id))];
  const tried = await session.options.store.ledger.attempts(open.config.id, type, ids);
  const ours = new Set(
    tried
      .filter(({ state }) => state !== 'returned')
      .map((entry) => JSON.stringify([entry.id, entry.field, entry.new])),
  );
  return lost.filter(
    ({ entry, change }) =>
      change.before !== 'api' || !ours.has(JSON.stringify([entry.id, entry.field, change.from])),
  );
}

/** False: something could not be put back for the moment; the next run looks again. */
async function settleLost(
  session: Session,
  open: OpenConnection,
  type: string,
  lost: readonly Lost[],
): Promise<boolean> {
  if (lost.length === 0) return true;
  const { store, manualEdits } = session.options;
  const { id } = open.config;
  const stored = await store.records.get(
    id,
    type,
    lost.map(({ entry }) => entry.id),
  );
  const standing = lost.filter(({ entry }) => {
    const record = stored.get(entry.id);
    return record?.state === 'live' && holds(record, entry.field, entry.new);
  });
  const failed = manualEdits === 'revert' ? new Map() : await putBack(session, open, type, standing);
  for (const one of standing) {
    const { entry, change } = one;
    const who = change.who === null ? '' : ` by ${change.who}`;
    const edit = `${recordKeyText(entry)} ${entry.field}: an edit${who} (${shown(change.from)}) was overwritten in the window between reading and writing`;
    session.notices.push({
      kind: 'overwritten',
      subject: entry.subject,
      text: `${edit}; ${outcome(manualEdits, failed.get(one))}`,
    });
  }
  return ![...failed.values()].some((result) => result.outcome === 'unknown' || result.retryable === true);
}

type Failure = Exclude<WriteResult, { outcome: 'written' }>;

function outcome(manualEdits: ManualEdits, failure: Failure | undefined): string {
  if (manualEdits === 'revert') return "Waystage's value stays (write.manualEdits: revert).";
  if (failure === undefined) return 'it is put back and kept.';
  return failure.outcome === 'unknown'
    ? 'the answer to putting it back was lost; the next sync looks again.'
    : `it could not be put back: ${failure.message} (${failure.code})`;
}

async function putBack(
  session: Session,
  open: OpenConnection,
  type: string,
  lost: readonly Lost[],
): Promise<ReadonlyMap<Lost, Failure>> {
  const { store, clock } = session.options;
  const failed = new Map<Lost, Failure>();
  const byId = new Map<string, Lost[]>();
  for (const one of lost) byId.set(one.entry.id, [...(byId.get(one.entry.id) ?? []), one]);
  const rows = [...byId];
  const size = open.config.connector.capabilities.writeBatch;
  for (let start = 0; start < rows.length; start += size) {
    const part = rows.slice(start, start + size);
    session.options.signal.throwIfAborted();
    insistOnBudget(open.config.id, open.budget);
    const results = await open.connection.push(
      type,
      part.map(([id, own]) => ({ id, fields: valuesOf(own), parent: null })),
    );
    const done = part.filter(([, own], index) => {
      const result = results[index]!;
      if (result.outcome !== 'written') for (const one of own) failed.set(one, result);
      return result.outcome === 'written';
    });
    await store.pending.touch(
      done.map(([id]) => ({ connection: open.config.id, type, id })),
      session.fence,
    );
    // The store first: it must know the person's value before the ledger says that it is there.
    await store.records.patchFields(
      done.map(([id, own]) => ({ connection: open.config.id, type, id, fields: valuesOf(own) })),
      session.fence,
    );
    await store.ledger.begin(
      done.flatMap(([, own]) =>
        own.map(({ entry, change }) => ({
          ...entry,
          entry: session.options.newId(),
          run: session.run,
          old: entry.new,
          new: change.from,
          state: 'returned' as const,
          at: clock.now(),
        })),
      ),
      session.fence,
    );
  }
  return failed;
}

function valuesOf(lost: readonly Lost[]): Readonly<Record<string, FieldValue>> {
  const fields = Object.create(null) as Record<string, FieldValue>;
  for (const { entry, change } of lost) fields[entry.field] = change.from;
  return fields;
}

function shown(value: FieldValue): string {
  const text = String(value);
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
