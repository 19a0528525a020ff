import type { AccountInfo } from '../../src/connector/port.ts';
import { isWaystageError, WaystageError } from '../../src/model/errors.ts';
import { API_VERSION, DATA_PATH, type SalesforceClient } from './client.ts';
import { classOf } from './errors.ts';
import { id18, isId } from './ids.ts';
import { select } from './soql.ts';

/** Who we are: the org, its time zone, and how many API calls are left of its day. Throws `crm_credentials`,
 *  `crm_unreachable`, or `crm_refused` when the org is too old for the API version. */
export async function check(client: SalesforceClient): Promise<AccountInfo> {
  const limits = await dailyLimits(client);
  const query = select({
    fields: ['Id', 'Name', 'OrganizationType', 'IsSandbox', 'TimeZoneSidKey'],
    from: 'Organization',
    limit: 1,
  });
  const row = (await client.queryRows(query, 'query', 'meta'))[0];
  const id = row?.['Id'];
  if (typeof id !== 'string' || !isId(id)) {
    throw new WaystageError(
      'crm_bad_answer',
      'Salesforce answered no row of Organization with an id; expected one, check the user’s permissions with `doctor`',
    );
  }
  const usage = client.apiUsage;
  return {
    // Never the host name: it can change, and a copy of an org keeps the organisation's id.
    accountId: `${id18(id)}:${row?.['IsSandbox'] === true ? 'sandbox' : 'production'}`,
    name: typeof row?.['Name'] === 'string' ? row['Name'] : '',
    timezone: typeof row?.['TimeZoneSidKey'] === 'string' ? row['TimeZoneSidKey'] : null,
    dailyRemaining: usage === null ? (limits?.remaining ?? null) : Math.max(0, usage.limit - usage.used),
    dailyLimit: usage?.limit ?? limits?.max ?? null,
  };
}

/** `/limits`, the first call of a check; null when this user may not see it (every answer's header tells too). */
async function dailyLimits(
  client: SalesforceClient,
): Promise<{ readonly max: number; readonly remaining: number } | null> {
  try {
    const path = `${DATA_PATH}/limits`;
    const body = await client.json({ method: 'GET', path, purpose: 'meta', idempotent: true });
    const daily = (body as Readonly<Record<string, unknown>> | undefined)?.['DailyApiRequests'];
    const { Max: max, Remaining: remaining } = (daily ?? {}) as Readonly<Record<string, unknown>>;
    return typeof max === 'number' && typeof remaining === 'number' ? { max, remaining } : null;
  } catch (error) {
    if (classOf(error) === 'config') return null;
    if (classOf(error) === 'missing') throw await versionError(client, error);
    throw error;
  }
}

/** Says which versions the org has instead of "not found". */
async function versionError(client: SalesforceClient, cause: unknown): Promise<WaystageError> {
  const path = '/services/data';
  const body = await client
    .json({ method: 'GET', path, purpose: 'meta', idempotent: true })
    .catch((error: unknown) => (isWaystageError(error) ? null : Promise.reject(error)));
  const versions = (Array.isArray(body) ? body : []) as readonly { readonly version?: unknown }[];
  const newest = versions.map(({ version }) => Number(version)).filter(Number.isFinite);
  const found =
    newest.length === 0 ? 'no list of API versions' : `API versions up to ${Math.max(...newest).toFixed(1)}`;
  return new WaystageError(
    'crm_refused',
    `Salesforce has no API version ${API_VERSION} at this address, but ${found}; check that baseUrl is the org's My Domain`,
    { cause },
  );
}
