/** The API version in every path. HubSpot publishes one each March and September and keeps it for 18 months.
 *  `2026-03` is the first complete set, and does not yet bind API writes to the portal's own form rules. */
export const HUBSPOT_API_VERSION = '2026-03';

/** APIs that need another version than the rest. */
export const HUBSPOT_API_OVERRIDES: Readonly<Partial<Record<Api, string>>> = {};

export type Api = 'objects' | 'associations' | 'properties' | 'pipelines' | 'exports' | 'account-info';

/** Tells what a static token may do. It has no dated path so far; nothing depends on its answer. */
export const TOKEN_INFO_PATH = '/oauth/v2/private-apps/get/access-token-info';

const PREFIX: Readonly<Record<Api, string>> = {
  objects: '/crm/objects',
  associations: '/crm/associations',
  properties: '/crm/properties',
  pipelines: '/crm/pipelines',
  exports: '/crm/exports',
  'account-info': '/account-info',
};

/** `apiPath('objects', 'contacts', 'search')` -> `/crm/objects/2026-03/contacts/search`; parts are encoded. */
export function apiPath(api: Api, ...parts: readonly string[]): string {
  const version = HUBSPOT_API_OVERRIDES[api] ?? HUBSPOT_API_VERSION;
  return [PREFIX[api], version, ...parts.map(encodeURIComponent)].join('/');
}

/** The dated path for a path of the vendor's own client, which knows `/crm/v3/…` only; null when there is none. */
export function datedPath(legacy: string): string | null {
  const match = /^\/crm\/v3\/(properties|pipelines)(\/.*)?$/.exec(legacy);
  if (match === null) return null;
  return `${apiPath(match[1] as 'properties' | 'pipelines')}${match[2] ?? ''}`;
}
