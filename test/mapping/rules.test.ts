import { describe, expect, test } from '@jest/globals';
import { contextOf, DAY, fact, holds, NOW, rule, ruleProblems, value } from './kit.ts';

const ago = (days: number): number => NOW - days * DAY;

describe('J2 whose facts', () => {
  test('J2 an account journey reads its own lists, a person journey those of the person or of the account', () => {
    const deals = [{ won: true }];
    expect(holds('{ some: deals, where: { won: true } }', { deals })).toBe(true);
    const world = { person: {}, deals: [], accountLists: { deals: [fact('d', { won: true })] } };
    expect(holds('{ some: deals }', world, { subject: 'person' })).toBe(false);
    expect(holds('{ some: account.deals, where: { won: true } }', world, { subject: 'person' })).toBe(true);
    expect(holds("{ expr: 'size(account.deals) == 1' }", world, { subject: 'person' })).toBe(true);
    expect(ruleProblems('{ some: people }', { subject: 'person' })[0]?.suggestion).toBe('account.people');
    expect(ruleProblems('{ person.email: x }', { subject: 'account' })[0]?.suggestion).toBe('people');
  });

  test('J2 a person without an account has no value in its account', () => {
    expect(holds('{ account.type: customer }', { person: {} }, { subject: 'person' })).toBe(false);
    expect(holds('{ account.type: { missing: true } }', { person: {} }, { subject: 'person' })).toBe(true);
  });

  test('J2 results of other journeys: of the subject, of the account, of the people', () => {
    const world = {
      person: {},
      journey: { stage: 'a', entered: ago(40), visits: 3 },
      results: { other: { stage: 'x', score: 80, band: 'green' } },
      accountResults: { accounts: { stage: 'won', band: 'red' } },
    };
    const person = { subject: 'person' } as const;
    expect(
      holds(
        '{ journey.stage: two, journey.visits: 3 }',
        { ...world, journey: { stage: 'two', visits: 3 } },
        person,
      ),
    ).toBe(true);
    expect(holds('{ journey.entered: { older_than: 30d } }', world, person)).toBe(true);
    expect(holds('{ journeys.other.stage: x, health.other.score: { gte: 80 } }', world, person)).toBe(true);
    expect(
      holds('{ account.journeys.accounts.stage: won, account.health.accounts.band: red }', world, person),
    ).toBe(true);
    expect(holds("{ expr: account.journeys.accounts.stage == 'lost' }", world, person)).toBe(false);
    const people = {
      people: [fact('p1', {}), fact('p2', {})],
      peopleResults: { p2: { people: { stage: 'b' } } },
    };
    expect(holds('{ count: people, where: { journeys.people.stage: b }, eq: 1 }', people)).toBe(true);
    expect(holds('{ expr: "people.exists(p, p.journeys.people.stage == \'b\')" }', people)).toBe(true);
    expect(rule('{ some: people, where: { journeys.people.stage: b } }')).toBeDefined();
  });
});

describe('J6 structured conditions and expressions', () => {
  const world = {
    account: { employees: 250, name: 'Acme Ltd', created: ago(100) },
    deals: [
      { won: true, open: false, amount: 30_000, closed: ago(10), created: ago(60), kind: 'new' },
      { won: true, open: false, amount: 25_000, closed: ago(400), created: ago(500), kind: 'renewal' },
      { won: false, open: true, amount: null, created: ago(5) },
    ],
    touchpoints: [
      { channel: 'meeting', at: ago(3) },
      { channel: 'meeting', at: ago(80) },
      { channel: 'email', at: ago(1) },
    ],
    surveys: [
      { type: 'nps', score: 90, at: ago(10) },
      { type: 'nps', score: 20, at: ago(50) },
    ],
  };

  // Both spellings of one rule, and what it gives here.
  const PAIRS: readonly (readonly [string, string, boolean])[] = [
    [
      '{ some: deals, where: { won: true, closed: { within: 365d } } }',
      "deals.exists(d, d.won && d.closed >= ago('365d') && d.closed <= account.created)",
      false,
    ],
    [
      '{ count: touchpoints, where: { channel: meeting, at: { within: 90d } }, gte: 2 }',
      "size(touchpoints.filter(t, t.channel == 'meeting' && t.at >= ago('90d'))) >= 2",
      true,
    ],
    [
      '{ sum: deals.amount, where: { won: true }, gte: 55000 }',
      'sum(deals.filter(d, d.won).map(d, d.amount)) >= 55000',
      true,
    ],
    ['{ sum: deals.amount, gt: 55000 }', '55000 < sum(deals.map(d, d.amount))', false],
    ['{ max: deals.closed, within: 30d }', "max(deals.map(d, d.closed)) >= ago('30d')", true],
    ['{ min: surveys.score, eq: 20 }', 'min(surveys.map(s, s.score)) == 20', true],
    ['{ avg: surveys.score, between: [55, 55] }', 'avg(surveys.map(s, s.score)) == 55.0', true],
    [
      '{ every: touchpoints, where: { at: { within: 90d } } }',
      "touchpoints.all(t, t.at >= ago('90d'))",
      true,
    ],
    ['{ none: deals, where: { kind: expansion } }', "!deals.exists(d, d.kind == 'expansion')", true],
    [
      '{ account.employees: { gte: 100, lt: 250 } }',
      'account.employees >= 100 && account.employees < 250',
      false,
    ],
    ['{ account.name: { contains: LTD } }', "account.name.contains('LTD')", true],
    [
      '{ some: deals, where: { kind: [renewal, expansion] } }',
      "deals.exists(d, d.kind in ['renewal', 'expansion'])",
      true,
    ],
    ['{ some: deals, where: { kind: renewal } }', "'renewal' in deals.map(d, d.kind)", true],
    ['{ some: deals, where: { amount: { missing: true } } }', 'deals.exists(d, d.amount == null)', true],
    ['{ any: [false, { not: { some: tickets } }] }', 'false || !(size(tickets) > 0)', true],
    [
      '{ count: deals, where: { any: [{ won: true }, { open: true }] }, eq: 3 }',
      'deals.filter(d, d.won || d.open).size() == 3',
      true,
    ],
  ];

  test.each(PAIRS)('J6 %s', (structured, expression, wanted) => {
    expect(holds(`{ expr: ${JSON.stringify(expression)} }`, world)).toBe(wanted);
    if (!structured.includes('365d')) expect(holds(structured, world)).toBe(wanted);
  });

  test('J6 defined conditions are used by name in both spellings, and explanations show the name', () => {
    const more = 'define:\n  big: { account.employees: { gte: 200 } }\n';
    for (const condition of ['big', '{ is: big }', '{ expr: big && true }', '{ all: [big, true] }']) {
      expect(holds(condition, world, { more })).toBe(true);
    }
    const trace = rule('big', { more }).explain(contextOf(world, NOW));
    expect(trace).toMatchObject({ name: 'big', kind: 'compare', holds: true });
    expect(rule('big', { more }).text).toBe('big');
  });

  test('J6 latest is the value of the item that began last', () => {
    expect(holds('{ latest: surveys.score, where: { type: nps }, gte: 90 }', world)).toBe(true);
    expect(holds('{ latest: deals.kind, eq: new }', world)).toBe(true);
  });

  test('J6 arithmetic: numbers only, no value in gives no value out, nothing divided by zero', () => {
    expect(holds("{ expr: '(account.employees - 50) * 2 / 4 % 7 == 2' }", world)).toBe(true);
    expect(holds("{ expr: '-account.employees < -200' }", world)).toBe(true);
    expect(holds("{ expr: 'account.revenue + 1 > 0' }", world)).toBe(false);
    expect(holds("{ expr: 'account.employees / size(tickets) > 0' }", world)).toBe(false);
    expect(holds("{ expr: 'account.employees / size(tickets) <= 0' }", world)).toBe(false);
  });

  test('J6 lists inside lists see the outer item', () => {
    const nested = {
      deals: [{ created: ago(10), amount: 1 }],
      tickets: [{ created: ago(5) }, { created: ago(20) }],
    };
    expect(
      holds('{ expr: "deals.exists(d, tickets.filter(t, t.created > d.created).size() == 1)" }', nested),
    ).toBe(true);
    expect(
      holds(
        '{ expr: "deals.exists(d, size(tickets.filter(t, t.created > d.created)) == d.amount)" }',
        nested,
      ),
    ).toBe(true);
    expect(holds('{ expr: "deals.exists(d, tickets.all(t, t.created > d.created))" }', nested)).toBe(false);
  });

  test('J17 segments can be asked for in both spellings', () => {
    const more = 'segments:\n  big: { account.employees: { gte: 200 } }\n  odd: false\n'.replace(
      '  odd: false\n',
      '',
    );
    const inside = { ...world, segments: ['big'] };
    for (const condition of ['{ segment: big }', '{ segment: [big] }', '{ expr: "\'big\' in segments" }']) {
      expect(holds(condition, inside, { more })).toBe(true);
      expect(holds(condition, world, { more })).toBe(false);
    }
  });
});

describe('J8 no value', () => {
  test('J8 every comparison with no value is false, exists and missing are explicit', () => {
    const tests = [
      'x',
      '[x]',
      '{ not: x }',
      '{ not_in: [x] }',
      '{ contains: x }',
      '{ starts_with: x }',
      '{ ends_with: x }',
    ];
    for (const one of tests) expect(holds(`{ account.industry: ${one} }`, { account: {} })).toBe(false);
    for (const one of ['3', '{ gt: 1 }', '{ lt: 1 }', '{ between: [0, 9] }', '{ not: 3 }']) {
      expect(holds(`{ account.employees: ${one} }`, { account: {} })).toBe(false);
    }
    for (const one of [
      '{ within: 9d }',
      '{ older_than: 9d }',
      '{ within_next: 9d }',
      '{ before: 2026-01-01 }',
    ]) {
      expect(holds(`{ account.renewal: ${one} }`, { account: {} })).toBe(false);
    }
    expect(holds('{ account.industry: { missing: true } }', { account: {} })).toBe(true);
    expect(holds('{ account.industry: { exists: true } }', { account: {} })).toBe(false);
    expect(holds('{ account.industry: { exists: false } }', { account: {} })).toBe(true);
    expect(holds("{ expr: 'account.industry == null && !has(account.industry)' }", { account: {} })).toBe(
      true,
    );
    expect(holds('{ max: deals.amount, gte: 0 }', {})).toBe(false);
    expect(holds('{ sum: deals.amount, eq: 0 }', {})).toBe(true);
  });

  test('J8 a value of another type than the field says counts as none', () => {
    expect(holds('{ account.employees: { gte: 1 } }', { account: { employees: '12' } })).toBe(false);
    expect(holds('{ account.industry: x }', { account: { industry: 5 } })).toBe(false);
  });
});

describe('J9 comparisons', () => {
  test('J9 text ignores case unless asked, in every script', () => {
    const world = { account: { industry: 'Ärzte İ' } };
    expect(holds('{ account.industry: ärzte İ }', world)).toBe(true);
    expect(holds('{ account.industry: { eq: ärzte İ, case: sensitive } }', world)).toBe(false);
    expect(holds('{ account.industry: { starts_with: ÄRZ } }', world)).toBe(true);
    expect(holds('{ account.industry: { starts_with: ÄRZ, case: sensitive } }', world)).toBe(false);
    expect(holds('{ account.industry: { in: [x, ärzte İ], case: sensitive } }', world)).toBe(false);
  });

  test('J9 a bare number beside a text is its source text', () => {
    expect(holds('{ account.name: 0123 }', { account: { name: '0123' } })).toBe(true);
    expect(holds('{ account.name: [1.50] }', { account: { name: '1.50' } })).toBe(true);
    expect(holds('{ account.name: 1.5 }', { account: { name: '1.50' } })).toBe(false);
    expect(holds('{ account.name: true }', { account: { name: 'true' } })).toBe(true);
  });

  test('J9 within includes both ends and not the future; older_than is strict', () => {
    const at = (instant: number, test: string): boolean =>
      holds(`{ account.renewal: ${test} }`, { account: { renewal: instant } });
    expect([
      at(NOW, '{ within: 90d }'),
      at(ago(90), '{ within: 90d }'),
      at(ago(90) - 1, '{ within: 90d }'),
      at(NOW + 1, '{ within: 90d }'),
    ]).toEqual([true, true, false, false]);
    expect([at(ago(7), '{ older_than: 7d }'), at(ago(7) - 1, '{ older_than: 7d }')]).toEqual([false, true]);
    expect([
      at(NOW, '{ within_next: 2w }'),
      at(ago(-14), '{ within_next: 2w }'),
      at(ago(-14) + 1, '{ within_next: 2w }'),
      at(NOW - 1, '{ within_next: 2w }'),
    ]).toEqual([true, true, false, false]);
  });

  test('J9 dates without time are the start of the day in the mapping’s zone', () => {
    const midnight = Date.UTC(2026, 5, 30, 22);
    const options = { timezone: 'Europe/Berlin' };
    expect(holds('{ account.renewal: 2026-07-01 }', { account: { renewal: midnight } }, options)).toBe(true);
    expect(
      holds('{ account.renewal: { before: 2026-07-01 } }', { account: { renewal: midnight - 1 } }, options),
    ).toBe(true);
    expect(
      holds('{ account.renewal: { before: 2026-07-01 } }', { account: { renewal: midnight } }, options),
    ).toBe(false);
    const own = { more: 'timezone: Asia/Tokyo', ...options };
    expect(
      holds('{ account.renewal: 2026-07-01 }', { account: { renewal: Date.UTC(2026, 5, 30, 15) } }, own),
    ).toBe(true);
  });

  test('J9, J20 days_since counts local dates: it moves at midnight only', () => {
    const days = value('{ days_since: account.created }', { timezone: 'Europe/Berlin' });
    const created = Date.UTC(2026, 5, 10, 21, 59);
    const at = (now: number): number | null => days.value(contextOf({ account: { created } }, now));
    expect([at(created), at(created + 60_000), at(created + 60_000 - 1), at(created + DAY + 60_000)]).toEqual(
      [0, 1, 0, 2],
    );
    expect(days.value(contextOf({ account: {} }, NOW))).toBe(null);
  });
});

describe('J10 bounded', () => {
  test('J10 rules past the budgets are refused at load', () => {
    const deep = (levels: number): string => (levels === 0 ? 'true' : `{ not: ${deep(levels - 1)} }`);
    expect(ruleProblems(deep(30))).toEqual([]);
    expect(ruleProblems(deep(42))[0]?.message).toContain('at most 2000 parts, 40 deep');
    const lines = Array.from(
      { length: 40 },
      (_, index) => `  d${index + 1}: { all: [d${index}, d${index}] }`,
    ).join('\n');
    const [problem] = ruleProblems('d40', { more: `define:\n  d0: true\n${lines}\n` });
    expect(problem?.message).toContain('at most 2000 parts');
    const four = "{ expr: 'deals.exists(a, deals.exists(b, deals.exists(c, deals.exists(d, d.won))))' }";
    expect(ruleProblems(four)[0]?.message).toContain('at most 3 are allowed');
    expect(ruleProblems(`{ expr: "${'('.repeat(3000)}" }`)[0]?.message).toContain('cannot be read');
    expect(ruleProblems(`{ expr: "${'a'.repeat(5000)}" }`)[0]?.message).toContain('at most 4000');
  });

  test('J10 alternatives that contradict each other only at the very end are not tried for ever', () => {
    const any = (field: string): unknown => ({
      any: [1, 2, 3, 4].map((seats) => ({ [`account.${field}`]: { gte: seats, lt: 100 } })),
    });
    const items = Array.from({ length: 40 }, (_, index) => any(index % 2 === 0 ? 'employees' : 'revenue'));
    const last = { all: [{ 'account.employees': { gte: 200 } }, { 'account.revenue': { lt: 0 } }] };
    const began = performance.now();
    const problems = ruleProblems(JSON.stringify({ all: [...items, last] }));
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(problems.every(({ message }) => message.includes('two things at once'))).toBe(true);
  });

  test('J10 a subject whose lists would cost too much is an error, not a hang', () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({ created: index, open: false }));
    const nested = rule('{ expr: "deals.all(d, tickets.all(t, !t.open))" }');
    const context = contextOf({ deals: many, tickets: many }, NOW);
    expect(() => nested.test(context)).toThrow(/list items/);
  });

  test('J10 keys named __proto__ and constructor reach nothing', () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'account.__proto__', 'account.constructor']) {
      expect(ruleProblems(`{ ${key}: x }`)[0]?.severity).toBe('error');
    }
    expect(ruleProblems("{ expr: account.constructor == 'x' }")[0]?.message).toContain('Unknown field');
    expect(ruleProblems('{ journeys.x.constructor: 1 }')[0]?.message).toContain('Unknown field');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('J11 testing an earlier instant', () => {
  test('J11 what was not yet true counts as no value, and items that had not begun do not count', () => {
    const world = {
      account: fact('a', { type: 'customer' }, ago(10)),
      tickets: [
        fact('t1', { open: true, created: ago(20) }, ago(20)),
        fact('t2', { open: true, created: ago(5) }, ago(5)),
      ],
    };
    const context = contextOf(world, NOW);
    const customer = rule('{ account.type: customer }');
    expect([
      customer.test(context),
      customer.testAt(context, ago(9)),
      customer.testAt(context, ago(11)),
    ]).toEqual([true, true, false]);
    const open = rule('{ count: tickets, where: { open: true }, gte: 2 }');
    expect([open.testAt(context, ago(5)), open.testAt(context, ago(6))]).toEqual([true, false]);
    const none = rule('{ none: tickets }');
    expect([none.testAt(context, ago(21)), none.testAt(context, ago(20))]).toEqual([true, false]);
  });

  test('J4, J11 a date that lies ahead counts from when it was known', () => {
    const account = fact('a', { renewal: NOW + 30 * DAY }, ago(10));
    const soon = rule('{ account.renewal: { within_next: 60d } }');
    const context = contextOf({ account }, NOW);
    expect([soon.test(context), soon.testAt(context, ago(10)), soon.testAt(context, ago(11))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('J13 the instants of a window and of a fact', () => {
    const account = fact('a', { renewal: ago(30) }, ago(30));
    const context = contextOf({ account }, NOW);
    const old = rule('{ account.renewal: { older_than: 7d } }');
    expect(old.instants(context, ago(40), NOW)).toEqual([ago(30), ago(30) + 1, ago(23), ago(23) + 1]);
    expect(old.instants(context, ago(30), ago(23))).toEqual([ago(30) + 1, ago(23)]);
    const since = rule("{ expr: 'days_since(account.renewal) >= 7' }");
    const midnight = Date.UTC(2026, 5, 16) - 30 * DAY + 6 * DAY;
    expect(since.instants(context, ago(29), NOW)).toContain(midnight);
  });
});

describe('J33 explanations', () => {
  test('J33 values seen come with the fact they are from, and counts with the items that count', () => {
    const world = {
      account: { employees: 80 },
      deals: [
        { won: true, amount: 5, created: 1 },
        { won: false, amount: 7, created: 2 },
      ],
    };
    const context = contextOf(world, NOW);
    const trace = rule(
      '{ all: [{ account.employees: { gte: 100 } }, { some: deals, where: { won: true } }] }',
    ).explain(context);
    expect(trace.holds).toBe(false);
    expect(trace.children[0]).toMatchObject({
      kind: 'compare',
      text: 'account.employees is at least 100',
      holds: false,
      distance: 0.2,
      seen: [{ path: 'account.employees', value: 80, fact: { key: 'account' } }],
      position: { file: 'test.yaml', line: 7 },
    });
    expect(trace.children[1]).toMatchObject({
      kind: 'list',
      text: 'some deal with won',
      holds: true,
      seen: [
        { path: 'count(deals)', value: 2, fact: null },
        { path: 'deals.won', value: true, fact: { key: 'deals:0' } },
      ],
    });
    expect(trace.distance).toBeCloseTo(0.1);
  });

  test('J33 where no item passes, the nearest one is shown', () => {
    const world = { deals: [{ amount: 100 }, { amount: 900 }, {}] };
    const trace = rule('{ some: deals, where: { amount: { gte: 1000 } } }').explain(contextOf(world, NOW));
    expect(trace.children).toHaveLength(1);
    expect(trace.children[0]?.seen).toMatchObject([
      { path: 'deals.amount', value: 900, fact: { key: 'deals:1' } },
    ]);
    expect(trace.distance).toBeCloseTo(0.1);
  });

  test.each([
    [
      '{ some: deals, where: { won: true, closed: { within: 365d } } }',
      'some deal with won and closed within 365d',
    ],
    [
      '{ none: tickets, where: { open: true, priority: [high, urgent] } }',
      'no ticket with open and priority high or urgent',
    ],
    [
      '{ count: touchpoints, where: { channel: meeting }, gte: 2 }',
      'at least 2 touchpoints with channel meeting',
    ],
    ['{ count: deals, eq: 1 }', 'exactly 1 deal'],
    ['{ max: deals.closed, older_than: 1w }', 'last deals.closed more than 1w ago'],
    ['{ account.renewal: { within_next: 90d } }', 'account.renewal within the next 90d'],
    ['{ account.type: { missing: true } }', 'no account.type'],
    [
      '{ any: [{ account.employees: { lt: 5 } }, { all: [{ some: deals }, { not: { some: tickets } }] }] }',
      'account.employees is below 5 or (some deal and not (some ticket))',
    ],
    ["{ expr: 'days_since(account.created) > 30' }", 'days since account.created is more than 30'],
    ["{ expr: account.created < ago('3d') }", 'account.created is before 3d ago'],
  ])('J33 the text of %s', (condition, text) => {
    expect(rule(condition).text).toBe(text);
  });
});

describe('J18 values of measures', () => {
  const world = {
    account: { employees: 40, created: ago(12) },
    tickets: [
      { open: true, reopened: 1, created: ago(1) },
      { open: true, reopened: 0, created: ago(2) },
    ],
  };
  test.each([
    ['account.employees', 40],
    ['account.revenue', null],
    ['{ count: tickets }', 2],
    ['{ sum: tickets.reopened }', 1],
    ['{ avg: deals.amount }', null],
    ['{ days_since: { max: tickets.created } }', 1],
    ['{ ratio: [{ count: tickets, where: { reopened: { gte: 1 } } }, { count: tickets }] }', 0.5],
    ['{ ratio: [{ count: tickets }, { count: deals }] }', null],
    ["{ expr: 'size(tickets) * 2 + 1' }", 5],
  ])('J18 %s', (yaml, wanted) => {
    const made = value(yaml);
    expect(made.value(contextOf(world, NOW))).toBe(wanted);
    expect(made.explain(contextOf(world, NOW)).value).toBe(wanted);
  });
});
