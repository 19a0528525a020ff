import type { Call, Endpoint } from './endpoint.ts';
import { pageLimit } from './endpoint.ts';
import { invalid, notFound } from './errors.ts';
import { OBJECT_TYPES } from './object-types.ts';
import { PIPELINES, type Pipeline, type PipelineStage } from './pipelines.ts';
import { type Owner, type Portal, schemaOf } from './portal.ts';
import { compareIds } from './record.ts';
import { isoText } from './values.ts';

const OWNERS_SCOPE: Endpoint['scopes'] = () => [['crm.objects.owners.read']];
const PIPELINE_SCOPE: Endpoint['scopes'] = (call) => [call.type.readScopes];

const ownerList: Omit<Endpoint, 'legacy' | 'dated'> = {
  method: 'GET',
  query: ['email', 'after', 'limit', 'archived'],
  scopes: OWNERS_SCOPE,
  handle: (call) => {
    const limit = pageLimit(call, 100, 500);
    const after = call.query('after') ?? '';
    if (after !== '' && !/^\d+$/.test(after))
      throw invalid(`"after" is not a cursor of this list: "${after}".`);
    const email = call.query('email');
    const rest = call.flag('archived')
      ? []
      : call.portal.owners.filter(
          (owner) =>
            (email === null || owner.email === email) && (after === '' || compareIds(owner.id, after) > 0),
        );
    const page = rest.slice(0, limit);
    const last = page.at(-1)?.id;
    return {
      status: 200,
      body: {
        results: page.map(shownOwner),
        ...(rest.length > page.length
          ? { paging: { next: { after: last, link: `${call.request.path}?after=${last}` } } }
          : {}),
      },
    };
  },
};

export const ACCOUNT_ENDPOINTS: readonly Endpoint[] = [
  { ...ownerList, legacy: '/crm/v3/owners', dated: '/crm/owners/:version' },
  {
    method: 'GET',
    legacy: '/crm/v3/owners/:id',
    dated: '/crm/owners/:version/:id',
    query: ['idProperty', 'archived'],
    scopes: OWNERS_SCOPE,
    handle: (call) => {
      const by = call.query('idProperty') ?? 'id';
      if (by !== 'id' && by !== 'userId') throw invalid(`"idProperty" must be id or userId; found "${by}".`);
      const id = call.param('id');
      const owner = call.flag('archived')
        ? undefined
        : call.portal.owners.find((one) => (by === 'id' ? one.id : String(one.userId)) === id);
      if (owner === undefined) throw notFound(`No owner with ${by} ${id} exists.`, { id: [id] });
      return { status: 200, body: shownOwner(owner) };
    },
  },
  {
    method: 'GET',
    legacy: '/crm/v3/pipelines/:type',
    dated: '/crm/pipelines/:version/:type',
    scopes: PIPELINE_SCOPE,
    handle: (call) => ({
      status: 200,
      body: { results: pipelines(call).map((pipeline) => shownPipeline(call.portal, pipeline)) },
    }),
  },
  {
    method: 'GET',
    legacy: '/crm/v3/pipelines/:type/:pipeline',
    dated: '/crm/pipelines/:version/:type/:pipeline',
    scopes: PIPELINE_SCOPE,
    handle: (call) => ({ status: 200, body: shownPipeline(call.portal, onePipeline(call)) }),
  },
  {
    method: 'GET',
    legacy: '/crm/v3/pipelines/:type/:pipeline/stages',
    dated: '/crm/pipelines/:version/:type/:pipeline/stages',
    scopes: PIPELINE_SCOPE,
    handle: (call) => ({
      status: 200,
      body: { results: onePipeline(call).stages.map((stage) => shownStage(call.portal, stage)) },
    }),
  },
  {
    method: 'GET',
    legacy: '/crm/v3/pipelines/:type/:pipeline/stages/:stage',
    dated: '/crm/pipelines/:version/:type/:pipeline/stages/:stage',
    scopes: PIPELINE_SCOPE,
    handle: (call) => {
      const stage = onePipeline(call).stages.find((one) => one.id === call.param('stage'));
      if (stage === undefined) throw notFound(`No stage ${call.param('stage')} in this pipeline.`);
      return { status: 200, body: shownStage(call.portal, stage) };
    },
  },
  {
    method: 'GET',
    legacy: '/account-info/v3/details',
    dated: '/account-info/:version/details',
    scopes: () => [['oauth']],
    handle: ({ portal }) => {
      const offset = utcOffset(portal);
      return {
        status: 200,
        body: {
          portalId: portal.id,
          accountType: 'STANDARD',
          timeZone: portal.timeZone,
          companyCurrency: portal.currency,
          additionalCurrencies: [],
          utcOffset: offset.text,
          utcOffsetMilliseconds: offset.ms,
          uiDomain: 'app.hubspot.com',
          dataHostingLocation: 'na1',
        },
      };
    },
  },
  {
    method: 'GET',
    legacy: '/crm/v3/limits/custom-properties',
    dated: '/crm/limits/:version/custom-properties',
    scopes: () => [OBJECT_TYPES.flatMap((type) => type.readScopes)],
    handle: ({ portal }) => {
      const limit = portal.customPropertyLimit;
      const byObjectType = OBJECT_TYPES.map((type) => {
        const usage = schemaOf(portal, type.name).customCount();
        return {
          objectTypeId: type.typeId,
          singularLabel: type.label,
          pluralLabel: type.pluralLabel,
          limit,
          usage,
          percentage: (usage / limit) * 100,
        };
      });
      const overallUsage = byObjectType.reduce((sum, one) => sum + one.usage, 0);
      const overallLimit = limit * OBJECT_TYPES.length;
      return {
        status: 200,
        body: {
          byObjectType,
          overallLimit,
          overallUsage,
          overallPercentage: (overallUsage / overallLimit) * 100,
        },
      };
    },
  },
];

/** The vendor's own client asks for owners with a slash at the end; the vendor forgives it there. */
export const OWNERS_WITH_SLASH: Endpoint = { ...ownerList, legacy: '/crm/v3/owners/' };

function shownOwner(owner: Owner): Record<string, unknown> {
  return {
    id: owner.id,
    email: owner.email,
    type: 'PERSON',
    firstName: owner.firstName,
    lastName: owner.lastName,
    userId: owner.userId,
    userIdIncludingInactive: owner.userId,
    createdAt: isoText(owner.created),
    updatedAt: isoText(owner.created),
    archived: false,
    teams: [],
  };
}

function pipelines(call: Call): readonly Pipeline[] {
  const found = PIPELINES[call.type.name];
  if (found === undefined) throw invalid(`Object type ${call.type.name} has no pipelines.`);
  return found;
}

function onePipeline(call: Call): Pipeline {
  const found = pipelines(call).find((pipeline) => pipeline.id === call.param('pipeline'));
  if (found === undefined) throw notFound(`No pipeline ${call.param('pipeline')} for ${call.type.name}.`);
  return found;
}

function stamps(portal: Portal): Record<string, unknown> {
  const since = schemaOf(portal, 'deals').get('dealname')!.createdAt;
  return { createdAt: isoText(since), updatedAt: isoText(since), archived: false };
}

function shownPipeline(portal: Portal, pipeline: Pipeline): Record<string, unknown> {
  const { stages, ...rest } = pipeline;
  return { ...rest, stages: stages.map((stage) => shownStage(portal, stage)), ...stamps(portal) };
}

function shownStage(portal: Portal, stage: PipelineStage): Record<string, unknown> {
  return { ...stage, ...stamps(portal), writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT' };
}

function utcOffset(portal: Portal): { readonly text: string; readonly ms: number } {
  const part = new Intl.DateTimeFormat('en-US', { timeZone: portal.timeZone, timeZoneName: 'longOffset' })
    .formatToParts(portal.time.now())
    .find((one) => one.type === 'timeZoneName')!.value;
  const text = part === 'GMT' ? '+00:00' : part.slice(3);
  const [hours, minutes] = text.slice(1).split(':').map(Number);
  return { text, ms: (text.startsWith('-') ? -1 : 1) * (hours! * 60 + minutes!) * 60_000 };
}
