import { describe, expect, test } from '@jest/globals';
import { checkMappings, type KnownConnection, loadFieldMap } from '../../src/mapping/index.ts';
import type { FieldMap } from '../../src/mapping/types.ts';
import { expectProblems, good, load } from './kit.ts';

/** The expected problems stand in the YAML as comments; see `expectProblems`. */
function check(text: string, options = {}): void {
  expectProblems(text, load(text, options).problems);
}

describe('J7 everything wrong with a mapping is reported at once, at its place', () => {
  test('J7 unknown keys, facts, fields, stages, segments, conditions, each with the nearest right name', () => {
    check(`
journey: accounts
subject: account
lable: X                                   #error@1: Unknown key \`lable\` -> label
define:
  happy: { some: surveys, where: { score: { gte: 90 } } }
segments:
  big: { account.employes: { gte: 10 } }   #error@10: Unknown field of account \`employes\` -> employees
stages:
  a: { default: true }
  b:
    enter: hapy                            #error@12: Unknown condition "hapy" -> happy
    form: [a]                              #error@5: Unknown key \`form\` -> from
  c:
    enter: { segment: bigg }               #error@23: Unknown segment \`bigg\` -> big
    from: [aa]                             #error@12: no stage "aa" -> a
  d:
    enter: { some: deal }                  #error@20: Unknown list \`deal\` -> deals
  e:
    enter: { journey.stage: z }            #error@29: no stage "z" -> a
  f:
    enter: { acount.type: customer }       #error@14: Unknown fact \`acount.type\`
  g:
    enter: { person.email: { exists: true } }  #error@14: has no \`person\` -> people
  h:
    enter:
      some: tickets
      where: { prioritty: high }           #error@16: Unknown field of tickets \`prioritty\` -> priority
  i:
    enter: { al: [happy] }                 #error@14: Unknown condition \`al\` -> all
  k:
    enter:
      some: deals
      gte: 2                               #error@7: use count: -> count
`);
  });

  test('J7 wrong types and bad durations', () => {
    check(`
journey: j
subject: account
stages:
  a: { default: true }
  b: { enter: { account.employees: many } }                      #error@36: expected a number
  c: { enter: { some: deals, where: { won: yes } } }             #error@44: expected true or false
  d: { enter: { some: deals, where: { closed: { within: 3 months } } } }  #error@57: Bad duration
  e: { enter: { some: deals, where: { closed: { within: 30 days } } } }   #error@57: Bad duration -> 30d
  f: { enter: { some: deals, where: { closed: 90d } } }          #error@47: use within:
  g: { enter: { some: deals, where: { amount: { within: 3d } } } }        #error@49: needs a date
  h: { enter: { some: deals, where: { name: { gte: 3 } } } }     #error@52: an order
  i: { enter: { count: deals } }                                 #error@17: Expected a test
  k: { enter: { sum: deals.name, gte: 3 } }                      #error@17: needs numbers
  l: { enter: { account.employees: { between: [5, 2] } } }       #error@47: Nothing is between
  m: { enter: { account.employees: { gt: 1, gtt: 2 } } }         #error@45: Unknown test -> gt
  n: { enter: { account.name: null } }                           #error@31: Found no value
  o: { enter: { account.renewal: { before: soon } } }            #error@44: expected a date
  p: { enter: { account.employees: { exists: maybe } } }         #error@46: expected true or false
  q: { enter: [one, two] }                                       #error@15: Write all: or any:
  r: { enter: { all: [], any: [a] } }                            #error@22: at least one condition
                                                                 #error@26: stands beside
  s: { enter: { some: deals, where: { won: true } }, for: 0d }   #error@59: Bad duration
  t: { enter: { not: { deals: 1 } } }                            #error@24: is a list
`);
  });

  test('J7 mistakes inside expressions stand at their own column, also in folded and quoted texts', () => {
    check(
      `
journey: j
subject: account
stages:
  a: { default: true }
  b:
    enter:
      expr: size(deals.filter(d, d.wonn)) > 2        #error@34: Unknown field of deals \`wonn\` -> won
  c:
    enter:
      expr: >-
        size(deals) > 2 &&
        account.employees > 3 &&
        true
  d:
    enter: { expr: "sum(deals) > 'x'" }              #error@21: needs values
  e:
    enter: { expr: 'ago(''9x'') > account.created' } #error@25: Bad duration
  f:
    enter: { expr: size(deals) >  }                  #error@33: cannot be read
  g:
    enter: { expr: days_since(account.created) > days_since(account.renewal) }  #error@20: Both sides depend on the time
  h:
    enter:
      expr: deals.exists(deals, deals.won)           #error@26: is taken
  i:
    enter: { expr: 'size(deals) > 1 ? true : false' }  #error@21: not part of expressions
  k:
    enter: { expr: now() > account.created }         #error@20: Unknown function \`now\`
  l:
    enter: { expr: 'account.name.matches("(a+)+$")' }  #error@21: Unknown method \`matches\`
  m:
    enter: { expr: account.created + 3 > 5 }         #error@20: needs numbers
  n:
    enter: { expr: duration("60d") > 5 }             #error@20: Unknown function \`duration\`
  o:
    enter: { expr: account.employees }               #error@20: expected a condition
`,
    );
    const folded = `
journey: j
subject: account
stages:
  a: { default: true }
  b:
    enter:
      expr: >-
        size(deals) > 2 &&
        account.emploees > 3
`;
    const [problem] = load(folded).problems;
    expect(problem).toMatchObject({ line: 10, column: 9, suggestion: 'employees' });
  });

  test('J7 a stage that provably nobody can enter or stay in', () => {
    check(`
journey: j
subject: account
define:
  big: { account.employees: { gte: 100 } }
stages:
  a: { default: true }
  b: { enter: { all: [big, { account.employees: { lt: 50 } }] } }      #error@3: Nobody can ever enter \`b\`
  c: { enter: { some: deals, where: { won: true, kind: [new], not: { kind: [renewal] } } } }
                                                                       #warning@63: can have no value
  d: { enter: { some: tickets, where: { created: { within: 7d, older_than: 30d } } } }  #error@3: two things at once
  e: { off_path: true }                                                #error@3: no exit:
  f: { enter: big, from: [e] }                                         #error@3: names only stages that nobody can enter
  g: { stay: big, exit: [{ to: h, when: { account.type: partner } }] }  #error@3: no exit:
  h: { enter: { all: [big, { not: big }] } }                           #error@3: rules it out
                                                                       #warning@30: can have no value
  i: { enter: big, exit: [{ to: k, when: { account.type: partner } }] }
  k: {}                                                                #error@3: Nobody can stay in \`k\`
  l: { enter: { all: [{ account.type: partner }, { account.type: { missing: true } }] } }  #error@3: a value and none
  m: { enter: { any: [false, { all: [{ account.type: partner }, { account.type: [other, customer] }] }] } }  #error@3: Nobody
`);
  });

  test('J7 contradictions hidden in alternatives, counts, texts and the stage before', () => {
    check(`
journey: j
subject: account
stages:
  a: { default: true }
  b: { enter: { all: [{ any: [{ account.type: partner }, { account.type: other }] }, { account.type: customer }] } }  #error@3: two things at once
  c: { enter: { count: deals, lt: 0 } }                                #error@3: two things at once
  d: { enter: { all: [{ account.country: [DE, AT] }, { account.country: { starts_with: F } }] } }  #error@3: two things at once
  e: { enter: { journey.stage: f, account.type: partner }, from: [a] }  #error@3: the stage before, can only be a
  f: { enter: { journey.stage: f, account.type: partner } }            #error@3: the stage before, can only be
  g: { enter: { account.type: partner }, terminal: true }
  h: { enter: { account.type: other }, from: [g] }                     #error@3: or leave (terminal: true)
  i: { enter: { account.type: partner }, exit: [{ to: a, when: { journey.stage: a } }] }  #error@81: This exit can never be taken
  k: { enter: { all: [{ any: [{ account.type: partner }, { account.type: other }] }, { any: [{ account.type: customer }, { account.type: other }] }] } }
  l: { enter: { all: [{ count: deals, gte: 0 }, { account.country: { contains: e } }, { account.country: [DE, AT] }] } }
  m: { enter: { journey.stage: { missing: true }, account.type: other } }
`);
  });

  test('J7, J11 a stage listed before one that is open to everybody is warned about', () => {
    check(`
journey: j
subject: account
stages:
  a: { enter: { account.type: partner } }                              #warning@3: \`c\`, listed after it, is open to everybody
  b: { off_path: true, stay: true }
  c: { default: true, exit: [{ to: b, when: { account.type: other } }] }
  d: { enter: { account.type: other } }
`);
    check(`
journey: j
subject: account
stages:
  a: { urgent: true, enter: { account.type: partner } }
  c: { default: true, min_stay: 3d }
`);
  });

  test('J7 an option that the CRM does not have is an error also without a value map', () => {
    const crm = (options: readonly string[]): KnownConnection[] => [
      {
        connection: 'main',
        connector: 'hubspot',
        crm: {
          homeCurrency: 'USD',
          stages: [],
          objects: { contacts: { fields: { email: { type: 'enum', options: options.map(option) } } } },
        },
      },
    ];
    const text = `
journey: j
subject: person
stages:
  a: { default: true }
  b: { enter: { person.title: cheif } }       #error@31: is never "cheif" -> Chief
  c: { enter: { person.title: chief } }
`;
    const maps = { fieldMaps: [fieldMap('hubspot', 'contacts', 'person')] };
    check(text, { ...maps, known: crm(['Chief', 'Head']) });
    // Without the connection, or where the field is no list of options, any text goes.
    expect(load(text, maps).problems).toEqual([]);
    expect(load(text, { ...maps, known: crm([]) }).problems).toEqual([]);
  });

  test('J16 an old name of a stage is told by its new one, and belongs to one stage only', () => {
    check(`
journey: j
subject: account
stages:
  a: { default: true }
  b: { enter: { journey.stage: trial } }         #error@32: it is called \`c\` now -> c
  c: { enter: { account.type: partner }, renamed_from: trial }
  d: { enter: { account.type: other }, from: trial }  #error@46: it is called \`c\` now -> c
  e: { enter: { account.type: customer }, renamed_from: [trial, old] }  #error@3: both say they were \`trial\`
`);
  });

  test('J7 not around a comparison of a field that can have no value is warned about', () => {
    check(`
journey: j
subject: account
stages:
  a: { default: true }
  b: { enter: { not: { account.type: partner } } }                  #warning@17: \`account.type\`, which can have no value
  c: { enter: { not: { account.created: { within: 3d } } } }
  d: { enter: { not: { some: deals, where: { kind: new } } } }
  e: { enter: { none: deals, where: { not: { won: true } } } }
  f: { enter: { account.type: { not: partner } } }
  g: { enter: { expr: "!(account.employees > 3)" } }                 #warning@24: \`account.employees\`
`);
  });

  test('J7 conditions that need themselves are named as a circle', () => {
    check(`
journey: j
subject: account
define:
  a: { all: [b, true] }
  b: { not: c }
  c: a                   #error@6: in a circle: a
stages:
  s: { default: true }
  t: { enter: a }
`);
  });

  test('J7, J11 keys of stages are checked', () => {
    check(`
journey: j
subject: account
stages:
  a: { default: true, enter: true }          #error@23: takes no enter:
  b: { default: true }                       #error@3: A second default
  none: { enter: true }                      #error@3: stands for no stage
  c: { enter: true, exit: [{ to: c, when: true }] }  #error@34: another stage
  d: { enter: true, renamed_from: a }        #error@35: is still a stage
  Bad-Name: { enter: true }                  #error@3: Bad name
  e: { terminal: perhaps, enter: true }      #error@18: expected true or false
`);
  });

  test('J18, J19 weights, scales and bands must make sense', () => {
    check(
      `
journey: j
subject: account
segments:
  big: { account.employees: { gte: 10 } }
health:
  min_coverage: 150%                      #error@17: a share from 0 to 1
  hysteresis: 40                          #error@15: as wide as a band
  bands: { green: 70, yellow: 40, unknown: 10 }  #error@35: without enough data
                                          #error@31: Scores below 40
  groups:
    g:
      weight: 0
      weights: { bigg: 3 }                #error@18: No segment -> big
      measures:
        a: { value: { count: deals } }    #error@9: belong together
        b: { value: { count: deals }, scale: { 0: 0 } }            #error@46: at least two points
        c: { value: { count: deals }, scale: { 0: 0, 5: 120 } }    #error@57: from 0 to 100
                                                                   #error@46: at least two points
        d: { value: account.created, scale: { 0: 0, 5: 1 } }       #error@21: use days_since:
        e: { cases: [{ else: 5 }, { when: true, score: 3 }] }      #error@22: Put it last
        f: { cases: [{ score: 3 }] }                               #error@22: A case is
        h: { value: { ratio: [account.employees] }, scale: { 0: 0, 1: 9 } }  #error@30: [part, whole]
        i: {}                             #error@9: needs either value:
        k: { value: { count: deals }, scale: [[1, 2], [1, 3]], missing: never }  #error@55: Two points
                                          #error@73: expected skip
`.replace('      weight: 0\n', ''),
    );
  });

  test('J22 outputs', () => {
    check(`
journey: j
subject: account
stages:
  a: { default: true }
outputs: [stage, stages, health_score, stage]   #error@18: Unknown output -> stage
                                                #error@26: needs health:
                                                #error@40: stands twice
`);
    check(`
journey: j
subject: account
stages:
  a: { default: true }
outputs:
  stage: { hubspot: "bad name", hubspt: x }   #error@21: Bad field name
                                            #error@33: Unknown key \`hubspt\` -> hubspot
  next_step: { label: [] }                  #error@23: expected a text
`);
  });

  test('the head of a mapping', () => {
    check(`
journey: My Journey      #error@10: Bad name
subject: acount          #error@10: expected person or account -> account
timezone: Europe/Berlim  #error@11: Unknown time zone -> Europe/Berlin
stages:
  a: { default: true }
`);
    check('label: x\n#error: Found no `journey`\n#error: Found no `subject`\n#error: does nothing\n');
  });
});

describe('J3 field maps', () => {
  test('J3 every mistake of a field map at its place', () => {
    const text = `
connector: hubspot
objects:
  contacts:
    is: persn                             #error@9: expected person -> person
  deals:
    is: deal
    fields:
      amount: "bad name"                  #error@15: Bad CRM field
      won: { stage: dealstage, gives: wins }  #error@39: expected open, won
      closed: { stage: dealstage, gives: closed }  #error@15: needs date:
      kind: { field: dealtype, values: { neww: [a], renewal: a } }  #warning@42: is new here -> new
                                          #error@62: stands for
      probabilty: x                       #error@7: field of your own -> probability
      arr: { field: arr, type: money }    #error@32: expected text, number
      name: { field: x, type: number }    #error@31: is text already
      owner: { field: a, constant: b }    #error@14: exactly one of
  feedback_submissions:
    is: survey
    fields:
      score: { field: v, scale: { NPS: [10, 0] } }  #error@33: Found no by:
  Tasks__x: { is: touchpoint, identity: { emails: [a b] } }  #error@52: Bad CRM field
`;
    expectProblems(text, loadFieldMap(text, 'test.yaml').problems);
  });

  const base = [fieldMap('hubspot', 'contacts', 'person'), fieldMap('salesforce', 'Contact', 'person')];

  test('J3 fields: of a mapping', () => {
    check(
      `
journey: j
subject: person
fields:
  person.score: { hubspot: score }                  #error@3: field of your own
  persn.score: { hubspot: score, type: number }     #error@3: Unknown fact -> person
  person.rank: { hubspt: rank, type: number }       #error@18: Unknown key \`hubspt\` -> hubspot
  person.none: { type: text }                       #error@3: says no CRM field
  person.zip: { csv: zip, type: text }
  person.title: { hubspot: { contact: x } }         #error@30: no object type -> contacts
  person.name: { prefer: oldest }                   #error@26: expected newest
stages:
  a: { default: true }
`,
      { fieldMaps: base },
    );
  });

  test('J3, J7 against a known CRM: fields it does not have, options without a word', () => {
    const known: KnownConnection[] = [
      {
        connection: 'main',
        connector: 'hubspot',
        crm: {
          homeCurrency: 'USD',
          stages: [],
          objects: {
            contacts: {
              fields: {
                tier: { options: [option('GOLD'), option('SILVER'), option('LEAD')] },
                email: {},
              },
            },
          },
        },
      },
    ];
    check(
      `
journey: j
subject: person
fields:
  person.tier: { hubspot: tier, type: text, values: { gold: GOLD, silver: SILVER } }  #warning@27: that no word of \`person.tier\` stands for: "LEAD"
  person.score: { hubspot: emial, type: number }    #error@28: has no field "emial" -> email
stages:
  a: { default: true }
  b: { enter: { person.tier: bronze } }             #error@30: is never "bronze"
  c: { enter: { person.tier: Lead } }
  d: { enter: { person.score: 3 } }
                                                    #warning@17: no field map
`.replace('                                                    #warning@17: no field map\n', ''),
      { fieldMaps: base, known },
    );
  });

  test('J5 a sum or threshold over two home currencies is an error without rates for both', () => {
    const maps: FieldMap[] = ['hubspot', 'salesforce'].map((connector) => ({
      connector,
      identity: {},
      objects: [
        {
          type: 'deals',
          entity: 'deal',
          fields: { amount: { kind: 'field', fields: ['amount'], values: null, scale: null } },
        },
      ],
    }));
    const known = (a: string, b: string): KnownConnection[] =>
      [a, b].map((homeCurrency, index) => ({
        connection: `c${index}`,
        connector: index === 0 ? 'hubspot' : 'salesforce',
        crm: { homeCurrency, stages: [], objects: {} },
      }));
    const text = `
journey: j
subject: account
stages:
  a: { default: true }
  b: { enter: { sum: deals.amount, gte: 5000 } }   #error@22: money in EUR and USD
`;
    check(text, { fieldMaps: maps, known: known('EUR', 'USD') });
    expect(load(text, { fieldMaps: maps, known: known('EUR', 'EUR') }).problems).toEqual([]);
    expect(
      load(`rates: { to: EUR, USD: 0.92 }${text}`, { fieldMaps: maps, known: known('EUR', 'USD') }).mapping,
    ).toMatchObject({ rates: { to: 'EUR', per: { USD: 0.92 } } });
    check(
      text
        .replace('EUR and USD', 'GBP, for which rates')
        .replace('stages', 'rates: { to: EUR, USD: 0.92 }\nstages'),
      {
        fieldMaps: maps,
        known: known('USD', 'GBP'),
      },
    );
    const silent = known('USD', 'USD').map((one) => ({ ...one, crm: { ...one.crm, homeCurrency: null } }));
    check(
      `${text.replace('   #error@22: money in EUR and USD', '')}rates: { to: EUR }   #warning@8: does not tell its home currency\n`,
      {
        fieldMaps: maps,
        known: silent,
      },
    );
  });

  test('J5 a field of its own can be money too', () => {
    const maps = ['hubspot', 'salesforce'].map((connector) => ({
      ...fieldMap(connector, 'companies', 'person'),
      objects: [{ type: 'companies', entity: 'account' as const, fields: {} }],
    }));
    const known = ['EUR', 'USD'].map((homeCurrency, index) => ({
      connection: `c${index}`,
      connector: index === 0 ? 'hubspot' : 'salesforce',
      crm: { homeCurrency, stages: [], objects: {} },
    }));
    check(
      `
journey: j
subject: account
fields:
  account.arr: { hubspot: arr, salesforce: ARR__c, type: number, money: true }
  account.seats: { hubspot: seats, salesforce: Seats__c, type: number }
  account.plan: { hubspot: plan, type: text, money: true }           #error@53: Money is a number
stages:
  a: { default: true }
  b: { enter: { account.arr: { gte: 50000 } } }    #error@17: money in EUR and USD
  c: { enter: { account.seats: { gte: 5 } } }
`,
      { fieldMaps: maps, known },
    );
  });

  test('J5 rates', () => {
    check(`
journey: j
subject: account
rates: { USD: 0, EURO: 3, to: EUR, EUR: 2 }   #error@15: The rate of USD
                                              #error@18: expected a currency code
                                              #error@41: One EUR is one EUR
stages:
  a: { default: true }
`);
    check(
      'journey: j\nsubject: account\nstages: { a: { default: true } }\nrates: { USD: 2 } #error@8: Found no to:\n',
    );
  });
});

describe('J2 checks across mappings', () => {
  const people = (enter: string, name = 'people'): string => `
journey: ${name}
subject: person
stages:
  a: { default: true }
  b: { enter: ${enter} }
`;
  const accounts = `
journey: accounts
subject: account
stages:
  a: { default: true }
  b: { enter: { some: people, where: { journeys.people.stage: b } } }
`;

  test('J2 references to journeys, stages and bands that do not exist', () => {
    const first = good(people('{ account.journeys.acounts.stage: b }'));
    const second = good(people('{ account.journeys.accounts.stage: bb }', 'more'));
    const third = good(people('{ health.people.band: red }', 'third'));
    const messages = checkMappings([first, second, third, good(accounts)]).map(({ message, suggestion }) => [
      message.split('.')[0],
      suggestion,
    ]);
    expect(messages).toEqual(
      expect.arrayContaining([
        ['No journey is called "acounts"', 'accounts'],
        ['`accounts` has no stage "bb"', 'b'],
        ['`people` scores no health', undefined],
      ]),
    );
  });

  test('J16 another journey is told the new name of a stage', () => {
    const renamed = accounts.replace('b: { enter', 'b: { renamed_from: [won], enter');
    const problems = checkMappings([
      good(people('{ account.journeys.accounts.stage: won }', 'more')),
      good(renamed),
    ]);
    expect(problems.find(({ suggestion }) => suggestion === 'b')?.message).toContain('it is called `b` now');
  });

  test('J2 journeys that read each other in a circle are named', () => {
    const problems = checkMappings([good(people('{ account.journeys.accounts.stage: b }')), good(accounts)]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('circle: people -> accounts -> people'),
    ]);
    expect(problems[0]).toMatchObject({ file: 'test.yaml' });
  });

  test('J3 one fact field from two different CRM fields', () => {
    const text = (journey: string, field: string): string =>
      `journey: ${journey}\nsubject: person\nfields:\n  person.tier: { hubspot: ${field}, type: text }\nstages:\n  a: { default: true }\noutputs: []\n`;
    const maps = { fieldMaps: [fieldMap('hubspot', 'contacts', 'person')] };
    const both = (a: string, b: string): readonly string[] =>
      checkMappings([good(text('one', a), maps), good(text('two', b), maps)]).map(({ message }) => message);
    expect(both('tier', 'tier')).toEqual([]);
    expect(both('tier', 'tier_2')).toEqual([expect.stringContaining('comes from another field of hubspot')]);
  });

  test('J22 two outputs that write one CRM field', () => {
    const named = (journey: string, outputs: string): string =>
      `journey: ${journey}\nsubject: account\nstages:\n  a: { default: true }\noutputs: ${outputs}\n`;
    const message = (a: string, b: string): readonly string[] =>
      checkMappings([good(named('one', a)), good(named('two', b))]).map((problem) => problem.message);
    expect(message('[stage]', '[stage]')).toHaveLength(1);
    expect(message('{ stage: { hubspot: x, salesforce: x__c } }', '[stage]')).toEqual([]);
    expect(message('{ stage: { hubspot: x } }', '[stage]')).toHaveLength(1);
    expect(message('{ stage: { hubspot: x } }', '{ stage: { hubspot: X, salesforce: y__c } }')).toHaveLength(
      1,
    );
    expect(
      checkMappings([good(named('one', '[stage]')), good(named('one', '[stage_entered]'))]),
    ).toHaveLength(1);
  });
});

function fieldMap(connector: string, type: string, entity: 'person'): FieldMap {
  const email = { kind: 'field', fields: ['email'], values: null, scale: null } as const;
  return {
    connector,
    identity: {},
    objects: [{ type, entity, fields: { email, name: email, title: email } }],
  };
}

function option(value: string): { readonly value: string; readonly label: string } {
  return { value, label: value };
}
