import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Company, startCompany } from '../helpers/company.ts';
import { changeRule, commands, HOUR, outputsInCrms, ownMappings } from './apply-kit.ts';
import type { Json } from './kit.ts';

const WAS = 'probability: { gte: 0.5 }';
const IS = 'probability: { gte: 0.2 }';

describe('a changed threshold: plan, apply, rollback (J23-J28)', () => {
  let company: Company;
  let folder: string;
  let accounts: string;
  let run: ReturnType<typeof commands>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waystage-rules-'));
    const mappings = ownMappings(folder);
    accounts = mappings[0]!;
    company = await startCompany({ contacts: 150, mappings });
    run = commands(company);
    expect((await run.sync(0)).exit).toBe(0);
    await company.indexed();
  });
  afterEach(async () => {
    await company.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('J25 J26 J28 plan says who moves, why and for what; after apply and rollback everything is as before', async () => {
    const before = await outputsInCrms(company);
    const version = (await company.app.rules()).active!.set;
    await changeRule(company, accounts, WAS, IS);
    const { text } = await run.plan(1, 'plan.json', false);
    expect(text).toMatch(/4 accounts move because of stages\.decision\.enter/);
    expect(text).toMatch(/was \{some: deals, .*gte: 0\.5/);
    expect(text).toMatch(/is {2}\{some: deals, .*gte: 0\.2/);
    expect(text).toContain('4 from Consideration to Decision');
    expect(text).toMatch(
      /Contact journey: 2 people move because of stages\.decision\.enter of the journey\s+accounts/,
    );
    expect(text).toMatch(/for example hubspot:companies:\d+/);
    expect(text).toMatch(/What it costs +Records +Writes +Reads +Quota left +Seconds/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const planned = await run.plan(1);
    expect(planned.json.effects.stages.accounts.consideration).toMatchObject({ decision: 4 });
    expect(planned.json.costs).toMatchObject([
      { connection: 'hubspot', requests: 2, left: expect.any(Number), seconds: expect.any(Number) },
      { connection: 'salesforce', requests: 2, left: expect.any(Number), seconds: expect.any(Number) },
    ]);
    for (const { changes } of planned.json.changes)
      for (const change of changes)
        expect(change).toMatchObject({ cause: 'rule', reason: expect.any(String) });
    expect(await outputsInCrms(company)).toEqual(before);

    const applied = await run.apply(1);
    expect(applied).toMatchObject({
      exit: 0,
      json: { transitions: 6, applied: { activated: true, waiting: 0, leftOut: [] } },
    });
    expect(applied.json.writes.records).toBe(planned.json.changes.length);
    expect(await causes(company)).toEqual({ rule: 6 });
    const after = await outputsInCrms(company);
    for (const { connection, type, id, changes } of planned.json.changes)
      for (const { field, new: value } of changes)
        expect(after[`${connection}:${type}:${id} ${field}`]).toBe(value);
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });

    const rolled = await run.rollback(2, applied.json.run);
    expect(rolled).toMatchObject({
      exit: 0,
      json: { rolledBack: { spared: [], already: 0, activation: { to: version } } },
    });
    expect(await outputsInCrms(company)).toEqual(before);
    expect((await company.app.rules()).active!.set).toBe(version);
    expect(await causes(company)).toEqual({});
    await company.indexed();
    const quiet = await run.sync(2);
    expect(quiet.summary).toMatchObject({
      ...{ transitions: 0, writes: { fields: 0 } },
      rules: { activated: false, waiting: { rolledBack: true } },
    });
    expect(await outputsInCrms(company)).toEqual(before);
  });

  /** An account and a person's contact that the changed rule moves, as HubSpot knows them. */
  const moved = (plan: Json): readonly Json[] =>
    plan.changes.filter(({ connection, changes }: Json) => connection === 'hubspot' && changes.some(isStage));
  const edit = (type: string, id: string, properties: Json): Promise<unknown> =>
    company.control('hubspot', 'edit', { type, id, properties });

  test('J26 what was edited or has other facts is left out with both values, exit 1; the rest is written', async () => {
    await changeRule(company, accounts, WAS, IS);
    const { json: plan } = await run.plan(1);
    const [company1, company2] = moved(plan).filter(({ type }) => type === 'companies');
    await edit('companies', company1.id, { waystage_stage: 'advocacy' });
    await edit('companies', company2.id, { numberofemployees: '4321' });
    await company.indexed();
    const before = await outputsInCrms(company);
    const strict = run.apply(1, { strict: true });
    await expect(strict).rejects.toMatchObject({
      code: 'plan_stale',
      message: expect.stringMatching(/--strict/),
    });
    expect(await outputsInCrms(company)).toEqual(before);
    expect((await company.app.rules()).active!.set).not.toBe(plan.plan.from.set);

    const applied = await run.apply(1);
    expect(applied.exit).toBe(1);
    const left = applied.json.applied.leftOut;
    expect(left).toContainEqual(
      expect.objectContaining({
        id: company1.id,
        field: 'waystage_stage',
        planned: 'decision',
        now: 'advocacy',
        why: 'edited',
      }),
    );
    expect(left).toContainEqual(expect.objectContaining({ id: company2.id, why: 'facts' }));
    const written = plan.changes.length - new Set(left.map(({ type, id }: Json) => `${type} ${id}`)).size;
    expect(applied.json.writes.records).toBe(written);
    expect((await company.record('hubspot', 'companies', company1.id)).properties.waystage_stage).toBe(
      'advocacy',
    );
    expect((await company.app.rules()).active!.set).toBe(plan.plan.from.set);
    const { text } = await run.rollback(1, applied.json.run, true, false);
    expect(text).toMatch(/would be as before run/);
  });

  test('J26 another mapping, configuration or group of records, and age, refuse the whole plan', async () => {
    await changeRule(company, accounts, WAS, IS);
    const { json: plan } = await run.plan(1);
    const before = await outputsInCrms(company);
    await changeRule(company, accounts, IS, 'probability: { gte: 0.3 }');
    await expect(run.apply(1)).rejects.toMatchObject({
      code: 'plan_stale',
      message: expect.stringMatching(/other mappings: accounts was/),
    });
    await changeRule(company, accounts, 'probability: { gte: 0.3 }', IS);
    const file = join(company.folder, 'plan.json');
    writeFileSync(
      file,
      JSON.stringify({ ...plan, plan: { ...plan.plan, made: plan.plan.made - 25 * HOUR } }),
    );
    await expect(run.apply(1)).rejects.toMatchObject({ message: expect.stringMatching(/made 25 hours ago/) });
    writeFileSync(file, JSON.stringify(plan));
    await company.reopen({ manualEdits: 'revert' });
    await expect(run.apply(1)).rejects.toMatchObject({
      message: expect.stringMatching(/configuration is not/),
    });
    await company.reopen();
    const [one] = moved(plan).filter(({ type }) => type === 'contacts');
    const { properties } = await company.record('hubspot', 'contacts', one.id);
    await company.control('salesforce', 'create', {
      type: 'Lead',
      properties: { LastName: 'Twin', Company: 'Twin', Email: properties.email },
    });
    const regrouped = run.apply(1);
    await expect(regrouped).rejects.toMatchObject({
      code: 'plan_stale',
      message: expect.stringMatching(/which records belong together/),
    });
    expect(await outputsInCrms(company)).toEqual({
      ...before,
      ...newOutputs(before, await outputsInCrms(company)),
    });
    expect((await company.app.rules()).active!.set).toBe(plan.plan.from.active);
    await expect(run.apply(1, {}, 'nothing.json')).rejects.toMatchObject({ code: 'usage' });
  });

  test('J25 a part is applied, syncs write nothing meanwhile, the rest follows; all of it is rolled back', async () => {
    const before = await outputsInCrms(company);
    await changeRule(company, accounts, WAS, IS);
    const { json: plan } = await run.plan(1);
    const part = await run.apply(1, { limit: 3 });
    expect(part.json).toMatchObject({
      writes: { records: 3 },
      applied: { activated: true, waiting: plan.changes.length - 3, leftOut: [] },
    });
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({
      paused: ['hubspot', 'salesforce'],
      writes: { fields: 0 },
    });
    const segment = await run.apply(1, { segment: 'enterprise' });
    expect(segment.json.applied.done).toBeLessThanOrEqual(3);
    expect(segment.json.applied.waiting).toBeGreaterThan(0);
    await expect(run.apply(1, { segment: 'enterprize' })).rejects.toMatchObject({
      message: expect.stringMatching(/Did you mean `enterprise`/),
    });
    const rest = await run.apply(1);
    expect(rest.json.applied).toMatchObject({ activated: false, waiting: 0, leftOut: [] });
    expect(3 + segment.json.writes.records + rest.json.writes.records).toBe(plan.changes.length);
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({ paused: [], writes: { fields: 0 } });
    const rolled = await run.rollback(2, part.json.run);
    expect(rolled.json.rolledBack).toMatchObject({ records: plan.changes.length, spared: [] });
    expect(await outputsInCrms(company)).toEqual(before);
  });

  test('J28 a rollback spares what people and later runs wrote since, and names them', async () => {
    await changeRule(company, accounts, WAS, IS);
    const { json: plan } = await run.plan(1);
    const applied = await run.apply(1);
    const [one, two] = moved(plan).filter(({ type }) => type === 'companies');
    await edit('companies', one.id, { waystage_stage: 'churned' });
    await company.indexed();
    const rolled = await run.rollback(2, applied.json.run);
    expect(rolled.json.rolledBack.spared).toMatchObject([
      {
        id: one.id,
        field: 'waystage_stage',
        wrote: 'decision',
        holds: 'churned',
        why: 'edited',
        by: expect.any(String),
      },
    ]);
    expect((await company.record('hubspot', 'companies', one.id)).properties.waystage_stage).toBe('churned');
    expect((await company.record('hubspot', 'companies', two.id)).properties.waystage_stage).toBe(
      'consideration',
    );
  });

  test('J28 any other run is undone field by field, and its connections wait for resume', async () => {
    const [newest] = await company.app.store.runs.list(1);
    const first = newest!.id;
    const rolled = await run.rollback(1, first);
    expect(rolled.json.rolledBack).toMatchObject({
      activation: null,
      spared: [],
      paused: ['hubspot', 'salesforce'],
    });
    expect(new Set(Object.values(await outputsInCrms(company)).map((value) => value || null))).toEqual(
      new Set([null]),
    );
    await company.indexed();
    expect((await run.sync(1)).summary.writes.fields).toBe(0);
    const twice = await run.rollback(1, first);
    expect(twice.json.rolledBack).toMatchObject({ fields: 0, spared: [] });
    for (const { id } of company.app.connections) await company.app.store.connections.pause(id, null);
    await company.indexed();
    const again = await run.sync(1);
    expect(again.summary.writes.fields).toBe(rolled.json.rolledBack.fields);
    await expect(run.rollback(1, 'nothing')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('J23 changed rules wait for a plan; with activation auto the next sync takes them', async () => {
    await company.reopen({ activation: 'plan' });
    await changeRule(company, accounts, WAS, IS);
    const version = (await company.app.rules()).active!.set;
    const waiting = await run.sync(1);
    expect(waiting.summary).toMatchObject({
      transitions: 0,
      writes: { fields: 0 },
      rules: { activated: false, waiting: { rolledBack: false } },
    });
    expect((await company.app.rules()).active!.set).toBe(version);
    await company.reopen({ activation: 'auto' });
    const taken = await run.sync(1);
    expect(taken.summary).toMatchObject({ transitions: 6, rules: { activated: true, waiting: null } });
    const rolled = await run.rollback(1, taken.summary.run);
    expect(rolled.json.rolledBack.activation.to).toBe(version);
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({
      transitions: 0,
      writes: { fields: 0 },
      rules: { waiting: { rolledBack: true } },
    });
  });

  test('J14 J25 changed rules may count for all the past: visits are told anew, and a rollback takes them back', async () => {
    const before = await outputsInCrms(company);
    const stages = await company.app.store.journeys.stageCounts();
    await changeRule(company, accounts, WAS, IS);
    const { json: plan } = await run.plan(1, 'plan.json', true, 'backfill');
    expect(plan.plan.rules).toBe('backfill');
    const applied = await run.apply(1);
    expect(applied).toMatchObject({ exit: 0, json: { applied: { activated: true, leftOut: [] } } });
    const found = new Set<string>();
    for await (const visits of company.app.store.exports.visits(null))
      for (const { cause } of visits) found.add(cause);
    expect([...found]).toEqual(['backfill']);
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
    await run.rollback(1, applied.json.run);
    expect(await outputsInCrms(company)).toEqual(before);
    expect(await company.app.store.journeys.stageCounts()).toEqual(stages);
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
  });
});

/** Visits made by changed rules, by cause; those that were superseded are none. */
async function causes({ app }: Company): Promise<Readonly<Record<string, number>>> {
  const found: Record<string, number> = {};
  for await (const visits of app.store.exports.visits(null))
    for (const { cause, skipped } of visits)
      if (cause === 'rule' && !skipped) found[cause] = (found[cause] ?? 0) + 1;
  return found;
}

function isStage({ output }: Json): boolean {
  return output === 'stage';
}

/** Values of records that were not there before. */
function newOutputs(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(now).filter(([key]) => !Object.hasOwn(before, key)));
}
