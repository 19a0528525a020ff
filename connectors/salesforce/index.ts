import type { Connection, ConnectionConfig, ConnectionContext, Connector } from '../../src/connector/port.ts';
import type { Output } from '../../src/model/outputs.ts';
import { checkAuth, checkBaseUrl } from './auth.ts';
import { BULK_WRITE_LIMIT, pushBulk } from './bulk/ingest.ts';
import { check } from './check.ts';
import { PAGE_SIZE, REQUESTS_PER_10S, SalesforceClient } from './client.ts';
import { discover } from './discover.ts';
import { history } from './history.ts';
import { HISTORY_TYPES } from './history-objects.ts';
import { pastChanges } from './past-changes.ts';
import { provision } from './provision.ts';
import { planProvision } from './provision-plan.ts';
import { pull } from './pull.ts';
import { push, WRITE_BATCH } from './push.ts';
import { read } from './read.ts';
import { OBJECT_TYPES } from './schema.ts';

export interface SalesforceOptions {
  /** Rows a query page may hold, 200 to 2,000 (Salesforce takes it as advice); default 2,000, the fewest requests. */
  readonly pageSize?: number;
  /** Rows above which a full load of a type goes by the Bulk API; default 2,000, what Salesforce advises. */
  readonly bulkFrom?: number;
  /** Rows per request for a job's results; default 50,000. They go into a temporary file. */
  readonly bulkPageRows?: number;
  /** Records of a type from which they are written by the Bulk API; default 2,000. */
  readonly bulkWriteFrom?: number;
}

const BULK_FROM = 2_000;
const BULK_PAGE_ROWS = 50_000;

/** Salesforce by its REST API, and large loads by its Bulk API: static tokens and client credentials. */
export const salesforce: Connector = createSalesforce();

/** The connector with other settings than its own. */
export function createSalesforce(options: SalesforceOptions = {}): Connector {
  return {
    id: 'salesforce',
    label: 'Salesforce',
    capabilities: {
      objectTypes: OBJECT_TYPES,
      writeBatch: WRITE_BATCH,
      requestsPer10s: REQUESTS_PER_10S,
      // Two batches of one object at once lock each other's parent records.
      writeParallel: 1,
      bulkWrite: { from: options.bulkWriteFrom ?? BULK_FROM, limit: BULK_WRITE_LIMIT },
      // An org keeps the histories of the fields somebody has chosen, at most 20 of an object.
      pastChanges: 'tracked',
      // The records, and what the histories tell of them, are pages of the same size.
      history: { types: HISTORY_TYPES, perRequest: (options.pageSize ?? PAGE_SIZE) / 3 },
      // Increments see deletes, merges and conversions; only what left the recycle bin needs a full reading.
      reconcileEvery: 7 * 24 * 3_600_000,
      auth: ['token', 'client-credentials'],
    },
    checkConfig: (config) => [...checkBaseUrl(config), ...checkAuth(config)],
    outputFieldName,
    open: (config, context) => open(config, context, options),
  };
}

/** `stage_entered` -> `Waystage_Stage_Entered__c`. */
function outputFieldName(output: Output): string {
  const words = output.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `Waystage_${words.join('_')}__c`;
}

function open(config: ConnectionConfig, context: ConnectionContext, options: SalesforceOptions): Connection {
  const client = new SalesforceClient(config, context, options.pageSize ?? PAGE_SIZE);
  const bulk = { from: options.bulkFrom ?? BULK_FROM, pageRows: options.bulkPageRows ?? BULK_PAGE_ROWS };
  return {
    id: config.id,
    check: () => check(client),
    discover: (types) => discover(client, types),
    pull: (request) => pull(client, config.id, request, bulk),
    read: (request) => read(client, config.id, request),
    pastChanges: (request) => pastChanges(client, request),
    history: (request) => history(client, config.id, request),
    push: (type, writes) => push(client, type, writes),
    pushBulk: (type, writes) => pushBulk(client, type, writes),
    planProvision: (wanted) => planProvision(client, wanted),
    provision: (steps) => provision(client, steps),
    get usage() {
      return client.usage;
    },
    close: () => client.close(),
  };
}
