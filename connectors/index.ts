import type { Connector } from '../src/connector/port.ts';
import type { StartSandbox } from '../src/sandbox/port.ts';
import { csv } from './csv/index.ts';
import { hubspot } from './hubspot/index.ts';
import { salesforce } from './salesforce/index.ts';

/** A connector with its local stand-in. */
export interface RegisteredConnector {
  readonly connector: Connector;
  /** Loaded only when one is started. Absent for connectors that need none. */
  readonly startSandbox?: StartSandbox;
}

/** One line a connector; nothing else names them. */
export const CONNECTORS: readonly RegisteredConnector[] = [
  {
    connector: hubspot,
    startSandbox: async (options) =>
      (await import('./hubspot/sandbox/index.ts')).startHubspotSandbox(options),
  },
  {
    connector: salesforce,
    startSandbox: async (options) =>
      (await import('./salesforce/sandbox/index.ts')).startSalesforceSandbox(options),
  },
  { connector: csv },
];
