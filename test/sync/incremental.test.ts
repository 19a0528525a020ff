import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { explain } from '../../src/sync/look/explain.ts';
import type { Failpoint } from '../../src/sync/session.ts';
import { type Company, startCompany } from '../helpers/company.ts';
import { type Json, runWith } from './kit.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const PEOPLE = `
journey: people
subject: person
timezone: UTC
stages:
  known: { default: true }
  large: { enter: { account.employees: { gte: 5000 } } }
  chief: { enter: { person.title: { contains: chief } } }
  working: { enter: { person.lead_status: working }, for: 5h }
outputs: [stage]
`;
const measure = (days: number): string => `        within_${days}:
          value: { count: touchpoints, where: { at: { within: ${days}d } } }
          scale: { 0: 0, 20: 100 }
`;
const ACCOUNTS = `
journey: accounts
subject: account
timezone: UTC
stages:
  quiet: { default: true }
  led: { enter: { some: people, where: { title: { contains: chief } } } }
health:
  min_coverage: 0%
  bands: { green: 60, yellow: 30, red: 0 }
  groups:
    all:
      measures:
${[1, 2, 5, 12, 20, 30, 45, 60, 80, 100].map((days) => measure(days)).join('')}outputs: [stage, health_band]
`;

describe('J15 a run looks only at whom something concerns', () => {
  let folder: string;
  let company: Company;
  let contact: Json;
  let now = 0;

  const subjectOf = async (type: string, id: string): Promise<string> => {
    const key = { connection: 'hubspot', type, id } as never;
    return (await company.app.store.subjects.memberByRecord(key))?.subject ?? '';
  };
  /** Who was judged by the run at this instant. */
  const judged = async (at: number): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const { name } of company.app.mappings.mappings)
      for await (const chunk of company.app.store.journeys.scan(name))
        found.push(
          ...chunk.filter(({ evaluatedAt }) => evaluatedAt === at).map(({ subject }) => subject as string),
        );
    return found.sort();
  };
  const sync = async (changes: Parameters<typeof runWith>[1] = {}) => {
    await company.indexed();
    now = company.clock.now();
    return runWith(company, { now, ...changes });
  };
  const pass = (ms: number): void => {
    company.time.skipped = (company.time.skipped ?? 0) + ms;
  };
  const rename = (jobtitle: string) =>
    company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact.id,
      properties: { jobtitle, hs_lead_status: 'NEW' },
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waystage-incremental-'));
    const [people, accounts] = [join(folder, 'people.yaml'), join(folder, 'accounts.yaml')];
    writeFileSync(people, PEOPLE);
    writeFileSync(accounts, ACCOUNTS);
    company = await startCompany({ contacts: 25, mappings: [people, accounts] });
    await sync();
    contact = (await company.records('hubspot', 'contacts')).find(
      ({ archived, properties }) =>
        !archived &&
        properties.associatedcompanyid &&
        !properties.salesforcecontactid &&
        !properties.salesforceleadid,
    );
    await sync();
  }, 60_000);
  afterAll(async () => {
    await company?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('at nobody when nothing happened; the counts are those of everybody', async () => {
    const before = (await sync({ full: true })).summary;
    const { summary } = await sync();
    expect(await judged(now)).toEqual([]);
    expect({ stages: summary.stages, bands: summary.bands }).toEqual({
      stages: before.stages,
      bands: before.bands,
    });
    expect(summary.subjects.person).toBeGreaterThan(15);
  });

  test('an edited person concerns itself and its account, not its colleagues; who joined later, too', async () => {
    const person = await subjectOf('contacts', contact.id);
    const account = await subjectOf('companies', contact.properties.associatedcompanyid);
    await rename('Chief of Staff');
    const { summary } = await sync();
    expect(await judged(now)).toEqual([account, person].sort());
    expect(summary.writes.records).toBeGreaterThan(1);
    expect(summary.stages['people']?.['chief']).toBeGreaterThan(0);
  });

  test('an account concerns its people where their rules read it, before and after a move', async () => {
    const companies = (await company.records('hubspot', 'companies')).filter(({ archived }) => !archived);
    const other = companies.find(({ id }) => id !== contact.properties.associatedcompanyid);
    const [from, to] = [contact.properties.associatedcompanyid, other.id];
    await company.control('hubspot', 'associate', {
      type: 'contacts',
      id: contact.id,
      toType: 'companies',
      toId: from,
      remove: true,
    });
    await company.control('hubspot', 'associate', {
      type: 'contacts',
      id: contact.id,
      toType: 'companies',
      toId: to,
      primary: true,
    });
    await rename('Clerk');
    await sync({ reconcile: true });
    await company.control('hubspot', 'edit', {
      type: 'companies',
      id: to,
      properties: { numberofemployees: 9_000 },
    });
    const { summary } = await sync();
    const seen = await judged(now);
    expect(seen).toContain(await subjectOf('contacts', contact.id));
    expect(seen).toContain(await subjectOf('companies', to));
    expect(seen).not.toContain(await subjectOf('companies', from));
    expect(summary.stages['people']?.['large']).toBeGreaterThan(0);
  });

  test('a wait that ends is looked at when it ends, and nobody before that', async () => {
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact.id,
      properties: { hs_lead_status: 'IN_PROGRESS' },
    });
    await sync();
    pass(3 * HOUR);
    await sync();
    expect(await judged(now)).toEqual([]);
    pass(3 * HOUR);
    const { summary } = await sync();
    expect(await judged(now)).toContain(await subjectOf('contacts', contact.id));
    expect(summary.stages['people']?.['working']).toBeGreaterThan(0);
  });

  test('J20 within the day time moves no health; at midnight it is judged again', async () => {
    pass(DAY - (company.clock.now() % DAY) + HOUR);
    await sync();
    const { store } = company.app;
    const scores = async (): Promise<readonly Json[]> => {
      const found: Json[] = [];
      for await (const chunk of store.journeys.scan('accounts'))
        for (const { subject, health } of chunk) found.push([subject, health]);
      return found;
    };
    const before = await scores();
    // Everybody is looked at, and sixty days ago a day full of talks goes by.
    pass(20 * HOUR);
    const { summary } = await sync({ full: true });
    expect(await scores()).toEqual(before);
    // J33: the explanation says what was decided.
    const { connections, mappings } = company.app;
    const explained: unknown[] = [];
    for (const subject of await store.subjects.list('account')) {
      if (subject.gone) continue;
      const { journeys } = await explain(store, connections, mappings.mappings, subject, now);
      explained.push([subject.id, journeys[0]?.health?.score]);
    }
    expect(explained).toEqual(before.map(([id, { score }]: Json) => [id, score]));
    expect(summary.transitions).toBe(0);
    pass(4 * HOUR);
    await sync();
    expect((await judged(now)).length).toBe(before.length);
    expect(await scores()).not.toEqual(before);
  });

  test.each<Failpoint>(['pulled', 'resolved', 'placed-chunk', 'placed', 'write-sent'])(
    'killed at %s it forgets nobody',
    async (point) => {
      const [jobtitle, numberofemployees] = point === 'resolved' ? ['Clerk', 9_000] : [`Chief ${point}`, 10];
      await company.control('hubspot', 'edit', {
        type: 'contacts',
        id: contact.id,
        properties: { hs_lead_status: 'NEW', jobtitle },
      });
      await company.control('hubspot', 'edit', {
        type: 'companies',
        id: (await company.record('hubspot', 'contacts', contact.id)).properties.associatedcompanyid,
        properties: { numberofemployees },
      });
      const dead = new Error('killed');
      await sync({
        failpoint: (reached) => {
          if (reached === point) throw dead;
        },
      }).catch((error: unknown) => {
        if (error !== dead) throw error;
      });
      await sync();
      const whole = await sync({ kind: 'plan', full: true });
      expect(whole.writes).toEqual([]);
      const stage = (await company.record('hubspot', 'contacts', contact.id)).properties.waystage_stage;
      expect(stage).toBe(point === 'resolved' ? 'large' : 'chief');
    },
  );

  test('whose records do not hold what they should waits on, and plan shows it again and again', async () => {
    await rename('Clerk');
    const only = await sync({ connections: readOnly(company) });
    expect(only.summary.writes.records).toBe(0);
    const first = await sync({ kind: 'plan' });
    const second = await sync({ kind: 'plan' });
    expect(first.writes.length).toBeGreaterThan(0);
    expect(second.writes).toEqual(first.writes);
    const { summary } = await sync();
    expect(summary.writes.records).toBe(first.writes.length);
    expect((await sync({ kind: 'plan' })).writes).toEqual([]);
    await sync();
    expect(await judged(now)).toEqual([]);
  });

  test('a value of a person that is kept is reported by every run', async () => {
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact.id,
      properties: { waystage_stage: 'large' },
    });
    for (let run = 0; run < 2; run += 1) expect((await sync()).summary.writes.manualEdits).toBe(1);
  });

  test('changed rules and a full sync look at everybody', async () => {
    await sync({ full: true });
    const all = await judged(now);
    expect(all.length).toBeGreaterThan(20);
    const [people, accounts] = company.app.mappings.mappings;
    const changed = { ...people!, version: 'another' };
    await sync({ mappings: [changed, accounts!], guard: null });
    expect(await judged(now)).toEqual(all);
  });
});

/** The connections of a company, not to be written to. */
function readOnly(company: Company): Company['app']['connections'] {
  return company.app.connections.map((config) => ({ ...config, writeMode: 'plan-only' as const }));
}
