import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readPlan } from '../../src/commands/read-plan.ts';
import type { Failpoint } from '../../src/sync/session.ts';
import type { ApplyRequest } from '../../src/sync/write/saved-plan.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { killedRun } from '../helpers/killed-run.ts';
import type { KillOrder } from '../helpers/run-until-killed.ts';
import { changeRule, commands, HOUR, outputsInCrms, ownMappings } from '../sync/apply-kit.ts';

test('J26 J28 apply and rollback are killed on the way and go on; nothing is half done in the end (F22-F26)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waystage-rules-'));
  const mappings = ownMappings(folder);
  const company = await startCompany({ contacts: 150, mappings });
  try {
    const run = commands(company);
    await run.sync(0);
    await company.indexed();
    const before = await outputsInCrms(company);
    const version = (await company.app.rules()).active!.set;
    await changeRule(company, mappings[0]!, 'probability: { gte: 0.5 }', 'probability: { gte: 0.2 }');
    const { json: planned } = await run.plan(1);
    const plan = readPlan(join(company.folder, 'plan.json'), 'plan.json');
    const apply: ApplyRequest = { plan, limit: null, segment: null, strict: false };

    // Before the rules take over nothing has happened; a sync goes on with those in force.
    await killedAt(company, { kind: 'apply', apply }, 'placed', 1);
    expect((await company.app.rules()).active!.set).toBe(version);
    await killedAt(company, { kind: 'apply', apply }, 'write-sent', 1);
    expect((await company.app.rules()).active!.set).toBe(plan.from.set);
    const [killed] = (await company.app.store.activations.list()).map((one) => one.run);
    const applied = await run.apply(1);
    expect(applied.json.applied).toMatchObject({ activated: false, leftOut: [] });
    const after = await outputsInCrms(company);
    for (const { connection, type, id, changes } of planned.changes)
      for (const { field, new: value } of changes)
        expect(after[`${connection}:${type}:${id} ${field}`]).toBe(value);
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });

    const rollback = { run: killed ?? '', onlyPlan: false };
    await killedAt(company, { kind: 'rollback', rollback }, 'rules-restored', 1);
    expect((await company.app.rules()).active!.set).toBe(version);
    await killedAt(company, { kind: 'rollback', rollback }, 'write-begun', 1);
    const rolled = await run.rollback(1, rollback.run);
    expect(rolled.json.rolledBack.spared).toEqual([]);
    expect(await outputsInCrms(company)).toEqual(before);
    await company.indexed();
    expect((await run.sync(1)).summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
  } finally {
    await company.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

/** Runs in a process of its own until it is killed at the point. */
async function killedAt(
  company: Company,
  what: Pick<KillOrder, 'apply' | 'rollback'> & { readonly kind: 'apply' | 'rollback' },
  point: Failpoint,
  hit: number,
): Promise<void> {
  await killedRun(company, { ...what, point, hit, now: NOW + HOUR });
}
