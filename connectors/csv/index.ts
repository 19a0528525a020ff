import type { Connection, ConnectionConfig, ConnectionContext, Connector } from '../../src/connector/port.ts';
import { check, checkConfig } from './check.ts';
import { discover } from './discover.ts';
import { Folder } from './folder.ts';
import { planProvision, provision } from './provision.ts';
import { pull } from './pull.ts';
import { push, WRITE_BATCH } from './push.ts';
import { read } from './read.ts';
import { CSV_TYPES } from './schema.ts';

export interface CsvOptions {
  /** Rows of a page; default 1,000. Each page is one transaction of the store. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 1_000;

/** A folder of CSV files: `people.csv`, `accounts.csv`, `deals.csv`, `tickets.csv`, `touchpoints.csv`, `surveys.csv`. */
export const csv: Connector = createCsv();

/** The connector with other settings than its own. */
export function createCsv(options: CsvOptions = {}): Connector {
  return {
    id: 'csv',
    label: 'CSV folder',
    capabilities: {
      objectTypes: CSV_TYPES.map(({ name, label, entity, outputs, associations }) => ({
        name,
        label,
        entity,
        outputs,
        associations,
      })),
      writeBatch: WRITE_BATCH,
      // Each call rewrites the whole file.
      writeParallel: 1,
      // A row that was taken out is only seen to be missing.
      reconcileEvery: 24 * 3_600_000,
      auth: ['none'],
    },
    checkConfig,
    outputFieldName: (output) => `waystage_${output}`,
    open: (config, context) => open(config, context, options.pageSize ?? PAGE_SIZE),
  };
}

function open(config: ConnectionConfig, context: ConnectionContext, pageSize: number): Connection {
  const folder = new Folder(config, context);
  return {
    id: config.id,
    check: () => check(folder, config),
    discover: (types) => discover(folder, config, types),
    pull: (request) => pull(folder, pageSize, request),
    read: (request) => read(folder, request),
    push: (type, writes) => push(folder, type, writes),
    planProvision: (wanted) => planProvision(folder, wanted),
    provision: (steps) => provision(folder, steps),
    get usage() {
      return folder.usage;
    },
    close: async () => undefined,
  };
}
