import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Company, startCompany } from '../helpers/company.ts';
import { changeRule, commands, outputsInCrms, ownMappings } from './apply-kit.ts';

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
});

/** Visits made by changed rules, by cause; those that were superseded are none. */
async function causes({ app }: Company): Promise<Readonly<Record<string, number>>> {
  const found: Record<string, number> = {};
  for await (const visits of app.store.exports.visits(null))
    for (const { cause, skipped } of visits)
      if (cause === 'rule' && !skipped) found[cause] = (found[cause] ?? 0) + 1;
  return found;
}
