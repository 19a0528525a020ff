import { Client } from '@hubspot/api-client';
import type { RemoteSandbox } from './sandbox-process.ts';
import { onePercent, pages, SIZE, type TypeWork, type VendorWork } from './vendor.ts';

/** HubSpot's own numbers: rows of a list, of a search, inputs of an association read, rows of a batch update. */
const LIST = 100;
const SEARCH = 200;
const ASSOCIATIONS = 1_000;
const BATCH = 100;

/** Association types that are read with a changed record: those the connector declares. */
const ASSOCIATED: Readonly<Record<string, readonly string[]>> = {
  contacts: ['companies'],
  companies: [],
  deals: ['contacts', 'companies'],
  tickets: ['contacts', 'companies'],
};

function work(type: string, records: number, field: string): TypeWork {
  return { type, records, changed: onePercent(records), field };
}

const TYPES: readonly TypeWork[] = [
  work('contacts', SIZE.contacts, 'jobtitle'),
  work('companies', SIZE.companies, 'city'),
  work('deals', SIZE.deals, 'dealname'),
  work('tickets', SIZE.tickets, 'subject'),
];

export const HUBSPOT: VendorWork = {
  crm: 'hubspot',
  types: TYPES,
  person: { type: 'contacts', title: 'jobtitle' },
  isCounted: (route) => /\/crm\/(objects|associations)\//.test(route),
  isWrite: (route) => /\/batch\/(update|upsert|create)$|^PATCH /.test(route),
  // Associations come with the rows of a list.
  minimumInitial: () => sum(TYPES.map(({ records }) => pages(records, LIST))),
  minimumIncremental: (changed) =>
    sum(
      TYPES.map(({ type }, index) => {
        const rows = changed[index] ?? 0;
        return pages(rows, SEARCH) + (ASSOCIATED[type]?.length ?? 0) * Math.ceil(rows / ASSOCIATIONS);
      }),
    ),
  minimumWriteback: (records) => pages(records, BATCH),
  naive: { load, write },
};

/** The list of every type, page after page, type after type. */
async function load(sandbox: RemoteSandbox): Promise<number> {
  const { crm } = client(sandbox);
  let records = 0;
  for (const { type, field } of TYPES) {
    const api = crm.objects.basicApi;
    let after: string | undefined;
    do {
      const page = await api.getPage(
        type,
        LIST,
        after,
        ['createdate', 'hubspot_owner_id', ...(field === null ? [] : [field])],
        undefined,
        [...(ASSOCIATED[type] ?? [])],
      );
      records += page.results.length;
      after = page.paging?.next?.after;
    } while (after !== undefined);
  }
  return records;
}

/** One update a record, a few at once. */
async function write(sandbox: RemoteSandbox, ids: readonly string[]): Promise<void> {
  const { contacts } = client(sandbox).crm;
  for (let start = 0; start < ids.length; start += CONCURRENT) {
    await Promise.all(
      ids
        .slice(start, start + CONCURRENT)
        .map((id) => contacts.basicApi.update(id, { properties: { jobtitle: 'Naive' } })),
    );
  }
}

const CONCURRENT = 6;

/** Without the client's limiter of nine a second: requests are counted here, not the time they wait. */
function client(sandbox: RemoteSandbox): Client {
  return new Client({
    accessToken: sandbox.token,
    basePath: sandbox.url,
    limiterOptions: { maxConcurrent: CONCURRENT },
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
