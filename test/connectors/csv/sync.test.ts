import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startHubspotSandbox } from '../../../connectors/hubspot/sandbox/index.ts';
import { type App, openApp } from '../../../src/app/app.ts';
import { EXAMPLE_MAPPINGS, packageRoot } from '../../../src/app/package-root.ts';
import { provisionConnection } from '../../../src/commands/provision.ts';
import { finish } from '../../../src/config/resolve.ts';
import { Config } from '../../../src/config/schema.ts';
import type { ConnectionId } from '../../../src/model/record.ts';
import type { Sandbox } from '../../../src/sandbox/port.ts';
import { createStory } from '../../../src/story/index.ts';
import type { SyncResult } from '../../../src/sync/run.ts';
import { silentProgress } from '../../../src/sync/session.ts';
import { sharedClock } from '../../helpers/shared-clock.ts';
import { folderSide, formatCsv, parseCsv, type TestFolder, testFolder } from './kit.ts';

const STORY_END = Date.UTC(2026, 10, 20, 15);
const NOW = STORY_END + 6 * 3_600_000;

interface Contact {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
}

describe('HubSpot and a folder of CSV files', () => {
  let sandbox: Sandbox;
  let folder: TestFolder;
  let app: App;
  let matched: readonly Contact[];

  beforeAll(async () => {
    const clock = sharedClock({ factor: 20, start: STORY_END, epoch: Date.now() });
    const story = createStory({ seed: 7, contacts: 60, now: STORY_END });
    sandbox = await startHubspotSandbox({ story, clock, port: 0, requestsPerTenSeconds: 100_000 });
    matched = uniqueEmails(await records('contacts')).slice(0, 12);
    const stamp = '2026-11-01';
    folder = testFolder({
      'people.csv': formatCsv([
        ['id', 'email', 'name', 'created:datetime', 'modified:datetime', 'account_id'],
        // As people write them: another case, blanks around.
        ...matched.map(({ properties }, i) => [
          `p${i}`,
          ` ${String(properties['email']).toUpperCase()} `,
          'Someone',
          stamp,
          stamp,
          i === 0 ? 'a1' : '',
        ]),
        ['p99', 'nobody-else@only-in-csv.example', 'Only Here', stamp, stamp, 'a1'],
      ]),
      'accounts.csv': formatCsv([
        ['id', 'name', 'domain'],
        ['a1', 'Only in CSV', 'only-in-csv.example'],
      ]),
    });
    const config = Config.parse({
      database: 'sqlite::memory:',
      connections: [
        {
          id: 'hubspot',
          connector: 'hubspot',
          auth: { kind: 'token', token: sandbox.token },
          baseUrl: sandbox.url,
          sandbox: true,
        },
        {
          id: 'files',
          connector: 'csv',
          settings: { folder: folder.path },
          objects: ['people', 'accounts'],
        },
      ],
      mappings: EXAMPLE_MAPPINGS,
      write: { mode: 'apply' },
    });
    const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    app = await openApp({
      config: finish(config, null, packageRoot(), {}),
      clock,
      random: () => 0.5,
      log: quiet,
    });
    for (const connection of app.connections) {
      const { results } = await provisionConnection(app, connection, false, new AbortController().signal);
      expect(results?.filter(({ ok }) => !ok)).toEqual([]);
    }
  }, 60_000);
  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
    folder?.remove();
  });

  const sync = (): Promise<SyncResult> =>
    app.run({ kind: 'sync', now: NOW, progress: silentProgress, signal: new AbortController().signal });
  const records = async (type: string): Promise<readonly Contact[]> => {
    const answer = await fetch(`${sandbox.url}/__sandbox/records?type=${type}`);
    return ((await answer.json()) as { readonly records: readonly Contact[] }).records;
  };
  /** A row of the file by its header names, types cut off. */
  const row = (file: string, id: string): Readonly<Record<string, string>> => {
    const [header = [], ...rows] = parseCsv(folder.text(file));
    const found = rows.find((one) => one[0] === id) ?? [];
    return Object.fromEntries(header.map((name, i) => [name.split(':')[0] ?? '', found[i] ?? '']));
  };

  test('J30 the same people are one by their e-mail, and both hold the same stage; then nothing is left to do', async () => {
    const first = await sync();
    expect(first.summary.problems).toEqual([]);
    expect(first.exit).toBe(0);
    const files = first.summary.connections['files'];
    expect(files).toMatchObject({ seen: 14, applied: 14, failed: 0 });
    for (const [i, { id }] of matched.entries()) {
      const here = await member('files', 'people', `p${i}`);
      expect(here?.reason).not.toBe('');
      expect(here).not.toBeNull();
      expect(here?.subject).toBe((await member('hubspot', 'contacts', id))?.subject);
    }
    const own = await member('files', 'people', 'p99');
    expect(own?.subject).toBeDefined();
    const contacts = new Map((await records('contacts')).map((contact) => [contact.id, contact.properties]));
    for (const [i, { id }] of matched.entries()) {
      const stage = row('people.csv', `p${i}`)['waystage_stage'];
      expect(stage).not.toBe('');
      expect(stage).toBe(contacts.get(id)?.['waystage_stage']);
    }
    expect(row('people.csv', 'p99')['waystage_stage']).not.toBe('');
    expect(row('accounts.csv', 'a1')['waystage_stage']).not.toBe('');
    expect(row('people.csv', 'p99')['name']).toBe('Only Here');

    const before = folder.bytes('people.csv');
    const second = await sync();
    expect(second.summary.writes).toMatchObject({ records: 0, fields: 0, failed: 0 });
    expect(second.summary.transitions).toBe(0);
    const { seen, applied, ignored, failed } = second.summary.connections['files']!;
    expect([applied, failed]).toEqual([0, 0]);
    expect(seen).toBe(Object.values(ignored).reduce((sum, count) => sum + count, 0));
    expect(folder.bytes('people.csv').equals(before)).toBe(true);
  }, 60_000);

  test('an edit of the file is applied, a broken row is named and the stored one stays in use', async () => {
    await sync();
    await folderSide(folder).edit('people', 'p99', { name: 'Renamed' });
    const edited = await sync();
    expect(edited.summary.connections['files']).toMatchObject({ applied: 1, failed: 0 });
    folder.write('people.csv', folder.text('people.csv').replace('p99,', 'p99,too,many,'));
    const broken = await sync();
    expect(broken.exit).toBe(1);
    expect(broken.summary.connections['files']).toMatchObject({ applied: 0, failed: 1 });
    expect(await member('files', 'people', 'p99')).toBeDefined();
  }, 60_000);

  test('a folder that went away stops nothing of HubSpot', async () => {
    folder.remove();
    const result = await sync();
    expect(result.exit).toBe(3);
    expect(JSON.stringify(result.summary.problems)).toContain('CSV folder');
    expect(result.summary.connections['hubspot']?.seen).toBeGreaterThanOrEqual(0);
  }, 60_000);

  const member = async (connection: string, type: string, id: string) =>
    app.store.subjects.memberByRecord({ connection: connection as ConnectionId, type, id });
});

/** Contacts whose address no other contact has: nothing about them is ambiguous. */
function uniqueEmails(contacts: readonly (Contact & { readonly archived?: boolean })[]): readonly Contact[] {
  const count = new Map<string, number>();
  const emailsOf = ({ properties }: Contact): readonly string[] =>
    [properties['email'], ...(properties['hs_additional_emails'] ?? '').split(';')]
      .map((email) => (email ?? '').normalize('NFKC').trim().toLowerCase())
      .filter((email) => email !== '');
  for (const contact of contacts)
    for (const email of emailsOf(contact)) count.set(email, (count.get(email) ?? 0) + 1);
  return contacts.filter(
    (contact) =>
      contact.archived !== true &&
      emailsOf(contact).length > 0 &&
      emailsOf(contact).every((email) => count.get(email) === 1),
  );
}
