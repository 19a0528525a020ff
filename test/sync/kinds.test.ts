import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { storeState } from '../helpers/state.ts';
import { expectAccounted } from './kit.ts';

const HOUR = 3_600_000;

const SMALL = `journey: people
subject: person
stages:
  known: { default: true }
  named: { enter: { person.title: { exists: true } } }
outputs: [stage]
`;
/** Reads a field more, and a second journey shares the records with it. */
const LARGER = SMALL.replace(
  'outputs:',
  `  spoken: { enter: { person.country: { exists: true }, person.phone: { exists: true } } }
outputs:`,
);
const SECOND = `journey: interest
subject: person
stages:
  cold: { default: true }
  warm: { enter: { journeys.people.stage: [named] } }
outputs:
  stage: { hubspot: waystage_interest, salesforce: Waystage_Interest__c }
  previous_stage: { hubspot: waystage_interest_before, salesforce: Waystage_Interest_Before__c }
`;

/** Account and people read each other's journeys over three levels. */
const ACCOUNTS = `journey: clients
subject: account
stages:
  unknown: { default: true }
  spoken_to: { enter: { some: people, where: { journeys.people.stage: named } } }
outputs: [stage]
`;
const THIRD = `journey: echo
subject: person
stages:
  alone: { default: true }
  in_touch: { enter: { account.journeys.clients.stage: spoken_to } }
outputs:
  stage: { hubspot: waystage_echo, salesforce: Waystage_Echo__c }
`;

describe('pull, plan, sync; one connection; another mapping', () => {
  let company: Company;
  let mapping: string;
  beforeAll(async () => {
    company = await startCompany({ contacts: 40, provision: false });
    mapping = join(company.folder, 'people.yaml');
    writeFileSync(mapping, SMALL);
    await company.reopen({ mappings: [mapping] });
    await company.provision();
  });
  afterAll(() => company.close());

  test('pull stores and judges nothing', async () => {
    const { summary, exit, writes } = await company.sync({ kind: 'pull' });
    expect(exit).toBe(0);
    expectAccounted(summary);
    expect(writes).toEqual([]);
    expect(await company.app.store.subjects.list('person')).toEqual([]);
    expect(await company.app.store.journeys.stageCounts()).toEqual([]);
  });

  test('plan shows every change and leaves CRMs, placements and the ledger as they are', async () => {
    const { summary, writes } = await company.sync({ kind: 'plan' });
    const reasons = writes.flatMap((write) => write.changes.map((change) => change.reason));
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.every((reason) => reason !== null && /\(cause: customer\)$/.test(reason))).toBe(true);
    expect(writes.length).toBeGreaterThan(50);
    expect(summary.transitions).toBeGreaterThan(20);
    expect(summary.writes).toMatchObject({ records: 0, fields: 0 });
    expect(await company.app.store.journeys.stageCounts()).toEqual([]);
    expect(await company.app.store.ledger.ofRun(summary.run)).toEqual([]);
    for (const crm of ['hubspot', 'salesforce'] as const) {
      const ours = (await company.writes(crm)).filter((one) => /^waystage/i.test(one.field));
      expect(ours).toEqual([]);
    }
    const { summary: synced } = await company.sync();
    expect(synced.writes.records).toBe(writes.length);
    const again = await company.sync({ kind: 'plan' });
    expect(again.writes).toEqual([]);
  });

  test('a sync of one connection reads and writes that one, and keeps the people whole', async () => {
    const before = await company.app.store.subjects.members();
    await company.indexed();
    const { summary, exit } = await company.sync({ connection: 'hubspot', now: NOW + HOUR });
    expect(exit).toBe(0);
    expect(Object.keys(summary.connections)).toEqual(['hubspot']);
    expect(summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
    expect(await company.app.store.subjects.members()).toEqual(before);
  });

  test('a mapping that reads a field more: all is read again, once; known values are not lost meanwhile', async () => {
    writeFileSync(mapping, LARGER);
    await company.reopen({ mappings: [mapping] });
    await company.provision();
    const all = (await company.app.store.records.counts()).find(
      ({ connection, type }) => connection === 'hubspot' && type === 'contacts',
    );
    const { summary, exit } = await company.sync({ now: NOW + 2 * HOUR });
    expect(exit).toBe(0);
    expectAccounted(summary);
    expect(summary.connections['hubspot']?.seen).toBeGreaterThanOrEqual(all?.records ?? Number.NaN);
    expect(summary.stages['people']?.['spoken']).toBeGreaterThan(0);
    const [visit] = (await storeVisits()).filter((one) => one.entered === NOW + 2 * HOUR);
    expect(visit?.cause).toBe('rule');
    await company.indexed();
    const again = await company.sync({ now: NOW + 2 * HOUR });
    expect(again.summary.connections['hubspot']?.applied).toBe(0);
    expect(again.summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
  });

  test('two journeys of one subject write a record once; one reads the other at the same instant (J2, J16)', async () => {
    const second = join(company.folder, 'interest.yaml');
    writeFileSync(second, SECOND);
    await company.reopen({ mappings: [second, mapping] });
    await company.provision();
    const planned = await company.sync({ kind: 'plan', now: NOW + 3 * HOUR });
    const rows = planned.writes.map(({ connection, type, id }) => `${connection}:${type}:${id}`);
    expect(new Set(rows).size).toBe(rows.length);
    const { summary } = await company.sync({ now: NOW + 3 * HOUR });
    expect(summary.writes).toMatchObject({ records: rows.length, failed: 0 });
    expect(summary.stages['interest']?.['warm']).toBe(summary.stages['people']?.['named']);
    expect(summary.stages['interest']?.['warm']).toBeGreaterThan(0);
    await company.indexed();
    await company.sync({ now: NOW + 3 * HOUR });
    // Both at once: one row with the fields of both.
    await company.control('hubspot', 'create', {
      type: 'contacts',
      properties: { lastname: 'Both', email: 'both@both-journeys.example', jobtitle: 'CEO' },
    });
    await company.indexed();
    const both = await company.sync({ now: NOW + 4 * HOUR });
    expect(both.summary.writes.records).toBe(1);
    const entries = await company.app.store.ledger.ofRun(both.summary.run);
    expect(new Set(entries.map(({ journey }) => journey))).toEqual(new Set(['people', 'interest']));
  });

  test('a full sync finds the same state again', async () => {
    await company.indexed();
    await company.sync({ now: NOW + 4 * HOUR });
    const before = await storeState(company);
    const { summary } = await company.sync({ full: true, now: NOW + 4 * HOUR });
    expectAccounted(summary);
    expect(await storeState(company)).toEqual(before);
  });

  test('an account reads its people, a person its account, all at the same instant and in any order of files (J2)', async () => {
    const files = { 'c-person.yaml': THIRD, 'b-account.yaml': ACCOUNTS, 'a-person.yaml': SMALL };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(company.folder, name), text);
    await company.reopen({ mappings: Object.keys(files).map((name) => join(company.folder, name)) });
    await company.provision();
    const { summary, exit } = await company.sync({ now: NOW + 5 * HOUR });
    expect(exit).toBe(0);
    expect(summary.stages['clients']?.['spoken_to']).toBeGreaterThan(0);
    expect(summary.stages['echo']?.['in_touch']).toBeGreaterThan(0);
    const { store } = company.app;
    const people = new Map(
      await Promise.all(
        (await store.subjects.list('person')).map(
          async ({ id }) =>
            [
              id,
              new Map((await store.journeys.ofSubject(id)).map((one) => [one.journey, one.state.stage])),
            ] as const,
        ),
      ),
    );
    // Somebody without a title of their own follows a colleague, through the account, in one run.
    expect(
      [...people.values()].some((one) => one.get('people') === 'known' && one.get('echo') === 'in_touch'),
    ).toBe(true);
    expect([...people.values()].some((one) => one.get('echo') === 'alone')).toBe(true);
    await company.indexed();
    expect((await company.sync({ now: NOW + 5 * HOUR })).summary.transitions).toBe(0);
  });

  async function storeVisits(): Promise<readonly { readonly entered: number; readonly cause: string }[]> {
    const { store } = company.app;
    const visits: { readonly entered: number; readonly cause: string }[] = [];
    for (const { id } of await store.subjects.list('person'))
      visits.push(...(await store.journeys.visits(id, 'people')));
    return visits;
  }
});
