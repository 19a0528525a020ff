import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHubspot } from '../../../connectors/hubspot/index.ts';
import type { Page } from '../../../src/connector/port.ts';
import { crowd } from '../../capture/crowd.ts';
import { hubspotConfig } from '../../helpers/hubspot.ts';
import {
  byId,
  DETAILS,
  drain,
  EXPORT,
  FILE,
  LIST,
  LOOK,
  NOW,
  type Rig,
  recordsOf,
  startRig,
} from './export-rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ exports: { perDay: 1_000 } });
});
afterAll(() => rig.close());

const others: Rig[] = [];
async function another(options: Parameters<typeof startRig>[0]): Promise<Rig> {
  const made = await startRig(options);
  others.push(made);
  return made;
}
afterEach(async () => {
  for (const other of others.splice(0)) await other.close();
});
beforeEach(async () => {
  await rig.control('reset', {});
  await rig.open();
});

/** The search that counts, the export, a look at it, its details and its file. */
const ONCE = { [EXPORT]: 1, [LOOK]: 1, [DETAILS]: 1, [FILE]: 1 };

describe('a full load by an export', () => {
  test('gives the records that lists give, of every type: all values, stamps, merged ids, associations', async () => {
    const [archived] = recordsOf(await drain(rig.pull('contacts'), 2));
    await rig.control('delete', { type: 'contacts', id: archived!.id });
    for (const type of rig.types) {
      const expected = await rig.listed(type);
      const pages = await drain(rig.pull(type));
      expect([type, rig.warnings]).toEqual([type, []]);
      expect(pages.flatMap((page) => page.failed)).toEqual([]);
      expect(recordsOf(pages)).toHaveLength(expected.size);
      expect(byId(pages)).toEqual(expected);
      expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
      expect(byId(pages).has(archived!.id)).toBe(false);
    }
    expect((await rig.counts())[EXPORT]).toBe(rig.types.length + 1);
  });

  test('from a zip file of several files, with rows that do not show all their associations, too', async () => {
    const small = await another({
      exports: { zipFrom: 500, fileRows: 60, associations: 2 },
      associationPage: 2,
    });
    for (const type of ['contacts', 'deals', 'meetings']) {
      const expected = await small.listed(type);
      await small.open({ from: 1, rowAssociations: 2, pageRows: 40 });
      const before = small.connection.usage.byPurpose['associations'] ?? 0;
      const pages = await drain(small.pull(type));
      expect([type, small.warnings]).toEqual([type, []]);
      expect(recordsOf(pages)).toHaveLength(expected.size);
      expect(byId(pages)).toEqual(expected);
      expect(small.connection.usage.byPurpose['associations']).toBeGreaterThan(before);
    }
    expect(
      [...(await small.listed('meetings')).values()].some((one) => one.associations['contacts']!.length > 2),
    ).toBe(true);
  });

  test('1,100 associations of one record: the thousand that a row shows and the rest', async () => {
    const crowded = await another({ story: crowd('hubspot', 1_100, (n) => NOW - 86_400_000 + n) });
    const guests = [...(await crowded.listed('contacts')).keys()];
    const { id } = (await crowded.control('create', {
      type: 'meetings',
      properties: { hs_timestamp: '2026-11-01T09:00:00Z', hs_meeting_title: 'All hands' },
      associations: guests.map((toId) => ({ toType: 'contacts', toId })),
    })) as { id: string };
    await crowded.control('create', {
      type: 'meetings',
      properties: { hs_timestamp: '2026-11-02T09:00:00Z' },
    });
    const expected = await crowded.listed('meetings');
    const found = byId(await drain(crowded.pull('meetings')));
    expect(crowded.warnings).toEqual([]);
    expect(found).toEqual(expected);
    const ids = found.get(id)!.associations['contacts']!.map((one) => one.id);
    expect([...ids].sort()).toEqual([...guests].sort());
    expect(await crowded.counts()).toMatchObject(ONCE);
  });

  test('costs the same few requests whatever the size, lists one for 100 records', async () => {
    const expected = await rig.listed('contacts');
    await rig.control('reset', {});
    await rig.open();
    const before = rig.connection.usage.requests;
    const found = byId(await drain(rig.pull('contacts')));
    expect(found).toEqual(expected);
    expect(await rig.counts()).toMatchObject({
      ...ONCE,
      'POST /oauth/v2/private-apps/get/access-token-info': 1,
      // The count, and a sample of 100 records with their companies.
      'POST /crm/objects/:version/:type/search': 1,
      'POST /crm/objects/:version/:type/batch/read': 1,
      'POST /crm/associations/:version/:from/:to/batch/read': 1,
    });
    expect((await rig.counts())[LIST] ?? 0).toBe(0);
    expect(rig.connection.usage.requests - before).toBe(8);
    expect(Object.values(rig.connection.usage.byPurpose).reduce((sum, count) => sum + count, 0)).toBe(
      rig.connection.usage.requests,
    );
  });

  test('all types at once: each is exported, one after the other; the token is asked once', async () => {
    const pulled = await Promise.all(
      rig.types.map(async (type) => [type, byId(await drain(rig.pull(type)))] as const),
    );
    expect(rig.warnings).toEqual([]);
    expect(await rig.counts()).toMatchObject({
      [EXPORT]: rig.types.length,
      'POST /oauth/v2/private-apps/get/access-token-info': 1,
    });
    for (const [type, found] of pulled) expect(found).toEqual(await rig.listed(type));
  });

  test('a run that is killed after any page goes on with the same export and loses nothing', async () => {
    const small = { from: 1, pageRows: 40 };
    await rig.open(small);
    const whole = await drain(rig.pull('emails'));
    const expected = byId(whole);
    expect(whole.length).toBeGreaterThan(4);
    for (let killed = 1; killed < whole.length; killed += 1) {
      const seen = await drain(rig.pull('emails'), killed);
      const made = (await rig.counts())[EXPORT];
      await rig.control('clock', { advance: 3_600_000 });
      await rig.open(small);
      const rest = await drain(rig.pull('emails', seen.at(-1)!.cursor));
      expect((await rig.counts())[EXPORT]).toBe(made);
      expect(rig.warnings).toEqual([]);
      expect(recordsOf([...seen, ...rest])).toHaveLength(expected.size);
      expect(byId([...seen, ...rest])).toEqual(expected);
    }
  });

  test('what changes while HubSpot works on it is in the first increment', async () => {
    const pages: Page[] = [];
    let edited = '';
    for await (const page of rig.pull('contacts')) {
      pages.push(page);
      if (pages.length > 1) continue;
      const { records } = (await rig.control('records?type=contacts')) as {
        records: { id: string; archived: boolean }[];
      };
      edited = records.find((one) => !one.archived)!.id;
      await rig.control('clock', { advance: 1_000 });
      await rig.control('edit', { type: 'contacts', id: edited, properties: { firstname: 'Late' } });
    }
    const late = (list: readonly Page[]) =>
      recordsOf(list).filter((record) => record.fields['firstname'] === 'Late');
    expect(rig.warnings).toEqual([]);
    expect(late(pages)).toEqual([]);
    const next = await drain(rig.pull('contacts', pages.at(-1)!.cursor));
    expect(late(next).map((record) => record.id)).toEqual([edited]);
  });

  test('small loads ask nothing more', async () => {
    await rig.open({ from: 100_000 });
    await drain(rig.pull('contacts'));
    expect(Object.keys(await rig.counts()).filter((route) => /export|oauth|search/.test(route))).toEqual([]);
  });

  test('large ones begin by lists and go on from there, by an export or, if need be, by lists', async () => {
    // Worth an export from 2,000 records: a twentieth of them is read first.
    const crowded = await another({ story: crowd('hubspot', 2_050, (n) => NOW - 86_400_000 + n) });
    const fields = ['email', 'firstname'];
    for (const fate of [null, 'cancel']) {
      await crowded.control('reset', {});
      await crowded.open({ from: 2_000 });
      if (fate !== null) await crowded.control('export', { next: fate });
      const before = crowded.connection.usage.requests;
      const pages = await drain(crowded.pull('contacts', null, fields));
      const requests = crowded.connection.usage.requests - before;
      expect(byId(pages).size).toBe(2_050);
      expect(recordsOf(pages)).toHaveLength(fate === null ? 2_150 : 2_050);
      expect((await crowded.counts())[LIST]).toBe(fate === null ? 1 : 21);
      expect(requests).toBe(fate === null ? 9 : 25);
      expect(crowded.warnings).toHaveLength(fate === null ? 0 : 1);
    }
    // A load that lists began is carried on by lists: the rest may be short.
    const [first] = await drain(crowded.pull('contacts', null, fields), 1);
    await crowded.open({ from: 2_000 });
    await crowded.control('reset', {});
    await drain(crowded.pull('contacts', first!.cursor, fields));
    expect(await crowded.counts()).toEqual({ [LIST]: 20 });
  });
});

describe('an export that does not work out', () => {
  test.each([
    ['refuse', /"why":"refused"/],
    ['cancel', /"why":"CANCELED"/],
    ['stuck', /"why":"STUCK"/],
    ['labels', /differs from the API|no exact times/],
    ['rounded', /differs from the API/],
    ['foreign-url', /not known to be HubSpot's/],
  ])('%s: lists take over, and nothing of it is used', async (next, why) => {
    const expected = await rig.listed('contacts');
    await rig.control('export', { next });
    const pages = await drain(rig.pull('contacts'));
    expect(byId(pages)).toEqual(expected);
    expect(recordsOf(pages)).toHaveLength(expected.size);
    expect(pages.at(-1)!.done).toBe(true);
    expect(rig.warnings).toEqual([expect.stringMatching(why)]);
    expect((await rig.counts())[LIST]).toBeGreaterThan(1);
  });

  test.each([
    ['cut', /breaks off|cut off|announced|never closed/],
    ['short', /rows where \d+ were announced/],
  ])('%s: the file is fetched again, four times in all, then lists take over', async (next, why) => {
    const expected = await rig.listed('contacts');
    await rig.control('export', { next });
    const pages = await drain(rig.pull('contacts'));
    expect(recordsOf(pages)).toHaveLength(expected.size);
    expect(byId(pages)).toEqual(expected);
    expect(await rig.counts()).toMatchObject({ [FILE]: 4, [LOOK]: 4, [EXPORT]: 1 });
    expect(rig.warnings).toHaveLength(4);
    expect(rig.warnings.join('\n')).toMatch(why);
  });

  test('an address that is no longer good: a new one is asked for', async () => {
    const expected = await rig.listed('contacts');
    const lists = (await rig.counts())[LIST];
    await rig.control('export', { next: 'expired-url' });
    const pages = await drain(rig.pull('contacts'));
    expect(byId(pages)).toEqual(expected);
    expect(await rig.counts()).toMatchObject({ [FILE]: 2, [LOOK]: 2 });
    expect((await rig.counts())[LIST]).toBe(lists);
  });

  test('a file that says nothing about associations: they are read in batches', async () => {
    const expected = await rig.listed('deals');
    await rig.control('export', { next: 'no-associations' });
    expect(byId(await drain(rig.pull('deals')))).toEqual(expected);
    expect(rig.warnings).toEqual([]);
  });

  test.each([
    { kind: 'truncate' },
    { kind: 'malformed' },
    { kind: 'html' },
    { kind: 'reset' },
    { kind: 'reset-mid-body' },
    { kind: 'gzip-broken' },
    { status: 503 },
    { status: 403 },
  ])('the fault %j of its file is survived: none lost, none twice, no list', async (fault) => {
    const expected = await rig.listed('emails');
    await rig.control('reset', {});
    await rig.open({ from: 1, pageRows: 60 });
    await rig.control('fault', { ...fault, route: FILE, count: 2 });
    const pages = await drain(rig.pull('emails'));
    expect(recordsOf(pages)).toHaveLength(expected.size);
    expect(byId(pages)).toEqual(expected);
    const counts = await rig.counts();
    expect([counts[FILE], counts[LIST]]).toEqual([3, undefined]);
  });

  test('fewer rows than there are records, and no word about it: lists', async () => {
    const expected = await rig.listed('contacts');
    await rig.control('export', { next: 'short' });
    await rig.control('fault', { route: DETAILS, status: 200, body: {} });
    expect(byId(await drain(rig.pull('contacts')))).toEqual(expected);
    expect(rig.warnings).toEqual([expect.stringMatching(/\d+ rows of \d+ records/)]);
  });

  test('records that were archived since they were counted are not missed', async () => {
    const expected = await rig.listed('contacts');
    const before = { total: expected.size + 1, results: [] };
    await rig.control('fault', { contains: '"limit":1', status: 200, body: before, count: 1 });
    expect(byId(await drain(rig.pull('contacts')))).toEqual(expected);
    expect(rig.warnings).toEqual([]);
    expect((await rig.counts())['POST /crm/objects/:version/:type/search']).toBe(2);
  });

  test('an answer that is lost: the export is not asked for a second time', async () => {
    const expected = await rig.listed('contacts');
    await rig.control('fault', { route: EXPORT, kind: 'reset', applied: true });
    expect(byId(await drain(rig.pull('contacts')))).toEqual(expected);
    expect((await rig.counts())[EXPORT]).toBe(1);
    expect(rig.warnings).toEqual([expect.stringContaining('going on by lists')]);
  });

  test('a file that is gone, or made for fewer fields: lists', async () => {
    const expected = await rig.listed('emails');
    await rig.open({ from: 1, pageRows: 60 });
    const [made, begun] = await drain(rig.pull('emails', null, ['hs_email_subject']), 2);
    const more = await drain(rig.pull('emails', begun!.cursor));
    expect(byId(more)).toEqual(expected);
    expect(rig.warnings).toEqual([expect.stringContaining('no column')]);
    await rig.open();
    await rig.control('clock', { advance: 31 * 86_400_000 });
    for (const page of [made!, begun!])
      expect(byId(await drain(rig.pull('emails', page.cursor)))).toEqual(expected);
    expect(rig.warnings).toHaveLength(2);
    expect((await rig.counts())[EXPORT]).toBe(1);
  });

  test('a token without the scope, or of which HubSpot does not tell: lists, and no export is tried', async () => {
    await rig.control('fault', { route: 'POST /oauth/v2/private-apps/get/access-token-info', status: 404 });
    const expected = await rig.listed('contacts');
    expect(byId(await drain(rig.pull('contacts')))).toEqual(expected);
    const scopes = [
      'oauth',
      'crm.objects.contacts.read',
      'crm.objects.companies.read',
      'crm.schemas.contacts.read',
    ];
    const poor = await another({ scopes });
    expect(byId(await drain(poor.pull('contacts', null, ['email']))).size).toBe(expected.size);
    for (const one of [rig, poor]) {
      expect(one.warnings).toEqual([]);
      expect((await one.counts())[EXPORT] ?? 0).toBe(0);
    }
  });

  test('the day’s exports are spent: lists, and the next types do not ask', async () => {
    const few = await another({ exports: { perDay: 1 } });
    for (const type of ['contacts', 'companies', 'deals', 'tickets']) {
      const pages = await drain(few.pull(type));
      expect(pages.at(-1)!.done).toBe(true);
    }
    expect((await few.counts())[EXPORT]).toBe(2);
    expect(few.warnings).toEqual([expect.stringContaining('"why":"refused"')]);
  });

  test('a run that is stopped meanwhile says so; no file is left behind', async () => {
    const left = (): number => readdirSync(tmpdir()).filter((name) => name.startsWith('waystage-')).length;
    const before = left();
    await rig.control('export', { next: 'stuck' });
    const reading = async (): Promise<void> => {
      for await (const _page of rig.pull('contacts')) rig.stop.abort();
    };
    await expect(reading()).rejects.toMatchObject({ code: 'stopped' });
    expect(left()).toBeLessThanOrEqual(before);
  });
});

test('settings: exportFrom is a number of records, or never', () => {
  const check = (exportFrom: unknown) =>
    createHubspot().checkConfig(hubspotConfig({ settings: { exportFrom } }));
  expect([check(1), check(250_000), check('never')]).toEqual([[], [], []]);
  expect(createHubspot().checkConfig(hubspotConfig({ settings: { exportfrom: 1 } }))).toEqual([
    { path: 'settings.exportfrom', message: expect.stringContaining('exportFrom') },
  ]);
  for (const wrong of [0, 1.5, '100', null])
    expect(check(wrong)).toEqual([
      { path: 'settings.exportFrom', message: expect.stringMatching(/or never; found/) },
    ]);
});
