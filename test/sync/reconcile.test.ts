import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import { type Company, type Crm, NOW, startCompany } from '../helpers/company.ts';
import { but, expectAccounted, type Json, notices, runWith } from './kit.ts';

const HOUR = 3_600_000;
const HUBSPOT = 'hubspot' as ConnectionId;
const SALESFORCE = 'salesforce' as ConnectionId;

const live = (records: readonly Json[]): Json[] =>
  records.filter((one) => one.archived !== true && one.IsDeleted !== true);

/** Ids of the live records of every type, in the CRM and in the store. */
async function sides(company: Company, crm: Crm): Promise<readonly [unknown, unknown]> {
  const { store, connections } = company.app;
  const config = connections.find(({ id }) => id === crm);
  const there: Record<string, unknown> = {};
  const here: Record<string, unknown> = {};
  for (const { type } of config?.fieldMap.objects ?? []) {
    const records = live(await company.records(crm, type));
    const open = type === 'Lead' ? records.filter((one) => one.IsConverted !== true) : records;
    there[type] = open.map((one) => String(one.id ?? one.Id)).sort();
    const stored: string[] = [];
    for await (const chunk of store.records.scan(crm as ConnectionId, type))
      for (const record of chunk) if (record.state === 'live') stored.push(record.id);
    here[type] = stored.sort();
  }
  return [here, there];
}

async function same(company: Company): Promise<void> {
  for (const crm of ['hubspot', 'salesforce'] as const) {
    const [here, there] = await sides(company, crm);
    expect(here).toEqual(there);
  }
}

describe('what increments do not show is found by a full reading', () => {
  let company: Company;
  let result: SyncResult;
  let picked: { archived: Json; purged: Json; linked: Json; firm: Json; hard: Json };
  const store = () => company.app.store;
  const stored = async (connection: ConnectionId, type: string, id: string): Promise<CrmRecord | undefined> =>
    (await store().records.get(connection, type, [id])).get(id);
  const reconcile = (): Promise<SyncResult> => company.sync({ reconcile: true, now: NOW + HOUR });

  beforeAll(async () => {
    company = await startCompany();
    await company.sync();
    // Later the increments of HubSpot do not overlap with what the first sync wrote.
    await company.control('hubspot', 'clock', { advance: 10 * 60_000 });
    await company.sync();
    const contacts = live(await company.records('hubspot', 'contacts')).filter(
      ({ properties }) => !properties.salesforcecontactid && !properties.salesforceleadid,
    );
    const firms = live(await company.records('hubspot', 'companies'));
    const people = live(await company.records('salesforce', 'Contact')).filter(
      (one) => one.HubSpot_Contact_Id__c === null,
    );
    const [archived, purged, linked, one, other] = contacts;
    const known = new Set((linked.associations.companies ?? []).map((link: Json) => link.id));
    const firm = firms.find(({ id }) => !known.has(id));
    picked = { archived, purged, linked, firm, hard: people[0] };
    await company.control('hubspot', 'delete', { type: 'contacts', id: archived.id });
    await company.control('hubspot', 'delete', { type: 'contacts', id: purged.id, purge: true });
    await company.control('hubspot', 'associate', {
      type: 'contacts',
      id: linked.id,
      toType: 'companies',
      toId: firm.id,
    });
    await company.control('hubspot', 'merge', { type: 'contacts', id: one.id, mergeId: other.id });
    await company.control('salesforce', 'delete', { type: 'Contact', id: people[0].Id, purge: true });
    await company.indexed();
  });
  afterAll(() => company.close());

  test('an ordinary sync leaves them as they were', async () => {
    const plain = await company.sync({ now: NOW + HOUR });
    expectAccounted(plain.summary);
    expect(plain.summary.reconciled).toEqual({});
    expect((await stored(HUBSPOT, 'contacts', picked.archived.id))?.state).toBe('live');
    expect(await stored(HUBSPOT, 'contacts', picked.purged.id)).toBeDefined();
  });

  test('sync --reconcile finds each by its cause and ends equal to both CRMs (F32, F19)', async () => {
    const before = await store().records.checkpoint(HUBSPOT, 'contacts');
    result = await reconcile();
    expect(result.exit).toBe(0);
    expectAccounted(result.summary);
    expect(result.summary.reconciled['hubspot']?.differences).toEqual({
      archived: 1,
      purged: 1,
      association: expect.any(Number),
    });
    // With the person what hung on it.
    expect(result.summary.reconciled['salesforce']?.differences).toEqual({ purged: expect.any(Number) });
    expect(result.summary.reconciled['hubspot']?.records).toBeGreaterThan(100);
    expect((await stored(HUBSPOT, 'contacts', picked.archived.id))?.state).toBe('archived');
    expect(
      (await stored(HUBSPOT, 'contacts', picked.linked.id))?.associations['companies']?.map(({ id }) => id),
    ).toContain(picked.firm.id);
    // Increments go on from where they were.
    const after = await store().records.checkpoint(HUBSPOT, 'contacts');
    expect(JSON.parse(after?.cursor ?? '')).toMatchObject({ kind: JSON.parse(before?.cursor ?? '').kind });
    await same(company);
  });

  test('the run log tells the fate of every record, and of the forgotten ones not even the id', async () => {
    const fates = await store().runs.fates(result.summary.run, { limit: 100_000 });
    const counts = Object.values(result.summary.connections);
    const applied = counts.reduce((sum, one) => sum + one.applied, 0);
    expect(fates.filter(({ fate }) => fate === 'applied')).toHaveLength(applied);
    expect(fates).toContainEqual(
      expect.objectContaining({ id: picked.archived.id, fate: 'applied', reason: 'archived' }),
    );
    expect(fates).toContainEqual(expect.objectContaining({ id: picked.linked.id, reason: 'association' }));
    const forgotten = fates.filter(({ reason }) => reason === 'purged');
    expect(forgotten.length).toBeGreaterThanOrEqual(2);
    for (const { id } of forgotten) expect(id).toMatch(/^forgotten \d+$/);
    expect(fates.map(({ id }) => id)).not.toContain(picked.purged.id);
  });

  test('a privacy deletion leaves nothing: record, place, writes, visits (F33, I10)', async () => {
    const key = { connection: HUBSPOT, type: 'contacts', id: picked.purged.id as string };
    expect(await stored(HUBSPOT, 'contacts', picked.purged.id)).toBeUndefined();
    expect(await store().subjects.memberByRecord(key)).toBeNull();
    expect((await store().ledger.lastWritten(HUBSPOT, 'contacts', [key.id])).size).toBe(0);
    expect(await store().journeys.ofSubject(`person:hubspot:contacts:${key.id}`)).toEqual([]);
  });

  test('what is forgotten does not come back from an old page (F33, I10)', async () => {
    const old: CrmRecord = {
      connection: HUBSPOT,
      type: 'contacts',
      id: picked.purged.id,
      fields: { email: 'forgotten@example.com' },
      created: NOW - 9 * HOUR,
      modified: NOW,
      state: 'live',
      successor: null,
      mergedIds: [],
      associations: {},
    };
    const again = await runWith(company, { reconcile: true }, (connection) =>
      but(connection, {
        pull: async function* (request) {
          for await (const page of connection.pull(request))
            yield request.type === 'contacts' ? { ...page, records: [...page.records, old] } : page;
        },
      }),
    );
    expectAccounted(again.summary);
    expect(again.summary.connections['hubspot']?.ignored['purged']).toBe(2);
    expect(await stored(HUBSPOT, 'contacts', picked.purged.id)).toBeUndefined();
    expect(again.summary.reconciled['hubspot']?.differences).toEqual({});
  });

  test('a second full reading finds nothing, and nothing is written', async () => {
    const again = await reconcile();
    expectAccounted(again.summary);
    expect(again.summary.reconciled).toMatchObject({
      hubspot: { differences: {} },
      salesforce: { differences: {} },
    });
    expect(again.summary).toMatchObject({ transitions: 0, writes: { fields: 0, failed: 0 } });
  });

  test('a restored record lives again', async () => {
    await company.control('hubspot', 'restore', { type: 'contacts', id: picked.archived.id });
    // Search does not show what was restored for a while; the list does.
    const again = await runWith(company, { reconcile: true, now: NOW + HOUR }, (connection) =>
      but(connection, {
        pull: (request) => {
          if (request.cursor === null) return connection.pull(request);
          return without(connection.pull(request), picked.archived.id);
        },
      }),
    );
    expect(again.summary.reconciled['hubspot']?.differences).toEqual({ restored: 1 });
    expect((await stored(HUBSPOT, 'contacts', picked.archived.id))?.state).toBe('live');
    await same(company);
  });

  test('a change that the increments missed is taken over and counted as missed: the proof is able to fail', async () => {
    const person = live(await company.records('salesforce', 'Contact'))[0];
    await company.control('salesforce', 'edit', {
      type: 'Contact',
      id: person.Id,
      properties: { Title: 'Chief of What Was Missed' },
    });
    // Old enough not to be a change of this very minute.
    await company.clock.sleep(65_000);
    const again = await runWith(company, { reconcile: true, now: NOW + HOUR }, (connection) =>
      but(connection, {
        pull: (request) =>
          request.cursor === null ? connection.pull(request) : without(connection.pull(request), person.Id),
      }),
    );
    expect(again.summary.reconciled['salesforce']?.differences).toEqual({ missed: 1 });
    expect((await stored(SALESFORCE, 'Contact', person.Id))?.fields['Title']).toBe(
      'Chief of What Was Missed',
    );
  });

  test('a reconcile that is cut off does no harm and is carried on', async () => {
    await company.indexed();
    await company.sync({ now: NOW + HOUR });
    await company.control('hubspot', 'delete', { type: 'contacts', id: picked.archived.id });
    const stop = new AbortController();
    const cut = company.sync({
      reconcile: true,
      now: NOW + HOUR,
      signal: stop.signal,
      failpoint: async (point) => {
        if (point === 'page-stored' && (await store().readings.open(HUBSPOT, 'contacts')) !== null)
          stop.abort();
      },
    });
    await expect(cut).rejects.toMatchObject({ code: 'stopped' });
    const left = await store().readings.open(HUBSPOT, 'contacts');
    expect(left).not.toBeNull();
    const plain = await company.sync({ now: NOW + HOUR });
    expect(plain.summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
    expect((await store().readings.open(HUBSPOT, 'contacts'))?.mark).toBe(left?.mark);
    const again = await reconcile();
    expect(again.summary.reconciled['hubspot']?.differences).toEqual({ archived: 1 });
    expect(await store().readings.open(HUBSPOT, 'contacts')).toBeNull();
    await same(company);
  });

  test('reconcile: 24h: the run that is due does it, the others do not', async () => {
    const due = async (): Promise<boolean> =>
      Object.keys((await company.sync({ now: NOW + HOUR })).summary.reconciled).includes('hubspot');
    await company.reopen({
      connections: { hubspot: { reconcile: '24h' }, salesforce: { reconcile: 'never' } },
    });
    expect(await due()).toBe(false);
    await store().connections.reconciled(HUBSPOT, company.clock.now() - 25 * HOUR);
    await store().connections.reconciled(SALESFORCE, company.clock.now() - 999 * HOUR);
    expect(await due()).toBe(true);
    expect(await due()).toBe(false);
  });

  test('a record deleted in Salesforce between two looks is archived, not forgotten', async () => {
    const person = live(await company.records('salesforce', 'Contact'))[1];
    const again = await runWith(company, { reconcile: true, now: NOW + HOUR }, (connection) =>
      but(connection, {
        pull: async function* (request) {
          if (request.type !== 'Contact') {
            yield* connection.pull(request);
            return;
          }
          for await (const page of connection.pull(request))
            yield { ...page, records: page.records.filter(({ id }) => id !== person.Id) };
          if (request.cursor === null)
            await company.control('salesforce', 'delete', { type: 'Contact', id: person.Id });
        },
      }),
    );
    expect(again.summary.reconciled['salesforce']?.differences).toEqual({ archived: 1 });
    expect((await stored(SALESFORCE, 'Contact', person.Id))?.state).toBe('archived');
  });

  test('hidden records that are there again are taken back, and somebody is told why that may be', async () => {
    const person = live(await company.records('salesforce', 'Contact'))[2];
    const hide = (id: string) =>
      runWith(company, { reconcile: true, now: NOW + HOUR }, (connection) =>
        but(connection, {
          pull: (request) =>
            request.type === 'Contact' ? without(connection.pull(request), id) : connection.pull(request),
          read: async (request) => {
            const answer = await connection.read({
              ...request,
              ids: request.ids.filter((one) => one !== id),
            });
            return { ...answer, gone: [...answer.gone, ...request.ids.filter((one) => one === id)] };
          },
        }),
      );
    expect((await hide(person.Id)).summary.reconciled['salesforce']?.differences).toMatchObject({
      purged: 1,
    });
    expect(await stored(SALESFORCE, 'Contact', person.Id)).toBeUndefined();
    const back = await reconcile();
    expect((await stored(SALESFORCE, 'Contact', person.Id))?.state).toBe('live');
    expect(await notices(company, back)).toContainEqual(
      expect.objectContaining({ kind: 'restored', text: expect.stringContaining('salesforce Contact: 1') }),
    );
  });
});

async function* without(pages: AsyncIterable<Page>, id: string): AsyncGenerator<Page> {
  for await (const page of pages) yield { ...page, records: page.records.filter((one) => one.id !== id) };
}

test('a privacy deletion of what had been archived or merged before is noticed, too (F33, I10)', async () => {
  const company = await startCompany({ contacts: 24 });
  try {
    const { records, subjects } = company.app.store;
    const stored = async (id: string): Promise<CrmRecord | undefined> =>
      (await records.get(HUBSPOT, 'contacts', [id])).get(id);
    const reconcile = async (hours: number): Promise<SyncResult> => {
      await company.indexed();
      return company.sync({ reconcile: true, now: NOW + hours * HOUR });
    };
    await company.sync();
    const [dead, survivor, loser] = live(await company.records('hubspot', 'contacts')).filter(
      ({ properties }) => !properties.salesforcecontactid && !properties.salesforceleadid,
    );
    await company.control('hubspot', 'delete', { type: 'contacts', id: dead.id });
    await company.control('hubspot', 'merge', { type: 'contacts', id: survivor.id, mergeId: loser.id });
    await reconcile(1);
    const known = { connection: HUBSPOT, type: 'contacts', id: dead.id as string };
    expect(await subjects.memberByRecord(known)).not.toBeNull();
    expect((await stored(dead.id))?.state).toBe('archived');
    const heir = (await stored(loser.id))?.successor?.id ?? '';
    expect((await stored(heir))?.state).toBe('live');

    for (const id of [dead.id, heir])
      await company.control('hubspot', 'delete', { type: 'contacts', id, purge: true });
    const { summary } = await reconcile(2);
    expectAccounted(summary);
    expect(summary.problems).toEqual([]);
    for (const id of [dead.id, survivor.id, loser.id, heir]) expect(await stored(id)).toBeUndefined();
    expect(await subjects.memberByRecord(known)).toBeNull();
    await same(company);
    const quiet = await reconcile(3);
    expect(quiet.summary.reconciled['hubspot']?.differences).toEqual({});
  } finally {
    await company.close();
  }
});
