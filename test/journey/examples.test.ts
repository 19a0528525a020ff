import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  EMPTY_STATE,
  evaluate,
  explainSubject,
  explanationLines,
  NO_HEALTH,
  type RuleTrace,
  step,
} from '../../src/journey/index.ts';
import { createZone, loadFieldMap, loadMapping } from '../../src/mapping/index.ts';
import type { FieldMap, Mapping } from '../../src/mapping/types.ts';
import type { Fact, FactLists, Scalar, SubjectFacts, SubjectId } from '../../src/model/facts.ts';
import { OUTPUTS } from '../../src/model/outputs.ts';
import type { ConnectionId } from '../../src/model/record.ts';
import { contextOf, DAY, day, T0 } from './fakes.ts';

const root = new URL('../../mappings/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const fieldMaps = ['hubspot', 'salesforce'].map((connector): FieldMap => {
  const { fieldMap, problems } = loadFieldMap(read(`fields/${connector}.yaml`), `${connector}.yaml`);
  if (fieldMap === null) throw new Error(JSON.stringify(problems));
  return fieldMap;
});

function load(text: string, file: string): Mapping {
  const { mapping, problems } = loadMapping(text, file, { timezone: 'Europe/Berlin', fieldMaps });
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return { ...mapping, outputs: OUTPUTS.map((output) => ({ output, label: output, names: {} })) };
}

const EXAMPLES = ['b2b-software/accounts.yaml', 'b2b-software/people.yaml', 'services/clients.yaml'].map(
  (file) => [file, load(read(file), file)] as const,
);

function factOf(type: string, id: number, values: Readonly<Record<string, Scalar>>, at: number): Fact {
  const kept: Record<string, Scalar> = Object.create(null);
  const origins: Record<string, Fact['origins'][string]> = {};
  for (const [field, value] of Object.entries(values)) {
    if (value === null) continue;
    kept[field] = value;
    const connection = 'hub' as ConnectionId;
    origins[field] = { connection, type, id: String(id), field, at, known: at };
  }
  return { key: `hub:${type}:${String(id).padStart(4, '0')}`, values: kept, origins };
}

const daysAgo = fc.integer({ min: 0, max: 400 }).map((n) => T0 - n * DAY - 3_600_000);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null, freq: 3 });
const listOf = (
  type: string,
  start: number,
  item: fc.Arbitrary<Readonly<Record<string, Scalar>>>,
  at: string,
) =>
  fc
    .array(item, { maxLength: 4 })
    .map((items): readonly Fact[] =>
      items.map((values, index) => factOf(type, start + index, values, Number(values[at]))),
    );

const lists: fc.Arbitrary<FactLists> = fc.record({
  people: listOf(
    'contacts',
    100,
    fc.record({ created: daysAgo, name: fc.constant('Ann'), last_activity: maybe(daysAgo) }),
    'created',
  ),
  deals: listOf(
    'deals',
    200,
    fc
      .record({
        created: daysAgo,
        kind: fc.constantFrom('new', 'renewal', 'expansion'),
        state: fc.constantFrom('open', 'won', 'lost'),
        probability: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
        amount: maybe(fc.integer({ min: 0, max: 200_000 })),
        name: fc.constantFrom('Big', 'Small\u001b[0m'),
        after: fc.integer({ min: 0, max: 90 }),
      })
      .map(({ state, after, ...deal }) => ({
        ...deal,
        open: state === 'open',
        won: state === 'won',
        lost: state === 'lost',
        closed: state === 'open' ? null : Math.min(T0, deal.created + after * DAY),
      })),
    'created',
  ),
  tickets: listOf(
    'tickets',
    300,
    fc.record({
      created: daysAgo,
      open: fc.boolean(),
      priority: maybe(fc.constantFrom('low', 'medium', 'high', 'urgent')),
      reopened: maybe(fc.integer({ min: 0, max: 2 })),
      subject: fc.constant('Login'),
    }),
    'created',
  ),
  touchpoints: listOf(
    'emails',
    400,
    fc.record({
      at: daysAgo,
      channel: fc.constantFrom('email', 'call', 'meeting', 'form'),
      direction: maybe(fc.constantFrom('incoming', 'outgoing')),
      outcome: maybe(fc.constantFrom('held', 'no_show', 'answered')),
    }),
    'at',
  ),
  surveys: listOf(
    'feedback',
    500,
    fc.record({
      at: daysAgo,
      type: fc.constantFrom('nps', 'csat', 'ces'),
      score: fc.integer({ min: 0, max: 100 }),
    }),
    'at',
  ),
});

const person = fc
  .record({
    created: daysAgo,
    opted_out: fc.boolean(),
    lead_status: maybe(fc.constantFrom('new', 'working', 'qualified', 'unqualified')),
    last_activity: maybe(daysAgo),
    form_submissions: maybe(fc.integer({ min: 0, max: 4 })),
    page_views: maybe(fc.integer({ min: 0, max: 60 })),
  })
  .map((values) => factOf('contacts', 1, values, values.created));
const account = fc
  .record({ created: daysAgo, employees: maybe(fc.integer({ min: 1, max: 5000 })), renewal: maybe(daysAgo) })
  .map((values) => factOf('companies', 2, values, values.created));

const factsFor = (mapping: Mapping): fc.Arbitrary<SubjectFacts> =>
  fc.tuple(person, account, lists, lists).map(([own, company, mine, theirs]) => ({
    subject: 's1' as SubjectId,
    kind: mapping.subject,
    person: mapping.subject === 'person' ? own : null,
    account: company,
    ...mine,
    accountLists: mapping.subject === 'person' ? theirs : mine,
  }));

describe.each(EXAMPLES)('%s', (_file, mapping) => {
  const facts = factsFor(mapping);
  const stages = new Set<string | null>();
  const bands = new Set<string>();

  test('J33 decision equals explanation, and evaluating again changes nothing (J11, J19, J22)', () => {
    fc.assert(
      fc.property(facts, facts, fc.integer({ min: 0, max: 90 }), (before, after, gap) => {
        let state = EMPTY_STATE;
        let health = NO_HEALTH;
        for (const [known, instant] of [
          [before, T0],
          [after, day(gap)],
        ] as const) {
          const input = {
            mapping,
            context: contextOf(known),
            state,
            instant,
            noticed: instant,
            changes: { factsChanged: true },
          };
          const first = step(input).transitions[0];
          const told = explainSubject({ ...input, health: null }).stage?.decision;
          expect(told?.move ?? null).toEqual(first === undefined ? null : { to: first.to, rule: first.rule });
          const once = evaluate({ ...input, previousHealth: health });
          const again = evaluate({
            ...input,
            state: once.step.state,
            changes: { factsChanged: false },
            previousHealth: once.health ?? NO_HEALTH,
          });
          expect(again.step.transitions).toEqual([]);
          expect(again.outputs).toEqual(once.outputs);
          state = once.step.state;
          health = once.health ?? NO_HEALTH;
          stages.add(state.stage);
          bands.add(health.band ?? '');
        }
      }),
      { numRuns: 150 },
    );
    expect(stages.size).toBeGreaterThanOrEqual(4);
    expect(bands.size).toBeGreaterThanOrEqual(3);
  });

  test('J20 J22 no text holds an age, a control character or an epoch', () => {
    const zone = createZone(mapping.timezone);
    fc.assert(
      fc.property(facts, (known) => {
        const input = {
          mapping,
          context: contextOf(known),
          state: EMPTY_STATE,
          instant: T0,
          noticed: T0,
          changes: { factsChanged: true },
        };
        const once = evaluate({ ...input, previousHealth: NO_HEALTH });
        const { state } = once.step;
        for (const value of Object.values(once.outputs)) {
          if (typeof value !== 'string') continue;
          expect(value).not.toMatch(/\d{12,}|\p{Cc}|undefined|NaN|\bnull\b/u);
          expect(value).not.toMatch(/days ago/);
        }
        expect(once.outputs.stage_entered).toBe(state.entered === null ? null : zone.dateText(state.entered));
        const { health } = once;
        const lines = explanationLines(explainSubject({ ...input, state, health }), { full: true });
        expect(lines.join('\n')).not.toMatch(/\d{12,}|undefined|NaN|[\p{Cc}--\n]/v);
      }),
      { numRuns: 100 },
    );
  });

  test('J33 each holding condition of a list or field names the records it came from', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const explanation = explainSubject({
          mapping,
          context: contextOf(known),
          state: EMPTY_STATE,
          health: null,
          instant: T0,
        });
        const visit = (rule: RuleTrace): void => {
          for (const seen of rule.seen) {
            for (const source of seen.sources) expect(source.connection).toBe('hub');
            const isField =
              !/[()]/.test(seen.path) && /^(person|account|deals|tickets|surveys)\./.test(seen.path);
            if (isField && seen.value !== null) expect(seen.sources).toHaveLength(1);
          }
          for (const child of rule.children) visit(child);
        };
        for (const judged of explanation.stage?.stages ?? []) if (judged.enter !== null) visit(judged.enter);
      }),
      { numRuns: 50 },
    );
  });
});

describe('words of real rules', () => {
  const HEAD = 'journey: t\nsubject: account\nstages:\n  a: { default: true }\n  b:\n    enter:\n';
  const known = (deals: readonly Readonly<Record<string, Scalar>>[]): SubjectFacts => {
    const none: FactLists = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [] };
    const own = { ...none, deals: deals.map((deal, i) => factOf('deals', i, deal, day(-40))) };
    const company = factOf('companies', 1, { employees: 40, created: day(-400) }, day(-400));
    return {
      subject: 's' as SubjectId,
      kind: 'account',
      person: null,
      account: company,
      ...own,
      accountLists: own,
    };
  };
  const next = (rule: string, facts: SubjectFacts) =>
    evaluate({
      mapping: load(`${HEAD}      ${rule}\n`, 'rule.yaml'),
      context: contextOf(facts),
      state: EMPTY_STATE,
      instant: T0,
      noticed: T0,
      changes: { factsChanged: true },
      previousHealth: NO_HEALTH,
    }).outputs.next_step;
  const DEAL = { name: 'Big', open: true, won: false, lost: false, amount: 400, created: day(-40) };

  test.each([
    ['count: deals\n      gte: 2', [DEAL], 'B: at least 2 deals (now 1)'],
    ['account.employees: { gte: 100 }', [], 'B: account.employees is at least 100 (now 40)'],
    ['account.renewal: { within_next: 90d }', [], 'B: account.renewal within the next 90d (no value)'],
    ['account.created: { within: 90d }', [], 'B: account.created within 90d (7 Sep 2025)'],
    [
      'some: deals\n      where: { open: true, amount: { gte: 1000 } }',
      [DEAL],
      'B: some deal with open and amount at least 1000 (nearest "Big": deals.amount is at least 1000 (now 400))',
    ],
    ['some: deals', [], 'B: some deal (now 0)'],
    ['none: deals\n      where: { open: true }', [DEAL], 'B: no deal with open (but "Big")'],
    ['expr: days_since(account.created) < 30', [], 'B: days since account.created is below 30 (7 Sep 2025)'],
  ])('J22 next step for %s', (rule, deals, expected) => {
    expect(next(rule, known(deals))).toBe(expected);
  });

  test('J3 J22 a date field of one’s own is shown as a date', () => {
    const text = `${HEAD}      account.kickoff: { within: 5d }\nfields:\n  account.kickoff: { hubspot: kickoff_date, type: date }\n`;
    const own = known([]);
    const account = factOf('companies', 1, { kickoff: day(-8) }, day(-8));
    const { outputs } = evaluate({
      mapping: load(text, 'own.yaml'),
      context: contextOf({ ...own, account }),
      state: EMPTY_STATE,
      instant: T0,
      noticed: T0,
      changes: { factsChanged: true },
      previousHealth: NO_HEALTH,
    });
    expect(outputs.next_step).toBe('B: account.kickoff within 5d (4 Oct 2026)');
  });
});
