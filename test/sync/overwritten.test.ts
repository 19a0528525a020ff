import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../src/connector/port.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { but, expectAccounted, type Json, notices, runWith, staged } from './kit.ts';

const HOUR = 3_600_000;
/** Stages that a lead which is given up leaves. */
const CALM = ['awareness', 'consideration', 'decision', 'asleep'];

/** The same questions to both CRMs; in Salesforce somebody has switched the history of the stage field on. */
const CRMS = [
  {
    crm: 'hubspot',
    type: 'contacts',
    stage: 'waystage_stage',
    cause: { hs_lead_status: 'UNQUALIFIED' },
    valueOf: (record: Json) => record.properties.waystage_stage,
  },
  {
    crm: 'salesforce',
    type: 'Lead',
    stage: 'Waystage_Stage__c',
    cause: { Status: 'Closed - Not Converted' },
    valueOf: (record: Json) => record.Waystage_Stage__c,
  },
] as const;

describe.each(CRMS)('$crm: an edit between our reading and our write (J27)', (one) => {
  const { crm, type, stage } = one;
  let company: Company;
  let ids: string[];
  let id: string;
  let hours = 0;

  const value = async (): Promise<string | null> => one.valueOf(await company.record(crm, type, id));
  const edit = (properties: Json): Promise<Json> => company.control(crm, 'edit', { type, id, properties });
  const later = (): number => NOW + ++hours * HOUR;

  /** A sync that moves the record, with a person's edit at the last moment before our write. */
  async function overwrite(properties: Json, text: string): Promise<string | null> {
    await edit(properties);
    await company.indexed();
    let edited = false;
    const inside = (connection: Connection): Connection =>
      connection.id !== crm
        ? connection
        : but(connection, {
            push: async (written, writes) => {
              if (writes.some((write) => write.id === id && Object.hasOwn(write.fields, stage))) {
                edited = true;
                await edit({ [stage]: text });
              }
              return connection.push(written, writes);
            },
          });
    const result = await runWith(company, { now: later() }, inside);
    expect(edited).toBe(true);
    expect(result.summary.writes.failed).toBe(0);
    const ours = await value();
    expect(ours).not.toBe(text);
    await company.indexed();
    return ours;
  }

  beforeAll(async () => {
    company = await startCompany({ contacts: 52 });
    if (crm === 'salesforce') await trackHistory(company, `${type}.${stage}`);
    await company.sync();
    await company.indexed();
    const open = (await staged(company, crm, type)).filter((found) => CALM.includes(found.stage));
    ids = open.map((found) => found.id);
  });
  beforeEach(() => {
    id = ids.pop() ?? 'none left';
  });
  afterAll(() => company.close());

  test('ask: is overwritten in the window, found by the next sync, reported, put back and kept from then on', async () => {
    await overwrite(one.cause, 'advocacy');
    const result = await company.sync({ now: later() });
    expectAccounted(result.summary);
    expect(result.summary).toMatchObject({
      transitions: 0,
      writes: { fields: 0, failed: 0, manualEdits: 1 },
    });
    expect(await value()).toBe('advocacy');
    const told = await notices(company, result);
    expect(told.filter(({ kind }) => kind === 'overwritten')).toEqual([
      expect.objectContaining({
        subject: expect.any(String),
        text: expect.stringMatching(
          new RegExp(
            `^${crm}:${type}:${id} ${stage}: an edit by user .* \\("advocacy"\\) was overwritten in the window .* it is put back and kept`,
          ),
        ),
      }),
    ]);
    for (let again = 0; again < 2; again += 1) {
      await company.indexed();
      const next = await company.sync({ now: later() });
      expect(next.summary.writes).toMatchObject({ fields: 0, failed: 0, manualEdits: 1 });
      expect((await notices(company, next)).map(({ kind }) => kind)).not.toContain('overwritten');
      expect(await value()).toBe('advocacy');
    }
  });

  test('J29 adopt: is put back, and adopted as an override of whoever made it', async () => {
    await overwrite(one.cause, 'advocacy');
    await company.reopen({ manualEdits: 'adopt for 30d' });
    const result = await company.sync({ now: later() });
    expect(await value()).toBe('advocacy');
    expect((await notices(company, result)).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['overwritten', 'adopted']),
    );
    const own = (await company.app.store.overrides.list(null)).filter((set) => set.id === id);
    expect(own).toMatchObject([
      { value: 'advocacy', source: 'crm', owner: expect.stringMatching(/^user /), ended: null },
    ]);
    await company.indexed();
    const next = await company.sync({ now: later() });
    expect(next.summary).toMatchObject({ transitions: 0, writes: { fields: 0, failed: 0, manualEdits: 0 } });
    expect(await value()).toBe('advocacy');
    await company.reopen();
  });

  test('ask: an edit of the put-back value’s window is found in its turn', async () => {
    await overwrite(one.cause, 'advocacy');
    let edited = false;
    const duringPutBack = (connection: Connection): Connection =>
      connection.id !== crm
        ? connection
        : but(connection, {
            push: async (written, writes) => {
              if (!edited) await edit({ [stage]: 'churned' });
              edited = true;
              return connection.push(written, writes);
            },
          });
    await runWith(company, { now: later() }, duringPutBack);
    expect(edited).toBe(true);
    await company.indexed();
    await company.sync({ now: later() });
    expect(await value()).toBe('churned');
  });

  test('ask: what the person did to the field afterwards stands', async () => {
    await overwrite(one.cause, 'advocacy');
    await edit({ [stage]: 'churned' });
    await company.indexed();
    const result = await company.sync({ now: later() });
    expect(await value()).toBe('churned');
    expect((await notices(company, result)).map(({ kind }) => kind)).not.toContain('overwritten');
  });

  test('ask: a sync that is killed in the middle of putting back is taken up by the next', async () => {
    await overwrite(one.cause, 'advocacy');
    const cut = (connection: Connection): Connection =>
      connection.id !== crm
        ? connection
        : but(connection, {
            push: async (written, writes) => {
              await connection.push(written, writes);
              throw new Error('killed');
            },
          });
    await runWith(company, { now: later() }, cut);
    await company.indexed();
    const { summary } = await company.sync({ now: later() });
    expect(summary.writes).toMatchObject({ fields: 0, failed: 0 });
    expect(await value()).toBe('advocacy');
  });

  test('revert: is reported with what it was, and our value stays', async () => {
    const ours = await overwrite(one.cause, 'advocacy');
    await company.reopen({ manualEdits: 'revert' });
    const result = await company.sync({ now: later() });
    expect(await value()).toBe(ours);
    expect((await notices(company, result)).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/"advocacy".*overwritten in the window.*Waystage's value stays/),
    );
    await company.reopen({ manualEdits: 'ask' });
  });

  test('a write that nobody edited under is no finding; looking back is counted apart', async () => {
    await edit(one.cause);
    await company.indexed();
    await company.sync({ now: later() });
    await company.indexed();
    const used: Json[] = [];
    const count = (connection: Connection): Connection =>
      but(connection, {
        close: async () => {
          if (connection.id === crm) used.push(connection.usage.byPurpose);
          await connection.close();
        },
      });
    for (const requests of [1, undefined]) {
      const result = await runWith(company, { now: later() }, count);
      expect((await notices(company, result)).map(({ kind }) => kind)).not.toContain('overwritten');
      expect(used.pop()['look-back']).toBe(requests);
    }
  });
});

test('J27: an org that keeps no history of the field cannot tell; one question, and nothing else happens', async () => {
  const company = await startCompany({ contacts: 24 });
  try {
    await company.sync();
    await company.indexed();
    const used: Json[] = [];
    const result = await runWith(company, { now: NOW + HOUR }, (connection) =>
      but(connection, {
        close: async () => {
          if (connection.id === 'salesforce') used.push(connection.usage.byPurpose);
          await connection.close();
        },
      }),
    );
    expect(result.summary.problems).toEqual([]);
    // One for each type that outputs were written to: contacts, leads, accounts.
    expect(used[0]['look-back']).toBe(3);
  } finally {
    await company.close();
  }
});

/** What an administrator does under "Set History Tracking". */
async function trackHistory(company: Company, fullName: string): Promise<void> {
  const { url, token } = company.sandboxes.salesforce;
  const call = async (method: string, path: string, body?: Json): Promise<Json> => {
    const answer = await fetch(`${url}/services/data/v67.0/tooling/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const [object = '', name = ''] = fullName.split('.');
  const soql = `SELECT Id FROM CustomField WHERE TableEnumOrId = '${object}' AND DeveloperName = '${name.replace(/__c$/, '')}'`;
  const { records } = await call('GET', `query?q=${encodeURIComponent(soql)}`);
  const path = `sobjects/CustomField/${records[0].Id}`;
  const { Metadata } = await call('GET', path);
  await call('PATCH', path, { Metadata: { ...Metadata, trackHistory: true } });
}
