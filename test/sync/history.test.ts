import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createStory } from '../../src/story/index.ts';
import type { Presence, StoryDeal } from '../../src/story/types.ts';
import { forecastHistory, historyForecast } from '../../src/sync/read/history.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import { type Company, type Crm, STORY_END, startCompany } from '../helpers/company.ts';
import { courseOf, HUBSPOT_TYPES, historySums, keptHistory, SALESFORCE_TYPES } from './history-kit.ts';
import { but, expectAccounted, type Json, notices, runWith } from './kit.ts';

const HOUR = 3_600_000;
const STAGES: Readonly<Record<string, string>> = {
  qualification: 'Qualification',
  discovery: 'Needs Analysis',
  proposal: 'Proposal/Price Quote',
  negotiation: 'Negotiation/Review',
  won: 'Closed Won',
  lost: 'Closed Lost',
};

const pull = (company: Company, changes: Parameters<Company['sync']>[0] = {}): Promise<SyncResult> =>
  company.sync({ kind: 'pull', history: true, ...changes });

const later = async (company: Company): Promise<void> => {
  for (const crm of ['hubspot', 'salesforce'] as const)
    await company.control(crm, 'clock', { advance: 3 * HOUR });
};

describe('pull --history', () => {
  let company: Company;
  let first: SyncResult;
  const story = createStory({ seed: 7, contacts: 60, now: STORY_END });

  beforeAll(async () => {
    company = await startCompany();
    first = await pull(company);
  }, 60_000);
  afterAll(() => company.close());

  test('says per connection and type what was read, since when, and how far it can be relied on', () => {
    expect(first.exit).toBe(0);
    expectAccounted(first.summary);
    const { hubspot, salesforce } = first.summary.history ?? {};
    expect(Object.keys(hubspot?.types ?? {}).sort()).toEqual([...HUBSPOT_TYPES].sort());
    expect(Object.keys(salesforce?.types ?? {}).sort()).toEqual([...SALESFORCE_TYPES].sort());
    for (const report of [hubspot, salesforce]) {
      expect(report?.requests).toBeGreaterThan(0);
      for (const one of Object.values(report?.types ?? {})) {
        expect(one).toMatchObject({ read: 'all', failed: 0 });
        expect(one.records).toBeGreaterThan(0);
        expect(one.values).toBeGreaterThanOrEqual(one.fields);
        expect(one.since).toBeLessThan(STORY_END);
      }
    }
    const deals = hubspot?.types['deals'];
    expect(deals?.complete).toBe(deals?.fields);
    expect(salesforce?.types['Opportunity']?.values).toBeGreaterThan(
      salesforce?.types['Opportunity']?.fields ?? 0,
    );
  });

  test('requests: fifty HubSpot records each, counted apart from those of the pull', () => {
    const { requests, types } = first.summary.history?.['hubspot'] ?? { requests: 0, types: {} };
    const least = Object.values(types).reduce(
      (sum, one) => sum + Math.max(1, Math.ceil(one.records / 50)),
      0,
    );
    expect(requests).toBe(least);
    expect(first.summary.connections['hubspot']?.requests).toBeGreaterThan(requests);
  });

  test('HubSpot and Salesforce agree with the story on when deals moved (J4, J14)', async () => {
    let both = 0;
    let moves = 0;
    for (const deal of story.deals) {
      const told = await Promise.all(
        deal.presences.filter((one) => !one.archived).map((one) => dealCourse(company, deal, one)),
      );
      for (const { expected, found } of told) expect(found).toEqual(expected);
      moves += told.reduce((sum, { expected }) => sum + expected.length - 1, 0);
      if (told.length < 2) continue;
      both += 1;
      const [one, other] = told.map(({ found }) => found.map(([, at]) => at));
      const from = Math.max(one?.[0] ?? 0, other?.[0] ?? 0);
      expect(one?.filter((at) => at > from)).toEqual(other?.filter((at) => at > from));
    }
    expect(both).toBeGreaterThan(3);
    expect(moves).toBeGreaterThan(20);
  });

  test('our own outputs have no history here: their past is in the ledger', async () => {
    for (const [crm, types] of [
      ['hubspot', HUBSPOT_TYPES],
      ['salesforce', SALESFORCE_TYPES],
    ] as const) {
      const fields = Object.keys(await keptHistory(company, crm, types)).map((key) => key.split(' ')[2]);
      expect(fields.filter((field) => /^waystage_/i.test(field ?? ''))).toEqual([]);
    }
  });

  test('fields that are not tracked are named in the run, and are no error', async () => {
    const told = (await notices(company, first)).filter(({ kind }) => kind === 'history');
    expect(told).toContainEqual(
      expect.objectContaining({
        text: expect.stringMatching(/^salesforce Contact: .* no history of .*LeadSource/),
      }),
    );
    expect(told.filter(({ text }) => text.startsWith('salesforce Contact'))).toHaveLength(1);
    expect(first.summary.history?.['salesforce']?.types['Contact']?.untold).not.toContain('Email');
  });

  test('what was edited three times has its course, and the next pull reads only what changed', async () => {
    const [contact] = (await company.records('hubspot', 'contacts')).filter((one: Json) => !one.archived);
    const [person] = (await company.records('salesforce', 'Contact')).filter((one: Json) => !one.IsDeleted);
    await later(company);
    await pull(company);
    const titles = ['Scout', 'First Mate', 'Captain'];
    const stamps: number[] = [];
    for (const title of titles) {
      stamps.push(company.clock.now());
      await company.control('hubspot', 'edit', {
        type: 'contacts',
        id: contact.id,
        properties: { jobtitle: title },
      });
      await company.control('salesforce', 'edit', {
        type: 'Contact',
        id: person.Id,
        properties: { Title: title },
      });
      await later(company);
    }
    await company.indexed();
    const { summary } = await pull(company);
    for (const crm of ['hubspot', 'salesforce'] as const)
      expect(historySums(summary, crm)).toMatchObject({ records: 1, read: ['changes'] });
    for (const [crm, type, id, field] of [
      ['hubspot', 'contacts', contact.id, 'jobtitle'],
      ['salesforce', 'Contact', person.Id, 'Title'],
    ] as const) {
      const course = (await courseOf(company, crm, type, id, field)).slice(-3);
      expect(course.map(([value]) => value)).toEqual(titles);
      expect(course[1]![1] - course[0]![1]).toBeGreaterThanOrEqual(3 * HOUR - 1_000);
    }
  });

  test('reading again changes nothing', async () => {
    const all = async () => [
      await keptHistory(company, 'hubspot', HUBSPOT_TYPES),
      await keptHistory(company, 'salesforce', SALESFORCE_TYPES),
    ];
    await later(company);
    await pull(company);
    const before = await all();
    const whole = await pull(company, { full: true });
    expect(historySums(whole.summary, 'hubspot').read).toEqual(['all']);
    expect(await all()).toEqual(before);
  });

  test('a mapping that reads more has all histories read again, and says so', async () => {
    const { mappings } = company.app.mappings;
    const less = (field: string) =>
      runWith(company, { kind: 'pull', history: true, full: true }, (connection) =>
        but(connection, {
          discover: async (types) => {
            const found = await connection.discover(types);
            const { [field]: _, ...fields } = found.objects['contacts']?.fields ?? {};
            return { ...found, objects: { ...found.objects, contacts: { readable: true, fields } } };
          },
        }),
      );
    expect(mappings.length).toBeGreaterThan(0);
    await less('jobtitle');
    const again = await pull(company);
    expect(again.summary.history?.['hubspot']?.types['contacts']?.read).toBe('all');
    expect(again.summary.history?.['hubspot']?.types['deals']?.read).toBe('changes');
    expect(await notices(company, again)).toContainEqual(
      expect.objectContaining({ text: expect.stringMatching(/^hubspot contacts: .*read again.*jobtitle/) }),
    );
  });

  test('a connection that remembers nothing is named', async () => {
    const result = await runWith(company, { kind: 'pull', history: true }, (connection) =>
      connection.id === 'hubspot'
        ? but(connection, { history: undefined } as unknown as Parameters<typeof but>[1])
        : connection,
    );
    expect(result.exit).toBe(0);
    expect(Object.keys(result.summary.history ?? {})).toEqual(['salesforce']);
    expect(await notices(company, result)).toContainEqual(
      expect.objectContaining({ text: expect.stringMatching(/^hubspot: .*remembers nothing/) }),
    );
  });

  test('a pull without --history reads none', async () => {
    const { summary } = await company.sync({ kind: 'pull' });
    expect(summary.history).toBeUndefined();
  });

  test('the forecast: what a first reading takes, and little once it is done', async () => {
    const [hubspot, salesforce] = forecastHistory(
      company.app.connections,
      (_connection, type) => (type === 'contacts' || type === 'Contact' ? 10_000 : 0),
      () => false,
    );
    expect(hubspot?.requests).toBeGreaterThanOrEqual(200);
    expect(hubspot?.requests).toBeLessThan(220);
    expect(salesforce?.requests).toBeLessThan(40);
    for (const { requests } of await historyForecast(company.app.store, company.app.connections))
      expect(requests).toBeLessThanOrEqual(12);
  });
});

/** The deal's stage as the CRM's history and as the story tells it, from the later of both beginnings. */
async function dealCourse(company: Company, deal: StoryDeal, presence: Presence) {
  const crm = presence.crm as Crm;
  const field = crm === 'hubspot' ? 'dealstage' : 'StageName';
  const story = deal.history.find((one) => one.field === 'stage')?.values ?? [];
  const expected = story.filter(
    ({ at }, index) => (story[index + 1]?.at ?? Infinity) > presence.created || at > presence.created,
  );
  // Salesforce has whole seconds only.
  const shown = (value: unknown, at: number): readonly [unknown, number] => [
    crm === 'hubspot' ? null : value,
    Math.floor(Math.max(at, presence.created) / 1_000),
  ];
  const course = await courseOf(company, crm, presence.type, presence.id, field);
  return {
    expected: expected.map(({ value, at }) => shown(STAGES[String(value)], at)),
    found: course.map(([value, at]) => shown(value, at)),
  };
}
