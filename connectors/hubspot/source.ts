import type { ConnectorLog, Page } from '../../src/connector/port.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { HubspotClient } from './client.ts';
import { type Cursor, writeCursor } from './cursor.ts';
import { isObject, textOf } from './errors.ts';
import type { Mapped, Mapping } from './mapper.ts';
import type { HubspotType } from './schema.ts';

/** Without a `Date` header our own clock has to do, which may be wrong by this much. */
export const CLOCK_ERROR_MS = 10 * 60_000;

/** One batch read of associations takes this many records, so so many are handed over at once. */
export const CHUNK = 1_000;

export interface PullContext {
  readonly client: HubspotClient;
  readonly connection: ConnectionId;
  readonly clock: Clock;
  readonly log: ConnectorLog;
}

/** What all pages of one pull share. */
export interface Source extends PullContext {
  readonly type: HubspotType;
  readonly mapping: Mapping;
  readonly properties: readonly string[];
}

/** Where a list stands, or begins: behind `after`. */
export interface ListStart {
  readonly after: string | null;
  /** When the load began, by HubSpot's clock; null: with the next answer. */
  readonly began: number | null;
}

/** A mapping that warns once per field about values that do not fit. */
export function mappingOf(context: PullContext, type: HubspotType, fields: Mapping['fields']): Mapping {
  const warned = new Set<string>();
  return {
    connection: context.connection,
    type,
    fields,
    unfit: (field, id) => {
      if (warned.has(field)) return;
      warned.add(field);
      context.log.warn(
        { connection: context.connection, type: type.name, field, id },
        'a value does not fit the type of its HubSpot property and was left out',
      );
    },
  };
}

export function page(mapped: readonly Mapped[], cursor: Cursor, done: boolean, total: number | null): Page {
  const records: CrmRecord[] = [];
  const failed: { readonly id: string; readonly message: string }[] = [];
  for (const one of mapped) {
    if ('record' in one) records.push(one.record);
    else failed.push(one.failed);
  }
  return { records, failed, cursor: writeCursor(cursor), done, total };
}

export function rowId(row: unknown): string {
  return isObject(row) ? (textOf(row['id']) ?? '') : '';
}
