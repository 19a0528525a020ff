import { expect, test } from '@jest/globals';
import { ruleSetOf } from '../../src/sync/place/activation.ts';
import type { SyncOptions } from '../../src/sync/session.ts';
import type { SavedPlan } from '../../src/sync/write/saved-plan.ts';
import { startCompany } from '../helpers/company.ts';
import { runWith } from './kit.ts';

test('J23 a connection is written to once a first plan was applied, and never under plan-only', async () => {
  const company = await startCompany({ contacts: 40 });
  try {
    const waiting = company.app.connections.map((one) => ({
      ...one,
      ...{ writeMode: 'plan-only' as const, opensByPlan: true },
    }));
    const run = (changes: Partial<SyncOptions>) => runWith(company, { connections: waiting, ...changes });
    const before = await run({});
    expect(before).toMatchObject({ exit: 0, summary: { writes: { fields: 0 } } });
    const planned = await run({ kind: 'plan', full: true });
    expect(planned.writes.length).toBeGreaterThan(50);
    const set = ruleSetOf(company.app.mappings.mappings);
    const plan: SavedPlan = {
      ...{ id: 'p', made: 0, now: planned.now, rules: 'now', connection: null },
      from: { set, active: set, versions: {}, configuration: '' },
      subjects: Object.fromEntries(planned.decided),
      changes: planned.writes,
    };
    const apply = { plan, limit: null, segment: null, strict: false };
    const shut = waiting.map((one) => ({ ...one, opensByPlan: false }));
    const refused = await run({ kind: 'apply', apply, connections: shut });
    expect(refused.summary).toMatchObject({
      writes: { records: 0 },
      applied: { waiting: planned.writes.length },
    });
    const applied = await run({ kind: 'apply', apply });
    expect(applied.summary).toMatchObject({
      writes: { records: planned.writes.length },
      applied: { activated: false, leftOut: [], waiting: 0 },
    });
    await company.indexed();
    const [one] = planned.writes.filter(({ type }) => type === 'contacts');
    await company.control('hubspot', 'edit', {
      ...{ type: 'contacts', id: one!.id, properties: { waystage_stage: '' } },
    });
    await company.indexed();
    expect((await run({})).summary.writes.fields).toBe(1);
  } finally {
    await company.close();
  }
});
