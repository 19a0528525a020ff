import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { commands, ownMappings } from './apply-kit.ts';

describe('J14 a plan that tells the past anew', () => {
  let company: Company;

  beforeAll(async () => {
    company = await startCompany({ contacts: 40, guard: 'off' });
    await company.reopen({ mappings: ownMappings(company.folder) });
    await company.sync();
  }, 120_000);
  afterAll(() => company?.close());

  const standing = async () => {
    const { store } = company.app;
    const found: Record<string, unknown> = {};
    for (const kind of ['account', 'person'] as const)
      for (const { id } of await store.subjects.list(kind))
        for (const { journey, state } of await store.journeys.ofSubject(id))
          found[`${journey} ${id}`] = [
            state.stage,
            state.visits,
            await store.journeys.healthPoints(id, journey),
          ];
    return found;
  };

  test('applied, it replaces the time line and says how much is on record; rolled back, all is as it was', async () => {
    const before = await standing();
    const path = join(company.folder, 'accounts.yaml');
    writeFileSync(
      path,
      readFileSync(path, 'utf8')
        .replaceAll('lte: 60', 'lte: 70')
        .replace('  stalled:\n', '  stalled:\n    for: 1d\n'),
    );
    await company.reopen({
      mappings: ['accounts', 'people'].map((name) => join(company.folder, `${name}.yaml`)),
    });
    const planned = await commands(company).plan(1, 'plan.json', true, 'backfill');
    expect(planned.json.backfilled).toEqual({ accounts: expect.any(Number), people: expect.any(Number) });
    expect(await standing()).toEqual(before);
    const applied = await commands(company).apply(1);
    expect(applied.json.backfilled).toEqual(planned.json.backfilled);
    const spans = await company.app.store.journeys.versions('accounts');
    expect(spans).toHaveLength(1);
    expect(spans[0]!.since).toBe(0);
    const after = await standing();
    let early = 0;
    for (const entry of Object.values(after) as [string, { entered: number; cause: string }[]][])
      for (const { entered, cause } of entry[1]) {
        expect(cause).toBe('backfill');
        if (entered < NOW - 30 * 86_400_000) early += 1;
      }
    expect(early).toBeGreaterThan(20);
    // The next run goes on from there.
    const next = await commands(company).sync(2);
    expect(next.summary).toMatchObject({ transitions: 0, corrected: 0 });
    expect(next.summary.backfilled).toBeUndefined();
    // Whoever appears later has a past by these rules, too; and a late fact corrects it.
    const [contact] = (await company.records('hubspot', 'contacts')).filter((one) => one.archived !== true);
    await company.control('hubspot', 'create', {
      type: 'deals',
      properties: {
        dealname: 'Late',
        pipeline: 'default',
        dealstage: 'closedwon',
        closedate: '2026-09-01T00:00:00Z',
      },
      associations: [{ toType: 'contacts', toId: contact.id }],
    });
    await company.control('hubspot', 'create', {
      type: 'companies',
      properties: { name: 'New one', domain: 'brand-new.example.com' },
    });
    await company.indexed();
    const later = await commands(company).sync(3);
    expect(later.summary.problems).toEqual([]);
    const back = await commands(company).rollback(4, applied.json.run);
    expect(back.exit).toBe(0);
    const visits = (all: Record<string, unknown>) =>
      Object.fromEntries(
        Object.entries(all).map(([key, entry]) => [
          key,
          (entry as [string, { stage: string; entered: number }[]])[1].map(({ stage, entered }) => [
            stage,
            entered,
          ]),
        ]),
      );
    const restored = visits(await standing());
    const others = Object.entries(visits(before)).filter(
      ([key, known]) => JSON.stringify(restored[key]) !== JSON.stringify(known),
    );
    // But for the account that the late deal is about and its people.
    expect(others.map(([key]) => key).length).toBeLessThanOrEqual(8);
    expect(Object.keys(before).length).toBeGreaterThan(40);
    expect(await company.app.store.journeys.versions('accounts')).toHaveLength(1);
  }, 60_000);
});
