import { DatabaseSync } from 'node:sqlite';
import type { RemoteSandbox } from './sandbox-process.ts';
import { TYPES } from './scene.ts';

/** A row as the vendor sent it, with its text form for storing. */
export interface PlainRow {
  readonly type: string;
  readonly id: string;
  readonly row: unknown;
}

type TakePage = (rows: readonly PlainRow[]) => void;

/** Fields by type: those that ours asks for, too. */
export type PlainFields = Readonly<Record<string, readonly string[]>>;

/** What every record needs besides: its stamp and the ids it was merged from. */
const ALWAYS: Readonly<Record<string, readonly string[]>> = {
  contacts: ['hs_object_id', 'lastmodifieddate', 'hs_merged_object_ids'],
  companies: ['hs_object_id', 'hs_lastmodifieddate', 'hs_merged_object_ids'],
  deals: ['hs_object_id', 'hs_lastmodifieddate', 'hs_merged_object_ids'],
  tickets: ['hs_object_id', 'hs_lastmodifieddate', 'hs_merged_object_ids'],
  Contact: ['MasterRecordId', 'AccountId'],
  Account: ['MasterRecordId'],
  Opportunity: ['AccountId'],
  OpportunityContactRole: ['OpportunityId', 'ContactId'],
  Case: ['ContactId', 'AccountId'],
};
const ASSOCIATIONS: Readonly<Record<string, string>> = {
  contacts: '&associations=companies',
  companies: '',
  deals: '&associations=contacts,companies',
  tickets: '&associations=contacts,companies',
};

/** HubSpot's lists by plain `fetch` and `JSON.parse`, one page after another. Throws on any answer but 200. */
export async function plainLists(
  sandbox: RemoteSandbox,
  types: readonly string[],
  fields: PlainFields,
  take: TakePage,
): Promise<void> {
  for (const type of types) {
    const properties = namesOf(type, fields).join(',');
    let after: string | undefined;
    do {
      const json = await plainGet(
        sandbox,
        `/crm/objects/2026-03/${type}?limit=100&properties=${properties}${ASSOCIATIONS[type]}${after === undefined ? '' : `&after=${after}`}`,
      );
      const rows = json['results'] as readonly { readonly id: string }[];
      take(rows.map((row) => ({ type, id: row.id, row })));
      after = (json['paging'] as { next?: { after?: string } } | undefined)?.next?.after;
    } while (after !== undefined);
  }
}

function namesOf(type: string, fields: PlainFields): readonly string[] {
  return [...new Set([...(ALWAYS[type] ?? []), ...(fields[type] ?? [])])];
}

/** Salesforce's queries likewise. */
export async function plainQueries(
  sandbox: RemoteSandbox,
  types: readonly string[],
  fields: PlainFields,
  take: TakePage,
): Promise<void> {
  for (const type of types) {
    const names = new Set(['Id', 'SystemModstamp', 'CreatedDate', 'IsDeleted', ...namesOf(type, fields)]);
    const soql = `SELECT ${[...names].join(', ')} FROM ${type} ORDER BY Id`;
    let path: string | undefined = `/services/data/v67.0/queryAll?q=${encodeURIComponent(soql)}`;
    while (path !== undefined) {
      const json = await plainGet(sandbox, path);
      const rows = json['records'] as readonly { readonly Id: string }[];
      take(rows.map((row) => ({ type, id: row.Id, row })));
      path = json['nextRecordsUrl'] as string | undefined;
    }
  }
}

/**
 * The least a first load can be: fetch, parse, and one upsert a record, committed page by page as durably as ours
 * (a write-ahead log, flushed at each commit). Gives back the number of records.
 */
export async function plainLoad(sandbox: RemoteSandbox, fields: PlainFields, file: string): Promise<number> {
  const db = new DatabaseSync(file);
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = full');
    db.exec('create table records (type text, id text, body text not null, primary key (type, id))');
    const upsert = db.prepare(
      'insert into records values (?, ?, ?) on conflict (type, id) do update set body = excluded.body',
    );
    let records = 0;
    const read = sandbox.crm === 'hubspot' ? plainLists : plainQueries;
    await read(sandbox, TYPES[sandbox.crm], fields, (rows) => {
      db.exec('begin');
      for (const { type, id, row } of rows) upsert.run(type, id, JSON.stringify(row));
      db.exec('commit');
      records += rows.length;
    });
    return records;
  } finally {
    db.close();
  }
}

async function plainGet(sandbox: RemoteSandbox, path: string): Promise<Record<string, unknown>> {
  const answer = await fetch(sandbox.url + path, { headers: { authorization: `Bearer ${sandbox.token}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
