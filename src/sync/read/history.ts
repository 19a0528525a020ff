import type { FieldCourse } from '../../connector/port.ts';
import { requestedFields } from '../../mapping/index.ts';
import { isWaystageError, WaystageError } from '../../model/errors.ts';
import type { ConnectionId } from '../../model/record.ts';
import type { HistoryCheckpoint, Store } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { isFatal, noteProblem, together } from '../problems.ts';
import {
  type HistoryReport,
  type OpenConnection,
  reach,
  type Session,
  type SyncConnection,
  type TypeHistory,
} from '../session.ts';
import { ownFieldNames } from '../write/outputs.ts';
import { typesNeeded } from './pull.ts';

/**
 * Reads what fields held before, as the CRM itself remembers it (J14): of all records the first time, later of what
 * changed since. Each page is committed with its checkpoint. Object types whose records could not be read are left
 * out; they have a problem of their own in the run.
 */
export async function pullHistory(session: Session, open: OpenConnection): Promise<void> {
  const { config, connection } = open;
  const types = historyTypes(config);
  if (connection.history === undefined || types.length === 0) {
    const label = config.connector.label;
    note(
      session,
      `${config.id}: a ${label} connection remembers nothing; only what Waystage sees itself is known.`,
    );
    return;
  }
  const report: HistoryReport = { requests: 0, types: {} };
  session.history.set(config.id, report);
  const before = requestsOf(open);
  await together(
    types
      .filter((type) => open.readAt.has(type))
      .map(async (type) => {
        try {
          await pullType(session, open, type, report);
        } catch (error) {
          session.options.signal.throwIfAborted();
          if (isFatal(error)) throw error;
          noteProblem(session, config.id, error, `Reading the history of ${type} from ${config.id} failed`);
        }
      }),
  );
  report.requests = requestsOf(open) - before;
}

/** Object types whose past rules can use and the CRM remembers. */
export function historyTypes(
  config: Pick<SyncConnection, 'connector' | 'objects' | 'fieldMap'>,
): readonly string[] {
  const remembered = config.connector.capabilities.history?.types ?? [];
  return typesNeeded(config).filter((type) => remembered.includes(type));
}

/** Requests that reading a connection's past would take. */
export interface HistoryForecast {
  readonly connection: ConnectionId;
  readonly requests: number;
}

/**
 * About how many requests `pull --history` would make for each connection.
 * @param live live records of a type
 * @param known the type's past was read to its end: only changes follow, which take a request or two
 */
export function forecastHistory(
  connections: readonly Pick<SyncConnection, 'id' | 'connector' | 'objects' | 'fieldMap'>[],
  live: (connection: ConnectionId, type: string) => number,
  known: (connection: ConnectionId, type: string) => boolean,
): readonly HistoryForecast[] {
  return connections.map((config) => {
    const perRequest = config.connector.capabilities.history?.perRequest ?? 1;
    const requests = historyTypes(config).map((type) =>
      known(config.id, type) ? FEW : FEW + Math.ceil(live(config.id, type) / perRequest),
    );
    return { connection: config.id, requests: requests.reduce((sum, count) => sum + count, 0) };
  });
}

/** Looking what is tracked, and what changed. */
const FEW = 2;

/** The forecast from what is stored. */
export async function historyForecast(
  store: Store,
  connections: readonly SyncConnection[],
): Promise<readonly HistoryForecast[]> {
  const live = new Map<string, number>();
  for (const row of await store.records.counts()) live.set(`${row.connection} ${row.type}`, row.live);
  const known = new Set<string>();
  for (const config of connections)
    for (const type of historyTypes(config))
      if ((await store.history.checkpoint(config.id, type))?.complete === true)
        known.add(`${config.id} ${type}`);
  return forecastHistory(
    connections,
    (connection, type) => live.get(`${connection} ${type}`) ?? 0,
    (connection, type) => known.has(`${connection} ${type}`),
  );
}

async function pullType(
  session: Session,
  open: OpenConnection,
  type: string,
  report: HistoryReport,
): Promise<void> {
  const { store, full } = session.options;
  const { id } = open.config;
  const wanted = fieldsOf(session, open, type);
  const before = await store.history.checkpoint(id, type);
  const added = wanted.filter((field) => before?.fields.includes(field) === false);
  if (before !== null && added.length > 0)
    note(
      session,
      `${id} ${type}: all histories were read again, because rules now read ${added.join(', ')}, too.`,
    );
  const resumed = before === null || added.length > 0 || (full && before.complete) ? null : before;
  try {
    await pullFrom(session, open, type, { wanted, from: resumed, report });
  } catch (error) {
    if (resumed === null || !isWaystageError(error) || error.code !== 'crm_cursor_expired') throw error;
    note(session, `${id} ${type}: all histories were read again, because the place to go on from is lost.`);
    await pullFrom(session, open, type, { wanted, from: null, report });
  }
}

/** What rules read and the CRM shows; never our own outputs, whose past is in the ledger. */
function fieldsOf(
  { options }: Session,
  { config, discovery }: OpenConnection,
  type: string,
): readonly string[] {
  const own = new Set(ownFieldNames(options.mappings, config.connector, type));
  const shown = discovery.objects[type]?.fields ?? {};
  return requestedFields(options.mappings, config.fieldMap, type).filter(
    (field) => !own.has(field) && Object.hasOwn(shown, field),
  );
}

async function pullFrom(
  session: Session,
  open: OpenConnection,
  type: string,
  job: {
    readonly wanted: readonly string[];
    readonly from: HistoryCheckpoint | null;
    readonly report: HistoryReport;
  },
): Promise<void> {
  const { wanted, from, report } = job;
  const { connection, config, discovery, budget } = open;
  const { store, clock, progress } = session.options;
  const read = from === null ? 'all' : from.complete ? 'changes' : 'rest';
  const totals = noHistory(read);
  report.types[type] = totals;
  const told = new Set<string>();
  let complete = from?.complete ?? false;
  let reason: string | null = null;
  insistOnBudget(config.id, budget);
  const request = { type, fields: wanted, cursor: from?.cursor ?? null, discovery };
  for await (const page of connection.history?.(request) ?? []) {
    await reach(session, 'history-fetched');
    complete = complete || page.done;
    const courses = await ofKnown(store, config.id, type, page.courses);
    await store.history.commitPage(
      {
        connection: config.id,
        type,
        courses,
        checkpoint: { cursor: page.cursor, fields: wanted, complete },
        at: clock.now(),
      },
      session.fence,
    );
    add(totals, courses, told);
    totals.failed += page.failed.length;
    reason ??= page.failed[0]?.message ?? null;
    progress.advance(`${config.id} ${type} history`, totals.records, page.done ? totals.records : page.total);
    await reach(session, 'history-stored');
    if (!page.done) insistOnBudget(config.id, budget);
  }
  if (reason !== null) {
    const error = new WaystageError(
      'crm_bad_answer',
      `the first one is ${reason}. The others were taken over.`,
    );
    noteProblem(
      session,
      config.id,
      error,
      `${totals.failed} rows of the history of ${type} from ${config.id} could not be understood`,
    );
  }
  // In what changed since only a few fields show.
  if (read === 'changes' || (read === 'rest' && totals.records === 0)) return;
  totals.untold = wanted.filter((field) => !told.has(field));
  if (totals.untold.length > 0 && !(await empty(store, config.id, type)))
    noteUntold(session, open, type, totals);
}

/**
 * The courses of records that are stored. One that was made since they were read comes with the next run, whose
 * histories begin early enough; one that is forgotten here must not come back by its past.
 */
async function ofKnown(
  store: Store,
  connection: ConnectionId,
  type: string,
  courses: readonly FieldCourse[],
): Promise<readonly FieldCourse[]> {
  const known = await store.records.get(connection, type, [...new Set(courses.map(({ id }) => id))]);
  return courses.filter(({ id }) => known.has(id));
}

function noHistory(read: TypeHistory['read']): TypeHistory {
  return { read, records: 0, values: 0, complete: 0, fields: 0, failed: 0, since: null, untold: [] };
}

function add(totals: TypeHistory, courses: readonly FieldCourse[], told: Set<string>): void {
  totals.records += new Set(courses.map(({ id }) => id)).size;
  for (const { field, values, complete } of courses) {
    told.add(field);
    totals.fields += 1;
    totals.values += values.length;
    if (complete) totals.complete += 1;
    const first = values[0]?.at ?? null;
    if (first !== null && (totals.since === null || first < totals.since)) totals.since = first;
  }
}

async function empty(store: Store, connection: ConnectionId, type: string): Promise<boolean> {
  const counts = await store.records.counts();
  return !counts.some((row) => row.connection === connection && row.type === type && row.live > 0);
}

function noteUntold(
  session: Session,
  { config }: OpenConnection,
  type: string,
  { untold }: TypeHistory,
): void {
  const { label } = config.connector;
  note(
    session,
    `${config.id} ${type}: ${label} keeps no history of ${untold.join(', ')}, or does not show it to us. What these held before Waystage first read them is unknown; where ${label} can track a field, an administrator can switch it on for the time to come.`,
  );
}

function note(session: Session, text: string): void {
  session.notices.push({ kind: 'history', subject: null, text });
}

function requestsOf({ connection }: OpenConnection): number {
  return connection.usage.byPurpose['history'] ?? 0;
}
