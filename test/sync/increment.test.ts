import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SyncResult } from '../../src/sync/run.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { workingDay } from '../helpers/working-day.ts';
import { expectAccounted, type Json, notices } from './kit.ts';

const HOUR = 3_600_000;

describe('what people do in the CRMs between two syncs', () => {
  let company: Company;
  let first: SyncResult;
  beforeAll(async () => {
    company = await startCompany();
    first = await company.sync();
  });
  afterAll(() => company.close());

  test('the first load takes in every record and writes every record of a subject', () => {
    expectAccounted(first.summary);
    expect(first).toMatchObject({ exit: 0, summary: { problems: [], held: null } });
    for (const counts of Object.values(first.summary.connections)) {
      expect(counts.applied).toBe(counts.seen);
      expect(counts.seen).toBeGreaterThan(100);
    }
    expect(first.summary.writes).toMatchObject({ failed: 0, manualEdits: 0, unreadable: 0 });
    expect(first.summary.writes.fields).toBeGreaterThan(500);
  });

  test('own writes come back and change nothing, however often and late: no write, no move (F20)', async () => {
    await company.indexed();
    for (const later of [0, 1, 2]) {
      const { summary } = await company.sync({ now: NOW + later * 1_000 });
      expectAccounted(summary);
      for (const counts of Object.values(summary.connections)) {
        expect(counts.seen).toBeGreaterThan(50);
        expect(counts.applied).toBe(0);
      }
      expect(summary).toMatchObject({ transitions: 0, writes: { fields: 0, failed: 0, manualEdits: 0 } });
    }
  });

  test('the stamps of our own writes do not make a CRM the one that knows better (J5)', async () => {
    const full = await company.sync({ full: true });
    expectAccounted(full.summary);
    expect(full.summary).toMatchObject({ transitions: 0, writes: { fields: 0, manualEdits: 0 } });
    for (const { applied } of Object.values(full.summary.connections)) expect(applied).toBe(0);
  });

  test('an edit in one CRM moves the person and is written to the other', async () => {
    const pairs = (await company.records('hubspot', 'contacts')).filter(
      (one) =>
        one.properties.salesforcecontactid &&
        !one.archived &&
        one.properties.waystage_stage !== 'disqualified',
    );
    const contact = pairs[0];
    const sf = contact.properties.salesforcecontactid;
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact.id,
      properties: { hs_lead_status: 'UNQUALIFIED' },
    });
    await company.indexed();
    const { summary, exit } = await company.sync({ now: NOW + HOUR });
    expect(exit).toBe(0);
    expectAccounted(summary);
    expect(summary.connections['hubspot']?.applied).toBe(1);
    const stored = await company.app.store.records.get('hubspot' as never, 'contacts', [contact.id]);
    expect(stored.get(contact.id)?.fields['hs_lead_status']).toBe('UNQUALIFIED');
    const here: Json = await company.record('hubspot', 'contacts', contact.id);
    const there: Json = await company.record('salesforce', 'Contact', sf);
    expect(there.Waystage_Stage__c).toBe(here.properties.waystage_stage);
    expect(String(there.Waystage_Next_Step__c)).toBe(String(here.properties.waystage_next_step));
  });

  test('merges, a conversion, a deletion and new records are taken up; what is gone gets no writes', async () => {
    const marks = {
      hubspot: (await company.writes('hubspot')).length,
      salesforce: (await company.writes('salesforce')).length,
    };
    await workingDay(company);
    const result = await company.sync({ now: NOW + 3 * HOUR });
    const { summary, exit } = result;
    expectAccounted(summary);
    expect(await notices(company, result)).toEqual([]);
    expect(exit).toBe(0);
    expect(summary.transitions).toBeGreaterThan(0);
    expect(summary.writes).toMatchObject({ failed: 0, manualEdits: 0 });
    for (const crm of ['hubspot', 'salesforce'] as const) {
      const ours = (await company.writes(crm))
        .slice(marks[crm])
        .filter((write) => write.by === 'integration' && /^waystage_/i.test(write.field));
      expect(ours.length).toBeGreaterThan(0);
      for (const { type, id } of ours) {
        const record = await company.record(crm, type, id);
        expect(record).toMatchObject(crm === 'hubspot' ? { id, archived: false } : { IsDeleted: false });
        if (type === 'Lead') expect(record.IsConverted).toBe(false);
      }
    }
    const counts = await company.app.store.records.counts();
    expect(counts.length).toBeGreaterThan(10);
    const survivor = (await company.records('hubspot', 'contacts')).find((one) => one.mergedIds.length > 0);
    const losers = await company.app.store.records.get('hubspot' as never, 'contacts', survivor.mergedIds);
    expect([...losers.values()].map(({ state, successor }) => ({ state, successor }))).toEqual(
      survivor.mergedIds.map(() => ({ state: 'merged', successor: { type: 'contacts', id: survivor.id } })),
    );
    expect(survivor.properties.waystage_stage).not.toBe(null);
  });

  test('J12 a move is put down to identity where records joined or left, to the customer elsewhere', async () => {
    const { store } = company.app;
    const causes = new Set<string>();
    for (const { id } of await store.subjects.list('person')) {
      const moves = (await store.journeys.visits(id, 'people')).filter(
        ({ noticed }) => noticed === NOW + 3 * HOUR,
      );
      const members = await store.subjects.membersOf([id]);
      const joined = members.some(({ reason }) => /merge|convert/i.test(reason));
      for (const { cause } of moves) {
        causes.add(cause);
        if (cause === 'identity') expect({ id, joined, members }).toMatchObject({ joined: true });
      }
    }
    expect([...causes].sort()).toEqual(['customer', 'identity']);
  });

  test('the day after nothing is left to do', async () => {
    await company.indexed();
    const { summary } = await company.sync({ now: NOW + 3 * HOUR });
    expectAccounted(summary);
    expect(summary).toMatchObject({ transitions: 0, writes: { fields: 0, failed: 0, manualEdits: 0 } });
  });
});
