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

/** Fields of the types, about those that the example journeys read: the same load for the plain script. */
const PROPERTIES: Readonly<Record<string, string>> = {
  contacts:
    'hs_object_id,lastmodifieddate,hs_merged_object_ids,email,firstname,lastname,jobtitle,hs_additional_emails,hs_lead_status,notes_last_contacted,num_conversion_events,recent_conversion_date,salesforcecontactid,salesforceleadid',
  companies:
    'hs_object_id,hs_lastmodifieddate,hs_merged_object_ids,name,domain,hs_additional_domains,numberofemployees,salesforceaccountid',
  deals:
    'hs_object_id,hs_lastmodifieddate,hs_merged_object_ids,pipeline,dealstage,dealtype,closedate,hs_salesforceopportunityid',
  tickets:
    'hs_object_id,hs_lastmodifieddate,hs_merged_object_ids,hs_pipeline,hs_pipeline_stage,hs_ticket_priority,reopened_count',
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
  take: TakePage,
): Promise<void> {
  for (const type of types) {
    let after: string | undefined;
    do {
      const json = await plainGet(
        sandbox,
        `/crm/objects/2026-03/${type}?limit=100&properties=${PROPERTIES[type]}${ASSOCIATIONS[type]}${after === undefined ? '' : `&after=${after}`}`,
      );
      const rows = json['results'] as readonly { readonly id: string }[];
      take(rows.map((row) => ({ type, id: row.id, row })));
      after = (json['paging'] as { next?: { after?: string } } | undefined)?.next?.after;
    } while (after !== undefined);
  }
}

const FIELDS: Readonly<Record<string, string>> = {
  Contact:
    'MasterRecordId, AccountId, Email, FirstName, LastName, Title, HubSpot_Contact_Id__c, LastActivityDate',
  Account: 'MasterRecordId, Name, Website, NumberOfEmployees, HubSpot_Company_Id__c',
  Opportunity: 'AccountId, StageName, Type, CloseDate, HubSpot_Deal_Id__c',
  OpportunityContactRole: 'OpportunityId, ContactId, Role, IsPrimary',
  Case: 'ContactId, AccountId, Status, Priority, Reopened_Count__c',
};

/** Salesforce's queries likewise. */
export async function plainQueries(
  sandbox: RemoteSandbox,
  types: readonly string[],
  take: TakePage,
): Promise<void> {
  for (const type of types) {
    const soql = `SELECT Id, SystemModstamp, CreatedDate, IsDeleted, ${FIELDS[type]} FROM ${type} ORDER BY Id`;
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
export async function plainLoad(sandbox: RemoteSandbox, file: string): Promise<number> {
  const db = new DatabaseSync(file);
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = full');
    db.exec('create table records (type text, id text, body text not null, primary key (type, id))');
    const upsert = db.prepare(
      'insert into records values (?, ?, ?) on conflict (type, id) do update set body = excluded.body',
    );
    let records = 0;
    const read = sandbox.crm === 'hubspot' ? plainLists : plainQueries;
    await read(sandbox, TYPES[sandbox.crm], (rows) => {
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
