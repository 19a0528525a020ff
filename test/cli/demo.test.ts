import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { folder, killAll, run, start } from './kit.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
type Json = any;

// Each call is a process of its own: on a busy machine that takes its time.
jest.setTimeout(120_000);

let place: ReturnType<typeof folder>;
beforeEach(() => {
  place = folder();
});
afterEach(async () => {
  await killAll();
  place.remove();
});

const SUMMARY = [
  'bands',
  'connections',
  'corrected',
  'run',
  'seconds',
  'stages',
  'subjects',
  'transitions',
  'writes',
];

function expectSummary(summary: Json): void {
  expect(Object.keys(summary)).toEqual(expect.arrayContaining(SUMMARY));
  expect(Object.keys(summary.connections).sort()).toEqual(['hubspot', 'salesforce']);
  for (const counts of Object.values<Json>(summary.connections)) {
    const ignored = Object.values<number>(counts.ignored).reduce((sum, value) => sum + value, 0);
    expect(counts.seen).toBe(counts.applied + ignored + counts.failed);
    expect(counts.requests).toBeGreaterThan(0);
    expect(counts.rateLimited).toBe(0);
  }
  expect(Object.keys(summary.writes)).toEqual(
    expect.arrayContaining(['records', 'fields', 'unchanged', 'failed']),
  );
  expect(summary.problems).toEqual([]);
}

async function records(sandbox: Json, type: string): Promise<readonly Json[]> {
  return ((await (await fetch(`${sandbox.url}/__sandbox/records?type=${type}`)).json()) as Json).records;
}

describe('demo', () => {
  test('prints one line as soon as it serves; both CRMs tell the same of a person; a signal ends it cleanly', async () => {
    const demo = start(['demo', '--contacts', '150', '--port', '0', '--json'], {
      folder: place.path,
      env: { TMPDIR: place.path },
    });
    const line = await demo.says('out', /\n/);
    const document: Json = JSON.parse(line);
    expect(Object.keys(document)).toEqual(
      expect.arrayContaining(['url', 'sandboxes', 'first', 'second', 'ambiguous', 'merged']),
    );
    expectSummary(document.first);
    expectSummary(document.second);
    expect(document.first.transitions).toBeGreaterThan(100);
    expect(document.first.writes.fields).toBeGreaterThan(500);
    expect(document.second.writes.fields).toBe(0);
    expect(document.second.transitions).toBe(0);

    const { hubspot, salesforce } = document.sandboxes;
    const outside = new Set(
      [...document.ambiguous, ...document.merged].map((item: Json) => item.record as string),
    );
    const contacts = (await records(hubspot, 'contacts')).filter(
      (contact) => !contact.archived && !outside.has(`hubspot:contacts:${contact.id}`),
    );
    const persons = new Map(
      (await records(salesforce, 'Contact'))
        .filter((contact) => !outside.has(`salesforce:Contact:${contact.Id}`))
        .map((contact) => [contact.Id, contact]),
    );
    let both = 0;
    for (const contact of contacts) {
      const own = contact.properties;
      expect([contact.id, own.waystage_stage]).toEqual([contact.id, expect.stringMatching(/\w/)]);
      const other = persons.get(own.salesforcecontactid ?? '');
      if (other === undefined) continue;
      both += 1;
      expect([
        contact.id,
        other.Waystage_Stage__c,
        String(other.Waystage_Health_Score__c),
        other.Waystage_Health_Band__c,
      ]).toEqual([
        contact.id,
        own.waystage_stage,
        String(own.waystage_health_score),
        own.waystage_health_band,
      ]);
    }
    expect(both).toBeGreaterThan(20);

    expect((await fetch(`${document.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(document.url)).text()).toContain('Contact journey');
    demo.child.kill('SIGINT');
    const ended = await demo.ended;
    expect(ended.status).toBe(0);
    expect(ended.out.trimEnd().split('\n')).toHaveLength(1);
    expect(readdirSync(place.path)).toEqual([]);
  });

  test('--once ends by itself, says in words what it did, and leaves nothing behind', async () => {
    const ended = await run(['demo', '--once', '--contacts', '60', '--port', '0'], {
      folder: place.path,
      env: { TMPDIR: place.path },
    });
    expect(ended.status).toBe(0);
    expect(ended.err).toMatch(/^Starting a HubSpot and a Salesforce sandbox with 60 contacts/);
    expect(ended.err).toContain('Writing: ');
    expect(ended.out.replace(/\s+/g, ' ')).toMatch(
      /^Read [\d,]+ records in \d+\.\d s: \d+ people and \d+ accounts\. \d+ stages changed\. Wrote /,
    );
    expect(ended.out.replace(/\s+/g, ' ')).toContain(
      'The second sync found everything as it should be: no field written, no stage changed.',
    );
    expect(ended.out.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    expect(readdirSync(place.path)).toEqual([]);
  });
});

describe('sandbox', () => {
  test('prints one JSON line with all that a client needs, and ends with 0 at a signal', async () => {
    const sandbox = start(['sandbox', '--contacts', '20'], { folder: place.path });
    const document: Json = JSON.parse(await sandbox.says('out', /\n/));
    for (const one of [document.hubspot, document.salesforce])
      expect(Object.keys(one)).toEqual(expect.arrayContaining(['url', 'token', 'clientId', 'clientSecret']));
    const answer = await fetch(`${document.hubspot.url}/crm/v3/objects/contacts?limit=1`, {
      headers: { authorization: `Bearer ${document.hubspot.token}` },
    });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    sandbox.child.kill('SIGTERM');
    expect((await sandbox.ended).status).toBe(0);
  });
});
