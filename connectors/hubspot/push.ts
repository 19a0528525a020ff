import type { ConnectorLog, Write, WriteResult } from '../../src/connector/port.ts';
import { isWaystageError, WaystageError } from '../../src/model/errors.ts';
import type { FieldValue } from '../../src/model/record.ts';
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
/** Refusals of a value: every row with that value is refused alike. */
const OF_THE_VALUE = /^INVALID_/;

/** What HubSpot has refused whatever the record, for as long as the connection is open: an option that was deleted
 *  must not cost a search for bad rows in every batch. */
export class Refused {
  readonly #properties = new Map<string, Refusal>();
  readonly #values = new Map<string, Refusal>();

  addProperty(type: string, field: string, refusal: Refusal): void {
    this.#properties.set(`${type} ${field}`, refusal);
  }

  addValue(type: string, field: string, value: FieldValue, refusal: Refusal): void {
    this.#values.set(`${type} ${field} ${encodeValue(value)}`, refusal);
  }

  find(type: string, write: Write): Refusal | undefined {
    if (this.#properties.size === 0 && this.#values.size === 0) return undefined;
    for (const [field, value] of Object.entries(write.fields)) {
      const found =
        this.#properties.get(`${type} ${field}`) ??
        this.#values.get(`${type} ${field} ${encodeValue(value)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Refusals that come from the moment, not from the row. */
const PASSING = /LOCK|RATE_LIMIT|TIMEOUT|INTERNAL_ERROR/;

interface Push {
  readonly client: HubspotClient;
  readonly type: HubspotType;
  readonly log: ConnectorLog;
  readonly refused: Refused;
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
  refused: Refused,
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
  const push: Push = { client, type, log, refused, results: new Map(), splits: 0 };
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

async function writeBatch(push: Push, all: readonly Write[], first: boolean): Promise<void> {
  const { client, type } = push;
  const writes = all.filter((write) => !refuseKnown(push, write));
  if (writes.length === 0) return;
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
  learn(push, writes, error);
  if (writes.length === 1 && only !== undefined) {
    refuse(push, only.id, code, error.message, false);
    return;
  }
  const named = new Map(error.issues.flatMap((one) => one.ids.map((id) => [id, one] as const)));
  const rest = writes.filter((write) => {
    const own = named.get(write.id);
    if (own !== undefined) refuse(push, write.id, own.code, error.message, false);
    return own === undefined && !refuseKnown(push, write);
  });
  // Nobody was pointed at: the bad rows are somewhere among all of them.
  if (rest.length === writes.length) await halve(push, writes, code, error.message);
  else if (rest.length > 0) await writeBatch(push, rest, false);
}

/** Keeps what an answer says about properties and values as such. A value is sure only when the rows that carry the
 *  property all have the same one. */
function learn(push: Push, writes: readonly Write[], error: HubspotRefusal): void {
  const { refused, type } = push;
  for (const { code, field } of error.issues) {
    if (field === null) continue;
    const refusal = { code, message: error.message };
    if (OF_THE_PROPERTY.has(code)) refused.addProperty(type.name, field, refusal);
    else if (OF_THE_VALUE.test(code)) {
      const values = writes
        .filter((write) => Object.hasOwn(write.fields, field))
        .map((write) => write.fields[field] ?? null);
      const [value] = values;
      if (value !== undefined && values.every((other) => other === value)) {
        refused.addValue(type.name, field, value, refusal);
      }
    }
  }
}

function refuseKnown(push: Push, write: Write): boolean {
  const known = push.refused.find(push.type.name, write);
  if (known !== undefined) refuse(push, write.id, known.code, known.message, false);
  return known !== undefined;
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
