import type { ConnectorLog, Write, WriteResult } from '../../src/connector/port.ts';
import { isWaystageError, WaystageError } from '../../src/model/errors.ts';
import { isUnknownOutcome } from '../../src/transport/index.ts';
import { type HubspotClient, hasResults, type Json } from './client.ts';
import {
  arrayOf,
  type HubspotRefusal,
  type Issue,
  isObject,
  isRefusal,
  issuesOfEntry,
  textOf,
} from './errors.ts';
import { encodeValue } from './mapper.ts';
import { apiPath } from './paths.ts';
import { BATCH } from './properties.ts';
import { type HubspotType, hubspotType } from './schema.ts';

/** Requests that finding bad rows in a refused batch may cost; 100 rows with six bad ones need about 70. */
const SPLIT_REQUESTS = 80;

/** Refusals of a property as such: no row that carries it can be written, so nobody has to look for the bad row. */
const OF_THE_PROPERTY = new Set(['PROPERTY_DOESNT_EXIST', 'READ_ONLY_VALUE', 'PROPERTY_IS_READ_ONLY']);

/** Refusals that come from the moment, not from the row. */
const PASSING = /LOCK|RATE_LIMIT|TIMEOUT|INTERNAL_ERROR/;

interface Push {
  readonly client: HubspotClient;
  readonly type: HubspotType;
  readonly log: ConnectorLog;
  readonly results: Map<string, WriteResult>;
  splits: number;
}

/**
 * Writes at most 100 records by batch update. Results are matched by id; a row without a result is `unknown`. When
 * HubSpot refuses the whole batch, the rows it dislikes are found by halving and the rest is written. Throws only
 * when nothing was written.
 */
export async function pushWrites(
  client: HubspotClient,
  log: ConnectorLog,
  typeName: string,
  writes: readonly Write[],
): Promise<readonly WriteResult[]> {
  const type = hubspotType(typeName);
  if (writes.length > BATCH || new Set(writes.map((write) => write.id)).size !== writes.length) {
    throw new WaystageError(
      'internal',
      `a push to HubSpot takes at most ${BATCH} records, each once; got ${writes.length}`,
    );
  }
  const push: Push = { client, type, log, results: new Map(), splits: 0 };
  const todo = writes.filter((write) => Object.keys(write.fields).length > 0);
  // Nothing to change is done: HubSpot would answer an empty update with an error.
  for (const write of writes) {
    if (!todo.includes(write)) push.results.set(write.id, { id: write.id, outcome: 'written' });
  }
  if (todo.length > 0) await writeBatch(push, todo, true);
  return writes.map(
    (write) =>
      push.results.get(write.id) ?? {
        id: write.id,
        outcome: 'unknown',
        message: `${client.who} did not say what became of the record`,
      },
  );
}

async function writeBatch(push: Push, writes: readonly Write[], first: boolean): Promise<void> {
  const { client, type } = push;
  let json: Json;
  try {
    const inputs = writes.map((write, index) => ({
      id: write.id,
      properties: Object.fromEntries(
        Object.entries(write.fields).map(([name, value]) => [name, encodeValue(value)]),
      ),
      objectWriteTraceId: String(index),
    }));
    const path = apiPath('objects', type.name, 'batch', 'update');
    const reply = await client.post(
      path,
      { inputs },
      { purpose: 'write', idempotent: false, check: hasResults },
    );
    json = reply.json;
  } catch (error) {
    if (isRefusal(error) && (error.status === 400 || error.status === 404 || error.status === 409)) {
      await afterRefusal(push, writes, error);
      return;
    }
    if (isUnknownOutcome(error)) {
      for (const { id } of writes)
        push.results.set(id, { id, outcome: 'unknown', message: messageOf(error) });
      return;
    }
    if (first) throw error;
    // Other rows of this call may have been written already: these were not, and can be tried again.
    const code = isWaystageError(error) ? error.code : 'internal';
    for (const { id } of writes) refuse(push, id, code, messageOf(error), true);
    return;
  }
  await settle(push, writes, json);
}

/** Gives every row of an answered batch (200 or 207 alike) its result. */
async function settle(push: Push, writes: readonly Write[], json: Json): Promise<void> {
  const written = new Set<string>();
  for (const result of arrayOf(json['results']))
    if (isObject(result)) written.add(textOf(result['id']) ?? '');
  for (const { id } of writes) if (written.has(id)) push.results.set(id, { id, outcome: 'written' });

  const left = new Map(writes.filter(({ id }) => !written.has(id)).map((write) => [write.id, write]));
  const nameless: Issue[] = [];
  for (const error of arrayOf(json['errors'])) {
    if (!isObject(error)) continue;
    const issues = issuesOfEntry(error);
    const traced = tracesOf(error).map((trace) => writes[Number(trace)]?.id);
    for (const issue of issues) {
      const ids = [...issue.ids, ...traced].filter((id) => id !== undefined && left.has(id));
      if (ids.length === 0) nameless.push(issue);
      for (const id of ids) if (id !== undefined) refuse(push, id, issue.code, issue.text, false);
    }
  }
  for (const id of push.results.keys()) left.delete(id);
  const [issue] = nameless;
  if (left.size === 0 || issue === undefined) return;
  const rows = [...left.values()];
  if (rows.length === 1 && rows[0] !== undefined) refuse(push, rows[0].id, issue.code, issue.text, false);
  else await halve(push, rows, issue.code, issue.text);
}

/** A whole batch was refused: nothing in it was written. */
async function afterRefusal(push: Push, writes: readonly Write[], error: HubspotRefusal): Promise<void> {
  const [only] = writes;
  const issue = error.issues[0];
  const code = issue?.code ?? (error.category || `HTTP_${error.status}`);
  if (writes.length === 1 && only !== undefined) {
    refuse(push, only.id, code, error.message, false);
    return;
  }
  const blocked = new Set(
    error.issues
      .filter((one) => OF_THE_PROPERTY.has(one.code))
      .map((one) => one.field)
      .filter((name) => name !== null),
  );
  const named = new Set(error.issues.flatMap((one) => one.ids));
  const bad = writes.filter(
    (write) => named.has(write.id) || Object.keys(write.fields).some((name) => blocked.has(name)),
  );
  if (bad.length === 0) {
    await halve(push, writes, code, error.message);
    return;
  }
  for (const { id } of bad) refuse(push, id, code, error.message, false);
  const rest = writes.filter((write) => !bad.includes(write));
  if (rest.length > 0) await writeBatch(push, rest, false);
}

async function halve(push: Push, writes: readonly Write[], code: string, message: string): Promise<void> {
  if (push.splits + 2 > SPLIT_REQUESTS) {
    push.log.warn(
      { type: push.type.name, rows: writes.length },
      'too many refused records in one batch of HubSpot',
    );
    for (const { id } of writes)
      refuse(push, id, code, `not written with a batch that was refused: ${message}`, true);
    return;
  }
  push.splits += 2;
  const middle = Math.ceil(writes.length / 2);
  await writeBatch(push, writes.slice(0, middle), false);
  await writeBatch(push, writes.slice(middle), false);
}

function refuse(push: Push, id: string, code: string, message: string, retryable: boolean): void {
  push.results.set(id, { id, outcome: 'refused', code, message, retryable: retryable || PASSING.test(code) });
}

function tracesOf(error: Readonly<Record<string, unknown>>): readonly string[] {
  const context = isObject(error['context']) ? error['context'] : {};
  return [...arrayOf(context['objectWriteTraceId']), error['objectWriteTraceId']].filter(
    (trace) => typeof trace === 'string',
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the answer was lost';
}
