import type {
  AccountInfo,
  DiscoveredObject,
  Discovery,
  FieldInfo,
  PipelineStage,
} from '../../src/connector/port.ts';
import type { HubspotClient, Reply } from './client.ts';
import { isRefusal, textOf } from './errors.ts';
import { apiPath } from './paths.ts';
import { fieldInfo, type HubspotType, hubspotType } from './schema.ts';
import type { VendorClient } from './vendor.ts';

interface Account extends AccountInfo {
  readonly portal: string;
  readonly uiDomain: string | null;
  readonly currency: string | null;
}

/** Who the token belongs to. HubSpot names a portal by its number only. */
export async function readAccount(client: HubspotClient): Promise<Account> {
  const reply = await client.get(
    apiPath('account-info', 'details'),
    {},
    { purpose: 'meta', check: (json) => (json['portalId'] === undefined ? 'no portalId' : null) },
  );
  const { json } = reply;
  const portal = String(json['portalId']);
  const kind = textOf(json['accountType']);
  return {
    portal,
    uiDomain: textOf(json['uiDomain']),
    currency: textOf(json['companyCurrency']),
    accountId: portal,
    name: `HubSpot account ${portal}${kind === null || kind === 'STANDARD' ? '' : ` (${kind})`}`,
    timezone: textOf(json['timeZone']),
    dailyRemaining: numberHeader(reply, 'x-hubspot-ratelimit-daily-remaining'),
    dailyLimit: numberHeader(reply, 'x-hubspot-ratelimit-daily'),
  };
}

/** Fields of the types, and the pipelines of those that have any. A type that the token may not see, or the account
 *  does not have, is not readable and has no fields. */
export async function discover(
  client: HubspotClient,
  vendor: VendorClient,
  names: readonly string[],
): Promise<Discovery> {
  const types = names.map(hubspotType);
  const [account, objects, stages] = await Promise.all([
    readAccount(client),
    Promise.all(types.map(async (type) => [type.name, await describe(vendor, type)] as const)),
    Promise.all(types.map((type) => stagesOf(vendor, type))),
  ]);
  return {
    homeCurrency: account.currency,
    objects: Object.fromEntries(objects),
    stages: stages.flat(),
    recordUrl:
      account.uiDomain === null
        ? null
        : `https://${account.uiDomain}/contacts/${account.portal}/record/{type}/{id}`,
  };
}

async function describe(vendor: VendorClient, type: HubspotType): Promise<DiscoveredObject> {
  const list = await unlessHidden(() => vendor.properties.getAll(type.name));
  const fields: Record<string, FieldInfo> = Object.create(null);
  for (const property of list?.results ?? []) fields[property.name] = fieldInfo(property);
  return { readable: list !== null, fields, linkType: type.typeId };
}

async function stagesOf(vendor: VendorClient, type: HubspotType): Promise<readonly PipelineStage[]> {
  const field = type.stageField;
  if (field === null) return [];
  const pipelines = await unlessHidden(() => vendor.pipelines.getAll(type.name));
  return (pipelines?.results ?? []).flatMap((pipeline) =>
    [...pipeline.stages]
      .sort((a, b) => a.displayOrder - b.displayOrder)
      .map((stage, order) => ({
        type: type.name,
        field,
        pipeline: pipeline.id,
        pipelineLabel: pipeline.label,
        value: stage.id,
        label: stage.label,
        order,
        ...meaningOf(stage.metadata ?? {}),
      })),
  );
}

/** A deal stage says `isClosed` and a probability (1 won, 0 lost), a ticket stage `ticketState`; labels say nothing. */
function meaningOf(
  metadata: Readonly<Record<string, unknown>>,
): Pick<PipelineStage, 'open' | 'won' | 'lost' | 'probability'> {
  const state = metadata['ticketState'];
  if (typeof state === 'string') {
    return { open: state.toUpperCase() !== 'CLOSED', won: false, lost: false, probability: null };
  }
  const said = metadata['probability'] === undefined ? Number.NaN : Number(metadata['probability']);
  const probability = Number.isFinite(said) ? said : null;
  const closed =
    metadata['isClosed'] === undefined
      ? probability === 0 || probability === 1
      : String(metadata['isClosed']) === 'true';
  return { open: !closed, won: closed && probability === 1, lost: closed && probability !== 1, probability };
}

async function unlessHidden<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isRefusal(error) && (error.status === 403 || error.status === 404)) return null;
    throw error;
  }
}

function numberHeader(reply: Reply, name: string): number | null {
  const value = reply.headers[name];
  const number = value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}
