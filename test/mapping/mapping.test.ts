import { describe, expect, test } from '@jest/globals';
import {
  evaluationOrder,
  loadFieldMap,
  mergeFieldMaps,
  neededTypes,
  requestedFields,
} from '../../src/mapping/index.ts';
import type { FieldMap } from '../../src/mapping/types.ts';
import { contextOf, good, load, NOW } from './kit.ts';

const FULL = `
journey: accounts
label: The journey
description: what it is for
subject: account
timezone: Europe/Berlin
define:
  bought: { some: deals, where: { won: true } }
segments:
  big: { label: Big ones, when: { account.employees: { gte: 1000 } } }
  small: { account.employees: { lt: 1000 } }
stages:
  lead: { default: true, min_stay: 12h }
  customer:
    label: A customer
    enter: bought
    stay: { account.type: customer }
    from: [lead, lost]
    for: 7d
    exit:
      - { to: none, when: { account.type: partner } }
      - { to: lost, when: { account.type: former_customer } }
    renamed_from: [client, buyer]
  lost: { off_path: true, urgent: true, terminal: true, enter: { none: deals } }
health:
  min_coverage: 40%
  neutral: 60
  hysteresis: 3
  write_step: 4
  bands: { red: 0, green: { from: 70, label: Good }, yellow: 40 }
  caps: [{ max: 30, when: { none: deals }, label: nothing sold }, { max: 50, when: bought }]
  groups:
    sales:
      weight: 3
      weights: { big: 5 }
      measures:
        deals: { value: { count: deals }, scale: { 5: 100, 0: 0 }, missing: zero }
        mood:
          label: Mood
          weight: 2
          cases: [{ when: bought, score: 80 }, { else: 20 }]
          missing: 45
          half_life: { after: 90d, since: { max: deals.closed } }
outputs:
  stage: { label: Stage, hubspot: my_stage }
  health_score:
`;

describe('a mapping', () => {
  test('J11, J12, J17, J18, J19, J22 every key arrives where the engine reads it', () => {
    const mapping = good(FULL);
    expect(mapping).toMatchObject({
      name: 'accounts',
      label: 'The journey',
      subject: 'account',
      timezone: 'Europe/Berlin',
    });
    const [lead, customer, lost] = mapping.stages;
    expect(lead).toMatchObject({
      name: 'lead',
      label: 'Lead',
      isDefault: true,
      enter: null,
      stay: null,
      from: null,
    });
    expect(lead?.minStay?.after(0)).toBe(12 * 3_600_000);
    expect(customer).toMatchObject({
      label: 'A customer',
      from: ['lead', 'lost'],
      renamedFrom: ['client', 'buyer'],
      offPath: false,
      terminal: false,
    });
    expect(customer?.enter?.text).toBe('bought');
    expect(customer?.stay?.text).toBe('account.type is customer');
    expect(customer?.for?.text).toBe('7d');
    expect(customer?.exit.map(({ to }) => to)).toEqual([null, 'lost']);
    expect(lost).toMatchObject({ offPath: true, urgent: true, terminal: true, stay: null });
    expect(mapping.segments.map(({ label, name }) => [name, label])).toEqual([
      ['big', 'Big ones'],
      ['small', 'Small'],
    ]);
    expect(mapping.segments[0]?.when.test(contextOf({ account: { employees: 1000 } }, NOW))).toBe(true);
    expect(mapping.health).toMatchObject({
      minCoverage: 0.4,
      neutral: 60,
      hysteresis: 3,
      writeStep: 4,
      bands: [
        { name: 'green', label: 'Good', from: 70 },
        { name: 'yellow', label: 'Yellow', from: 40 },
        { name: 'red', label: 'Red', from: 0 },
      ],
      caps: [
        { max: 30, label: 'nothing sold' },
        { max: 50, label: 'bought' },
      ],
      groups: [{ name: 'sales', weight: 3, segmentWeights: { big: 5 } }],
    });
    const [deals, mood] = mapping.health?.groups[0]?.measures ?? [];
    expect(deals).toMatchObject({
      weight: 1,
      missing: 'zero',
      cases: null,
      halfLife: null,
      scale: [
        { at: 0, score: 0 },
        { at: 5, score: 100 },
      ],
    });
    expect(mood).toMatchObject({ label: 'Mood', weight: 2, missing: 45, value: null, scale: null });
    expect(mood?.cases?.map(({ score, when }) => [when?.text ?? null, score])).toEqual([
      ['bought', 80],
      [null, 20],
    ]);
    expect(mood?.halfLife?.duration.text).toBe('90d');
    expect(mapping.outputs).toEqual([
      { output: 'stage', label: 'Stage', names: { hubspot: 'my_stage' } },
      { output: 'health_score', label: 'Health score', names: {} },
    ]);
  });

  test('J3 the read set names what rules read, and what a list needs to be a list', () => {
    expect(good(FULL).reads).toEqual({
      account: ['domain', 'employees', 'name', 'type'],
      deals: ['closed', 'created', 'name', 'won'],
    });
  });

  test('J22 the default outputs are few, and only those that the mapping has', () => {
    const names = (text: string): readonly string[] => good(text).outputs.map(({ output }) => output);
    expect(names('journey: j\nsubject: account\nstages: { a: { default: true } }\n')).toEqual([
      'stage',
      'stage_entered',
    ]);
    expect(names(FULL.replace(/outputs:[\s\S]*/, ''))).toEqual([
      'stage',
      'stage_entered',
      'health_score',
      'health_band',
    ]);
  });

  test('the version changes with the meaning, not with comments or layout', () => {
    const version = (text: string): string => good(text).version;
    const base = version(FULL);
    expect(base).toMatch(/^[0-9a-f]{12}$/);
    expect(version(`# a comment\n${FULL.replaceAll('\n', '\n\n')}`)).toBe(base);
    expect(version(FULL.replace('gte: 1000', 'gte: 1001'))).not.toBe(base);
    expect(
      version(FULL.replace('big: { label', 'large: { label').replace('{ big: 5 }', '{ large: 5 }')),
    ).not.toBe(base);
    expect(good(FULL.replace('timezone: Europe/Berlin', ''), { timezone: 'UTC' }).version).not.toBe(base);
    const fieldMap: FieldMap = { connector: 'hubspot', objects: [], identity: {} };
    expect(good(FULL, { fieldMaps: [fieldMap] }).version).not.toBe(base);
  });

  test('J2 mappings are evaluated after those they read', () => {
    const one = (name: string, enter: string, subject = 'account'): ReturnType<typeof good> =>
      good(
        `journey: ${name}\nsubject: ${subject}\nstages:\n  a: { default: true }\n  b: { enter: ${enter} }\n`,
      );
    const people = one('people', '{ account.journeys.accounts.stage: b }', 'person');
    const accounts = one('accounts', '{ health.base.band: red, journeys.base.stage: a }');
    const base = one('base', '{ some: deals }');
    expect(people.dependsOn).toEqual([{ of: 'account', journey: 'accounts' }]);
    expect(accounts.dependsOn).toEqual([{ of: 'self', journey: 'base' }]);
    expect(evaluationOrder([people, accounts, base]).map(({ name }) => name)).toEqual([
      'base',
      'accounts',
      'people',
    ]);
  });

  test('aliases share conditions, and a wrong file gives no mapping', () => {
    const text = `
journey: j
subject: account
stages:
  a: { default: true }
  b: { enter: &won { some: deals, where: { won: true } } }
  c: { enter: *won }
`;
    expect(good(text).stages[2]?.enter?.text).toBe('some deal with won');
    const wrong = load(text.replace('won: true', 'wonn: true'));
    expect(wrong.mapping).toBe(null);
    expect(wrong.problems).toHaveLength(1);
    for (const empty of [
      '',
      '# nothing\n',
      '[]',
      'x',
      '---\na: 1\n---\nb: 2\n',
      'a: *x\n',
      'a: [\n',
      '\t: x',
      'a: !x y\n',
    ]) {
      const result = load(empty);
      expect(result.mapping).toBe(null);
      expect(result.problems.length).toBeGreaterThan(0);
    }
  });
});

describe('field maps', () => {
  const TEXT = `
connector: hubspot
objects:
  contacts:
    is: person
    identity:
      emails: [email, more_emails]
      cross_ids: [{ field: sfid, connector: salesforce, types: [Contact, Lead] }]
    fields:
      email: email
      name: [first, last]
      created: { stamp: created }
      source: { field: src, values: { web: [ORGANIC, DIRECT], other: X } }
      arr: { field: arr, type: number }
  deals:
    is: deal
    fields:
      won: { stage: dealstage, pipeline: pipeline, gives: won }
      closed: { stage: dealstage, gives: closed, date: closedate }
      amount: amount
  calls: { is: touchpoint, fields: { channel: { constant: call }, at: ts } }
  emails: { is: touchpoint, fields: { channel: { constant: email }, at: ts } }
  feedback: { is: survey, fields: { score: { field: v, scale: { by: type, NPS: [0, 10] } }, at: ts } }
  roles: { is: role, fields: { role: Role } }
`;
  const map = loadFieldMap(TEXT, 'f.yaml').fieldMap as FieldMap;

  test('J3 every form of a source', () => {
    expect(map).toMatchObject({
      connector: 'hubspot',
      identity: {
        contacts: {
          emails: ['email', 'more_emails'],
          domains: [],
          crossIds: [{ field: 'sfid', connector: 'salesforce', types: ['Contact', 'Lead'] }],
        },
      },
      types: { 'person.arr': 'number' },
    });
    const [contacts, deals, calls, , feedback] = map.objects;
    expect(contacts?.fields['name']).toEqual({
      kind: 'field',
      fields: ['first', 'last'],
      values: null,
      scale: null,
    });
    expect({ ...(contacts!.fields['source'] as { values: object }).values }).toEqual({
      ORGANIC: 'web',
      DIRECT: 'web',
      X: 'other',
    });
    expect(contacts?.fields['created']).toEqual({ kind: 'stamp', stamp: 'created' });
    expect(deals?.fields['won']).toEqual({
      kind: 'stage',
      field: 'dealstage',
      pipeline: 'pipeline',
      gives: 'won',
    });
    expect(deals?.fields['closed']).toEqual({
      kind: 'stage',
      field: 'dealstage',
      pipeline: null,
      gives: 'closed',
      date: 'closedate',
    });
    expect(calls?.fields['channel']).toEqual({ kind: 'constant', value: 'call' });
    expect(feedback?.fields['score']).toMatchObject({ scale: { by: 'type', ranges: { NPS: [0, 10] } } });
  });

  test('J3 a mapping brings fields of its own: types, values and object types', () => {
    const text = `
journey: j
subject: person
fields:
  person.arr2: { hubspot: arr_2, type: number }
  deals.kind: { hubspot: { field: dealtype, values: { new: newbusiness } } }
  touchpoints.outcome: { hubspot: { calls: result } }
  deals.amount: { prefer: [erp] }
stages:
  a: { default: true }
  b: { enter: { person.arr2: { gte: 5 }, person.arr: 3 } }
  c: { enter: { some: deals, where: { kind: new } } }
  d: { enter: { some: touchpoints, where: { outcome: x } } }
`;
    const result = load(text, { fieldMaps: [map] });
    expect(result.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    const [merged] = result.fieldMaps as [FieldMap];
    expect(merged.objects.map(({ type }) => type)).toEqual(map.objects.map(({ type }) => type));
    expect(merged.types).toMatchObject({ 'person.arr': 'number', 'person.arr2': 'number' });
    expect(requestedFields([result.mapping!], merged, 'contacts')).toEqual([
      'arr',
      'arr_2',
      'email',
      'first',
      'last',
      'more_emails',
      'sfid',
    ]);
    expect(requestedFields([result.mapping!], merged, 'calls')).toEqual(['result', 'ts']);
    expect(requestedFields([result.mapping!], merged, 'emails')).toEqual(['ts']);
    expect(requestedFields([result.mapping!], merged, 'deals')).toEqual(['dealtype']);
    expect(result.mapping?.prefer).toEqual({ 'deals.amount': ['erp'] });
    expect(load(text, { fieldMaps: [map] }).mapping?.version).toBe(result.mapping?.version);
  });

  test('J7 a word that no source of a field can give is an error, in or out of a value map', () => {
    const text = (word: string): string =>
      `journey: j\nsubject: person\nstages:\n  a: { default: true }\n  b: { enter: { person.source: ${word} } }\n  c: { enter: { some: touchpoints, where: { channel: ${word} } } }\n`;
    expect(
      load(text('wbe'), { fieldMaps: [map] }).problems.map(({ line, suggestion }) => [line, suggestion]),
    ).toEqual([
      [5, 'web'],
      [6, undefined],
    ]);
    expect(load(text('call'), { fieldMaps: [map] }).problems.map(({ line }) => line)).toEqual([5]);
  });

  test('J3 only object types whose facts are read are needed, and those that make subjects', () => {
    const mapping = (where: string): ReturnType<typeof good> =>
      good(`journey: j\nsubject: account\nstages:\n  a: { default: true }\n  b: { enter: ${where} }\n`, {
        fieldMaps: [map],
      });
    expect(neededTypes([mapping('{ some: deals, where: { won: true } }')], map)).toEqual([
      'contacts',
      'deals',
    ]);
    expect(neededTypes([mapping('{ some: people, where: { role: x } }')], map)).toEqual([
      'contacts',
      'roles',
    ]);
    expect(neededTypes([mapping('{ some: touchpoints }'), mapping('{ some: surveys }')], map)).toEqual([
      'contacts',
      'calls',
      'emails',
      'feedback',
    ]);
  });

  test('J3 merging lays one map over the other', () => {
    const over: FieldMap = {
      connector: 'hubspot',
      identity: {},
      objects: [{ type: 'deals', entity: 'deal', fields: { amount: { kind: 'constant', value: 1 } } }],
      types: { 'deals.x': 'text' },
    };
    const other: FieldMap = { connector: 'csv', identity: {}, objects: [] };
    const [merged, second] = mergeFieldMaps([map], [over], [other]);
    expect(merged?.objects[1]?.fields['amount']).toEqual({ kind: 'constant', value: 1 });
    expect(merged?.objects[1]?.fields['won']).toEqual(map.objects[1]?.fields['won']);
    expect(Object.keys(merged?.types ?? {})).toEqual(['person.arr', 'deals.x']);
    expect(second).toBe(other);
  });
});
