import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SyncResult } from '../../src/sync/run.ts';
import { type Company, startCompany } from '../helpers/company.ts';
import type { Json } from './kit.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const MAPPING = `
journey: steps
subject: person
timezone: UTC
stages:
  fresh: { default: true }
  met:
    enter: { count: touchpoints, where: { channel: meeting, at: { within: 2d } }, gte: 1 }
  won_over:
    enter: { person.lead_status: unqualified }
  waiting:
    enter: { person.lead_status: working }
    for: 5h
outputs: [stage, stage_entered]
`;

/** Only HubSpot knows them, and nothing has happened to them lately. */
function isFresh({ archived, properties }: Json): boolean {
  const { salesforcecontactid, salesforceleadid, hs_lead_status } = properties;
  return (
    !archived &&
    !salesforcecontactid &&
    !salesforceleadid &&
    [undefined, null, '', 'NEW'].includes(hs_lead_status)
  );
}

describe('J13 a run steps through all that happened since the last one', () => {
  let folder: string;
  let company: Company;
  let contact: Json;
  let other: Json;
  let last: number;

  const stamp = async (id: string): Promise<number> =>
    Date.parse((await company.record('hubspot', 'contacts', id)).properties.lastmodifieddate);
  const sync = async (): Promise<SyncResult> => {
    await company.indexed();
    last = company.clock.now();
    return company.sync({ now: last });
  };
  const visitsOf = async (id: string) => {
    const { store } = company.app;
    const key = { connection: 'hubspot', type: 'contacts', id } as never;
    const subject = (await store.subjects.memberByRecord(key))?.subject ?? '';
    const visits = await store.journeys.visits(subject, 'steps');
    return { visits: visits.filter(({ skipped }) => !skipped), subject };
  };
  const pass = async (ms: number): Promise<void> => {
    company.time.skipped = (company.time.skipped ?? 0) + ms;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waystage-steps-'));
    mkdirSync(folder, { recursive: true });
    const mapping = join(folder, 'steps.yaml');
    writeFileSync(mapping, MAPPING);
    company = await startCompany({ contacts: 30, mappings: [mapping] });
    await company.sync({ now: company.clock.now() });
    [contact, other] = (await company.records('hubspot', 'contacts')).filter(isFresh);
    await sync();
  }, 60_000);
  afterAll(async () => {
    await company?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a visit begins when the fact changed, not when the run noticed', async () => {
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact.id,
      properties: { hs_lead_status: 'UNQUALIFIED' },
    });
    const changed = await stamp(contact.id);
    await pass(3 * HOUR);
    const { summary } = await sync();
    const { visits } = await visitsOf(contact.id);
    expect(summary.corrected).toBe(0);
    expect(visits.at(-1)).toMatchObject({
      stage: 'won_over',
      entered: changed,
      noticed: last,
      cause: 'customer',
      uncertain: false,
    });
    expect(last - changed).toBeGreaterThanOrEqual(3 * HOUR);
    expect(visits.at(-2)).toMatchObject({ stage: 'fresh', left: changed });
  });

  test('J11 a wait that ended between two runs ended at its own instant', async () => {
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id: contact.id,
      properties: { hs_lead_status: 'IN_PROGRESS' },
    });
    const changed = await stamp(contact.id);
    await pass(9 * HOUR);
    await sync();
    const { visits } = await visitsOf(contact.id);
    expect(visits.slice(-2)).toMatchObject([
      { stage: 'fresh', entered: changed, left: changed + 5 * HOUR, cause: 'customer' },
      { stage: 'waiting', entered: changed + 5 * HOUR, left: null, cause: 'time' },
    ]);
  });

  test('J13 a late fact corrects visits; what was believed stays as superseded, and is no transition', async () => {
    await pass(3 * DAY);
    await sync();
    await pass(4 * DAY);
    const { visits: believed, subject } = await visitsOf(other.id);
    await sync();
    expect(believed.at(-1)).toMatchObject({ stage: 'fresh', left: null });
    // Five days after it took place somebody notes a meeting.
    const at = company.clock.now() - 5 * DAY;
    await company.control('hubspot', 'create', {
      type: 'meetings',
      properties: {
        hs_timestamp: new Date(at).toISOString(),
        hs_meeting_start_time: new Date(at).toISOString(),
        hs_meeting_title: 'Coffee',
      },
      associations: [{ toType: 'contacts', toId: other.id }],
    });
    await pass(HOUR);
    const { summary } = await sync();
    const { visits } = await visitsOf(other.id);
    const met = visits.findLast(({ stage }) => stage === 'met');
    expect(met?.entered).toBe(at);
    expect(met?.left).toBeGreaterThan(at + 2 * DAY - 1);
    expect(met?.left).toBeLessThan(at + 2 * DAY + 1000);
    expect(visits.at(-1)).toMatchObject({ stage: 'fresh', left: null });
    expect(summary).toMatchObject({ transitions: 0 });
    expect(summary.corrected).toBeGreaterThan(0);
    const superseded = await company.app.store.journeys.superseded(subject, 'steps');
    expect(superseded.length).toBe(summary.corrected);
    for (const visit of superseded) expect(visit).toMatchObject({ superseded: last });
  });

  test('the next run moves nobody and corrects nothing', async () => {
    await pass(HOUR);
    const { summary } = await sync();
    expect(summary).toMatchObject({ transitions: 0, corrected: 0, writes: { fields: 0 } });
  });
});
