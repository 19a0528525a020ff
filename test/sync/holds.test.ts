import { afterEach, describe, expect, test } from '@jest/globals';
import type { ConnectionId } from '../../src/model/record.ts';
import type { RequestReport } from '../../src/sandbox/port.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import { type Company, type CompanyOptions, NOW, startCompany } from '../helpers/company.ts';
import { expectAccounted, type Json, notices, staged } from './kit.ts';

const HOUR = 3_600_000;
const SALESFORCE = 'salesforce' as ConnectionId;

describe('what is not written again and again', () => {
  let company: Company;
  const start = async (options: CompanyOptions = {}): Promise<void> => {
    company = await startCompany(options);
  };
  afterEach(() => company.close());

  const sync = (later = 1): Promise<SyncResult> => company.sync({ now: NOW + later * HOUR });
  const requests = async (crm: 'hubspot' | 'salesforce'): Promise<RequestReport> =>
    (await fetch(`${company.sandboxes[crm].url}/__sandbox/requests`)).json() as Promise<RequestReport>;

  test('a write refused for good waits until its record changes, even in a field that nobody reads (F31)', async () => {
    await start();
    const id = (await company.records('salesforce', 'Contact')).find(
      (one: Json) => one.IsDeleted !== true,
    )?.Id;
    await company.control('salesforce', 'refuse', {
      id,
      code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message: 'No',
    });
    expect((await company.sync()).summary.writes).toMatchObject({ failed: 1, parked: 0 });
    for (let time = 0; time < 2; time += 1) {
      const waiting = await company.sync();
      expect(waiting).toMatchObject({ exit: 0, summary: { writes: { records: 0, failed: 0, parked: 1 } } });
    }
    expect(await company.app.store.holds.parked(SALESFORCE)).toEqual([
      expect.objectContaining({
        id,
        code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
        message: expect.stringContaining('No'),
      }),
    ]);
    // Salesforce keeps whole seconds.
    await company.clock.sleep(2_000);
    const touch = (text: string): Promise<Json> =>
      company.control('salesforce', 'edit', { type: 'Contact', id, properties: { AssistantName: text } });
    await touch('first').catch(() =>
      company.control('salesforce', 'edit', { type: 'Contact', id, properties: { Phone: '+1 555 0100' } }),
    );
    expect((await company.sync()).summary.writes).toMatchObject({ failed: 1, parked: 0 });
    expect((await company.sync()).summary.writes).toMatchObject({ failed: 0, parked: 1 });
    await company.control('salesforce', 'allow', { id });
    await company.clock.sleep(2_000);
    await company.control('salesforce', 'edit', {
      type: 'Contact',
      id,
      properties: { Phone: '+1 555 0101' },
    });
    expect((await company.sync()).summary.writes).toMatchObject({ records: 1, failed: 0, parked: 0 });
    expect(await company.app.store.holds.parked(SALESFORCE)).toEqual([]);
  });

  test('a write refused for the moment is tried again by the next sync', async () => {
    await start();
    const id = (await company.records('salesforce', 'Contact')).find(
      (one: Json) => one.IsDeleted !== true,
    )?.Id;
    await company.control('salesforce', 'refuse', { id, code: 'UNABLE_TO_LOCK_ROW', message: 'busy' });
    const first = await company.sync();
    expect(first.summary.writes.failed).toBe(1);
    expect(await company.app.store.holds.parked(SALESFORCE)).toEqual([]);
    await company.control('salesforce', 'allow', { id });
    expect((await company.sync()).summary.writes).toMatchObject({ records: 1, failed: 0, parked: 0 });
  });

  test('a field that something else keeps changing back is frozen and named, the others go on (F21)', async () => {
    await start({ manualEdits: 'revert' });
    await company.sync();
    const contact = (await staged(company, 'hubspot', 'contacts')).find(({ stage }) => stage !== 'churned');
    const value = async (): Promise<string> =>
      (await company.record('hubspot', 'contacts', contact.id)).properties.waystage_stage;
    const fight = async (): Promise<SyncResult> => {
      await company.control('hubspot', 'edit', {
        type: 'contacts',
        id: contact.id,
        properties: { waystage_stage: 'churned' },
      });
      await company.indexed();
      return sync(0);
    };
    for (let round = 0; round < 3; round += 1) {
      expect((await fight()).summary.writes).toMatchObject({ fields: 1, frozen: 0 });
      expect(await value()).toBe(contact.stage);
    }
    const frozen = await fight();
    expectAccounted(frozen.summary);
    expect(frozen.summary.writes).toMatchObject({ fields: 0, frozen: 1, failed: 0 });
    expect(await value()).toBe('churned');
    expect(await notices(company, frozen)).toContainEqual(
      expect.objectContaining({
        kind: 'frozen',
        text: expect.stringContaining(`hubspot:contacts:${contact.id} waystage_stage: something else`),
      }),
    );
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact.id,
      properties: { waystage_next_step: 'mine' },
    });
    await company.indexed();
    expect((await sync(0)).summary.writes).toMatchObject({ fields: 1, frozen: 1 });
  });

  test('a share of the daily quota is kept: the run stops by itself, says so, and the next goes on (F3, I8)', async () => {
    await start({
      connections: { hubspot: { budget: { dailyShare: '0.4%' } } },
      hubspot: { requestsPerDay: 2_000 },
    });
    const before = (await requests('hubspot')).total;
    const stopped = await company.sync();
    expectAccounted(stopped.summary);
    expect(stopped.exit).toBe(1);
    expect(stopped.summary.budgets['hubspot']).toMatchObject({
      dailyLimit: 2_000,
      allowed: 8,
      forecast: null,
    });
    expect(stopped.summary.problems.map(({ code }) => code)).toContain('crm_quota');
    expect(stopped.summary.problems[0]?.message).toMatch(/8 requests .*daily quota of hubspot/);
    // The check before the budget is known, and what was under way side by side.
    expect((await requests('hubspot')).total - before).toBeLessThan(8 + 45);
    const none = await company.sync();
    expect(none.summary.budgets['hubspot']?.allowed).toBe(0);
    expect(none.summary.budgets['hubspot']?.forecast).toBeGreaterThan(0);
    await company.reopen({ connections: {} });
    const all = await company.sync();
    expect(all.exit).toBe(0);
    expect(all.summary.writes.fields).toBeGreaterThan(500);
    // What was read before is not read again.
    expect(all.summary.connections['hubspot']?.seen).toBeLessThan(1_000_000);
  });

  test('the reserve of the day is not touched, the other CRM goes on (F3, I7)', async () => {
    await start();
    await company.sync();
    await company.reopen({ connections: { hubspot: { budget: { reserve: 100 } } } });
    const mark = (await company.writes('hubspot')).length;
    const contact = (await staged(company, 'salesforce', 'Lead'))[0];
    await company.control('salesforce', 'edit', {
      type: 'Lead',
      id: contact.id,
      properties: { Status: 'Closed - Not Converted' },
    });
    const result = await sync();
    expect(result.exit).toBe(1);
    expect(result.summary.budgets['hubspot']?.allowed).toBe(0);
    expect(result.summary.connections['salesforce']?.applied).toBeGreaterThan(0);
    expect(result.summary.writes.records).toBeGreaterThan(0);
    expect((await company.writes('hubspot')).length).toBe(mark);
  });
});
