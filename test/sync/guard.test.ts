import { afterEach, describe, expect, test } from '@jest/globals';
import type { ConnectionId } from '../../src/model/record.ts';
import { type Company, type CompanyOptions, NOW, startCompany } from '../helpers/company.ts';
import { expectAccounted, type Json, runWith, staged } from './kit.ts';

const HOUR = 3_600_000;
const HUBSPOT = 'hubspot' as ConnectionId;
/** A small company, so few are many. */
const SMALL = { share: 5, atLeast: 4 };
const SMALL_GUARD = { share: 0.05, atLeast: 4 };

describe('the guard (J24)', () => {
  let company: Company;
  const start = async (options: CompanyOptions = {}): Promise<void> => {
    company = await startCompany({ guard: SMALL, ...options });
    const first = await company.sync();
    // A first load fills fields; it changes nobody.
    expect(first).toMatchObject({ exit: 0, summary: { guard: null, held: null } });
    expect(first.summary.writes.fields).toBeGreaterThan(500);
    await company.indexed();
  };
  afterEach(() => company.close());

  /** People HubSpot alone knows and who are not disqualified. */
  const open = async (): Promise<readonly Json[]> =>
    (await staged(company, 'hubspot', 'contacts')).filter(
      ({ stage, properties }) => stage !== 'disqualified' && properties.hs_lead_status !== 'UNQUALIFIED',
    );
  const edit = async (contacts: readonly Json[], properties: Json): Promise<void> => {
    for (const { id } of contacts)
      await company.control('hubspot', 'edit', { type: 'contacts', id, properties });
    await company.indexed();
  };
  const ours = async (): Promise<number> =>
    (await company.writes('hubspot')).length + (await company.writes('salesforce')).length;
  const held = () => company.app.store.holds.keptPlan();

  test('J24 too many changes of stage at once: nothing is written, exit 1, the plan is kept and approved as it is', async () => {
    await start();
    const many = (await open()).slice(0, 24);
    await edit(many.slice(0, 20), { hs_lead_status: 'UNQUALIFIED' });
    const mark = await ours();
    for (const later of [1, 2]) {
      const stopped = await company.sync({ now: NOW + later * HOUR });
      expectAccounted(stopped.summary);
      expect(stopped.exit).toBe(1);
      expect(stopped.summary.guard?.changed).toBeGreaterThan(4);
      expect(stopped.summary.writes).toMatchObject({ records: 0, fields: 0, failed: 0 });
      expect(stopped.summary.problems).toEqual([
        expect.objectContaining({
          code: 'guard',
          message: expect.stringMatching(/^Nothing was written: .*--approve/),
        }),
      ]);
      expect(await ours()).toBe(mark);
      expect(await held()).toMatchObject({ run: stopped.summary.run });
      expect((await company.app.store.runs.get(stopped.summary.run))?.status).toBe('partial');
    }
    const approved = await company.sync({ now: NOW + 2 * HOUR, approve: true });
    expect(approved).toMatchObject({ exit: 0, summary: { guard: null } });
    expect(approved.summary.writes.records).toBeGreaterThan(4);
    expect(await held()).toBeNull();
    await company.indexed();
    expect((await company.sync({ now: NOW + 2 * HOUR })).summary.writes.fields).toBe(0);
  });

  test('J24 a stopped run moves nobody: stages, visits and health stay as they were; approval moves and writes', async () => {
    await start();
    const standing = async (): Promise<Json> => {
      const { journeys, subjects } = company.app.store;
      const found: Json = {};
      for (const kind of ['person', 'account'] as const)
        for (const { id } of await subjects.list(kind))
          for (const { journey, state, health, outputs } of await journeys.ofSubject(id))
            found[`${id} ${journey}`] = {
              ...{ stage: state.stage, entered: state.entered, visits: state.visits, health, outputs },
              points: await journeys.healthPoints(id, journey),
            };
      return found;
    };
    const before = await standing();
    const many = (await open()).slice(0, 20);
    await edit(many, { hs_lead_status: 'UNQUALIFIED' });
    const newcomer = await company.control('hubspot', 'create', {
      type: 'contacts',
      properties: { lastname: 'New', email: 'new@newcomer.example' },
    });
    await company.indexed();
    const stopped = await company.sync({ now: NOW + HOUR });
    expect(stopped.summary.guard?.changed).toBeGreaterThan(4);
    expect(stopped.summary.transitions).toBe(0);
    expect(await standing()).toEqual(before);
    // Killed before it could be told whether it may pass: judged anew by the next.
    await runWith(company, {
      now: NOW + HOUR,
      guard: SMALL_GUARD,
      failpoint: (point) => {
        if (point === 'placed') throw new Error('killed');
      },
    }).catch(() => undefined);
    expect(await standing()).not.toEqual(before);
    expect((await company.sync({ now: NOW + HOUR })).exit).toBe(1);
    expect(await standing()).toEqual(before);

    const approved = await company.sync({ now: NOW + HOUR, approve: true });
    expect(approved).toMatchObject({ exit: 0, summary: { guard: null } });
    expect(approved.summary.transitions).toBeGreaterThan(4);
    const after = await standing();
    expect(Object.keys(after).length).toBeGreaterThan(Object.keys(before).length);
    for (const { id } of [...many, newcomer]) {
      const key = { connection: HUBSPOT, type: 'contacts', id };
      const subject = (await company.app.store.subjects.memberByRecord(key))?.subject ?? 'nobody';
      const [placed] = await company.app.store.journeys.ofSubject(subject);
      const { properties } = await company.record('hubspot', 'contacts', id);
      expect(properties.waystage_stage).toBe(placed?.state.stage);
    }
    await company.indexed();
    const quiet = await company.sync({ now: NOW + HOUR });
    expect(quiet.summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
  });

  test('J24 approval covers the plan that was kept and nothing that came after it', async () => {
    await start();
    const many = await open();
    await edit(many.slice(0, 12), { hs_lead_status: 'UNQUALIFIED' });
    expect((await company.sync({ now: NOW + HOUR })).exit).toBe(1);
    await edit(many.slice(12), { hs_lead_status: 'UNQUALIFIED' });
    const mark = await ours();
    const again = await company.sync({ now: NOW + HOUR, approve: true });
    expect(again.exit).toBe(1);
    expect(again.summary.guard?.changed).toBeGreaterThan(4);
    expect(await ours()).toBe(mark);
    expect((await company.sync({ now: NOW + HOUR, approve: true })).exit).toBe(0);
  });

  test('J24 a change of few passes, and so do many when the guard is off', async () => {
    await start();
    const many = await open();
    await edit(many.slice(0, 1), { hs_lead_status: 'UNQUALIFIED' });
    expect(await company.sync({ now: NOW + HOUR })).toMatchObject({ exit: 0, summary: { guard: null } });
    await edit(many.slice(1, 20), { hs_lead_status: 'UNQUALIFIED' });
    await company.reopen({ guard: 'off' });
    const off = await company.sync({ now: NOW + HOUR });
    expect(off.exit).toBe(0);
    expect(off.summary.writes.records).toBeGreaterThan(4);
  });

  test('J24 values gone from a field that a rule reads: nothing is judged, nobody changes stage', async () => {
    await start();
    await edit(
      (await open()).filter(({ properties }) => properties.hs_lead_status !== null),
      { hs_lead_status: '' },
    );
    const mark = await ours();
    const stopped = await company.sync({ now: NOW + HOUR });
    expect(stopped).toMatchObject({ exit: 1, summary: { transitions: 0 } });
    expect(stopped.summary.held).toMatch(
      /hubspot contacts: \d+ of \d+ records have no value in hs_lead_status any more/,
    );
    expect(await ours()).toBe(mark);
    const drops = await company.sync({ now: NOW + HOUR, approve: true });
    // What follows from it is asked for in its turn.
    const after = drops.exit === 0 ? drops : await company.sync({ now: NOW + HOUR, approve: true });
    expect(after).toMatchObject({ exit: 0, summary: { held: null, guard: null } });
  });

  test('J24 records gone in number are neither archived nor forgotten before somebody says so', async () => {
    await start();
    const contacts = await open();
    for (const { id } of contacts.slice(0, 12))
      await company.control('hubspot', 'delete', { type: 'contacts', id, purge: true });
    const stopped = await company.sync({ now: NOW + HOUR, reconcile: true });
    expect(stopped.exit).toBe(1);
    expect(stopped.summary.held).toMatch(/hubspot contacts: 12 of \d+ records are gone/);
    expect(stopped.summary.reconciled['hubspot']?.differences['purged']).toBe(undefined);
    const id = contacts[0].id as string;
    expect((await company.app.store.records.get(HUBSPOT, 'contacts', [id])).size).toBe(1);
    expect(await company.app.store.readings.purged(HUBSPOT, 'contacts', [id])).toEqual(new Set());
    const approved = await company.sync({ now: NOW + HOUR, approve: true });
    expect(approved.summary.reconciled['hubspot']?.differences['purged']).toBe(12);
    expect((await company.app.store.records.get(HUBSPOT, 'contacts', [id])).size).toBe(0);
    expect(approved.summary.held).toBeNull();
  });

  test('J24 --approve without anything to approve is wrong use', async () => {
    await start();
    await expect(company.sync({ approve: true })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('J24 pause stops the writing of one connection, resume makes up for it', async () => {
    await start();
    const { connections } = company.app.store;
    await connections.pause(HUBSPOT, company.clock.now());
    await edit((await open()).slice(0, 2), { hs_lead_status: 'UNQUALIFIED' });
    const mark = (await company.writes('hubspot')).length;
    const paused = await company.sync({ now: NOW + HOUR });
    expect(paused).toMatchObject({ exit: 0, summary: { paused: ['hubspot'] } });
    expect((await company.writes('hubspot')).length).toBe(mark);
    await connections.pause(HUBSPOT, null);
    const resumed = await company.sync({ now: NOW + HOUR });
    expect(resumed.summary.paused).toEqual([]);
    expect(resumed.summary.writes.fields).toBeGreaterThan(0);
    expect((await company.writes('hubspot')).length).toBeGreaterThan(mark);
  });
});
