import type { ConnectionConfig, Connector } from '../../src/connector/port.ts';
import { REQUESTS_PER_10S } from './client.ts';
import { HubspotConnection } from './connection.ts';
import { EXPORT_SETTINGS, type ExportSettings } from './export/desk.ts';
import { HISTORY_TYPES } from './history.ts';
import { BATCH, BATCH_WITH_HISTORY } from './properties.ts';
import { HUBSPOT_TYPES } from './schema.ts';

/** When and how very large full loads go by an export; the defaults are HubSpot's own limits. */
export type HubspotOptions = Partial<ExportSettings>;

/** HubSpot, by a static token of a project app or a service key. */
export const hubspot: Connector = createHubspot();

/** The connector with other settings than its own. `settings.exportFrom` of a connection wins over `options.from`. */
export function createHubspot(options: HubspotOptions = {}): Connector {
  return {
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
      requestsPer10s: REQUESTS_PER_10S,
      pastChanges: 'all',
      history: { types: HISTORY_TYPES, perRequest: BATCH_WITH_HISTORY },
      // Search shows neither archived records nor changed associations.
      reconcileEvery: 24 * 3_600_000,
      auth: ['token'],
    },
    checkConfig,
    outputFieldName: (output) => `waystage_${output}`,
    open: (config, context) =>
      new HubspotConnection(config, context, { ...EXPORT_SETTINGS, ...options, ...exportFrom(config) }),
  };
}

/** `settings.exportFrom`: records of a type from which it is exported; `never`. */
function exportFrom({ settings }: ConnectionConfig): { readonly from?: number } {
  const value = settings?.['exportFrom'];
  if (value === 'never') return { from: Number.POSITIVE_INFINITY };
  return typeof value === 'number' ? { from: value } : {};
}

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
  for (const key of Object.keys(config.settings ?? {})) {
    if (key !== 'exportFrom') add(`settings.${key}`, 'HubSpot has no such setting; there is exportFrom');
  }
  const from = config.settings?.['exportFrom'];
  if (from !== undefined && from !== 'never' && !(Number.isInteger(from) && Number(from) >= 1)) {
    add(
      'settings.exportFrom',
      `expected a whole number of records of at least 1, or never; found ${JSON.stringify(from)}`,
    );
  }
  return problems;
}
