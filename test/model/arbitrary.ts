import fc from 'fast-check';
import type { Failpoint } from '../../src/sync/session.ts';
import type { Crm } from '../helpers/company.ts';
import type { Step, Value } from './step.ts';
import { TYPES } from './world.ts';

const PEOPLE = ['ada@north.example', 'Bo@North.example', 'cy@south.example', 'di@free.example'] as const;
const PLACES = ['north.example', 'south.example', 'gmail.com'] as const;
const TITLES = ['Chief of Staff', 'Head of Sales', 'Clerk', null] as const;

/** What people change, per CRM and type: fields that rules and identity read, one that only we write, one that
 *  nobody reads. */
const EDITS: readonly { crm: Crm; type: string; field: string; values: readonly Value[] }[] = [
  { crm: 'hubspot', type: 'contacts', field: 'jobtitle', values: TITLES },
  { crm: 'hubspot', type: 'contacts', field: 'email', values: PEOPLE },
  { crm: 'hubspot', type: 'contacts', field: 'hs_lead_status', values: ['UNQUALIFIED', 'NEW', null] },
  { crm: 'hubspot', type: 'contacts', field: 'waystage_health_score', values: [1, 99, null] },
  { crm: 'hubspot', type: 'contacts', field: 'waystage_stage', values: ['known', 'disqualified', null] },
  { crm: 'hubspot', type: 'contacts', field: 'fax', values: ['1', '2'] },
  { crm: 'hubspot', type: 'companies', field: 'domain', values: PLACES },
  { crm: 'hubspot', type: 'companies', field: 'numberofemployees', values: [5, 400, 5_000, null] },
  { crm: 'hubspot', type: 'companies', field: 'industry', values: ['COMPUTER_SOFTWARE', 'BANKING'] },
  {
    crm: 'hubspot',
    type: 'deals',
    field: 'dealstage',
    values: ['closedwon', 'closedlost', 'qualifiedtobuy'],
  },
  { crm: 'hubspot', type: 'deals', field: 'amount', values: [0, 5_000, 90_000, null] },
  { crm: 'hubspot', type: 'tickets', field: 'hs_pipeline_stage', values: ['1', '4'] },
  { crm: 'salesforce', type: 'Contact', field: 'Title', values: TITLES },
  { crm: 'salesforce', type: 'Contact', field: 'Email', values: PEOPLE },
  { crm: 'salesforce', type: 'Contact', field: 'Waystage_Health_Band__c', values: ['green', 'red', null] },
  { crm: 'salesforce', type: 'Contact', field: 'Phone', values: ['1', '2'] },
  {
    crm: 'salesforce',
    type: 'Lead',
    field: 'Status',
    values: ['Closed - Not Converted', 'Working - Contacted'],
  },
  { crm: 'salesforce', type: 'Lead', field: 'Email', values: PEOPLE },
  { crm: 'salesforce', type: 'Lead', field: 'Title', values: TITLES },
  {
    crm: 'salesforce',
    type: 'Account',
    field: 'Website',
    values: ['https://www.north.example/', 'south.example', null],
  },
  { crm: 'salesforce', type: 'Account', field: 'NumberOfEmployees', values: [7, 450, 9_000, null] },
  { crm: 'salesforce', type: 'Account', field: 'Waystage_Stage__c', values: ['prospect', 'customer', null] },
  {
    crm: 'salesforce',
    type: 'Opportunity',
    field: 'StageName',
    values: ['Closed Won', 'Closed Lost', 'Qualification'],
  },
  { crm: 'salesforce', type: 'Opportunity', field: 'Amount', values: [0, 8_000, 70_000] },
  { crm: 'salesforce', type: 'Case', field: 'Status', values: ['Closed', 'Working'] },
];

const CREATES: readonly {
  crm: Crm;
  type: string;
  to: string;
  values: fc.Arbitrary<Readonly<Record<string, Value>>>;
}[] = [
  {
    crm: 'hubspot',
    type: 'contacts',
    to: 'companies',
    values: fc.record({
      lastname: fc.constant('New'),
      email: fc.constantFrom(...PEOPLE),
      jobtitle: fc.constantFrom(...TITLES),
    }),
  },
  {
    crm: 'hubspot',
    type: 'companies',
    to: '',
    values: fc.record({ name: fc.constant('Newcomer'), domain: fc.constantFrom(...PLACES) }),
  },
  {
    crm: 'hubspot',
    type: 'deals',
    to: 'companies',
    values: fc.record({
      dealname: fc.constant('A deal'),
      pipeline: fc.constant('default'),
      dealstage: fc.constantFrom('closedwon', 'qualifiedtobuy'),
      amount: fc.constantFrom(10, 40_000),
    }),
  },
  {
    crm: 'hubspot',
    type: 'tickets',
    to: 'contacts',
    values: fc.record({
      subject: fc.constant('Help'),
      hs_pipeline: fc.constant('0'),
      hs_pipeline_stage: fc.constantFrom('1', '4'),
    }),
  },
  {
    crm: 'salesforce',
    type: 'Contact',
    to: 'Account',
    values: fc.record({
      LastName: fc.constant('New'),
      Email: fc.constantFrom(...PEOPLE),
      Title: fc.constantFrom(...TITLES),
    }),
  },
  {
    crm: 'salesforce',
    type: 'Lead',
    to: '',
    values: fc.record({
      LastName: fc.constant('New'),
      Company: fc.constant('Newcomer'),
      Email: fc.constantFrom(...PEOPLE),
      Status: fc.constant('Open - Not Contacted'),
    }),
  },
  {
    crm: 'salesforce',
    type: 'Account',
    to: '',
    values: fc.record({
      Name: fc.constant('Newcomer'),
      Website: fc.constantFrom('north.example', 'south.example'),
    }),
  },
  {
    crm: 'salesforce',
    type: 'Opportunity',
    to: 'Account',
    values: fc.record({
      Name: fc.constant('A deal'),
      StageName: fc.constantFrom('Closed Won', 'Qualification'),
      CloseDate: fc.constant('2026-12-01'),
      Amount: fc.constantFrom(10, 40_000),
    }),
  },
  {
    crm: 'salesforce',
    type: 'Case',
    to: 'Contact',
    values: fc.record({ Subject: fc.constant('Help'), Status: fc.constant('New') }),
  },
];

const MERGES: readonly (readonly [Crm, string])[] = [
  ['hubspot', 'contacts'],
  ['hubspot', 'companies'],
  ['salesforce', 'Contact'],
  ['salesforce', 'Lead'],
  ['salesforce', 'Account'],
];

const LINKS: readonly (readonly [Crm, string, string])[] = [
  ['hubspot', 'contacts', 'companies'],
  ['hubspot', 'deals', 'companies'],
  ['hubspot', 'deals', 'contacts'],
  ['hubspot', 'tickets', 'companies'],
  ['hubspot', 'tickets', 'contacts'],
  ['salesforce', 'Contact', 'Account'],
  ['salesforce', 'Opportunity', 'Account'],
  ['salesforce', 'Opportunity', 'Contact'],
  ['salesforce', 'Case', 'Contact'],
];

const POINTS: readonly (readonly [Failpoint, number])[] = [
  ['run-started', 1],
  ['page-fetched', 10],
  ['page-stored', 10],
  ['pulled', 1],
  ['resolved', 1],
  ['placed', 1],
  ['write-begun', 4],
  ['write-sent', 4],
  ['write-settled', 4],
];

const pick = fc.nat(40);
const crm = fc.constantFrom<Crm>('hubspot', 'salesforce');
const deletable = (['hubspot', 'salesforce'] as const).flatMap((name) =>
  TYPES[name].map((type) => [name, type] as const),
);

const editOf = (edits: typeof EDITS): fc.Arbitrary<Extract<Step, { do: 'edit' }>> =>
  fc.constantFrom(...edits).chain((one) =>
    fc.record({
      do: fc.constant('edit' as const),
      crm: fc.constant(one.crm),
      type: fc.constant(one.type),
      pick,
      field: fc.constant(one.field),
      value: fc.constantFrom(...one.values),
    }),
  );
/** Every field; and those that are not ours: then no value of ours may ever be taken for a person's. */
const edit = editOf(EDITS);
const foreignEdit = editOf(EDITS.filter(({ field }) => !/^waystage_/i.test(field)));
const create = fc.constantFrom(...CREATES).chain((one) =>
  fc.record({
    do: fc.constant('create' as const),
    crm: fc.constant(one.crm),
    type: fc.constant(one.type),
    pick,
    values: one.values,
    to: fc.constant(one.to),
  }),
);
const merge = fc.constantFrom(...MERGES).chain(([name, type]) =>
  fc.record({
    do: fc.constant('merge' as const),
    crm: fc.constant(name),
    type: fc.constant(type),
    pick,
    other: pick,
  }),
);
const remove = fc.constantFrom(...deletable).chain(([name, type]) =>
  fc.record({
    do: fc.constant('delete' as const),
    crm: fc.constant(name),
    type: fc.constant(type),
    pick,
    purge: fc.boolean(),
  }),
);
const undelete = fc.record({
  do: fc.constant('undelete' as const),
  type: fc.constantFrom(...TYPES.salesforce),
  pick,
});
const associate = fc.constantFrom(...LINKS).chain(([name, type, to]) =>
  fc.record({
    do: fc.constant('associate' as const),
    crm: fc.constant(name),
    type: fc.constant(type),
    pick,
    to: fc.constant(to),
    other: pick,
    how: fc.constantFrom('plain' as const, 'primary' as const, 'remove' as const),
  }),
);
const convert = fc.record({
  do: fc.constant('convert' as const),
  pick,
  account: pick,
  opportunity: fc.boolean(),
});
const restamp = fc.record({ do: fc.constant('restamp' as const), crm, round: fc.nat(3) });
/** Around the search's lag, a second, the overlaps of the increments (5 and 10 minutes), a midnight. */
const clock = fc.record({
  do: fc.constant('clock' as const),
  ms: fc.constantFrom(1, 400, 999, 1_500, 61_000, 6 * 60_000, 11 * 60_000, 26 * 3_600_000),
});
const sync = fc.record({
  do: fc.constant('sync' as const),
  full: fc.constantFrom(false, false, false, true),
});
const during = fc.constantFrom(...POINTS).chain(([point, most]) =>
  fc.record({
    do: fc.constant('edit-during-sync' as const),
    point: fc.constant(point),
    hit: fc.integer({ min: 1, max: most }),
    edit: foreignEdit,
  }),
);

/** Steps with how often each comes. */
export type Mixture = readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Step> }[];

const common: Mixture = [
  { weight: 3, arbitrary: create },
  { weight: 2, arbitrary: merge },
  { weight: 2, arbitrary: remove },
  { weight: 1, arbitrary: undelete },
  { weight: 3, arbitrary: associate },
  { weight: 1, arbitrary: convert },
  { weight: 1, arbitrary: restamp },
  { weight: 3, arbitrary: clock },
  { weight: 3, arbitrary: sync },
];

/** What people do and what the clock does, with syncs in between. */
export const peaceful: Mixture = [{ weight: 6, arbitrary: edit }, ...common];

/** After a pause that increments overlap, or not: what a killed run left out must not be forgotten then. */
const kill = fc.constantFrom(...POINTS).chain(([point, most]) =>
  fc.record({
    do: fc.constant('kill' as const),
    point: fc.constant(point),
    hit: fc.integer({ min: 1, max: most }),
    after: fc.constantFrom(0, 2_000, 11 * 60_000, 11 * 60_000),
  }),
);
/** Where the first load is killed before it is made, if at all. */
export const firstKill = fc.option(kill, { freq: 3 });

const bounds = { count: fc.integer({ min: 1, max: 4 }), after: fc.nat(12), seed: fc.nat(100) };
const kinds = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'reset',
      'reset-mid-body',
      'truncate',
      'malformed',
      'html',
      'wrong-count',
      'gzip-broken',
    ),
    ...bounds,
  }),
  fc.record({ status: fc.constantFrom(500, 502, 503), applied: fc.boolean(), ...bounds }),
);
const fault = fc.oneof(
  fc.record({ do: fc.constant('fault' as const), crm, fault: kinds }),
  fc.record({
    do: fc.constant('fault' as const),
    crm: fc.constant('hubspot' as const),
    fault: fc.record({
      name: fc.constantFrom('ten-secondly-limit', 'secondly-limit', 'locked', 'unavailable'),
      ...bounds,
    }),
  }),
  fc.record({
    do: fc.constant('fault' as const),
    crm: fc.constant('salesforce' as const),
    fault: fc.record({
      name: fc.constantFrom('concurrent-limit', 'locked-rows', 'expired-cursor', 'query-timeout'),
      ...bounds,
    }),
  }),
);

/** What goes wrong besides. */
export const troubled: Mixture = [
  { weight: 6, arbitrary: foreignEdit },
  ...common,
  { weight: 4, arbitrary: fault },
  { weight: 1, arbitrary: fc.constant({ do: 'heal' as const }) },
  { weight: 4, arbitrary: kill },
  { weight: 3, arbitrary: during },
];
