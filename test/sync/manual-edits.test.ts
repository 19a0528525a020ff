import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { expectAccounted, notices, staged } from './kit.ts';

const HOUR = 3_600_000;

describe('output fields that people edit in the CRM', () => {
  let company: Company;
  let contact: string;
  beforeAll(async () => {
    company = await startCompany({ contacts: 30 });
    await company.sync();
    contact = (await staged(company, 'hubspot', 'contacts')).find(({ stage }) => stage !== 'churned')?.id;
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact,
      properties: { waystage_stage: 'churned' },
    });
    await company.indexed();
  });
  afterAll(() => company.close());

  const stage = async (): Promise<string | null> =>
    (await company.record('hubspot', 'contacts', contact)).properties.waystage_stage;

  test('ask: the edit is kept, counted and named, in every sync', async () => {
    for (const later of [1, 2]) {
      const result = await company.sync({ now: NOW + later * HOUR });
      expectAccounted(result.summary);
      expect(result.summary.writes).toMatchObject({ fields: 0, failed: 0, manualEdits: 1 });
      expect(await stage()).toBe('churned');
      expect(await notices(company, result)).toEqual([
        expect.objectContaining({
          kind: 'manual-edit',
          text: expect.stringContaining(`hubspot:contacts:${contact} waystage_stage was changed by a person`),
        }),
      ]);
      await company.indexed();
    }
  });

  test('ask: an edit of one field holds no other field back', async () => {
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact,
      properties: { hs_lead_status: 'UNQUALIFIED', waystage_next_step: 'call them' },
    });
    await company.indexed();
    const { summary } = await company.sync({ now: NOW + 3 * HOUR });
    expect(summary.writes.manualEdits).toBeGreaterThanOrEqual(1);
    const { properties } = await company.record('hubspot', 'contacts', contact);
    expect(properties).toMatchObject({ waystage_stage: 'churned', waystage_next_step: 'call them' });
  });

  test('ask: a field that is emptied is handed back: it is filled again, and said so', async () => {
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact,
      properties: { waystage_stage: '' },
    });
    await company.indexed();
    const result = await company.sync({ now: NOW + 4 * HOUR });
    expect(await stage()).toMatch(/^(?!churned)[a-z_]+$/);
    expect((await notices(company, result)).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('waystage_stage was emptied in the CRM and is filled again'),
    );
  });

  test('revert: the edit is put back, counted and named; then all is quiet', async () => {
    const ours = await stage();
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact,
      properties: { waystage_stage: 'churned' },
    });
    await company.indexed();
    await company.reopen({ manualEdits: 'revert' });
    const result = await company.sync({ now: NOW + 5 * HOUR });
    expect(await stage()).toBe(ours);
    expect((await notices(company, result)).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/waystage_stage was changed by a person in the CRM and is put back/),
    );
    await company.indexed();
    const { summary } = await company.sync({ now: NOW + 5 * HOUR });
    expect(summary.writes).toMatchObject({ fields: 0, manualEdits: 0 });
  });

  test('a value that stood in the field before Waystage ever wrote is a person’s', async () => {
    const made = await company.control('hubspot', 'create', {
      type: 'contacts',
      properties: { lastname: 'Early', email: 'early@early-bird.example', waystage_stage: 'advocacy' },
    });
    await company.indexed();
    await company.reopen({ manualEdits: 'ask' });
    const { summary } = await company.sync({ now: NOW + 6 * HOUR });
    expect(summary.writes.manualEdits).toBe(1);
    const { properties } = await company.record('hubspot', 'contacts', made.id);
    expect(properties.waystage_stage).toBe('advocacy');
    expect(properties.waystage_stage_entered).not.toBe(null);
  });
});

test('a search that does not show our write yet is no edit of a person: the record is looked at again', async () => {
  const lag = 40_000;
  const company = await startCompany({ contacts: 20, hubspot: { indexingLagMs: lag } });
  try {
    await company.sync();
    await company.clock.sleep(lag + 1_000);
    const contact = (await staged(company, 'hubspot', 'contacts')).find(
      ({ stage }) => stage !== 'disqualified',
    )?.id;
    const edit = { type: 'contacts', id: contact, properties: { hs_lead_status: 'UNQUALIFIED' } };
    await company.control('hubspot', 'edit', edit);
    await company.clock.sleep(lag + 1_000);
    const moved = await company.sync({ now: NOW + HOUR });
    expect(moved.summary.writes.fields).toBeGreaterThan(0);
    // The index still has the edit without what was written after it.
    const again = await company.sync({ now: NOW + HOUR });
    expectAccounted(again.summary);
    expect(again.summary).toMatchObject({ transitions: 0, writes: { fields: 0, failed: 0, manualEdits: 0 } });
    expect((await company.record('hubspot', 'contacts', contact)).properties.waystage_stage).toBe(
      'disqualified',
    );
  } finally {
    await company.close();
  }
});
