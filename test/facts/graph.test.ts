import { describe, expect, test } from '@jest/globals';
import {
  buildFactGraph,
  buildFacts,
  chooseAccount,
  createFactBuilder,
  type FactGraphInput,
} from '../../src/facts/index.ts';
import type { SubjectFacts, SubjectId, SubjectKind } from '../../src/model/facts.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import { crm, DAY, entityOf, field, HUBSPOT, reader, SALESFORCE } from './kit.ts';

const at = field('at');
const own = reader({
  hubspot: {
    contacts: { name: field('name'), last_activity: field('last') },
    companies: { name: field('name'), last_activity: field('last') },
    deals: { name: field('name') },
    tickets: { subject: field('name') },
    meetings: { at },
    feedback_submissions: { at },
  },
  salesforce: {
    Contact: { name: field('name') },
    Lead: { name: field('name') },
    Account: { name: field('name') },
    Opportunity: { name: field('name') },
    OpportunityContactRole: { role: field('Role') },
    Case: { subject: field('name') },
    Event: { at },
  },
});

function graphOf(records: readonly CrmRecord[], groups: Readonly<Record<string, string>> = {}) {
  const input: FactGraphInput = {
    records,
    groupOf: (key) => groups[key],
    entityOf: (_connection, type) => entityOf(type),
    connectionOrder: [HUBSPOT, SALESFORCE],
  };
  const graph = buildFactGraph(input);
  const builder = createFactBuilder(own);
  const facts = (kind: SubjectKind, group: string): SubjectFacts => {
    const found = graph.input(kind, group, group as SubjectId);
    if (found === undefined) throw new Error(`no ${group}`);
    return buildFacts(builder, found);
  };
  return { graph, facts };
}

const keys = (list: readonly { readonly key: string }[]) => list.map(({ key }) => key);

describe('J2 a person and its account', () => {
  const links = (more: Partial<Parameters<typeof chooseAccount>[0][number]>) => ({
    account: 'x',
    primary: false,
    connection: HUBSPOT,
    id: '1',
    known: 1,
    since: 1,
    ...more,
  });
  const choose = (...all: readonly Partial<Parameters<typeof chooseAccount>[0][number]>[]) =>
    chooseAccount(all.map(links), [HUBSPOT, SALESFORCE]);

  test('J2 the primary account goes before older links', () => {
    expect(choose({ account: 'old', since: 0 }, { account: 'main', primary: true, since: 9 })).toBe('main');
  });

  test('J2 without a primary one the oldest link; an unknown date is the youngest', () => {
    expect(
      choose({ account: 'a', since: null }, { account: 'b', since: 5 }, { account: 'c', since: 4 }),
    ).toBe('c');
    expect(choose({ account: 'b', since: 4 }, { account: 'a', since: 4 })).toBe('a');
    expect(choose()).toBeNull();
  });

  test('J2 J5 two CRMs name different primary ones: newest record, then connection order', () => {
    const hubspot = { account: 'h', primary: true, known: 10 };
    expect(choose(hubspot, { account: 's', primary: true, connection: SALESFORCE, known: 20 })).toBe('s');
    expect(choose({ account: 's', primary: true, connection: SALESFORCE, known: 10 }, hubspot)).toBe('h');
  });

  test('J2 a primary account that is archived does not count', () => {
    const { graph } = graphOf([
      crm('hubspot:contacts:1', { links: { companies: ['1*', '2'] } }),
      crm('hubspot:companies:1', { state: 'archived' }),
      crm('hubspot:companies:2'),
    ]);
    expect(graph.accountOf('hubspot:contacts:1')).toBe('hubspot:companies:2');
  });

  test('J2 J14 the oldest link counts from the later creation of the two records', () => {
    const { graph } = graphOf([
      crm('hubspot:contacts:1', { created: 10, links: { companies: ['1', '2', '3'] } }),
      crm('hubspot:companies:1', { created: 30 }),
      crm('hubspot:companies:3', { created: 5 }),
      crm('hubspot:companies:2', { created: 20 }),
    ]);
    expect(graph.accountOf('hubspot:contacts:1')).toBe('hubspot:companies:3');
  });

  test('J2 an account that names the person is a link when the person names none', () => {
    const { graph } = graphOf([
      crm('hubspot:contacts:1'),
      crm('hubspot:companies:1', { links: { contacts: '1' } }),
    ]);
    expect(graph.accountOf('hubspot:contacts:1')).toBe('hubspot:companies:1');
    expect(graph.peopleOf('hubspot:companies:1')).toEqual(['hubspot:contacts:1']);
    expect(graph.accountOf('hubspot:contacts:9')).toBeNull();
  });
});

describe('J2 whose facts', () => {
  const records = [
    crm('hubspot:contacts:1', { fields: { name: 'Ada' }, links: { companies: '1*' } }),
    crm('salesforce:Contact:003A', { fields: { name: 'Ada' }, links: { Account: '001A*' } }),
    crm('salesforce:Lead:00QA', { state: 'converted', links: { Campaign: '1' } }),
    crm('hubspot:contacts:2', { fields: { name: 'Bo' }, links: { companies: ['1*', '2'] } }),
    crm('hubspot:companies:1', { fields: { name: 'Acme' } }),
    crm('salesforce:Account:001A', { fields: { name: 'Acme Inc' } }),
    crm('hubspot:companies:2', { fields: { name: 'Other' } }),
    crm('hubspot:deals:1', { links: { contacts: ['1', '2'], companies: '1' } }),
    crm('salesforce:Opportunity:006A', { links: { Account: '001A' } }),
    crm('salesforce:Opportunity:006B', { links: { Account: '001A' } }),
    crm('salesforce:OpportunityContactRole:00KA', {
      fields: { Role: 'Decision Maker' },
      links: { Opportunity: '006B', Contact: '003A' },
    }),
    crm('hubspot:tickets:1', { links: { contacts: '2' } }),
    crm('hubspot:tickets:2', { state: 'archived', links: { contacts: '2' } }),
    crm('hubspot:meetings:1', { fields: { at: '1970-01-01T00:00:00.500Z' }, links: { contacts: '1' } }),
    crm('salesforce:Event:00UA', { fields: { at: '1970-01-01T00:00:00.700Z' }, links: { Lead: '00QA' } }),
    crm('hubspot:feedback_submissions:1', { links: { contacts: '1' } }),
  ];
  const groups = {
    'hubspot:contacts:1': 'ada',
    'salesforce:Contact:003A': 'ada',
    'salesforce:Lead:00QA': 'ada',
    'hubspot:companies:1': 'acme',
    'salesforce:Account:001A': 'acme',
    'hubspot:deals:1': 'deal',
    'salesforce:Opportunity:006A': 'deal',
  };
  const { graph, facts } = graphOf(records, groups);

  test('J2 in a person journey the lists are those of the person, the account is its own, with its lists beside', () => {
    const ada = facts('person', 'ada');
    expect(ada.person?.key).toBe('hubspot:contacts:1');
    expect(ada.account?.key).toBe('hubspot:companies:1');
    expect(keys(ada.deals)).toEqual(['hubspot:deals:1', 'salesforce:Opportunity:006B']);
    expect(keys(ada.tickets)).toEqual([]);
    expect(keys(ada.surveys)).toEqual(['hubspot:feedback_submissions:1']);
    expect(ada.people).toEqual([]);
    expect(keys(ada.accountLists.tickets)).toEqual(['hubspot:tickets:1']);
    expect(keys(ada.accountLists.people)).toEqual(['hubspot:contacts:1', 'hubspot:contacts:2']);
  });

  test('J2 what names a converted lead belongs to its contact', () => {
    expect(keys(facts('person', 'ada').touchpoints)).toEqual(['hubspot:meetings:1', 'salesforce:Event:00UA']);
  });

  test('J2 in an account journey the lists are those of the account or any of its people, each once', () => {
    const acme = facts('account', 'acme');
    expect(acme.person).toBeNull();
    expect(acme.account?.key).toBe('hubspot:companies:1');
    expect(keys(acme.deals)).toEqual(['hubspot:deals:1', 'salesforce:Opportunity:006B']);
    expect(keys(acme.tickets)).toEqual(['hubspot:tickets:1']);
    expect(keys(acme.touchpoints)).toEqual(['hubspot:meetings:1', 'salesforce:Event:00UA']);
    expect(acme.accountLists.deals).toBe(acme.deals);
  });

  test('J2 the people of an account are those whose account it is', () => {
    expect(graph.peopleOf('acme')).toEqual(['ada', 'hubspot:contacts:2']);
    expect(keys(facts('account', 'hubspot:companies:2').people)).toEqual([]);
    expect(keys(facts('account', 'hubspot:companies:2').tickets)).toEqual([]);
  });

  test('J1 people of an account carry the role a deal gives them', () => {
    expect(facts('account', 'acme').people.map(({ values }) => values['role'])).toEqual([
      'Decision Maker',
      undefined,
    ]);
  });

  test('J32 a resolved pair is one fact in every list', () => {
    expect(keys(facts('account', 'acme').deals).filter((key) => key.includes('006A'))).toEqual([]);
  });

  test('J2 lists of an account are the same objects for each of its people', () => {
    expect(facts('person', 'ada').accountLists).toBe(facts('person', 'hubspot:contacts:2').accountLists);
    expect(facts('person', 'ada').account).toBe(facts('person', 'hubspot:contacts:2').account);
  });

  test('J2 the order of the records does not matter', () => {
    const reversed = graphOf([...records].reverse(), groups);
    for (const [kind, group] of [
      ['person', 'ada'],
      ['person', 'hubspot:contacts:2'],
      ['account', 'acme'],
    ] as const)
      expect(reversed.facts(kind, group)).toEqual(facts(kind, group));
  });

  test('J2 a person without account has empty account lists; an unknown group has no facts', () => {
    const alone = graphOf([crm('hubspot:contacts:1', { links: { companies: '404' } })]);
    const one = alone.facts('person', 'hubspot:contacts:1');
    expect([one.account, one.accountLists.deals]).toEqual([null, []]);
    expect(alone.graph.input('person', 'nobody', 'x' as SubjectId)).toBeUndefined();
    expect(alone.graph.input('account', 'hubspot:contacts:1', 'x' as SubjectId)).toBeUndefined();
    expect(alone.graph.groups('person')).toEqual(['hubspot:contacts:1']);
  });
});

describe('J1 last activity', () => {
  const meeting = (id: number, start: string, modified: number) =>
    crm(`hubspot:meetings:${id}`, { fields: { at: start }, modified, links: { contacts: '1' } });
  const person = (last: string | null) =>
    crm('hubspot:contacts:1', { fields: { last }, links: { companies: '1*' } });
  const MARCH = Date.UTC(2026, 2, 1);

  test('J1 is the newest of what the CRM says and of the touchpoints', () => {
    const { facts } = graphOf([
      person('2026-02-01'),
      crm('hubspot:companies:1'),
      meeting(1, '2026-01-10T00:00:00.000Z', MARCH),
      meeting(2, '2026-02-10T00:00:00.000Z', MARCH),
    ]);
    const { person: own, account, accountLists } = facts('person', 'hubspot:contacts:1');
    for (const fact of [own, account, accountLists.people[0]]) {
      expect(fact?.values['last_activity']).toBe(Date.UTC(2026, 1, 10));
      expect(fact?.origins['last_activity']).toMatchObject({
        type: 'meetings',
        id: '2',
        field: 'at of the newest touchpoint',
      });
    }
    const said = graphOf([person('2026-02-20'), meeting(1, '2026-02-10T00:00:00.000Z', MARCH)]);
    expect(said.facts('person', 'hubspot:contacts:1').person?.origins['last_activity']).toMatchObject({
      type: 'contacts',
    });
  });

  test('J1 a meeting planned for later is no activity', () => {
    const { facts } = graphOf([
      person(null),
      meeting(1, '2026-03-02T00:00:00.000Z', MARCH),
      meeting(2, '2026-02-01T00:00:00.000Z', MARCH + DAY),
    ]);
    expect(facts('person', 'hubspot:contacts:1').person?.values['last_activity']).toBe(Date.UTC(2026, 1, 1));
  });
});
