import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CsvReader, readZip, unzip } from '../../../src/transport/index.ts';
import { type Answer, type Json, refusal, type TestPortal, withPortal } from './sandbox-tools.ts';

const EXPORT = '/crm/exports/2026-03/export/async';
const SCOPES = ['oauth', 'crm.objects.contacts.read', 'crm.objects.companies.read'];

const body = (changes: Json = {}): Json => ({
  exportType: 'VIEW',
  format: 'CSV',
  exportName: 'People',
  language: 'EN',
  objectType: 'CONTACT',
  objectProperties: ['email', 'lifecyclestage', 'hs_email_optout', 'lastmodifieddate'],
  associatedObjectType: ['COMPANY'],
  includeLabeledAssociations: true,
  includePrimaryDisplayPropertyForAssociatedObjects: false,
  exportInternalValuesOptions: ['NAMES', 'VALUES'],
  overrideAssociatedObjectsPerDefinitionPerRowLimit: false,
  ...changes,
});

async function start(portal: TestPortal, changes: Json = {}): Promise<string> {
  const made = await portal.api('POST', EXPORT, body(changes));
  expect([made.status, made.body]).toEqual([202, { id: expect.stringMatching(/^\d+$/), links: {} }]);
  return made.body.id;
}

const status = (portal: TestPortal, id: string): Promise<Answer> =>
  portal.api('GET', `${EXPORT}/tasks/${id}/status`);

/** The file's bytes, fetched without a token. */
async function fetched(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

function rowsOf(csv: Buffer): readonly (readonly string[])[] {
  const reader = new CsvReader();
  return [...reader.push(csv), ...reader.end()];
}

async function complete(portal: TestPortal, changes: Json = {}) {
  const id = await start(portal, changes);
  portal.advance(60_000);
  const { body: done } = await status(portal, id);
  expect(done.status).toBe('COMPLETE');
  return { id, file: await fetched(done.result), url: done.result as string };
}

describe('exports of the HubSpot sandbox', () => {
  test('are pending, processing, then complete, with as many rows as they say', async () => {
    await withPortal({ exports: { pendingMs: 1_000, rowsPerSecond: 10 } }, async (portal) => {
      const id = await start(portal);
      expect((await status(portal, id)).body.status).toBe('PENDING');
      portal.advance(1_000);
      const processing = (await status(portal, id)).body;
      expect([processing.status, processing.result]).toEqual(['PROCESSING', undefined]);
      portal.advance(600_000);
      const done = (await status(portal, id)).body;
      const [header, ...rows] = rowsOf(await fetched(done.result));
      expect(header).toEqual([
        'hs_object_id',
        'email',
        'lifecyclestage',
        'hs_email_optout',
        'lastmodifieddate',
        'Associated Company IDs',
        'Associated Company IDs (Primary)',
      ]);
      const details = (await portal.api('GET', `/crm/exports/2026-03/export/${id}`)).body;
      expect([details.exportState, details.recordCount]).toEqual(['DONE', rows.length]);
      const { body: found } = await portal.search('contacts', { limit: 1 });
      expect(found.total).toBe(rows.length);
      const [row] = rows;
      const one = (
        await portal.api('GET', `/crm/objects/2026-03/contacts/${row![0]}?properties=${header!.slice(0, 5)}`)
      ).body;
      expect(row!.slice(0, 5)).toEqual(header!.slice(0, 5).map((name) => one.properties[name] ?? ''));
    });
  });

  test('show labels and local times unless internal names and values are asked for', async () => {
    await withPortal({ timeZone: 'Asia/Tokyo' }, async (portal) => {
      const plain = await complete(portal, { exportInternalValuesOptions: [] });
      const [header, ...rows] = rowsOf(plain.file);
      expect(header!.slice(0, 3)).toEqual(['Record ID', 'Email', 'Lifecycle Stage']);
      expect(new Set(rows.map((row) => row[3]))).toEqual(new Set(['Yes', 'No']));
      expect(rows.every((row) => /^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(row[4]!))).toBe(true);
      expect(rows.some((row) => row[2] === 'Lead')).toBe(true);
    });
  });

  test('an address is good for five minutes, another look gives a new one; the file is kept a month', async () => {
    await withPortal({}, async (portal) => {
      const { id, file, url } = await complete(portal);
      portal.advance(299_000);
      expect(await fetched(url)).toEqual(file);
      portal.advance(1_000);
      expect((await fetch(url)).status).toBe(403);
      const again = (await status(portal, id)).body.result;
      expect(again).not.toBe(url);
      expect(await fetched(again)).toEqual(file);
      portal.advance(31 * 86_400_000);
      expect(refusal(await status(portal, id))).toEqual([404, 'OBJECT_NOT_FOUND']);
    });
  });

  test('one at a time: the next one waits; 30 in 24 hours', async () => {
    await withPortal({ exports: { rowsPerSecond: 1 } }, async (portal) => {
      const [first, second] = [await start(portal), await start(portal)];
      portal.advance(10_000);
      expect((await status(portal, first)).body.status).toBe('PROCESSING');
      expect((await status(portal, second)).body.status).toBe('PENDING');
      for (let made = 2; made < 30; made += 1) await start(portal);
      const refused = await portal.api('POST', EXPORT, body());
      expect([refused.status, refused.body.policyName]).toEqual([429, 'EXPORTS']);
      portal.advance(86_400_000);
      await start(portal);
    });
  });

  test('large files are zipped, very many rows in several files', async () => {
    await withPortal({ exports: { zipFrom: 1_000, fileRows: 25 } }, async (portal) => {
      const { file } = await complete(portal);
      const path = join(tmpdir(), `waystage-export-${process.pid}.zip`);
      const fd = openSync(path, 'w+');
      writeSync(fd, file);
      const ids = new Set<string>();
      const entries = await readZip(fd, { maxEntries: 100, maxBytes: 10_000_000 });
      for (const entry of entries) {
        const chunks: Buffer[] = [];
        for await (const chunk of unzip(fd, entry)) chunks.push(chunk);
        const [header, ...rows] = rowsOf(Buffer.concat(chunks));
        expect(header![0]).toBe('hs_object_id');
        expect(rows.length).toBeLessThanOrEqual(25);
        for (const row of rows) ids.add(row[0]!);
      }
      closeSync(fd);
      rmSync(path);
      expect(entries.length).toBeGreaterThan(1);
      expect(ids.size).toBe((await portal.search('contacts', { limit: 1 })).body.total);
    });
  });

  test('a row shows so many associations and no more, unless asked to', async () => {
    await withPortal({ exports: { associations: 2 } }, async (portal) => {
      const id = await portal.contact({ email: 'many@example.com' });
      const { body: found } = await portal.search('companies', { limit: 5 });
      for (const { id: toId } of found.results)
        await portal.control('POST', 'associate', { type: 'contacts', id, toType: 'companies', toId });
      const counts: number[] = [];
      for (const overrideAssociatedObjectsPerDefinitionPerRowLimit of [false, true]) {
        const { file } = await complete(portal, { overrideAssociatedObjectsPerDefinitionPerRowLimit });
        const row = rowsOf(file).find((cells) => cells[0] === id);
        counts.push(row![5]!.split(';').length);
      }
      expect(counts).toEqual([2, 5]);
    });
  });

  test('a filter narrows a view; what is wrong is refused', async () => {
    await withPortal({}, async (portal) => {
      const filters = [{ propertyName: 'hs_email_optout', operator: 'EQ', value: 'true' }];
      const { file } = await complete(portal, { publicCrmSearchRequest: { filters } });
      const [, ...rows] = rowsOf(file);
      expect(new Set(rows.map((row) => row[3]))).toEqual(new Set(['true']));
      const wrong: readonly Json[] = [
        { associatedObjectType: ['COMPANY', 'DEAL', 'TICKET', 'CALL', 'NOTE'] },
        { associatedObjectType: ['CONTACT'] },
        { objectType: 'NOTHING' },
        { objectProperties: ['no_such_property'] },
        { exportType: 'LIST', listId: '1' },
        { format: 'PDF' },
        { language: 'XX' },
        { exportInternalValuesOptions: ['IDS'] },
        { surprise: true },
        { publicCrmSearchRequest: { filters: [...filters, ...filters, ...filters, ...filters] } },
      ];
      for (const changes of wrong)
        expect(refusal(await portal.api('POST', EXPORT, body(changes))).slice(0, 2)).toEqual([
          400,
          'VALIDATION_ERROR',
        ]);
    });
  });

  test('need the scope for exports and those of what they show; a token can be asked what it may do', async () => {
    const info = (portal: TestPortal) =>
      portal.api('POST', '/oauth/v2/private-apps/get/access-token-info', { tokenKey: portal.sandbox.token });
    await withPortal({ scopes: SCOPES }, async (portal) => {
      expect(refusal(await portal.api('POST', EXPORT, body()))).toEqual([403, 'MISSING_SCOPES']);
      expect((await info(portal)).body.scopes).toEqual(SCOPES);
    });
    await withPortal({ scopes: [...SCOPES, 'crm.export'] }, async (portal) => {
      await start(portal);
      expect(refusal(await portal.api('POST', EXPORT, body({ associatedObjectType: ['DEAL'] })))).toEqual([
        403,
        'MISSING_SCOPES',
      ]);
      expect((await info(portal)).body.scopes).toContain('crm.export');
    });
  });

  test('can be told to fail', async () => {
    await withPortal({}, async (portal) => {
      await portal.control('POST', 'export', { next: 'refuse' });
      expect(refusal(await portal.api('POST', EXPORT, body()))).toEqual([400, 'VALIDATION_ERROR']);
      await portal.control('POST', 'export', { next: 'cancel' });
      const cancelled = await start(portal);
      portal.advance(60_000);
      expect((await status(portal, cancelled)).body).toMatchObject({ status: 'CANCELED', numErrors: 1 });
      await portal.control('POST', 'export', { next: 'expired-url' });
      const late = await start(portal);
      portal.advance(60_000);
      expect((await fetch((await status(portal, late)).body.result)).status).toBe(403);
      await fetched((await status(portal, late)).body.result);
      await portal.control('POST', 'export', { next: 'stuck' });
      const stuck = await start(portal);
      portal.advance(86_400_000);
      expect((await status(portal, stuck)).body.status).toBe('PROCESSING');
    });
  });

  test('the faults of the kit meet the file, too', async () => {
    await withPortal({}, async (portal) => {
      const { file, url } = await complete(portal);
      await portal.control('POST', 'fault', { kind: 'truncate', route: 'GET /exports/files/:id', count: 1 });
      expect((await fetched(url)).length).toBe(Math.floor(file.length / 2));
      expect(await fetched(url)).toEqual(file);
    });
  });
});
