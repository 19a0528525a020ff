import type { Connector } from '../src/connector/port.ts';
import type { StartSandbox } from '../src/sandbox/port.ts';
import { csv } from './csv/index.ts';
import { hubspot } from './hubspot/index.ts';
import { startHubspotSandbox } from './hubspot/sandbox/index.ts';
import { salesforce } from './salesforce/index.ts';
import { startSalesforceSandbox } from './salesforce/sandbox/index.ts';

/** A connector with its local stand-in. */
export interface RegisteredConnector {
  readonly connector: Connector;
  /** Absent for connectors that need none. */
  readonly startSandbox?: StartSandbox;
}

/** One line a connector; nothing else names them. */
export const CONNECTORS: readonly RegisteredConnector[] = [
  { connector: hubspot, startSandbox: startHubspotSandbox },
  { connector: salesforce, startSandbox: startSalesforceSandbox },
  { connector: csv },
];
