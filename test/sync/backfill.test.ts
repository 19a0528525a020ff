import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { backfillJourneys } from '../../src/sync/look/backfill.ts';
import { explainThen } from '../../src/sync/look/explain.ts';
import { replaySubjects } from '../../src/sync/look/replay.ts';
import { thenOf } from '../../src/sync/look/then.ts';
import { silentProgress } from '../../src/sync/session.ts';
import { createFactMaker } from '../../src/sync/subjects/facts.ts';
import { type Company, NOW, STORY_END, startCompany } from '../helpers/company.ts';

const DAY = 86_400_000;

describe('the past of journeys that began to decide yesterday', () => {
  let company: Company;
  const source = () => ({ store: company.app.store, connections: company.app.connections });
  const mappings = () => company.app.mappings.mappings;
  const maker = async () => {
    const stored = new Map(
      (await company.app.store.connections.list()).map((one) => [one.id, one.discovery]),
    );
    return createFactMaker(
      company.app.connections,
      (id) => stored.get(id) ?? null,
      mappings(),
      () => undefined,
    );
  };
  const standing = async () => {
    const found: Record<string, unknown> = {};
    for (const kind of ['account', 'person'] as const)
      for (const { id } of await company.app.store.subjects.list(kind))
        for (const { journey, state } of await company.app.store.journeys.ofSubject(id))
          found[`${journey} ${id}`] = [
            state.stage,
            state.visits,
            await company.app.store.journeys.healthPoints(id, journey),
          ];
    return found;
  };

  beforeAll(async () => {
    company = await startCompany({ contacts: 60 });
    await company.sync();
    await company.app.run({
      kind: 'pull',
      history: true,
      now: NOW,
      progress: silentProgress,
      signal: new AbortController().signal,
    });
  }, 120_000);
  afterAll(() => company?.close());

  test('J14, J33 at an instant before any version decided, the present one is replayed up to then, and said so', async () => {
    const { store, connections } = company.app;
    const instant = STORY_END - 100 * DAY;
    let seen = 0;
    for (const subject of (await store.subjects.list('account')).slice(0, 12)) {
      const [then] = await thenOf(source(), mappings(), subject, instant);
      const explained = await explainThen(store, connections, mappings(), subject, instant);
      const [journey] = explained.journeys;
      if (then?.context == null) {
        expect(explained.journeys).toEqual([]);
        continue;
      }
      seen += 1;
      expect(then).toMatchObject({ replayed: true, since: null });
      expect(explained.then).toEqual([
        { journey: 'accounts', version: then.mapping.version, since: null, replayed: true },
      ]);
      expect(journey).toMatchObject({ at: instant, stage: { stage: then.state.stage } });
      // Nothing of later is in it: no value and no move.
      expect(Math.max(0, ...then.state.visits.map(({ entered }) => entered))).toBeLessThanOrEqual(instant);
      expect(journey?.stage?.decision.move ?? null).toBeNull();
    }
    expect(seen).toBeGreaterThan(4);
  });

  test('J14 a backfill tells the same as a replay from the beginning; what was known is superseded', async () => {
    const { store } = company.app;
    const before = await standing();
    const fence = (await store.leases.acquire('sync', 'test', NOW, 60_000))!;
    const report = await backfillJourneys(source(), await maker(), mappings(), {
      now: NOW,
      run: 'backfill-1',
      fence,
    });
    expect(Object.keys(report.coverage).sort()).toEqual(
      mappings()
        .map(({ name }) => name)
        .sort(),
    );
    for (const share of Object.values(report.coverage)) expect(share).toBeGreaterThan(0.5);
    const after = await standing();
    const request = { mappings: mappings(), to: NOW, noticed: NOW, backfill: true };
    let compared = 0;
    for await (const { replayed } of replaySubjects(source(), await maker(), request)) {
      for (const { subject, mapping, result } of replayed) {
        const [stage, visits, points] = after[`${mapping.name} ${subject}`] as [string, unknown, unknown[]];
        expect({ subject, stage, visits }).toEqual({
          subject,
          stage: result.state.stage,
          visits: result.state.visits,
        });
        expect(points.length).toBeGreaterThanOrEqual(result.course.length);
        for (const visit of result.state.visits) expect(visit.cause).toBe('backfill');
        const superseded = await store.journeys.superseded(subject, mapping.name);
        const [, known] = before[`${mapping.name} ${subject}`] as [string, { entered: number }[]];
        expect(superseded.map(({ entered }) => entered)).toEqual(known.map(({ entered }) => entered));
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(60);
    expect(compared).toBe(Object.keys(before).length);

    // A second time there is nothing to replace.
    const again = await backfillJourneys(source(), await maker(), mappings(), {
      now: NOW,
      run: 'backfill-2',
      fence,
    });
    expect(again).toEqual({ ...report, superseded: 0 });
    expect(await standing()).toEqual(after);

    // What the guard does not let pass is as it was, the course of health included (J24).
    await store.journeys.takeBack(fence);
    expect(await standing()).toEqual(before);
  });
});
