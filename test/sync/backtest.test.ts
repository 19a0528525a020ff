import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builtInOutcomes, findOutcome } from '../../src/backtest/index.ts';
import { backtest as command } from '../../src/commands/backtest.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { createZone, parseSpan, zonedDuration } from '../../src/mapping/index.ts';
import type { Mapping, Outcome } from '../../src/mapping/types.ts';
import type { ConnectionId } from '../../src/model/record.ts';
import { createStory } from '../../src/story/index.ts';
import { type BacktestResult, backtest } from '../../src/sync/look/backtest.ts';
import { replaySubjects } from '../../src/sync/look/replay.ts';
import { silentProgress } from '../../src/sync/session.ts';
import { createFactMaker, type Told } from '../../src/sync/subjects/facts.ts';
import { type Company, NOW, STORY_END, startCompany } from '../helpers/company.ts';

const DAY = 86_400_000;

describe('J36 a backtest over the history of both CRMs', () => {
  let company: Company;

  beforeAll(async () => {
    company = await startCompany({ contacts: 120 });
    await company.sync();
    await pull();
  }, 120_000);
  afterAll(() => company?.close());

  const pull = async (): Promise<void> => {
    await company.indexed();
    await company.app.run({
      kind: 'pull',
      history: true,
      now: NOW,
      progress: silentProgress,
      signal: new AbortController().signal,
    });
  };
  const accounts = (): Mapping => company.app.mappings.mappings.find(({ name }) => name === 'accounts')!;
  const outcome = (name: string): Outcome => {
    const fieldMaps = [...company.app.mappings.fieldMaps.values()];
    return findOutcome(accounts(), builtInOutcomes(accounts(), fieldMaps), name).outcome!;
  };
  const discoveryOf = async () => {
    const stored = new Map(
      (await company.app.store.connections.list()).map((one) => [one.id, one.discovery]),
    );
    return (id: ConnectionId) => stored.get(id) ?? null;
  };
  const source = () => ({ store: company.app.store, connections: company.app.connections });
  const run = async (changes: Partial<Parameters<typeof backtest>[2]> = {}): Promise<BacktestResult> =>
    backtest(source(), await discoveryOf(), {
      mapping: accounts(),
      others: company.app.mappings.mappings,
      against: null,
      outcome: outcome('account churned'),
      horizons: ['30d', '60d', '90d'].map((text) => ({
        text,
        duration: zonedDuration(parseSpan(text)!, createZone('UTC')),
      })),
      from: STORY_END - 365 * DAY,
      to: STORY_END,
      ...changes,
    });
  /** Stages and bands of every account at the starts of weeks, as they would have been told then. */
  const told = async (how: Told): Promise<Readonly<Record<string, readonly string[]>>> => {
    const maker = createFactMaker(
      company.app.connections,
      await discoveryOf(),
      company.app.mappings.mappings,
      () => undefined,
    );
    const said: Record<string, readonly string[]> = {};
    const request = { mappings: company.app.mappings.mappings, to: STORY_END - 1, noticed: NOW, told: how };
    for await (const { replayed } of replaySubjects(source(), maker, request))
      for (const { subject, mapping, result } of replayed)
        said[`${mapping.name} ${subject}`] = [
          ...result.state.visits.map(({ stage, entered, left }) => `${stage} ${entered} ${left}`),
          ...result.course.map(({ at, score, band }) => `${at} ${score} ${band}`),
        ];
    return said;
  };

  test('the churned accounts that the story planted are found; precision and recall are told', async () => {
    const { report, happened, coverage, cases } = await run();
    // The story knows who was lost as a customer; everybody of them is a case, and nobody who never was one.
    const story = createStory({ seed: 7, contacts: 120, now: STORY_END });
    const arcs = new Map<string, string>();
    for (const { arc, presences } of story.accounts)
      for (const { crm, type, id } of presences) {
        const key = { connection: crm as ConnectionId, type, id };
        const member = await company.app.store.subjects.memberByRecord(key);
        if (member !== null) arcs.set(member.subject, arc);
      }
    const planted = [...arcs].filter(([, arc]) => arc === 'churned').map(([subject]) => subject);
    expect(planted.length).toBeGreaterThan(2);
    const found = new Set(cases.map(({ subject }) => subject as string));
    expect(planted.filter((subject) => !found.has(subject))).toEqual([]);
    expect(
      [...found].map((subject) => arcs.get(subject)).filter((arc) => arc !== 'churned' && arc !== 'returned'),
    ).toEqual([]);
    const warned = cases.filter(({ subject, warned }) => planted.includes(subject) && warned !== null);
    expect(warned.length).toBeGreaterThan(planted.length / 2);
    const [, , ninety] = report.horizons;
    expect(happened).toBeGreaterThan(0);
    expect(ninety!.events).toBeGreaterThan(0);
    expect(ninety!.truePositives + ninety!.falseNegatives).toBe(ninety!.positives);
    expect(ninety!.precision).toBeGreaterThan(ninety!.baseRate!);
    expect(ninety!.recall).toBeGreaterThan(0);
    expect(coverage).toBeGreaterThan(0.8);
  });

  test('the command prints precision and recall, and what was not read', async () => {
    const lines: string[] = [];
    const context = {
      json: false,
      quiet: true,
      folder: company.folder,
      streams: { width: 120, terminal: false, out: (text: string) => lines.push(text) },
    } as unknown as CommandContext;
    const options = { against: undefined, horizons: '60d', from: undefined, to: undefined };
    await command(context, company.app, 'accounts', { outcome: 'account churned', ...options });
    const text = lines.join('');
    expect(text).toMatch(/“A customer is lost” \(account_churned\)/);
    expect(text).toMatch(/Within +Judged +It followed +Foretold +Precision +By chance +Recall/);
    expect(text).toMatch(/60d +\d+ +\d+ +\d+ +\d+ % +\d+ % +\d+ % +\d+ of \d+ +\d+/);
    expect(text.replace(/\s+/g, ' ')).toContain('type of companies in hubspot is not stored');
    await expect(
      command(context, company.app, 'accounts', { outcome: 'deal lots', ...options }),
    ).rejects.toThrow(/There is no outcome `deal lots`.*Did you mean `deal_lost`/);
    await expect(
      command(context, company.app, 'acounts', { outcome: 'renewed', ...options }),
    ).rejects.toThrow(/neither a journey in use .* Did you mean `accounts`/);
  });

  test('poisoned future: what becomes known later, however early its date, changes nothing that was told before', async () => {
    const before = { known: await told('known'), true: await told('true') };
    const at = (days: number): string => new Date(STORY_END - days * DAY).toISOString();
    const companies = (await company.records('hubspot', 'companies')).filter((one) => one.archived !== true);
    const deals = (await company.records('hubspot', 'deals')).filter((one) => one.archived !== true);
    for (const { id } of companies.slice(0, 12)) {
      const to = [{ toType: 'companies', toId: id }];
      await company.control('hubspot', 'create', {
        type: 'meetings',
        properties: {
          hs_timestamp: at(200),
          hs_meeting_start_time: at(200),
          hs_meeting_outcome: 'COMPLETED',
        },
        associations: to,
      });
      await company.control('hubspot', 'create', {
        type: 'tickets',
        properties: {
          subject: 'Late news',
          hs_pipeline: '0',
          hs_pipeline_stage: '1',
          hs_ticket_priority: 'URGENT',
        },
        associations: to,
      });
      await company.control('hubspot', 'create', {
        type: 'deals',
        properties: {
          dealname: 'Late renewal',
          pipeline: 'default',
          dealstage: 'closedlost',
          dealtype: 'renewal',
          closedate: at(160),
        },
        associations: to,
      });
    }
    for (const { id } of deals.slice(0, 12))
      await company.control('hubspot', 'edit', {
        type: 'deals',
        id,
        properties: { dealstage: 'closedlost', closedate: at(120) },
      });
    // A company that people belong to from now on is not where they belonged before.
    for (const contact of (await company.records('hubspot', 'contacts')).slice(0, 6))
      await company.control('hubspot', 'create', {
        type: 'companies',
        properties: { name: 'Came later', domain: `later-${contact.id}.example.com` },
        associations: [{ toType: 'contacts', toId: contact.id, primary: true }],
      });
    await pull();
    await company.sync();
    const after = { known: await told('known'), true: await told('true') };
    // The poison works on whoever believes dates alone.
    const moved = Object.keys(before.true).filter((id) => String(before.true[id]) !== String(after.true[id]));
    expect(moved.length).toBeGreaterThan(5);
    for (const [subject, said] of Object.entries(before.known))
      expect({ subject, said: after.known[subject] }).toEqual({ subject, said });
  }, 60_000);

  test('an outcome that never happened: said so, no precision and no recall', async () => {
    const never = {
      ...outcome('account churned'),
      when: { ...outcome('account churned').when, test: () => false },
    };
    const { report, happened } = await run({ outcome: never });
    expect(happened).toBe(0);
    for (const horizon of report.horizons)
      expect(horizon).toMatchObject({
        positives: 0,
        precision: null,
        recall: null,
        leadDays: null,
        events: 0,
      });
  });
});
