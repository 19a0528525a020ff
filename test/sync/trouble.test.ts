import { afterEach, describe, expect, test } from '@jest/globals';
import type { WriteResult } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { type Company, type CompanyOptions, NOW, startCompany } from '../helpers/company.ts';
import { courses } from '../helpers/state.ts';
import { but, expectAccounted, notices, runWith, staged } from './kit.ts';

const HOUR = 3_600_000;

/** Write requests that Salesforce was sent. */
async function sentTo(company: Company): Promise<number> {
  const answer = await fetch(`${company.sandboxes.salesforce.url}/__sandbox/requests`);
  const { routes } = (await answer.json()) as { readonly routes: Readonly<Record<string, number>> };
  return Object.entries(routes)
    .filter(([route]) => /^(PATCH|POST)/.test(route) && !/__sandbox|oauth/.test(route))
    .reduce((sum, [, n]) => sum + n, 0);
}

describe('when a CRM refuses, is silent or hides something', () => {
  let company: Company;
  const start = async (options: CompanyOptions = {}): Promise<void> => {
    company = await startCompany({ contacts: 30, ...options });
  };
  afterEach(() => company.close());

  test('a record refused for good is named with the CRM’s words and parked, the rest is written (F37, F31)', async () => {
    await start();
    const id = (await company.records('salesforce', 'Contact')).find((one) => one.IsDeleted !== true).Id;
    await company.control('salesforce', 'refuse', {
      id,
      code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message: 'Nobody touches Seán before lunch',
    });
    const result = await company.sync();
    expectAccounted(result.summary);
    expect(result.exit).toBe(1);
    expect(result.summary.writes.failed).toBe(1);
    expect(result.summary.writes.records).toBeGreaterThan(50);
    expect(await notices(company, result)).toEqual([
      expect.objectContaining({
        kind: 'refused',
        text: expect.stringMatching(
          new RegExp(
            `salesforce:Contact:${id} was refused: .*Nobody touches Seán before lunch.*FIELD_CUSTOM`,
          ),
        ),
      }),
    ]);
    expect((await company.app.store.runs.get(result.summary.run))?.status).toBe('partial');
    const refused = (await company.app.store.ledger.ofRun(result.summary.run)).filter((one) => one.id === id);
    expect(new Set(refused.map(({ state }) => state))).toEqual(new Set(['refused']));
    const before = await sentTo(company);
    const parked = await company.sync();
    expect(parked.exit).toBe(0);
    expect(parked.summary.writes).toMatchObject({ records: 0, failed: 0, parked: 1, manualEdits: 0 });
    expect(await sentTo(company)).toBe(before);
    expect(await notices(company, parked)).toEqual([
      expect.objectContaining({
        kind: 'parked',
        text: expect.stringMatching(/Nobody touches Seán before lunch/),
      }),
    ]);
    await company.control('salesforce', 'allow', { id });
    const again = await company.sync({ retryRefused: true });
    expect(again.exit).toBe(0);
    expect(again.summary.writes).toMatchObject({ records: 1, failed: 0 });
    expect((await company.record('salesforce', 'Contact', id)).Waystage_Stage__c).not.toBe(null);
  });

  test('an answer that was lost is looked up at once: what was written counts, what was not is written next time', async () => {
    await start();
    let lost = 0;
    const result = await runWith(company, {}, (connection, { id }) =>
      but(connection, {
        push: async (type, writes) => {
          lost += 1;
          // Every second request never arrives; of the others the answer does not.
          if (id === 'salesforce' || lost % 2 === 0) return connection.push(type, writes);
          if (type === 'contacts') await connection.push(type, writes);
          return writes.map((write): WriteResult => ({ id: write.id, outcome: 'unknown', message: 'reset' }));
        },
      }),
    );
    expectAccounted(result.summary);
    const states = new Set(
      (await company.app.store.ledger.ofRun(result.summary.run)).map(({ state }) => state),
    );
    expect(states.has('written')).toBe(true);
    expect(states.has('pending')).toBe(false);
    await company.indexed();
    const again = await company.sync();
    expect(again.summary.writes.manualEdits).toBe(0);
    expect(again.exit).toBe(0);
    for (const course of Object.values(await courses(company))) expect(course.length).toBeLessThanOrEqual(2);
    await company.indexed();
    expect((await company.sync()).summary.writes).toMatchObject({ fields: 0, failed: 0, manualEdits: 0 });
  });

  test('when not even the look can be taken the next sync settles it before anything else', async () => {
    await start();
    const result = await runWith(company, {}, (connection) =>
      but(connection, {
        push: async (type, writes) => {
          await connection.push(type, writes);
          return writes.map((write): WriteResult => ({ id: write.id, outcome: 'unknown', message: 'reset' }));
        },
        read: () => Promise.reject(new WaystageError('crm_unreachable', 'the line is dead')),
      }),
    );
    expect(result.exit).toBe(3);
    expect(result.summary.writes.fields).toBe(0);
    const open = await company.app.store.ledger.open('hubspot' as never);
    expect(open.length).toBeGreaterThan(50);
    // At once: HubSpot's search does not show the writes yet.
    const again = await company.sync();
    expect(again.exit).toBe(0);
    expect(again.summary.writes).toMatchObject({ fields: 0, failed: 0, manualEdits: 0 });
    expect(await company.app.store.ledger.open('hubspot' as never)).toEqual([]);
  });

  test('bad credentials: exit 3 with the CRM and its answer; at first load nothing is judged on half the facts', async () => {
    await start({ provision: false, tokens: { salesforce: 'no-such-token' } });
    const result = await company.sync();
    expectAccounted(result.summary);
    expect(result.exit).toBe(3);
    expect(result.summary.held).toMatch(/salesforce has not been read completely/);
    expect(result.summary.problems).toEqual([
      expect.objectContaining({ connection: 'salesforce', code: 'crm_credentials', exit: 3 }),
    ]);
    expect(result.summary.problems[0]?.message).toMatch(/Salesforce.*INVALID_SESSION_ID/);
    expect(result.summary.problems[0]?.message).not.toContain('no-such-token');
    expect(result.summary.connections['hubspot']?.applied).toBeGreaterThan(100);
    expect(result.summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
    expect(
      (await company.app.store.connections.list()).find(({ id }) => id === 'salesforce')?.problem,
    ).toMatch(/INVALID_SESSION_ID/);
  });

  test('bad credentials later: the other CRM goes on with what is stored of the first', async () => {
    await start();
    await company.sync();
    await company.reopen({ tokens: { hubspot: 'revoked' } });
    const contact = (await company.records('salesforce', 'Contact')).find(
      (one) => one.IsDeleted !== true && one.HubSpot_Contact_Id__c !== null,
    );
    const before = (await company.writes('hubspot')).length;
    await company.control('salesforce', 'create', {
      type: 'Case',
      properties: {
        Subject: 'Down',
        Status: 'New',
        Priority: 'Critical',
        ContactId: contact.Id,
        AccountId: contact.AccountId,
      },
    });
    const result = await company.sync({ now: NOW + HOUR });
    expectAccounted(result.summary);
    expect(result.exit).toBe(3);
    expect(result.summary.held).toBe(null);
    expect(result.summary.problems).toEqual([expect.objectContaining({ connection: 'hubspot', exit: 3 })]);
    expect(result.summary.connections['salesforce']?.applied).toBeGreaterThan(0);
    expect(result.summary.subjects.person).toBeGreaterThan(30);
    expect(await company.writes('hubspot')).toHaveLength(before);
    await company.reopen({});
    await company.indexed();
    const mended = await company.sync({ now: NOW + HOUR });
    expect(mended.exit).toBe(0);
    const there = await company.record('salesforce', 'Contact', contact.Id);
    const here = await company.record('hubspot', 'contacts', contact.HubSpot_Contact_Id__c);
    expect(here.properties.waystage_stage).toBe(there.Waystage_Stage__c);
  });

  test('one type that cannot be read: named, the others go on; nothing that was read before is taken for gone', async () => {
    await start();
    await company.sync();
    const result = await runWith(company, {}, (connection) =>
      but(connection, {
        pull: (request) => {
          if (request.type === 'tickets')
            throw new WaystageError('crm_bad_answer', 'HTML instead of tickets');
          return connection.pull(request);
        },
      }),
    );
    expect(result.exit).toBe(1);
    expect(result.summary.problems).toEqual([
      expect.objectContaining({ message: 'Reading tickets from hubspot failed: HTML instead of tickets' }),
    ]);
    expect(result.summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
  });

  test('not provisioned: nothing is written and one line says what to do; after provisioning all is written', async () => {
    await start({ provision: false });
    const result = await company.sync();
    expect(result.exit).toBe(1);
    expect(result.summary.writes).toMatchObject({ records: 0, fields: 0, failed: 0 });
    expect(result.summary.writes.unreadable).toBeGreaterThan(200);
    expect(result.summary.problems.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^hubspot contacts: .*waystage_stage.*Run `waystage provision`/),
      ]),
    );
    expect(result.summary.problems.length).toBeLessThanOrEqual(5);
    await company.provision();
    const after = await company.sync();
    expect(after.exit).toBe(0);
    expect(after.summary.writes).toMatchObject({ unreadable: 0, failed: 0, manualEdits: 0 });
    expect((await staged(company, 'hubspot', 'contacts')).length).toBeGreaterThan(20);
    expect((await staged(company, 'salesforce', 'Account')).length).toBeGreaterThan(5);
  });

  test('an output field that may not be read any more is counted and left alone, the others are written (F36)', async () => {
    await start();
    await company.sync();
    await company.control('salesforce', 'field-security', {
      field: 'Contact.Waystage_Stage__c',
      readable: false,
    });
    const result = await company.sync({ full: true });
    expectAccounted(result.summary);
    expect(result.exit).toBe(1);
    expect(result.summary.writes.unreadable).toBeGreaterThan(10);
    expect(result.summary.writes).toMatchObject({ fields: 0, failed: 0, manualEdits: 0 });
    expect(result.summary.problems).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^salesforce Contact: Waystage_Stage__c cannot be read and edited/),
      }),
    ]);
    await company.control('salesforce', 'field-security', {
      field: 'Contact.Waystage_Stage__c',
      readable: true,
    });
    const mended = await company.sync();
    expect(mended.exit).toBe(0);
    expect(mended.summary.writes).toMatchObject({ fields: 0, unreadable: 0, manualEdits: 0 });
    // Readable, but locked; and no full sync: what is stored of it counts for nothing.
    await company.control('salesforce', 'field-security', {
      field: 'Contact.Waystage_Next_Step__c',
      readable: true,
      editable: false,
    });
    const locked = await company.sync({ now: NOW + 90 * 24 * HOUR });
    expect(locked.summary.writes.failed).toBe(0);
    expect(locked.summary.writes.fields).toBeGreaterThan(0);
    expect(locked.summary.problems).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^salesforce Contact: Waystage_Next_Step__c cannot/),
      }),
    ]);
  });

  test('a field that rules read and that is hidden: what was known stays in use and the field is named, nobody is taken for empty-handed (F36, I5)', async () => {
    await start();
    await company.sync();
    await company.control('salesforce', 'field-security', { field: 'Contact.Title', readable: false });
    const { summary } = await company.sync({ full: true });
    expectAccounted(summary);
    const id = (await company.records('salesforce', 'Contact')).find((one) => one.Title !== null).Id;
    const stored = await company.app.store.records.get('salesforce' as never, 'Contact', [id]);
    expect(stored.get(id)?.fields['Title']).toEqual(expect.any(String));
    expect(summary.transitions).toBe(0);
    expect(summary.problems).toEqual([
      expect.objectContaining({
        code: 'crm_permission',
        message: expect.stringMatching(/^salesforce Contact: Title cannot be read any more/),
      }),
    ]);
  });

  test('J27 a run that took long reads again before it writes: what a person changed meanwhile is left and named', async () => {
    await start();
    await company.sync({ kind: 'pull' });
    const [contact, other] = (await company.records('hubspot', 'contacts')).filter((one) => !one.archived);
    const result = await company.sync({
      failpoint: async (point) => {
        if (point !== 'placed') return;
        await company.control('hubspot', 'edit', {
          type: 'contacts',
          id: contact.id,
          properties: { waystage_stage: 'churned' },
        });
        await company.clock.sleep(61_000);
      },
    });
    expect(await notices(company, result)).toEqual([
      expect.objectContaining({
        kind: 'stale',
        text: expect.stringContaining(`hubspot:contacts:${contact.id} changed`),
      }),
    ]);
    expect((await company.record('hubspot', 'contacts', contact.id)).properties).toMatchObject({
      waystage_stage: 'churned',
      waystage_stage_entered: null,
    });
    expect((await company.record('hubspot', 'contacts', other.id)).properties.waystage_stage).not.toBe(null);
    await company.indexed();
    expect((await company.sync()).summary.writes).toMatchObject({ manualEdits: 1, failed: 0 });
  });
});
