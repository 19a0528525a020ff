import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Visit } from '../../src/model/facts.ts';
import { replaySubjects } from '../../src/sync/look/replay.ts';
import { createFactMaker } from '../../src/sync/subjects/facts.ts';
import { type Company, startCompany } from '../helpers/company.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Numbers that look random; the seed is in the name of the test that fails. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

describe.each([21, 26])('J13, J14 live runs and a replay over the same facts agree (seed %d)', (seed) => {
  let company: Company;
  const random = chance(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

  beforeAll(async () => {
    company = await startCompany({ contacts: 40, seed, guard: 'off' });
  }, 60_000);
  afterAll(() => company?.close());

  /** Something happens in the CRM, at times with a date that lies days back. */
  const happen = async (): Promise<void> => {
    const of = async (type: string) =>
      (await company.records('hubspot', type)).filter((one) => one.archived !== true);
    const contact = pick(await of('contacts'));
    const deal = pick(await of('deals'));
    const account = pick(await of('companies'));
    const at = new Date(company.clock.now() - Math.floor(random() * 3 * DAY)).toISOString();
    const edit = (type: string, id: string, properties: Readonly<Record<string, unknown>>) =>
      company.control('hubspot', 'edit', { type, id, properties });
    const create = (type: string, properties: Readonly<Record<string, unknown>>, to: string, id: string) =>
      company.control('hubspot', 'create', { type, properties, associations: [{ toType: to, toId: id }] });
    const deeds = [
      () =>
        edit('contacts', contact.id, { hs_lead_status: pick(['NEW', 'OPEN', 'IN_PROGRESS', 'UNQUALIFIED']) }),
      () =>
        edit('deals', deal.id, {
          dealstage: pick(['qualifiedtobuy', 'contractsent', 'closedwon', 'closedlost']),
          pipeline: 'default',
          closedate: at,
        }),
      () =>
        create(
          'meetings',
          { hs_timestamp: at, hs_meeting_start_time: at, hs_meeting_outcome: pick(['COMPLETED', 'NO_SHOW']) },
          'contacts',
          contact.id,
        ),
      () =>
        create(
          'tickets',
          {
            subject: 'Help',
            hs_pipeline: '0',
            hs_pipeline_stage: '1',
            hs_ticket_priority: pick(['URGENT', 'LOW']),
          },
          'companies',
          account.id,
        ),
    ];
    await pick(deeds)();
  };

  test('visits of every subject on every journey are the same', async () => {
    const { store, connections, mappings } = company.app;
    let last = 0;
    for (let run = 0; run < 6; run += 1) {
      for (let deed = 0; run > 0 && deed < 8; deed += 1) {
        await happen();
        company.time.skipped = (company.time.skipped ?? 0) + Math.floor(random() * 9 * HOUR);
      }
      await company.indexed();
      last = company.clock.now();
      await company.sync({ now: last });
    }
    const stored = new Map((await store.connections.list()).map((one) => [one.id, one.discovery]));
    const maker = createFactMaker(
      connections,
      (id) => stored.get(id) ?? null,
      mappings.mappings,
      () => undefined,
    );
    const versions = new Map<string, { mapping: (typeof mappings.mappings)[number]; since: number }[]>();
    for (const mapping of mappings.mappings) {
      const spans = await store.journeys.versions(mapping.name);
      expect(spans).toHaveLength(1);
      versions.set(mapping.name, [{ mapping, since: spans[0]!.since }]);
    }
    const plain = (visits: readonly Visit[]) =>
      visits.map(({ stage, entered, left, skipped, rule }) => ({ stage, entered, left, skipped, rule }));
    const request = { mappings: mappings.mappings, versions, to: last, noticed: last };
    let moved = 0;
    let compared = 0;
    for await (const { replayed } of replaySubjects({ store, connections }, maker, request)) {
      for (const { subject, mapping, result } of replayed) {
        const live = await store.journeys.visits(subject, mapping.name);
        compared += 1;
        if (live.filter(({ skipped }) => !skipped).length > 1) moved += 1;
        expect({ subject, journey: mapping.name, visits: plain(live) }).toEqual({
          subject,
          journey: mapping.name,
          visits: plain(result.state.visits),
        });
      }
    }
    expect(compared).toBeGreaterThan(40);
    // Agreement on people that nothing happened to would prove little.
    expect(moved).toBeGreaterThan(2);
  }, 120_000);
});
