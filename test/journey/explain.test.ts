import { describe, expect, test } from '@jest/globals';
import {
  contextAt,
  EMPTY_STATE,
  evaluate,
  explainSubject,
  explanationLines,
  NO_HEALTH,
} from '../../src/journey/index.ts';
import type { Mapping } from '../../src/mapping/types.ts';
import type { Fact, SubjectFacts } from '../../src/model/facts.ts';
import type { ConnectionId } from '../../src/model/record.ts';
import {
  all,
  contextOf,
  day,
  days,
  daysSince,
  defined,
  factsOf,
  flag,
  group,
  healthOf,
  mappingOf,
  measure,
  segment,
  stage,
  T0,
  within,
} from './fakes.ts';

const mapping = mappingOf(
  [
    stage('lead', { isDefault: true, exit: [{ to: 'trial', when: flag('pushed') }] }),
    stage('trial', {
      enter: defined('active_trial', all(flag('signed'), within('seen', 30))),
      stay: flag('signed'),
    }),
    stage('customer', { enter: all(flag('signed'), flag('paid')), from: ['trial'], for: days(5) }),
  ],
  {
    segments: [segment('big', flag('big')), segment('all', flag('signed'))],
    health: healthOf([
      group('use', [
        measure('logins', { label: 'Logins' }),
        measure('seats', { label: 'Seats', missing: 20 }),
      ]),
      group('contact', [
        measure('meeting', {
          label: 'Last meeting',
          value: daysSince('seen'),
          scale: [
            { at: 0, score: 100 },
            { at: 30, score: 0 },
          ],
        }),
      ]),
    ]),
  },
);

const facts = factsOf({
  first: [1, -90],
  signed: [true, -40],
  seen: [day(-3), -3],
  paid: [true, -2],
  logins: [80, -1],
});

function explained(known: SubjectFacts = facts, rules: Mapping = mapping) {
  const context = contextOf(known);
  const done = evaluate({
    mapping: rules,
    context,
    state: EMPTY_STATE,
    instant: T0,
    noticed: day(1),
    changes: { factsChanged: true },
    previousHealth: NO_HEALTH,
  });
  const { state } = done.step;
  return {
    done,
    explanation: explainSubject({ mapping: rules, context, state, health: done.health, instant: T0 }),
  };
}

describe('explanation (J33)', () => {
  test('J33 the stage, its cause, entry, rule and mapping version', () => {
    expect(explained().explanation).toMatchObject({
      journey: 'fake',
      subject: 's1',
      at: T0,
      mappingVersion: 'v1',
      stage: {
        stage: 'trial',
        label: 'Trial',
        entered: T0,
        noticed: day(1),
        cause: 'customer',
        rule: 'stages.trial.enter',
        ruleVersion: 'v1',
        previous: null,
        decision: { move: null, loop: false },
      },
    });
  });

  test('J33 the rule as a tree with truths, values seen and the records they came from', () => {
    const trial = explained().explanation.stage?.stages[1];
    expect(trial).toMatchObject({ present: true, eligible: true, stays: true, from: null, for: null });
    expect(trial?.enter).toMatchObject({ holds: true, name: 'active_trial', kind: 'all' });
    expect(trial?.enter?.children[1]).toMatchObject({
      text: 'seen within 30d',
      holds: true,
      seen: [
        {
          path: 'person.seen',
          value: day(-3),
          words: '9 Oct 2026',
          sources: [
            { connection: 'hub', type: 'contacts', id: '1', field: 'seen', at: day(-3), known: day(-3) },
          ],
        },
      ],
    });
  });

  test('J33 a value that is missing names the records it was looked for in', () => {
    const lead = explained(factsOf({ first: [1, -90] }));
    expect(lead.explanation.stage?.stages[0]?.exit[0]?.rule.seen).toEqual([
      {
        path: 'person.pushed',
        value: null,
        words: 'no value',
        sources: [{ connection: 'hub', type: 'contacts', id: '1', field: 'pushed', at: null, known: null }],
      },
    ]);
  });

  test('J33 for the next stage the unmet conditions, with the end of a wait', () => {
    const { next, stage: present } = explained().explanation;
    expect(next).toMatchObject({
      stage: 'customer',
      unmet: [{ kind: 'for', until: day(3), words: 'must stay so for 5d, until 15 Oct 2026' }],
    });
    expect(present?.stages[2]).toMatchObject({
      eligible: false,
      stays: null,
      from: { stages: ['trial'], met: true },
      for: { text: '5d', met: false, since: day(-2) },
    });
    const unpaid = factsOf({ first: [1, -90], signed: [true, -40], seen: [day(-3), -3] });
    expect(explained(unpaid).explanation.next?.unmet).toEqual([
      expect.objectContaining({
        kind: 'condition',
        text: 'paid is yes',
        rule: expect.objectContaining({ holds: false }),
      }),
    ]);
  });

  test('J33 the health with each measure, equal to the scored one', () => {
    const { done, explanation } = explained();
    expect(explanation.health).toMatchObject({
      score: done.health?.score,
      band: done.health?.band,
      coverage: done.health?.coverage,
      neutral: 50,
    });
    expect(explanation.health?.groups[0]?.measures).toMatchObject([
      { name: 'logins', words: 'Logins: 80', score: 80, weight: 0.25, contribution: 7.5, hasData: true },
      { name: 'seats', words: 'Seats: no data', score: 20, contribution: -7.5, hasData: false },
    ]);
    expect(explanation.health?.groups[1]?.measures[0]).toMatchObject({
      words: 'Last meeting: 9 Oct 2026',
      value: 3,
      seen: [{ path: 'person.seen', words: '9 Oct 2026' }],
    });
    expect(explanation.health?.lifts.map((one) => one.measure)).toEqual(['meeting', 'logins']);
    expect(explanation.health?.drags.map((one) => one.measure)).toEqual(['seats']);
  });

  test('J17 J33 all segments, holding or not', () => {
    expect(explained().explanation.segments.map(({ name, holds }) => [name, holds])).toEqual([
      ['big', false],
      ['all', true],
    ]);
  });

  test('J5 J33 the value that was not taken, and whose it is', () => {
    const account: Fact = {
      key: 'hub:companies:7',
      values: { name: 'Café "A"' },
      origins: {
        name: {
          connection: 'hub' as ConnectionId,
          type: 'companies',
          id: '7',
          field: 'name',
          at: 1,
          known: 2,
          rejected: { value: 'Cafe A', connection: 'sf' as ConnectionId, type: 'Account', id: '001' },
        },
      },
    };
    const { explanation } = explained({ ...facts, account });
    expect(explanation.notTaken).toEqual([
      {
        path: 'account.name',
        value: 'Cafe A',
        words: '"Cafe A"',
        connection: 'sf',
        type: 'Account',
        id: '001',
        taken: 'Café "A"',
        takenWords: '"Café "A""',
        takenFrom: expect.objectContaining({ connection: 'hub', type: 'companies', id: '7' }),
      },
    ]);
    expect(explanationLines(explanation).at(-1)).toBe(
      '    account.name: "Café "A"" from hub:companies:7, not "Cafe A" in sf:Account:001',
    );
  });

  test('J33 a decision the next run would take is shown before it is taken', () => {
    const context = contextOf(facts);
    const explanation = explainSubject({ mapping, context, state: EMPTY_STATE, health: null, instant: T0 });
    expect(explanation.stage).toMatchObject({
      stage: null,
      cause: null,
      decision: { move: { to: 'trial', rule: 'stages.trial.enter' } },
    });
    expect(contextAt(mapping, context, EMPTY_STATE, T0).segments).toEqual(['all']);
  });

  test('J33 an override in force is the reason', () => {
    const { done } = explained();
    const explanation = explainSubject({
      mapping,
      context: contextOf(facts),
      state: done.step.state,
      health: null,
      instant: T0,
      override: { stage: 'trial' },
    });
    expect(explanation.stage).toMatchObject({
      reason: 'set by hand',
      decision: { move: null, hold: 'override' },
    });
  });

  test('J33 it is plain data: nothing is lost in JSON', () => {
    const { explanation } = explained();
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  });

  test('J33 in lines for a terminal', () => {
    expect(explanationLines(explained().explanation)).toEqual([
      'Fake (rules v1)',
      '  Stage: Trial since 12 Oct 2026, cause: customer',
      '    because: signed is yes; seen within 30d (9 Oct 2026)',
      '    moved by: stages.trial.enter (rules v1)',
      '    ✓ active_trial: all(signed is yes, seen within 30d)',
      '      ✓ signed is yes  [person.signed: yes in hub:contacts:1]',
      '      ✓ seen within 30d  [person.seen: 9 Oct 2026 in hub:contacts:1]',
      '    stay:',
      '      ✓ signed is yes  [person.signed: yes in hub:contacts:1]',
      '  Next: Customer',
      '    - must stay so for 5d, until 15 Oct 2026',
      '    ✓ all(signed is yes, paid is yes)',
      '      ✓ signed is yes  [person.signed: yes in hub:contacts:1]',
      '      ✓ paid is yes  [person.paid: yes in hub:contacts:1]',
      '    ✓ from trial',
      '    ✗ for 5d (held since 10 Oct 2026)',
      '  Other stages: Lead fits',
      '  Health: 70, green, 75 % of the weight has data',
      '    use: 50 (weight 50 %)',
      '      Logins: 80 -> 80 (+7.5)',
      '      Seats: no data -> 20 (-7.5)',
      '    contact: 90 (weight 50 %)',
      '      Last meeting: 9 Oct 2026 -> 90 (+20)',
      '  Segments: all',
    ]);
  });

  test('J33 in full: the rules of the other stages too', () => {
    const { explanation } = explained();
    const trial = explained(factsOf({ first: [1, -90] }));
    expect(explanationLines(explanation, { full: true })).toContain('  Other stage: Lead fits');
    expect(explanationLines(trial.explanation, { full: true })).toEqual(
      expect.arrayContaining([
        '    exit to trial:',
        '      ✗ pushed is yes  [person.pushed: no value in hub:contacts:1]',
        '  Other stage: Customer does not',
        '    ✗ from trial',
        '    ✗ for 5d',
      ]),
    );
  });

  test('J33 a subject of a mapping with health only', () => {
    const { explanation } = explained(facts, { ...mapping, stages: [] });
    expect(explanation).toMatchObject({ stage: null, next: null });
    expect(explanationLines(explanation)[1]).toMatch(/^ {2}Health: /);
  });
});
