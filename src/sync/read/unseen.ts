import type { CrmRecord } from '../../model/record.ts';
import type { RecordFate } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { DEFAULT_GUARD, exceeds } from '../place/guard.ts';
import { applyRows, fateOf, type TypeReader } from './apply-page.ts';
import { type CauseOf, commitDifferences } from './difference.ts';

/** Records looked up at once. */
const LOOK_UP = 100;
/** Ids that a look-up did not find are asked for again in small numbers: some CRMs follow few merged ids a call. */
const LOOK_AGAIN = 20;

export interface Found {
  readonly alive: readonly CrmRecord[];
  /** Converted ones, too. */
  readonly merged: readonly CrmRecord[];
  readonly archived: readonly CrmRecord[];
  /** Ids that the CRM does not know at all. */
  readonly gone: readonly string[];
  /** Where merged ones live on. */
  readonly survivors: readonly CrmRecord[];
}

/**
 * Looks up, by id, the live records that a full reading did not come across, and takes over what became of them:
 * merges first, so that whoever lives on under another id is not taken for deleted, then archived ones, then those
 * the CRM does not know any more. False: so many are gone that somebody has to approve it first; nothing ended then.
 */
export async function settleUnseen(reader: TypeReader, mark: string, causeOf: CauseOf): Promise<boolean> {
  const { session, open, type } = reader;
  const { readings } = session.options.store;
  const archived = new Map<string, number>();
  const gone: string[] = [];
  for await (const chunk of readings.unseen(open.config.id, type, mark, 'live')) {
    for (let start = 0; start < chunk.length; start += LOOK_UP) {
      insistOnBudget(open.config.id, open.budget);
      const part = chunk.slice(start, start + LOOK_UP);
      const found = await lookUp(
        reader,
        part.map((record) => record.id),
      );
      const { keep, fates, changes } = await applyRows(
        reader,
        [...found.survivors, ...found.alive],
        [],
        causeOf,
      );
      const known = new Map(part.map((record) => [record.id, record]));
      const losers = found.merged.flatMap((loser): CrmRecord[] => {
        const stored = known.get(loser.id);
        return stored === undefined ? [] : [ended(stored, loser)];
      });
      await commitDifferences(
        reader,
        [...keep, ...losers],
        [...fates, ...losers.map((loser) => fateOf(loser, 'applied', 'merged'))],
        changes,
      );
      for (const record of found.archived) archived.set(record.id, record.modified);
      gone.push(...found.gone);
    }
  }
  if (await withheld(reader, archived.size + gone.length)) return false;
  await archive(reader, archived);
  await purge(reader, gone);
  await purge(reader, await goneSince(reader, mark));
  return true;
}

/**
 * Of the records that had ended before, those the CRM has forgotten since: a privacy deletion does not spare what is
 * in the recycle bin. A merged record goes with the one it lived on in, and is asked for only when that one is
 * forgotten. Nothing depends on them any more, so their number needs no guard beside that of the live ones.
 */
async function goneSince(reader: TypeReader, mark: string): Promise<readonly string[]> {
  const { open, type, session } = reader;
  const { readings } = session.options.store;
  const gone: string[] = [];
  for await (const chunk of readings.unseen(open.config.id, type, mark, 'ended')) {
    const doubtful: string[] = [];
    for (const { id, state, successor } of chunk) {
      const asked =
        state === 'archived' || successor === null
          ? true
          : (await readings.purged(open.config.id, successor.type, [successor.id])).size > 0;
      if (asked) doubtful.push(id);
    }
    for (let start = 0; start < doubtful.length; start += LOOK_UP) {
      insistOnBudget(open.config.id, open.budget);
      gone.push(...(await lookUp(reader, doubtful.slice(start, start + LOOK_UP))).gone);
    }
  }
  return gone;
}

/** What became of these ids. */
export async function lookUp(reader: TypeReader, ids: readonly string[]): Promise<Found> {
  const { open, type, needed } = reader;
  const read = (some: readonly string[]): ReturnType<typeof open.connection.read> =>
    open.connection.read({ type, ids: some, fields: needed, discovery: open.discovery, dead: true });
  const asked = new Set(ids);
  const records = new Map<string, CrmRecord>();
  let missing: readonly string[] = ids;
  for (const size of [LOOK_UP, LOOK_AGAIN]) {
    const still: string[] = [];
    for (let start = 0; start < missing.length; start += size) {
      const answer = await read(missing.slice(start, start + size));
      for (const record of answer.records) records.set(record.id, record);
      still.push(...answer.gone.filter((id) => !records.has(id)));
    }
    missing = still;
  }
  const found = [...records.values()];
  const into = new Map<string, CrmRecord>();
  for (const record of found) for (const loser of record.mergedIds) into.set(loser, record);
  const named = missing.flatMap((id): CrmRecord[] => {
    const survivor = into.get(id);
    if (survivor === undefined) return [];
    return [{ ...survivor, id, state: 'merged', successor: { type: survivor.type, id: survivor.id } }];
  });
  const own = found.filter((record) => asked.has(record.id));
  return {
    alive: own.filter((record) => record.state === 'live'),
    merged: [...own.filter(({ state }) => state === 'merged' || state === 'converted'), ...named],
    archived: own.filter((record) => record.state === 'archived'),
    gone: missing.filter((id) => !into.has(id)),
    survivors: found.filter((record) => !asked.has(record.id)),
  };
}

/** A permission that was taken away looks like a great deletion; nobody gets back what is forgotten (J24). */
async function withheld({ session, open, type }: TypeReader, lost: number): Promise<boolean> {
  const { guard = DEFAULT_GUARD, store } = session.options;
  if (guard === null || lost < guard.atLeast) return false;
  const connection = open.config.id;
  const counted = (await store.records.counts()).find(
    (count) => count.connection === connection && count.type === type,
  );
  const was = counted?.live ?? lost;
  const drop = { connection, type, field: '', was, is: was - lost };
  if (!exceeds(guard, lost, was) || session.approval.covers(drop)) return false;
  session.drops.push(drop);
  return true;
}

/** A stored record that lives on in another one. Its stamp says since when. */
function ended(stored: CrmRecord, { state, successor, modified }: CrmRecord): CrmRecord {
  return { ...stored, state, successor, modified: Math.max(stored.modified, modified) };
}

async function archive(reader: TypeReader, stamps: ReadonlyMap<string, number>): Promise<void> {
  const { session, open, type } = reader;
  const ids = [...stamps.keys()];
  for (let start = 0; start < ids.length; start += LOOK_UP) {
    const part = ids.slice(start, start + LOOK_UP);
    const stored = await session.options.store.records.get(open.config.id, type, part);
    const dead = [...stored.values()].map(
      (record): CrmRecord => ({
        ...record,
        state: 'archived',
        modified: Math.max(record.modified, stamps.get(record.id) ?? 0),
      }),
    );
    await commitDifferences(
      reader,
      dead,
      dead.map((record) => fateOf(record, 'applied', 'archived')),
      null,
    );
  }
}

/** What the CRM has forgotten is forgotten here, too. The run log counts it under a number: its id is forgotten as
 *  well. */
async function purge(reader: TypeReader, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { session, open, type } = reader;
  const connection = open.config.id;
  await session.options.store.readings.purge(
    ids.map((id) => ({ connection, type, id })),
    session.options.clock.now(),
    session.fence,
  );
  await commitDifferences(
    reader,
    [],
    ids.map(
      (_, index): RecordFate =>
        fateOf({ connection, type, id: `forgotten ${index + 1}` }, 'applied', 'purged'),
    ),
    null,
  );
}
