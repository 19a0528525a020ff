import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Sandboxes } from '../../src/app/sandboxes.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { configText, type Ended, folder, killAll, root, run, sandboxes, start } from './kit.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
type Json = any;

// Each call is a process of its own: on a busy machine that takes its time.
jest.setTimeout(120_000);

let place: ReturnType<typeof folder>;
let crms: Sandboxes;

beforeAll(async () => {
  place = folder();
  crms = await sandboxes(60);
  mkdirSync(join(place.path, 'config'));
  mkdirSync(join(place.path, 'mappings'));
  for (const name of ['accounts', 'people'])
    copyFileSync(join(root, `mappings/b2b-software/${name}.yaml`), join(place.path, `mappings/${name}.yaml`));
  write('config/waystage.yaml', configText(crms.all, MAPPINGS));
});
afterAll(async () => {
  await killAll();
  await crms.close();
  place.remove();
});

const MAPPINGS = ['mappings/accounts.yaml', 'mappings/people.yaml'];

function write(name: string, text: string): void {
  writeFileSync(join(place.path, name), text);
}

const cli = (...args: readonly string[]): Promise<Ended> => run(args, { folder: place.path });

async function json(...args: readonly string[]): Promise<Json> {
  const ended = await cli(...args, '--json');
  expect(ended.out.trimEnd().split('\n')).toHaveLength(1);
  return { ...JSON.parse(ended.out), status: ended.status };
}

async function control(id: string, name: string, body: unknown): Promise<void> {
  const answer = await fetch(`${crms.all[id]?.url}/__sandbox/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect([name, answer.status, await answer.text()]).toEqual([name, 200, expect.anything()]);
}

/** One person in both CRMs, found when the first plan is made. */
let email = '';
let contact = '';

describe('a CRM of one’s own, step by step', () => {
  test('provision --plan changes nothing; a plan before the fields are there says what is missing', async () => {
    const steps = await json('provision', '--plan');
    expect(steps.status).toBe(0);
    expect(steps.connections.map((one: Json) => [one.connection, one.steps.length > 5, one.results])).toEqual(
      [
        ['hubspot', true, null],
        ['salesforce', true, null],
      ],
    );
    const planned = await cli('plan', '--quiet');
    expect(planned).toMatchObject({ status: 1, err: '' });
    const words = planned.out.replace(/\s+/g, ' ');
    expect(words).toMatch(/stages would change\./);
    expect(words).toContain('Run `waystage provision`');
    expect(words).toContain('A sync would write nothing until the fields are there.');
  });

  test('provision creates the fields, and says so the second time', async () => {
    const first = await cli('provision');
    expect(first.status).toBe(0);
    expect(first.out).toContain('✓ create property waystage_stage on contacts');
    expect(first.out).not.toContain('✗');
    const second = await cli('provision');
    expect(second.out).toBe(
      'hubspot: everything is there already.\nsalesforce: everything is there already.\n',
    );
  });

  test('plan shows each field with its value now and then and the requests, saves them, and writes nothing', async () => {
    const planned = await cli('plan', '--out', 'plan.json');
    expect(planned.status).toBe(0);
    expect(planned.out).toMatch(/A sync would write \d+ fields on \d+ records:/);
    expect(planned.out).toMatch(/\n {2}waystage_stage +\(empty\) → \w+\n/);
    expect(planned.err).toContain('The plan is saved in plan.json.');
    const plan: Json = JSON.parse(readFileSync(join(place.path, 'plan.json'), 'utf8'));
    expect(plan.writes.fields).toBe(0);
    expect(plan.forecast.reduce((sum: number, row: Json) => sum + row.records, 0)).toBe(plan.changes.length);
    const writes: Json = await (await fetch(`${crms.all['hubspot']?.url}/__sandbox/writes`)).json();
    expect(writes.writes).toEqual([]);
  });

  test('sync writes, says what it did, and has nothing to do the second time', async () => {
    const first = await json('sync');
    expect(first).toMatchObject({ status: 0, problems: [] });
    expect(first.writes.fields).toBeGreaterThan(300);
    const second = await cli('sync', '--quiet');
    expect(second).toMatchObject({ status: 0, err: '' });
    expect(second.out.replace(/\s+/g, ' ')).toContain('Nobody changed stage. Nothing had to be written.');
  });

  test('explain says stage, reason, next step and health first; unknown names are told what to do', async () => {
    const { records }: Json = await (
      await fetch(`${crms.all['hubspot']?.url}/__sandbox/records?type=contacts`)
    ).json();
    const { ambiguous, merged } = await json('matches');
    const outside = new Set([...ambiguous, ...merged].map((item: Json) => item.record));
    const person = records.find(
      (one: Json) =>
        !one.archived &&
        one.properties.email &&
        one.properties.salesforcecontactid &&
        !outside.has(`hubspot:contacts:${one.id}`),
    );
    email = person.properties.email;
    contact = person.id;
    const [words, document, nobody] = await Promise.all([
      cli('explain', email),
      json('explain', `hubspot:contacts:${contact}`),
      cli('explain', 'nobody@nowhere.example'),
    ]);
    expect(words.status).toBe(0);
    expect(words.out).toMatch(/^Person \S+@\S+\n {2}hubspot:contacts:\d+\n/);
    expect(words.out).toContain(' salesforce:Contact:003');
    const order = ['Contact journey', '  Stage ', '  Because ', '  Health ', '  Rules of '].map((part) =>
      words.out.indexOf(part),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(document.journeys[0].stage.stage).toBe(person.properties.waystage_stage);
    expect(nobody).toMatchObject({ status: 2, err: expect.stringContaining('Nobody is known as') });
  });

  test('history, runs, run last, connections and fields give what they promise, in words and as JSON', async () => {
    const [history, runs, last, connections, fields] = await Promise.all([
      json('history', email),
      json('runs'),
      json('run', 'last'),
      json('connections'),
      json('fields', 'hubspot', '--type', 'contacts'),
    ]);
    expect(history.journeys[0].visits.length).toBeGreaterThan(0);
    expect(runs.runs.map((run: Json) => run.kind)).toEqual(['sync', 'sync', 'plan', 'plan']);
    expect(last.run.status).toBe('done');
    expect(connections.connections.map((one: Json) => [one.id, one.problem])).toEqual([
      ['hubspot', null],
      ['salesforce', null],
    ]);
    expect(fields.fields.find((field: Json) => field.name === 'email')).toMatchObject({ kind: 'text' });
    const words = await cli('fields', 'hubspot', '--type', 'contacts');
    expect(words.out).toContain('hs_analytics_num_page_views');
  });

  test('a reader that closes early does not end the work', async () => {
    const sync = start(['sync'], { folder: place.path });
    sync.child.stdout?.destroy();
    const ended = await sync.ended;
    expect(ended).toMatchObject({ status: 0, err: expect.not.stringContaining('EPIPE') });
  });

  test('pull --history says by connection and type what the CRMs remember, and then reads only what changed', async () => {
    const words = await cli('pull', '--history', '--quiet');
    expect(words).toMatchObject({ status: 0, err: '' });
    expect(words.out).toMatch(/History of hubspot, \d+ requests:/);
    expect(words.out).toMatch(/\ndeals +\d+ +\d+ +20\d\d-\d\d-\d\d +100 % +everything\n/);
    expect(words.out).toMatch(/\n- Contact without history: [^-]*LeadSource/);
    const again = await json('pull', '--history');
    expect(again.status).toBe(0);
    expect(again.history.salesforce.types.Opportunity).toMatchObject({ read: 'changes', failed: 0 });
    expect(again.history.hubspot.requests).toBeLessThanOrEqual(30);
  });
});

describe('what goes wrong with a CRM', () => {
  const wrongToken = (): string =>
    configText(crms.all, MAPPINGS).replace(crms.all['hubspot']?.token ?? '', 'pat-na1-not-this-one');

  test('wrong credentials: which CRM, what it answered, what to do, status 3, everywhere', async () => {
    write('config/wrong.yaml', wrongToken());
    const [checks, runs] = [
      [
        ['provision', '--plan'],
        ['fields', 'hubspot'],
      ],
      [['plan'], ['sync']],
    ];
    const wrong = (call: readonly string[]): Promise<Ended> => cli(...call, '--config', 'config/wrong.yaml');
    const ends = await Promise.all(checks.map(wrong));
    for (const call of runs) ends.push(await wrong(call));
    for (const [index, ended] of ends.entries()) {
      const call = [...checks, ...runs][index];
      const words = (ended.out + ended.err).replace(/\s+/g, ' ');
      expect([call, ended.status]).toEqual([call, 3]);
      expect(words).toMatch(/HubSpot.*hubspot.*401.*check/);
      expect(words).not.toContain('pat-na1-not-this-one');
    }
    const last = await cli('run', 'last');
    expect(last.out).toContain('Problems\n- ');
    expect(await cli('connections')).toMatchObject({ status: 1 });
  });

  test('a second process says that another run is under way; a stopped run is gone on with', async () => {
    const store = await openSqliteStore(join(place.path, '.waystage/waystage.db'));
    const lease = await store.leases.acquire(
      'sync',
      `${hostname()}/${process.pid}/test`,
      Date.now(),
      600_000,
    );
    if (lease === null) throw new Error('nobody else should hold it');
    const second = await cli('sync', '--json');
    await store.leases.release(lease);
    await store.close();
    expect(second.status).toBe(1);
    expect(JSON.parse(second.out).error).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('Another run is under way'),
    });
    const first = start(['sync'], { folder: place.path });
    await first.says('err', /Connecting/);
    first.child.kill('SIGINT');
    const stopped = await first.ended;
    expect(stopped.status).toBe(1);
    expect(stopped.err).toMatch(/stopped/i);
    expect(await cli('sync')).toMatchObject({ status: 0 });
  });

  test('a refused record is named with the words of the CRM, the rest is written, status 1', async () => {
    await control('hubspot', 'refuse', {
      type: 'contacts',
      id: contact,
      message: 'This contact is locked by a rule.',
    });
    await control('hubspot', 'edit', { type: 'contacts', id: contact, properties: { waystage_stage: '' } });
    write('config/revert.yaml', `${configText(crms.all, MAPPINGS)}write: { manualEdits: revert }\n`);
    const ended = await cli('sync', '--config', 'config/revert.yaml');
    expect(ended.out.replace(/\s+/g, ' ')).toMatch(/1 record failed: `waystage run \S+` names it\./);
    expect(ended.status).toBe(1);
    const last = await cli('run', 'last');
    expect(last.out.replace(/\s+/g, ' ')).toMatch(
      new RegExp(
        `Not written - hubspot:contacts:${contact} waystage_stage: \\w+: .*This contact is locked by a rule`,
      ),
    );
  });
});

describe('serve', () => {
  test('serves, keeps the last good rules while a file is broken, takes the mended one, and stops at a signal', async () => {
    write('config/waystage.yaml', configText(crms.all, MAPPINGS, '0 3 1 1 *'));
    const serve = start(['serve', '--port', '0', '--json'], { folder: place.path });
    const { url, schedules }: Json = JSON.parse(await serve.says('out', /\n/));
    expect(schedules).toEqual(['sync hubspot', 'sync salesforce']);
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    const page = async (): Promise<string> => (await fetch(url)).text();
    expect(await page()).not.toContain('have errors');
    const path = 'mappings/people.yaml';
    const good = readFileSync(join(place.path, path), 'utf8');
    write(path, good.replace('label: Contact journey', 'lable: Contact journey'));
    await serve.says('err', /last good ones stay in use/);
    expect(await page()).toMatch(/have errors[\s\S]*mappings\/people\.yaml:\d+:1[\s\S]*Contact journey/);
    write(path, good.replace('label: Contact journey', 'label: Mended journey'));
    for (const began = Date.now(); !(await page()).includes('Mended journey'); ) {
      expect(Date.now() - began).toBeLessThan(20_000);
      await new Promise((later) => setTimeout(later, 250));
    }
    expect(await page()).not.toContain('have errors');
    serve.child.kill('SIGTERM');
    expect((await serve.ended).status).toBe(0);
  });
});
