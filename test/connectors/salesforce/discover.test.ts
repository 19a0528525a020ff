import { afterEach, describe, expect, test } from '@jest/globals';
import { mockHttp } from '../../helpers/http-mock.ts';
import { openTo } from './fake-org.ts';

const http = mockHttp();
const LOGIN = 'https://acme.my.salesforce.com';
const INSTANCE = 'https://acme-eu7.my.salesforce.com';
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function open() {
  const { connection } = openTo(LOGIN, {
    sandbox: false,
    auth: { kind: 'client-credentials', clientId: 'key', clientSecret: 'secret' },
  });
  closers.push(() => connection.close());
  return connection;
}

/** The token comes from the login address; everything else goes to the address it names. */
function org() {
  http
    .on(LOGIN)
    .post('/services/oauth2/token', {
      grant_type: 'client_credentials',
      client_id: 'key',
      client_secret: 'secret',
    })
    .reply(200, { access_token: 'access', instance_url: INSTANCE, token_type: 'Bearer' });
  return http.on(INSTANCE).matchHeader('authorization', 'Bearer access');
}

function field(name: string, type: string, more: object = {}): object {
  return {
    name,
    label: `${name} label`,
    type,
    updateable: true,
    calculated: false,
    picklistValues: [],
    ...more,
  };
}

function describeOf(...fields: readonly object[]): object {
  return { queryable: true, fields: [field('Id', 'id', { updateable: false }), ...fields] };
}

function page(...records: readonly object[]): object {
  return { totalSize: records.length, done: true, records };
}

const describePath = (type: string): string => `/services/data/v67.0/sobjects/${type}/describe`;

describe('discovery', () => {
  test('fields, options and stages, each from the org itself', async () => {
    const stage = [{ active: true, value: 'Closed Won', label: 'Gewonnen' }];
    org()
      .get(describePath('Opportunity'))
      .reply(
        200,
        describeOf(
          field('StageName', 'picklist', { picklistValues: stage }),
          field('BillingAddress', 'address'),
        ),
      )
      .get('/services/data/v67.0/query')
      .query({
        q: 'SELECT ApiName, MasterLabel, SortOrder, IsClosed, IsWon, DefaultProbability FROM OpportunityStage ORDER BY SortOrder',
      })
      .reply(
        200,
        page(
          {
            ApiName: 'Qualification',
            MasterLabel: 'Qualification',
            SortOrder: 1,
            IsClosed: false,
            IsWon: false,
            DefaultProbability: 10,
          },
          {
            ApiName: 'Closed Won',
            MasterLabel: 'Closed Won',
            SortOrder: 5,
            IsClosed: true,
            IsWon: true,
            DefaultProbability: 100,
          },
          {
            ApiName: 'Closed Lost',
            MasterLabel: 'Closed Lost',
            SortOrder: 6,
            IsClosed: true,
            IsWon: false,
            DefaultProbability: 0,
          },
        ),
      );
    const connection = open();
    const discovery = await connection.discover(['Opportunity']);
    expect(discovery.recordUrl).toBe(`${INSTANCE}/lightning/r/{type}/{id}/view`);
    expect(discovery.homeCurrency).toBe(null);
    expect(Object.keys(discovery.objects['Opportunity']!.fields)).toEqual(['Id', 'StageName']);
    expect(discovery.stages).toMatchObject([
      {
        type: 'Opportunity',
        field: 'StageName',
        value: 'Qualification',
        open: true,
        won: false,
        lost: false,
        probability: 0.1,
      },
      {
        value: 'Closed Won',
        label: 'Gewonnen',
        order: 5,
        open: false,
        won: true,
        lost: false,
        probability: 1,
      },
      { value: 'Closed Lost', open: false, won: false, lost: true, probability: 0 },
    ]);
    expect(connection.usage).toMatchObject({ requests: 3, byPurpose: { meta: 3 } });
  });

  test('an object that is hidden is unreadable, the others are described', async () => {
    org()
      .get(describePath('Contact'))
      .reply(200, describeOf(field('Email', 'email')))
      .get(describePath('Lead'))
      .reply(404, [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }]);
    const { objects, stages } = await open().discover(['Contact', 'Lead']);
    expect(objects['Contact']).toMatchObject({
      readable: true,
      fields: { Email: { type: 'text', writable: true } },
    });
    expect(objects['Lead']).toEqual({ readable: false, fields: {} });
    expect(stages).toEqual([]);
  });

  test("a campaign member's campaign is described with it", async () => {
    org()
      .get(describePath('CampaignMember'))
      .reply(200, describeOf(field('Status', 'picklist')))
      .get(describePath('Campaign'))
      .reply(200, describeOf(field('Type', 'picklist')));
    const { objects } = await open().discover(['CampaignMember']);
    expect(objects['CampaignMember']?.fields['Campaign.Type']).toMatchObject({
      type: 'enum',
      writable: false,
    });
  });

  test('the corporate currency where there are several', async () => {
    org()
      .get(describePath('Contact'))
      .reply(200, describeOf(field('CurrencyIsoCode', 'picklist')))
      .get('/services/data/v67.0/query')
      .query({ q: 'SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true' })
      .reply(200, page({ IsoCode: 'EUR' }));
    expect((await open().discover(['Contact'])).homeCurrency).toBe('EUR');
  });

  test('jsforce neither retries, refreshes nor follows redirects: failures are ours', async () => {
    org().get(describePath('Contact')).reply(302, '', { location: 'https://elsewhere.example/' });
    await expect(open().discover(['Contact'])).rejects.toMatchObject({ code: 'crm_bad_answer' });
  });
});
