import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import { startSalesforceSandbox } from '../../../connectors/salesforce/sandbox/index.ts';
import type { AuthConfig, Connection, Discovery, Page, Write } from '../../../src/connector/port.ts';
import type { CrmRecord } from '../../../src/model/record.ts';
import type { RequestReport, Sandbox } from '../../../src/sandbox/port.ts';
import { createStory } from '../../../src/story/index.ts';
import { configFor, drain, recordsOf } from './fake-org.ts';

/** Stands still: everything that happens between two moves of the clock carries one stamp. */
const NOW = Date.UTC(2026, 9, 1);
const clock = {
  now: () => NOW,
  sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (ms < 20_000) setImmediate(resolve);
    }),
};
const types = createSalesforce().capabilities.objectTypes.map((type) => type.name);
const outputs = [
  { output: 'stage_reason', name: 'Waystage_Stage_Reason__c', label: 'Why', kind: 'text', length: 255 },
] as const;

let sandbox: Sandbox;
let connection: Connection;
let discovery: Discovery;

beforeAll(async () => {
  const story = createStory({ seed: 11, contacts: 900, now: NOW });
  sandbox = await startSalesforceSandbox({ story, clock, port: 0, hiddenFields: ['Contact.Phone'] });
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await control('reset', {});
  await open();
});
afterEach(() => connection.close());

async function open(auth?: AuthConfig): Promise<void> {
  const config = configFor(sandbox.url, { auth: auth ?? { kind: 'token', token: sandbox.token } });
  connection = createSalesforce({ pageSize: 200 }).open(config, {
    clock,
    random: () => 0.5,
    signal: new AbortController().signal,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
  });
  discovery = await connection.discover(types);
}

async function control(route: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${sandbox.url}/__sandbox/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

function pull(type: string, cursor: string | null, fields: readonly string[] = []): AsyncIterable<Page> {
  return connection.pull({ type, fields, cursor, discovery });
}

async function all(type: string, fields: readonly string[] = []): Promise<readonly CrmRecord[]> {
  return recordsOf(await drain(pull(type, null, fields)));
}

async function cursorOf(type: string): Promise<string> {
  return (await drain(pull(type, null))).at(-1)!.cursor;
}

async function changesOf(type: string, cursor: string): Promise<ReadonlyMap<string, CrmRecord>> {
  return new Map(recordsOf(await drain(pull(type, cursor))).map((record) => [record.id, record]));
}

async function liveIds(type: string, count: number): Promise<readonly string[]> {
  return (await all(type))
    .filter((record) => record.state === 'live')
    .slice(0, count)
    .map((record) => record.id);
}

async function routes(): Promise<RequestReport> {
  return (await (await fetch(`${sandbox.url}/__sandbox/requests`)).json()) as RequestReport;
}

async function provisioned(): Promise<void> {
  const wanted = ['Contact', 'Lead', 'Account'].map((type) => ({ type, fields: outputs }));
  const results = await connection.provision(await connection.planProvision(wanted));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  discovery = await connection.discover(types);
}

const because = (id: string): Write => ({
  id,
  fields: { Waystage_Stage_Reason__c: `because ${id}` },
  parent: null,
});

describe('an org', () => {
  test('an increment shows deletes, merges with their successor, and conversions with their contact', async () => {
    const [contactCursor, leadCursor] = [await cursorOf('Contact'), await cursorOf('Lead')];
    await control('clock', { advance: 3_600_000 });
    const [winner = '', loser = '', deleted = ''] = await liveIds('Contact', 3);
    const [lead = ''] = await liveIds('Lead', 1);
    await control('merge', { type: 'Contact', id: winner, mergeId: loser });
    await control('delete', { type: 'Contact', id: deleted });
    await control('convert', { id: lead });
    const contacts = await changesOf('Contact', contactCursor);
    expect(contacts.get(loser)).toMatchObject({
      state: 'merged',
      successor: { type: 'Contact', id: winner },
    });
    expect(contacts.get(deleted)).toMatchObject({ state: 'archived', successor: null });
    const converted = (await changesOf('Lead', leadCursor)).get(lead);
    expect(converted).toMatchObject({ state: 'converted', successor: { type: 'Contact' } });
    // The contact it became is among the changed contacts.
    expect(contacts.get(converted!.successor!.id)).toMatchObject({ state: 'live' });

    const { records, gone } = await connection.read({
      type: 'Contact',
      ids: [loser, deleted],
      fields: ['Email'],
      discovery,
    });
    expect(records.map((record) => record.id)).toEqual([winner]);
    expect(gone).toEqual([loser, deleted]);
  });

  test('records bring the associations the story gave them', async () => {
    const known = new Map<string, Set<string>>();
    for (const type of ['Contact', 'Lead', 'Account', 'Opportunity', 'Case'])
      known.set(type, new Set((await all(type)).map((record) => record.id)));
    for (const type of [
      'Contact',
      'Opportunity',
      'OpportunityContactRole',
      'Case',
      'Task',
      'Event',
      'CampaignMember',
    ]) {
      const links = (await all(type)).flatMap((record) => Object.values(record.associations).flat());
      expect([type, links.length > 0]).toEqual([type, true]);
      expect(links.filter((link) => known.get(link.type)?.has(link.id) !== true)).toEqual([]);
    }
    const roles = (await all('OpportunityContactRole')).flatMap(
      (record) => record.associations['Contact'] ?? [],
    );
    expect(roles.some((role) => role.primary && role.label !== null)).toBe(true);
    const members = await all('CampaignMember', ['Campaign.Name', 'Campaign.Type']);
    expect(members.every((member) => typeof member.fields['Campaign.Name'] === 'string')).toBe(true);
  });

  test('a field hidden by field-level security is absent from records, the others are there', async () => {
    const [contact] = await all('Contact', ['Phone', 'Email']);
    expect(Object.keys(contact!.fields)).toEqual(['Email']);
    expect(discovery.objects['Contact']?.fields['Phone']).toBeUndefined();
  });

  test('a field hidden between discovery and pull costs only itself', async () => {
    await control('field-security', { field: 'Lead.Title', readable: false });
    const leads = await all('Lead', ['Title', 'Email']);
    expect(leads.length).toBeGreaterThan(10);
    expect(Object.keys(leads[0]!.fields)).toEqual(['Email']);
  });

  test('stages come from the org with what they mean', () => {
    const of = (type: string): readonly string[] =>
      discovery.stages.filter((stage) => stage.type === type).map((stage) => stage.value);
    expect(of('Opportunity')).toEqual(expect.arrayContaining(['Qualification', 'Closed Won', 'Closed Lost']));
    expect(of('Lead')).toContain('Closed - Converted');
    expect(
      discovery.stages
        .filter((stage) => stage.won)
        .map((stage) => stage.value)
        .sort(),
    ).toEqual(['Closed - Converted', 'Closed Won']);
    expect(
      discovery.stages.filter((stage) => stage.type === 'Case' && !stage.open).map((stage) => stage.value),
    ).toEqual(['Closed']);
  });

  test('more records in one second than fit on a page: our own writes, all within one stamp', async () => {
    await provisioned();
    const tasks = await cursorOf('Task');
    const contacts = await cursorOf('Contact');
    await control('clock', { advance: 3_600_000 });
    const ids = (await all('Contact')).filter((record) => record.state === 'live').map((record) => record.id);
    expect(ids.length).toBeGreaterThan(200);
    for (let start = 0; start < ids.length; start += 200) {
      const results = await connection.push('Contact', ids.slice(start, start + 200).map(because));
      expect(results.every((result) => result.outcome === 'written')).toBe(true);
    }
    // Taken up again after every single page.
    const seen = new Set<string>();
    let position = contacts;
    for (let turns = 0; turns < 20; turns += 1) {
      const [page] = await drain(pull('Contact', position), 1);
      for (const record of page!.records) if (record.state === 'live') seen.add(record.id);
      position = page!.cursor;
      if (page!.done) break;
    }
    expect([...seen].sort()).toEqual([...ids].sort());
    expect(recordsOf(await drain(pull('Task', tasks)))).toEqual([]);
  });

  test('expired sessions and query cursors in the middle of a pull are not noticed', async () => {
    await connection.close();
    await open({
      kind: 'client-credentials',
      clientId: sandbox.clientId,
      clientSecret: sandbox.clientSecret,
    });
    const expected = (await all('Task')).map((record) => record.id);
    const pages: Page[] = [];
    for await (const page of pull('Task', null)) {
      pages.push(page);
      if (pages.length === 1) await control('expire', { sessions: true, cursors: true });
    }
    expect(pages.length).toBeGreaterThan(2);
    expect(recordsOf(pages).map((record) => record.id)).toEqual(expected);
    expect((await routes()).routes['POST /services/oauth2/token']).toBe(2);
  });

  test('refusals by row: a rule, a converted lead, a deleted record, a lock that goes away, a lock that stays', async () => {
    await provisioned();
    const leads = await all('Lead');
    const ids = leads
      .filter((record) => record.state === 'live')
      .slice(0, 8)
      .map((record) => record.id);
    const [rule = '', deleted = '', brief = '', stuck = '', convert = ''] = ids;
    await control('refuse', {
      id: rule,
      code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message: 'Not on Fridays',
    });
    await control('refuse', {
      id: brief,
      code: 'UNABLE_TO_LOCK_ROW',
      message: 'unable to obtain exclusive access',
      times: 2,
    });
    await control('refuse', {
      id: stuck,
      code: 'UNABLE_TO_LOCK_ROW',
      message: 'unable to obtain exclusive access',
    });
    await control('delete', { type: 'Lead', id: deleted });
    await control('convert', { id: convert });
    const results = await connection.push('Lead', ids.map(because));
    const byId = new Map(results.map((result) => [result.id, result]));
    expect(byId.get(rule)).toMatchObject({
      outcome: 'refused',
      code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message: 'Not on Fridays',
      retryable: false,
    });
    expect(byId.get(deleted)).toMatchObject({
      outcome: 'refused',
      code: 'ENTITY_IS_DELETED',
      retryable: false,
    });
    expect(byId.get(convert)).toMatchObject({
      outcome: 'refused',
      code: 'CANNOT_UPDATE_CONVERTED_LEAD',
      retryable: false,
    });
    expect(byId.get(stuck)).toMatchObject({
      outcome: 'refused',
      code: 'UNABLE_TO_LOCK_ROW',
      retryable: true,
    });
    expect(byId.get(brief)).toMatchObject({ outcome: 'written' });
    expect(results.filter((result) => result.outcome === 'written')).toHaveLength(4);
  });

  test('a field of one row that is not there does not stop the other rows', async () => {
    await provisioned();
    const ids = await liveIds('Account', 6);
    const writes = ids.map(because);
    writes[2] = { id: ids[2]!, fields: { No_Such_Field__c: 'x' }, parent: null };
    const results = await connection.push('Account', writes);
    expect(results.filter((result) => result.outcome !== 'written')).toMatchObject([
      { id: ids[2], outcome: 'refused', code: 'INVALID_FIELD', retryable: false },
    ]);
  });

  test('a first load costs one request a page, and one for the counts of all types; a quiet increment costs one', async () => {
    await connection.close();
    const config = configFor(sandbox.url, { auth: { kind: 'token', token: sandbox.token } });
    connection = createSalesforce().open(config, {
      clock,
      random: () => 0,
      signal: new AbortController().signal,
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    });
    const cursors = await Promise.all(types.map(cursorOf));
    expect(connection.usage.byPurpose).toEqual({ pull: types.length + 1 });
    await control('clock', { advance: 3_600_000 });
    for (const [index, type] of types.entries()) await drain(pull(type, cursors[index]!));
    expect(connection.usage.byPurpose).toEqual({ pull: 2 * types.length + 1 });
  });
});
