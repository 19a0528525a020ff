import { requestedFields } from '../../mapping/index.ts';
import { isWaystageError } from '../../model/errors.ts';
import type { ConnectionId } from '../../model/record.ts';
import type { Checkpoint } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { isFatal, noteProblem, together } from '../problems.ts';
import { type OpenConnection, type RuleView, reach, type Session, type SyncConnection } from '../session.ts';
import { ownFieldNames } from '../write/outputs.ts';
import { applyRows, mergedAway, type TypeReader, tally, typeReader } from './apply-page.ts';

/**
 * Pulls all object types of a connection side by side. Each page is committed with its checkpoint before the next
 * is asked for. A type that fails is named in the run; the others go on.
 */
export async function pullConnection(session: Session, open: OpenConnection): Promise<void> {
  await together(
    typesNeeded(open.config).map(async (type) => {
      try {
        const began = session.options.clock.now();
        await pullType(await typeReader(session, open, type, neededFields(session, open.config, type)));
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
export function typesNeeded(
  config: Pick<SyncConnection, 'connector' | 'objects' | 'fieldMap'>,
): readonly string[] {
  return config.connector.capabilities.objectTypes
    .map((type) => type.name)
    .filter((type) => config.objects === null || config.objects.includes(type))
    .filter((type) => config.fieldMap.objects.some((map) => map.type === type));
}

/** Fields to request of a type: those the mappings read and those Waystage owns. */
export function neededFields(session: Session, config: SyncConnection, type: string): readonly string[] {
  const fields = new Set<string>();
  for (const { mappings, connections } of ruleViews(session)) {
    const { connector, fieldMap } = connections.find(({ id }) => id === config.id) ?? config;
    for (const field of requestedFields(mappings, fieldMap, type)) fields.add(field);
    for (const field of ownFieldNames(mappings, connector, type)) fields.add(field);
  }
  return [...fields].sort();
}

/** The rules of this run, and others that wait or wait to come back: what one reads the other must not forget. */
export function ruleViews({ options }: Session): readonly RuleView[] {
  return [options, ...(options.rules?.others ?? [])];
}

async function pullType(reader: TypeReader): Promise<void> {
  const { store, full } = reader.session.options;
  const before = await store.records.checkpoint(reader.open.config.id, reader.type);
  const covered = before !== null && reader.shown.every((field) => before.fields.includes(field));
  const resumed = covered && !(full && before.complete) ? before : null;
  try {
    await pullFrom(reader, resumed, resumed?.complete ?? false);
  } catch (error) {
    if (resumed === null || !isWaystageError(error) || error.code !== 'crm_cursor_expired') throw error;
    // What is stored stays in use; reading it again from the beginning changes only what differs.
    await pullFrom(reader, null, resumed.complete);
  }
}

async function pullFrom(reader: TypeReader, from: Checkpoint | null, completed: boolean): Promise<void> {
  const { session, open, type } = reader;
  const { store, clock } = session.options;
  const { connection, config, discovery } = open;
  let complete = completed;
  let done = 0;
  insistOnBudget(config.id, open.budget);
  for await (const page of connection.pull({
    type,
    fields: reader.needed,
    cursor: from?.cursor ?? null,
    discovery,
  })) {
    await reach(session, 'page-fetched');
    const { keep, fates, changes } = await applyRows(reader, page.records, page.failed, () => null);
    complete = complete || page.done;
    await store.records.commitPage(
      {
        run: session.run,
        connection: config.id,
        type,
        records: [...keep, ...(await mergedAway(reader, keep))],
        fates,
        checkpoint: { cursor: page.cursor, fields: reader.shown, complete },
        changes,
        at: clock.now(),
      },
      session.fence,
    );
    tally(reader, fates);
    done += fates.length;
    session.options.progress.advance(`${config.id} ${type}`, done, page.done ? done : page.total);
    await reach(session, 'page-stored');
    if (!page.done) insistOnBudget(config.id, open.budget);
  }
}
