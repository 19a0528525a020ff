import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Failpoint } from '../../src/sync/session.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { killedRun } from '../helpers/killed-run.ts';
import { courses, crmState, storeState } from '../helpers/state.ts';
import { workingDay } from '../helpers/working-day.ts';

/** The next day's instant, after the working day in the CRMs. */
const LATER = NOW + 3 * 3_600_000;

/** Where the first load and where the increment after it is killed: the point and its how-manieth time. */
const KILLS: readonly (readonly [Failpoint, number, number])[] = [
  ['run-started', 1, 1],
  ['page-fetched', 7, 3],
  ['page-stored', 11, 8],
  ['pulled', 1, 1],
  ['resolved', 1, 1],
  ['placed-chunk', 1, 2],
  ['placed', 1, 1],
  ['write-begun', 3, 1],
  ['write-sent', 4, 2],
  ['write-settled', 2, 1],
];

interface Outcome {
  readonly afterFirst: unknown;
  readonly store: unknown;
  readonly crm: unknown;
  readonly courses: Readonly<Record<string, readonly unknown[]>>;
}

describe('a sync that is killed (F22-F26), then a sync', () => {
  let undisturbed: Outcome;
  let company: Company;

  beforeAll(async () => {
    company = await startCompany({ contacts: 150 });
    undisturbed = await twoSyncs(async () => undefined);
  }, 60_000);
  afterAll(() => company.close());

  test.each(KILLS)(
    'at %s: records, visits and CRM values are those of undisturbed syncs',
    async (point, first, second) => {
      await startAfresh();
      const outcome = await twoSyncs((sync) =>
        killedRun(company, { point, hit: sync === 1 ? first : second, now: sync === 1 ? NOW : LATER }),
      );
      expect(outcome.afterFirst).toEqual(undisturbed.afterFirst);
      expect(outcome.store).toEqual(undisturbed.store);
      expect(outcome.crm).toEqual(undisturbed.crm);
      expect(outcome.courses).toEqual(undisturbed.courses);
    },
    60_000,
  );

  async function startAfresh(): Promise<void> {
    await company.close();
    company = await startCompany({ contacts: 150 });
  }

  /** A first load, a working day, an increment; each may be killed before it is done. */
  async function twoSyncs(before: (sync: 1 | 2) => Promise<void>): Promise<Outcome> {
    await before(1);
    expect((await company.sync({ now: NOW })).summary.problems).toEqual([]);
    const afterFirst = await storeState(company);
    await workingDay(company);
    await before(2);
    expect((await company.sync({ now: LATER })).summary.problems).toEqual([]);
    const outcome = {
      afterFirst,
      store: await storeState(company),
      crm: await crmState(company),
      courses: await courses(company),
    };
    await company.indexed();
    const { summary } = await company.sync({ now: LATER });
    expect(summary).toMatchObject({ transitions: 0, writes: { fields: 0, failed: 0, manualEdits: 0 } });
    return outcome;
  }
});
