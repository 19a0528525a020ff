import type { ConnectionConfig, Connector } from '../../src/connector/port.ts';
import { HubspotConnection } from './connection.ts';
import { BATCH } from './properties.ts';
import { HUBSPOT_TYPES } from './schema.ts';

/** HubSpot, by a static token of a project app or a service key. */
export const hubspot: Connector = {
  id: 'hubspot',
  label: 'HubSpot',
  capabilities: {
    objectTypes: HUBSPOT_TYPES.map(({ name, label, entity, outputs, associations }) => ({
      name,
      label,
      entity,
      outputs,
      associations,
    })),
    writeBatch: BATCH,
    // HubSpot locks single records only; six batches under way keep the limit busy at 300 ms an answer.
    writeParallel: 6,
    pastChanges: 'all',
    // Search shows neither archived records nor changed associations.
    reconcileEvery: 24 * 3_600_000,
    auth: ['token'],
  },
  checkConfig,
  outputFieldName: (output) => `waystage_${output}`,
  open: (config, context) => new HubspotConnection(config, context),
};

function checkConfig(
  config: ConnectionConfig,
): readonly { readonly path: string; readonly message: string }[] {
  const problems: { readonly path: string; readonly message: string }[] = [];
  const add = (path: string, message: string): void => {
    problems.push({ path, message });
  };
  if (config.auth.kind !== 'token') {
    add('auth.kind', `HubSpot is connected with kind: token here; found ${config.auth.kind}`);
  } else if (!/^[\x21-\x7e]+$/.test(config.auth.token)) {
    add(
      'auth.token',
      'expected the access token of a HubSpot app: one word without spaces; found something else',
    );
  }
  if (config.baseUrl !== undefined) {
    const url = URL.canParse(config.baseUrl) ? new URL(config.baseUrl) : null;
    if (url === null || url.origin !== config.baseUrl.replace(/\/$/, '')) {
      add('baseUrl', 'expected an address without path, such as https://api.hubapi.com');
    } else if (url.protocol !== 'https:' && !config.sandbox) {
      add('baseUrl', `expected https; ${url.protocol}// is only accepted with sandbox: true`);
    }
  }
  const rate = config.requestsPer10s;
  if (rate !== undefined && !(Number.isInteger(rate) && rate >= 1)) {
    add('requestsPer10s', `expected a whole number of at least 1; found ${rate}`);
  }
  return problems;
}
