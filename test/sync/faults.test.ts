import { afterEach, describe, expect, test } from '@jest/globals';
import { type Company, type Crm, startCompany } from '../helpers/company.ts';
import { courses, crmState } from '../helpers/state.ts';

const HUBSPOT_WRITES = '/crm/objects/:version/:type/batch/update';
const SALESFORCE_WRITES = 'PATCH /services/data/:version/composite/sobjects';

const opened: Company[] = [];
afterEach(async () => {
  for (const company of opened.splice(0)) await company.close();
});

async function company(): Promise<Company> {
  const started = await startCompany({ contacts: 40 });
  opened.push(started);
  return started;
}

/** What the CRMs hold after a sync that nothing disturbed. */
let undisturbed: unknown;
async function expectedState(): Promise<unknown> {
  if (undisturbed === undefined) {
    const plain = await company();
    expect((await plain.sync()).exit).toBe(0);
    undisturbed = await crmState(plain);
  }
  return undisturbed;
}

/** Syncs under faults, then without, converge: the CRMs hold what they should, and nothing is left to write. */
async function expectConverges(
  faults: readonly (readonly [Crm, Readonly<Record<string, unknown>>])[],
): Promise<Company> {
  const expected = await expectedState();
  const disturbed = await company();
  for (const [crm, fault] of faults) await disturbed.control(crm, 'fault', fault);
  const first = await disturbed.sync();
  for (const crm of ['hubspot', 'salesforce'] as const)
    await disturbed.control(crm, 'fault', { clear: true });
  await disturbed.indexed();
  const second = await disturbed.sync();
  expect([second.exit, second.summary.problems]).toEqual([0, []]);
  // What the first left out the second wrote; both together are one undisturbed sync.
  expect(second.summary.writes.fields === 0).toBe(first.summary.writes.failed === 0);
  await disturbed.indexed();
  expect((await disturbed.sync()).summary.writes.fields).toBe(0);
  expect(await crmState(disturbed)).toEqual(expected);
  // No field of ours ever took another value on the way.
  for (const course of Object.values(await courses(disturbed))) expect(course).toHaveLength(2);
  return disturbed;
}

describe('writing under faults', () => {
  test('F26: answers that are lost after the work was done are read, compared and known as written', async () => {
    await expectConverges([
      ['hubspot', { status: 502, applied: true, route: HUBSPOT_WRITES, count: 1 }],
      ['hubspot', { kind: 'reset-mid-body', route: HUBSPOT_WRITES, count: 1 }],
      ['salesforce', { status: 503, applied: true, route: SALESFORCE_WRITES, count: 1 }],
      ['salesforce', { kind: 'reset-mid-body', route: SALESFORCE_WRITES, count: 1 }],
    ]);
  });

  test('F26: requests that never were carried out are written by the next sync', async () => {
    await expectConverges([
      ['hubspot', { kind: 'reset', route: HUBSPOT_WRITES, count: 2 }],
      ['salesforce', { kind: 'html', route: SALESFORCE_WRITES, count: 2 }],
    ]);
  });

  test('F6: an answer with a row fewer than were written says nothing about the one that is missing', async () => {
    await expectConverges([
      ['hubspot', { kind: 'wrong-count', route: HUBSPOT_WRITES }],
      ['salesforce', { kind: 'wrong-count', route: SALESFORCE_WRITES }],
    ]);
  });

  test('F1, F2: limits and locks on the way are waited for within the sync', async () => {
    const disturbed = await expectConverges([
      ['hubspot', { name: 'ten-secondly-limit', route: HUBSPOT_WRITES, count: 2 }],
      ['hubspot', { name: 'locked', route: HUBSPOT_WRITES, after: 2, count: 1 }],
      ['salesforce', { name: 'concurrent-limit', route: SALESFORCE_WRITES, count: 2 }],
    ]);
    for (const crm of ['hubspot', 'salesforce'] as const) {
      const writes = await disturbed.writes(crm);
      expect(writes.some(({ by, field }) => by === 'integration' && /^waystage_/i.test(field))).toBe(true);
    }
  });

  test('F38: rows that are locked are sent again, the others of the batch are not', async () => {
    const disturbed = await expectConverges([['salesforce', { name: 'locked-rows', count: 3, seed: 1 }]]);
    const twice = new Map<string, number>();
    for (const { by, id, field, new: value } of await disturbed.writes('salesforce')) {
      if (by !== 'integration' || !field.startsWith('Waystage_')) continue;
      const key = `${id} ${field} ${value}`;
      twice.set(key, (twice.get(key) ?? 0) + 1);
    }
    expect(Math.max(...twice.values())).toBe(1);
  });
});
