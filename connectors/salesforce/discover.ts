import type { DiscoveredObject, Discovery, FieldInfo, PipelineStage } from '../../src/connector/port.ts';
import type { Row, SalesforceClient } from './client.ts';
import { classOf, crmErrorOf } from './errors.ts';
import { type DescribedField, fieldInfo, typeSpec } from './schema.ts';
import { select } from './soql.ts';
import { jsforceOver } from './vendor.ts';

export interface Described {
  readonly queryable?: boolean;
  readonly fields: readonly DescribedField[];
}
export type Describe = (type: string) => Promise<Described | null>;

/** Describes object types: fields with their options, stages with what they mean, home currency, links. */
export async function discover(client: SalesforceClient, types: readonly string[]): Promise<Discovery> {
  const describe = await describer(client);
  const described = await Promise.all(types.map(async (type) => [type, await describe(type)] as const));
  const objects: Record<string, DiscoveredObject> = {};
  for (const [type, description] of described)
    objects[type] = await discoveredObject(type, description, describe);
  const [stages, homeCurrency, instanceUrl] = await Promise.all([
    discoverStages(client, objects),
    corporateCurrency(client, objects),
    client.instanceUrl(),
  ]);
  return { homeCurrency, objects, stages, recordUrl: `${instanceUrl}/lightning/r/{type}/{id}/view` };
}

/** Describe calls; null for an object that this user may not see. */
export async function describer(client: SalesforceClient): Promise<Describe> {
  const jsforce = await jsforceOver(client);
  return async (type) => {
    try {
      return (await jsforce.describe(type)) as unknown as Described;
    } catch (error) {
      const kind = classOf(error);
      if (kind === 'missing' || kind === 'config') return null;
      throw error;
    }
  };
}

async function discoveredObject(
  type: string,
  description: Described | null,
  describe: Describe,
): Promise<DiscoveredObject> {
  if (description === null || description.queryable === false) return { readable: false, fields: {} };
  const fields: Record<string, FieldInfo> = {};
  addFields(fields, description.fields, '');
  for (const [relationship, parent] of Object.entries(typeSpec(type).parents)) {
    const parentDescription = await describe(parent);
    if (parentDescription !== null) addFields(fields, parentDescription.fields, `${relationship}.`);
  }
  return { readable: true, fields };
}

function addFields(into: Record<string, FieldInfo>, fields: readonly DescribedField[], prefix: string): void {
  for (const field of fields) {
    const info = fieldInfo(field, prefix);
    if (info !== null) into[info.name] = info;
  }
}

interface StageSource {
  readonly type: string;
  readonly field: string;
  readonly from: string;
  readonly fields: readonly string[];
  read(row: Row): Pick<PipelineStage, 'open' | 'won' | 'lost' | 'probability'>;
}

/** Salesforce keeps what a stage means in objects of its own; labels mean nothing. */
const STAGE_SOURCES: readonly StageSource[] = [
  {
    type: 'Opportunity',
    field: 'StageName',
    from: 'OpportunityStage',
    fields: ['IsClosed', 'IsWon', 'DefaultProbability'],
    read: (row) => ({
      open: row['IsClosed'] !== true,
      won: row['IsWon'] === true,
      lost: row['IsClosed'] === true && row['IsWon'] !== true,
      probability: typeof row['DefaultProbability'] === 'number' ? row['DefaultProbability'] / 100 : null,
    }),
  },
  {
    type: 'Lead',
    field: 'Status',
    from: 'LeadStatus',
    fields: ['IsConverted'],
    read: (row) => ({
      open: row['IsConverted'] !== true,
      won: row['IsConverted'] === true,
      lost: false,
      probability: null,
    }),
  },
  {
    type: 'Case',
    field: 'Status',
    from: 'CaseStatus',
    fields: ['IsClosed'],
    read: (row) => ({ open: row['IsClosed'] !== true, won: false, lost: false, probability: null }),
  },
];

async function discoverStages(
  client: SalesforceClient,
  objects: Readonly<Record<string, DiscoveredObject>>,
): Promise<readonly PipelineStage[]> {
  const wanted = STAGE_SOURCES.filter(({ type }) => objects[type]?.readable === true);
  const lists = await Promise.all(wanted.map((source) => readStages(client, source, objects[source.type]!)));
  return lists.flat();
}

async function readStages(
  client: SalesforceClient,
  source: StageSource,
  object: DiscoveredObject,
): Promise<readonly PipelineStage[]> {
  const fields = ['ApiName', 'MasterLabel', 'SortOrder', ...source.fields];
  const rows = await client.queryRows(
    select({ fields, from: source.from, orderBy: 'SortOrder' }),
    'query',
    'meta',
  );
  const labels = new Map(
    (object.fields[source.field]?.options ?? []).map(({ value, label }) => [value, label] as const),
  );
  return rows.flatMap((row, index) => {
    const value = row['ApiName'];
    if (typeof value !== 'string') return [];
    const masterLabel = typeof row['MasterLabel'] === 'string' ? row['MasterLabel'] : value;
    return [
      {
        type: source.type,
        field: source.field,
        pipeline: null,
        pipelineLabel: null,
        value,
        label: labels.get(value) ?? masterLabel,
        order: typeof row['SortOrder'] === 'number' ? row['SortOrder'] : index,
        ...source.read(row),
      },
    ];
  });
}

/** The corporate currency of an org with several. An org with one currency has neither `CurrencyType` nor a
 *  `CurrencyIsoCode` on its records, and REST does not tell which it is: null, set by the configuration. */
async function corporateCurrency(
  client: SalesforceClient,
  objects: Readonly<Record<string, DiscoveredObject>>,
): Promise<string | null> {
  const several = Object.values(objects).some(({ fields }) => Object.hasOwn(fields, 'CurrencyIsoCode'));
  if (!several) return null;
  try {
    const query = select({ fields: ['IsoCode'], from: 'CurrencyType', where: 'IsCorporate = true' });
    const code = (await client.queryRows(query, 'query', 'meta'))[0]?.['IsoCode'];
    return typeof code === 'string' ? code : null;
  } catch (error) {
    if (crmErrorOf(error)?.code === 'INVALID_TYPE') return null;
    throw error;
  }
}
