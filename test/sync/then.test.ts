import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommandContext } from '../../src/commands/context.ts';
import { explain } from '../../src/commands/explain.ts';
import { history } from '../../src/commands/history.ts';
import type { StoredSubject } from '../../src/store/port.ts';
import { explainThen } from '../../src/sync/look/explain.ts';
import { thenOf } from '../../src/sync/look/then.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';

const HOUR = 3_600_000;

describe('J14, J33 a subject as of an earlier instant at which rules decided', () => {
  let company: Company;
  let subject: StoredSubject;
  let moved: number;

  beforeAll(async () => {
    company = await startCompany({ contacts: 40, guard: 'off' });
    await company.indexed();
    await company.sync({ now: company.clock.now() });
    const contacts = (await company.records('hubspot', 'contacts')).filter(
      ({ archived, properties }) =>
        !archived && !properties.salesforcecontactid && !properties.salesforceleadid,
    );
    const { id } = contacts[0];
    const key = { connection: 'hubspot', type: 'contacts', id } as never;
    const member = await company.app.store.subjects.memberByRecord(key);
    subject = (await company.app.store.subjects.get(member?.subject ?? ''))!;
    company.time.skipped = 20 * HOUR;
    await company.control('hubspot', 'edit', {
      type: 'contacts',
      id,
      properties: { hs_lead_status: 'UNQUALIFIED' },
    });
    moved = Date.parse((await company.record('hubspot', 'contacts', id)).properties.lastmodifieddate);
    company.time.skipped = 40 * HOUR;
    await company.indexed();
    await company.sync({ now: company.clock.now() });
  }, 60_000);
  afterAll(() => company?.close());

  const said = async (work: (context: CommandContext) => Promise<unknown>): Promise<string> => {
    let text = '';
    const streams = { width: 100, terminal: false, out: (part: string) => (text += part) };
    await work({ json: false, quiet: true, streams, config: () => company.app.config } as never);
    return text;
  };

  test('stage, visits and the version are those of then, before and after the move', async () => {
    const { store, connections, mappings } = company.app;
    const source = { store, connections };
    const [version] = await store.journeys.versions('people');
    const [before] = await thenOf(source, mappings.mappings, subject, moved - 1);
    const [after] = await thenOf(source, mappings.mappings, subject, moved);
    expect(before).toMatchObject({ replayed: false, since: version!.since });
    expect(before!.state.stage).not.toBe('disqualified');
    expect(after!.state).toMatchObject({ stage: 'disqualified', entered: moved });
    expect(before!.state.visits.at(-1)).toMatchObject({ left: null });
    const then = await explainThen(store, connections, mappings.mappings, subject, moved - 1);
    expect(then.then).toEqual([
      { journey: 'people', version: version!.version, since: version!.since, replayed: false },
    ]);
    expect(then.journeys[0]).toMatchObject({ at: moved - 1, stage: { stage: before!.state.stage } });
    // The facts of then decide the same as the run of then did.
    expect(then.journeys[0]?.stage?.decision.move).toBeNull();
    const now = await explainThen(store, connections, mappings.mappings, subject, moved);
    expect(now.journeys[0]).toMatchObject({ stage: { stage: 'disqualified', entered: moved } });
  });

  test('the commands say so, and refuse an instant that lies ahead', async () => {
    const { app } = company;
    const at = (instant: number): string => new Date(instant).toISOString();
    const early = await said((context) => explain(context, app, subject.id, at(moved - 1)));
    expect(early).toMatch(/as of .*\n/);
    expect(early).toMatch(/These rules decided from/);
    expect(early).not.toMatch(/Stage +Disqualified/);
    expect(await said((context) => explain(context, app, subject.id, at(moved)))).toMatch(
      /Stage +Disqualified/,
    );
    expect(await said((context) => history(context, app, subject, at(moved - 1)))).not.toMatch(
      /disqualified/,
    );
    expect(await said((context) => history(context, app, subject, at(moved)))).toMatch(
      /disqualified +.*still there/,
    );
    // Long before the rules: told by the present ones, and said so.
    const replayed = await said((context) => history(context, app, subject, at(NOW - 24 * HOUR)));
    expect(replayed).toMatch(/No rules decided at that time yet|It was not there yet/);
    await expect(said((context) => explain(context, app, subject.id, '2999-01-01'))).rejects.toThrow(
      /--at is `2999-01-01`, which lies ahead/,
    );
  });
});
