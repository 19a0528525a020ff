import { requestedFields } from '../mapping/index.ts';
import type { ConnectionId, CrmRecord } from '../model/record.ts';
import type { RecordFate } from '../store/port.ts';
import { judge, touches } from './judge.ts';
import { ownFieldNames } from './outputs.ts';
import { isFatal, noteProblem, together } from './problems.ts';
import { countsOf, type OpenConnection, reach, type Session, type SyncConnection } from './session.ts';

/**
 * Pulls all object types of a connection side by side. Each page is committed with its checkpoint before the next
 * is asked for. A type that fails is named in the run; the others go on.
 */
export async function pullConnection(session: Session, open: OpenConnection): Promise<void> {
  await together(
    typesNeeded(open.config).map(async (type) => {
      try {
        const began = session.options.clock.now();
        await pullType(session, open, type);
        // Only now: what a failed pull left stored may be old, and is read again before anything is written over it.
        open.readAt.set(type, began);
      } catch (error) {
        session.options.signal.throwIfAborted();
        if (isFatal(error)) throw error;
        noteProblem(session, open.config.id, error, `Reading ${type} from ${open.config.id} failed`);
      }
    }),
  );
}

/** Connections of which some type was never read to its end: rules must not judge on half the facts. */
export async function neverComplete(session: Session): Promise<readonly ConnectionId[]> {
  const { store, connections } = session.options;
  const missing: ConnectionId[] = [];
  for (const config of connections) {
    const checkpoints = await Promise.all(
      typesNeeded(config).map((type) => store.records.checkpoint(config.id, type)),
    );
    if (checkpoints.some((checkpoint) => checkpoint?.complete !== true)) missing.push(config.id);
  }
  return missing;
}

/** Object types the field map feeds and the configuration allows. */
export function typesNeeded(config: SyncConnection): readonly string[] {
  return config.connector.capabilities.objectTypes
    .map((type) => type.name)
    .filter((type) => config.objects === null || config.objects.includes(type))
    .filter((type) => config.fieldMap.objects.some((map) => map.type === type));
}

/** Fields to request of a type: those the mappings read and those Waystage owns. */
function neededFields(session: Session, config: SyncConnection, type: string): readonly string[] {
  const fields = requestedFields(session.options.mappings, config.fieldMap, type);
  const own = ownFieldNames(session.options.mappings, config.connector, type);
  return [...new Set([...fields, ...own])].sort();
}

async function pullType(session: Session, open: OpenConnection, type: string): Promise<void> {
  const { store, full, clock } = session.options;
  const { connection, config, discovery } = open;
  const needed = neededFields(session, config, type);
  // What the CRM does not show now is a new field on the day it does: then all is read again.
  const shown = discovery.objects[type]?.fields ?? {};
  const fields = needed.filter((field) => Object.hasOwn(shown, field));
  const before = await store.records.checkpoint(config.id, type);
  const covered = before !== null && fields.every((field) => before.fields.includes(field));
  const resumed = covered && !(full && before.complete) ? before : null;
  const own = new Set(ownFieldNames(session.options.mappings, config.connector, type));
  const counts = countsOf(session, config.id);
  let complete = resumed?.complete ?? false;
  let done = 0;
  for await (const page of connection.pull({
    type,
    fields: needed,
    cursor: resumed?.cursor ?? null,
    discovery,
  })) {
    await reach(session, 'page-fetched');
    const ids = page.records.map((record) => record.id);
    const stored = await store.records.get(config.id, type, ids);
    const touched = page.records.filter((record) => touches(stored.get(record.id), record, own));
    const written = await store.ledger.lastWritten(
      config.id,
      type,
      touched.map((record) => record.id),
    );
    const keep: CrmRecord[] = [];
    const fates: RecordFate[] = [];
    for (const record of page.records) {
      const judgement = judge(stored.get(record.id), record, own, written.get(record.id));
      if (judgement.store !== null) keep.push(judgement.store);
      fates.push(judgement.fate);
    }
    for (const failure of page.failed) {
      fates.push({
        connection: config.id,
        type,
        id: failure.id,
        fate: 'failed',
        reason: 'bad_row',
        message: failure.message,
      });
    }
    keep.push(...(await mergedAway(session, config.id, type, keep)));
    complete = complete || page.done;
    await store.records.commitPage(
      {
        run: session.run,
        connection: config.id,
        type,
        records: keep,
        fates,
        checkpoint: { cursor: page.cursor, fields, complete },
        at: clock.now(),
      },
      session.fence,
    );
    for (const fate of fates) {
      counts.seen += 1;
      if (fate.fate === 'applied') counts.applied += 1;
      else if (fate.fate === 'failed') counts.failed += 1;
      else counts.ignored[fate.reason ?? 'other'] = (counts.ignored[fate.reason ?? 'other'] ?? 0) + 1;
    }
    done += fates.length;
    session.options.progress.advance(`${config.id} ${type}`, done, page.done ? done : page.total);
    await reach(session, 'page-stored');
  }
}

/**
 * Stored records that the CRM has merged into one of these, as the losers they now are. A search for changes does not
 * show the losers any more; only the survivor names them.
 */
async function mergedAway(
  session: Session,
  connection: ConnectionId,
  type: string,
  survivors: readonly CrmRecord[],
): Promise<readonly CrmRecord[]> {
  const into = new Map<string, string>();
  for (const { id, mergedIds } of survivors)
    for (const loser of mergedIds) if (loser !== id) into.set(loser, id);
  for (const { id } of survivors) into.delete(id);
  const stored = await session.options.store.records.get(connection, type, [...into.keys()]);
  return [...stored.values()]
    .filter((loser) => loser.state === 'live')
    .map((loser) => ({ ...loser, state: 'merged', successor: { type, id: into.get(loser.id) ?? '' } }));
}
