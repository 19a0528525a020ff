import jsforce from 'jsforce';
import type { RemoteSandbox } from './sandbox-process.ts';
import { onePercent, pages, SIZE, type TypeWork, type VendorWork } from './vendor.ts';

/** Salesforce's own numbers: rows of a query page and of a collection update. */
const PAGE = 2_000;
const BATCH = 200;

function work(type: string, records: number, field: string | null): TypeWork {
  return { type, records, changed: field === null ? 0 : onePercent(records), field };
}

const TYPES: readonly TypeWork[] = [
  work('Contact', SIZE.contacts, 'Title'),
  work('Account', SIZE.companies, 'BillingCity'),
  work('Opportunity', SIZE.deals, 'Name'),
  // The deals' associations with people.
  work('OpportunityContactRole', SIZE.deals, null),
  work('Case', SIZE.tickets, 'Subject'),
];

export const SALESFORCE: VendorWork = {
  crm: 'salesforce',
  types: TYPES,
  person: { type: 'Contact', title: 'Title' },
  // Records are read by queryAll or by bulk jobs; plain queries read stages and the organisation.
  isCounted: (route) =>
    /\/queryAll$|\/query\/:locator$|\/composite\/sobjects$|\/recordCount$|\/jobs\/(query|ingest)\b/.test(
      route,
    ),
  isWrite: (route) => /^PATCH |\/jobs\/ingest\b/.test(route),
  minimumInitial: () => sum(TYPES.map(({ records }) => pages(records, PAGE))),
  minimumIncremental: (changed) => sum(changed.map((rows) => pages(rows, PAGE))),
  minimumWriteback: (records) => pages(records, BATCH),
  naive: { load, write },
};

/** A query of every type with the client's own paging. It stops at 10,000 rows unless told more. */
async function load(sandbox: RemoteSandbox): Promise<number> {
  const connection = connect(sandbox);
  let records = 0;
  for (const { type, field } of TYPES) {
    const soql = `SELECT Id, CreatedDate, SystemModstamp${field === null ? '' : `, ${field}`} FROM ${type}`;
    const rows = await connection.query(soql).run({ autoFetch: true, maxFetch: 1_000_000 });
    records += rows.records.length;
  }
  return records;
}

/** One update a record. */
async function write(sandbox: RemoteSandbox, ids: readonly string[]): Promise<void> {
  const contacts = connect(sandbox).sobject('Contact');
  for (const id of ids) await contacts.update({ Id: id, Title: 'Naive' });
}

function connect(sandbox: RemoteSandbox): InstanceType<typeof jsforce.Connection> {
  return new jsforce.Connection({ instanceUrl: sandbox.url, accessToken: sandbox.token, version: '67.0' });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
