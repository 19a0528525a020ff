import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { expectAccounted, runWith } from './kit.ts';

describe('one run at a time, stopped or not', () => {
  let company: Company;
  beforeAll(async () => {
    company = await startCompany({ contacts: 30 });
  });
  afterAll(() => company.close());

  test('stopped by a signal in the middle: interrupted, and the next run goes on from there', async () => {
    const stop = new AbortController();
    let stored = 0;
    await expect(
      company.sync({
        signal: stop.signal,
        failpoint: (point) => {
          if (point === 'page-stored') stored += 1;
          if (stored === 8) stop.abort(new Error('SIGTERM'));
        },
      }),
    ).rejects.toMatchObject({ code: 'stopped' });
    const [run] = await company.app.store.runs.list(1);
    expect(run).toMatchObject({ status: 'interrupted' });
    expectAccounted(run?.summary as never);
    // What was underway when the signal came ends before the run does: nothing runs on behind its back.
    const after = await company.app.store.records.counts();
    await company.clock.sleep(2_000);
    expect(await company.app.store.records.counts()).toEqual(after);
    expect(await company.app.store.leases.holder('sync', company.clock.now())).toBe(null);
    const next = await company.sync();
    expect(next.exit).toBe(0);
    const seen = Object.values(next.summary.connections).reduce((sum, counts) => sum + counts.applied, 0);
    const all = (await company.app.store.records.counts()).reduce((sum, { records }) => sum + records, 0);
    const before = after.reduce((sum, { records }) => sum + records, 0);
    expect(before).toBeGreaterThan(0);
    expect(seen).toBe(all - before);
  });

  test('a second run while one is under way is told so, also within one process', async () => {
    let second: Promise<unknown> | undefined;
    const first = await company.sync({
      failpoint: (point) => {
        if (point === 'pulled') second = company.sync().catch((error: unknown) => error);
      },
    });
    expect(first.exit).toBe(0);
    expect(await second).toMatchObject({ code: 'busy' });
  });

  test('the lease of a process that died is taken over at once; that of one that lives is not', async () => {
    const dead = spawnSync(process.execPath, ['-e', '0']).pid;
    const { leases } = company.app.store;
    await leases.acquire('sync', `${hostname()}/${dead}/x`, company.clock.now(), 3_600_000);
    expect((await company.sync()).exit).toBe(0);
    await leases.acquire('sync', `${hostname()}/${process.pid}/x`, company.clock.now(), 3_600_000);
    await expect(company.sync()).rejects.toMatchObject({ code: 'busy' });
    await leases.evict('sync', `${hostname()}/${process.pid}/x`);
    await leases.acquire('sync', 'another-machine/1/x', company.clock.now(), 3_600_000);
    await expect(company.sync()).rejects.toMatchObject({ code: 'busy' });
    await leases.evict('sync', 'another-machine/1/x');
  });

  test('a run that lost its lease while it was paused commits and writes nothing more (I4, F28)', async () => {
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: (await company.records('hubspot', 'contacts'))[0].id,
      properties: { hs_lead_status: 'UNQUALIFIED' },
    });
    await company.indexed();
    const { leases } = company.app.store;
    const writes = (await company.writes('hubspot')).length;
    const zombie = company.sync({
      now: NOW + 3_600_000,
      failpoint: async (point) => {
        if (point !== 'placed') return;
        const holder = await leases.holder('sync', company.clock.now());
        await leases.evict('sync', holder ?? '');
        await leases.acquire('sync', 'successor/1/x', company.clock.now(), 3_600_000);
      },
    });
    await expect(zombie).rejects.toMatchObject({ code: 'busy' });
    expect(await company.writes('hubspot')).toHaveLength(writes);
    await leases.evict('sync', 'successor/1/x');
    const next = await company.sync({ now: NOW + 3_600_000 });
    expect(next.summary.writes.fields).toBeGreaterThan(0);
    expect(next.summary.writes.manualEdits).toBe(0);
  });

  test('a run left `running` by a killed process is marked when the next one starts', async () => {
    const { runs, leases } = company.app.store;
    const fence = await leases.acquire('sync', 'x', company.clock.now(), 1_000);
    await runs.start({ id: 'killed', kind: 'sync', started: 1, now: 1 }, fence!);
    await leases.release(fence!);
    await runWith(company, { kind: 'pull' });
    expect(await runs.get('killed')).toMatchObject({ status: 'interrupted' });
  });
});
