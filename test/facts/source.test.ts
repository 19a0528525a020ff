import { describe, expect, test } from '@jest/globals';
import type { StageInfo } from '../../src/facts/index.ts';
import type { FieldSource } from '../../src/mapping/types.ts';
import type { FieldValue } from '../../src/model/record.ts';
import { crm, field, group, reader, readOne, words } from './kit.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

describe('J3 values of fields', () => {
  const value = (name: string, raw: FieldValue) =>
    readOne('tickets', name, field('x'), { x: raw }).fact.values[name];

  test('J3 J9 texts, numbers, switches', () => {
    expect(value('subject', 'Hello')).toBe('Hello');
    expect(value('subject', 12)).toBe('12');
    expect(value('reopened', ' 12 ')).toBe(12);
    expect(value('reopened', -1.5)).toBe(-1.5);
    expect(value('reopened', '1e3')).toBe(1_000);
    expect(value('escalated', 'Yes')).toBe(true);
    expect(value('escalated', false)).toBe(false);
    expect(value('escalated', 0)).toBe(false);
  });

  test('J9 a date is the start of that day in the zone, an instant is itself', () => {
    const read = (raw: string, fact: 'account' | 'tickets', name: string) =>
      readOne(fact, name, field('x'), { x: raw }, { zone: 'Europe/Berlin' }).fact.values[name];
    expect(read('2026-01-31', 'tickets', 'created')).toBe(Date.UTC(2026, 0, 30, 23));
    expect(read('2026-07-31', 'account', 'renewal')).toBe(Date.UTC(2026, 6, 30, 22));
    expect(read('2026-01-31T09:00:00.000Z', 'tickets', 'created')).toBe(Date.UTC(2026, 0, 31, 9));
    // An instant where a date is expected is the day it falls on there.
    expect(read('2026-01-31T23:30:00.000Z', 'account', 'renewal')).toBe(Date.UTC(2026, 0, 31, 23));
  });

  test('J3 J8 a value that cannot be read is no value and an issue that does not repeat it', () => {
    const wrong: readonly (readonly [string, FieldValue])[] = [
      ['reopened', '1,234'],
      ['reopened', 'Infinity'],
      ['reopened', true],
      ['reopened', '9'.repeat(65_536)],
      ['escalated', 'perhaps'],
      ['created', '31.01.2026'],
      ['created', '2026-02-30'],
      ['created', 1_769_817_600_000],
    ];
    for (const [name, raw] of wrong) {
      const { fact, issues } = readOne('tickets', name, field('x'), { x: raw });
      expect([name, raw, fact.values[name]]).toEqual([name, raw, undefined]);
      expect(issues).toHaveLength(1);
      expect(issues[0]).toMatchObject({ key: 'hubspot:tickets:1', field: `tickets.${name}` });
      expect(issues[0]?.message).toMatch(/^x does not hold .+; it counts as no value$/);
    }
  });

  test('J8 null and a field that was not read are no value and no issue', () => {
    for (const fields of [{ x: null }, {}]) {
      const { fact, issues } = readOne('tickets', 'subject', field('x'), fields);
      expect([fact.values['subject'], fact.origins['subject'], issues]).toEqual([undefined, undefined, []]);
    }
  });

  test('J3 several fields are joined with spaces', () => {
    const name = field('first', 'last');
    expect(readOne('person', 'name', name, { first: ' Ada ', last: 'Lovelace' }).fact.values['name']).toBe(
      'Ada Lovelace',
    );
    expect(readOne('person', 'name', name, { first: null, last: '李' }).fact.values['name']).toBe('李');
    expect(readOne('person', 'name', name, { first: null, last: '' }).fact.values['name']).toBeUndefined();
    expect(readOne('person', 'name', name, { first: 'Ada' }).fact.origins['name']?.field).toBe(
      'first + last',
    );
  });

  test('J3 options become our words ignoring case; an option without one stays as the CRM says', () => {
    const source = words('x', { URGENT: 'urgent', Critical: 'urgent', true: 'yes' });
    const read = (raw: FieldValue) =>
      readOne('tickets', 'priority', source, { x: raw }).fact.values['priority'];
    expect(read('urgent')).toBe('urgent');
    expect(read('CRITICAL')).toBe('urgent');
    expect(read('P1')).toBe('P1');
    expect(read(true)).toBe('yes');
    expect(read('Critical;P1')).toBe('urgent;P1');
    expect(read('__proto__')).toBe('__proto__');
    expect(read('constructor')).toBe('constructor');
  });

  test('J3 awkward texts arrive intact, awkward field names are only names', () => {
    for (const text of [
      'O\'Neil \\ "x"',
      'a\u0000b',
      '😀👩‍💻',
      '\u202eمرحبا',
      '__proto__',
      'x'.repeat(65_536),
    ]) {
      expect(
        readOne(
          'tickets',
          'subject',
          field('__proto__'),
          JSON.parse(`{"__proto__": ${JSON.stringify(text)}}`),
        ).fact.values['subject'],
      ).toBe(text);
    }
    const { fact } = readOne('account', '__proto__', field('constructor'), {});
    expect(fact.values['constructor']).toBeUndefined();
    const own = readOne('account', '__proto__', field('x'), { x: 'y' }).fact;
    expect(Object.getPrototypeOf(own.values)).toBeNull();
    expect(Object.entries(own.values)).toEqual([['__proto__', 'y']]);
  });

  test('J3 custom fields have the type of the field map, else they are text', () => {
    const types = { 'account.arr': 'number' } as const;
    expect(readOne('account', 'arr', field('x'), { x: '12' }, { types }).fact.values['arr']).toBe(12);
    expect(readOne('account', 'arr', field('x'), { x: '12' }).fact.values['arr']).toBe('12');
    expect(
      readOne('people', 'vip', field('x'), { x: 'true' }, { types: { 'person.vip': 'boolean' } }).fact.values[
        'vip'
      ],
    ).toBe(true);
  });
});

describe('J3 surveys', () => {
  const source: FieldSource = {
    kind: 'field',
    fields: ['value'],
    values: null,
    scale: { by: 'type', ranges: { NPS: [0, 10], CSAT: [0, 2], CES: [1, 7], Effort: [5, 1] } },
  };
  const score = (type: FieldValue, value: FieldValue) => readOne('surveys', 'score', source, { type, value });

  test('J3 scores are normalised to 0-100 by type', () => {
    expect(score('NPS', 9).fact.values['score']).toBe(90);
    expect(score('csat', '1').fact.values['score']).toBe(50);
    expect(score('CES', 7).fact.values['score']).toBe(100);
    expect(score('CES', 1).fact.values['score']).toBe(0);
    expect(score('Effort', 4).fact.values['score']).toBe(25);
  });

  test('J3 another type, a value outside the range or no number: no value, and said so', () => {
    for (const [type, value] of [
      ['OTHER', 3],
      [null, 3],
      ['NPS', 11],
      ['NPS', 'ten'],
      ['__proto__', 1],
    ] as const) {
      const { fact, issues } = score(type, value);
      expect([type, fact.values['score'], issues.length]).toEqual([type, undefined, 1]);
    }
    expect(score('NPS', null).issues).toEqual([]);
  });

  test('J3 one range for all', () => {
    const one: FieldSource = { ...source, scale: { by: null, ranges: { any: [0, 5] } } };
    expect(readOne('surveys', 'score', one, { value: 4 }).fact.values['score']).toBe(80);
  });
});

describe('J3 stages come from the pipelines, never from labels', () => {
  const stage = (pipeline: string | null, value: string, more: Partial<StageInfo> = {}): StageInfo => ({
    type: 'deals',
    field: 'dealstage',
    pipeline,
    value,
    label: `${value}!`,
    open: true,
    won: false,
    lost: false,
    probability: 20,
    ...more,
  });
  const stages = [
    stage('default', 'closedwon', { open: false, won: true, probability: 100 }),
    stage('renewals', '77'),
    stage('default', 'same', { open: false, lost: true }),
    stage('renewals', 'same'),
    stage(null, 'everywhere', { label: 'Every' }),
  ];
  type Gives = Extract<FieldSource, { kind: 'stage' }>['gives'];
  const source = (gives: Gives, date?: string): FieldSource => ({
    kind: 'stage',
    field: 'dealstage',
    pipeline: 'pipeline',
    gives,
    ...(date === undefined ? {} : { date }),
  });
  const read = (name: string, gives: Gives, fields: Readonly<Record<string, FieldValue>>, date?: string) =>
    readOne('deals', name, source(gives, date), fields, { stages });

  test('J3 open, won, lost, label, probability', () => {
    const won = { dealstage: 'closedwon', pipeline: 'default' };
    expect(read('open', 'open', won).fact.values['open']).toBe(false);
    expect(read('won', 'won', won).fact.values['won']).toBe(true);
    expect(read('lost', 'lost', won).fact.values['lost']).toBe(false);
    expect(read('deal_stage', 'label', won).fact.values['deal_stage']).toBe('closedwon!');
    expect(read('probability', 'probability', won).fact.values['probability']).toBe(100);
    expect(read('won', 'won', won).fact.origins['won']?.field).toBe('dealstage via pipeline');
  });

  test('J3 one stage value in two pipelines means the one of the record; without a pipeline it means none', () => {
    expect(read('lost', 'lost', { dealstage: 'same', pipeline: 'default' }).fact.values['lost']).toBe(true);
    expect(read('lost', 'lost', { dealstage: 'same', pipeline: 'renewals' }).fact.values['lost']).toBe(false);
    expect(read('lost', 'lost', { dealstage: 'same' }).issues).toHaveLength(1);
    expect(read('open', 'open', { dealstage: '77' }).fact.values['open']).toBe(true);
    expect(read('open', 'open', { dealstage: 'everywhere', pipeline: 'x' }).fact.values['open']).toBe(true);
  });

  test('J3 the closing date counts only while the stage is closed', () => {
    const closed = { dealstage: 'closedwon', pipeline: 'default', closedate: '2026-01-20' };
    const { fact } = read('closed', 'closed', closed, 'closedate');
    expect(fact.values['closed']).toBe(Date.UTC(2026, 0, 20));
    expect(fact.origins['closed']).toMatchObject({
      field: 'closedate via pipeline',
      at: Date.UTC(2026, 0, 20),
      known: NOON,
    });
    expect(
      read('closed', 'closed', { ...closed, dealstage: '77', pipeline: 'renewals' }, 'closedate').fact.values,
    ).toEqual({});
  });

  test('J3 J8 a stage that no pipeline lists is no value, and said so', () => {
    const { fact, issues } = read('won', 'won', { dealstage: 'closedwon!', pipeline: 'default' });
    expect(fact.values['won']).toBeUndefined();
    expect(issues).toEqual([
      {
        key: 'hubspot:deals:1',
        field: 'deals.won',
        message: "dealstage holds a stage that the CRM's pipelines do not list; it counts as no value",
      },
    ]);
    expect(read('won', 'won', { dealstage: null }).issues).toEqual([]);
  });
});

describe('J4 two times', () => {
  const own = reader({
    hubspot: {
      meetings: {
        at: field('start'),
        channel: { kind: 'constant', value: 'meeting' },
        direction: field('direction'),
        subject: { kind: 'stamp', stamp: 'modified' },
      },
      contacts: { created: { kind: 'stamp', stamp: 'created' } },
    },
  });

  test('J4 a date is true from its own day, other values from the modification stamp; all are known from the stamp', () => {
    const fields = { start: '2026-01-10T09:00:00.000Z', direction: 'x' };
    const { values, origins } = own.fact(
      'touchpoints',
      group(crm('hubspot:meetings:1', { fields, created: Date.UTC(2026, 0, 12), modified: NOON })),
    )!;
    expect(values['subject']).toBe('2026-01-31T12:00:00.000Z');
    expect(origins['at']).toMatchObject({ at: Date.UTC(2026, 0, 10, 9), known: NOON, field: 'start' });
    expect(origins['direction']).toMatchObject({ at: NOON, known: NOON });
    // A constant is true as long as the record is: since the meeting, though it was logged two days later.
    expect(origins['channel']).toMatchObject({ at: Date.UTC(2026, 0, 10, 9), field: 'constant' });
  });

  test('J4 a date that lies ahead has its own day too, and is known since it was recorded', () => {
    const fields = { start: '2026-03-01T09:00:00.000Z' };
    const { values, origins } = own.fact(
      'touchpoints',
      group(crm('hubspot:meetings:1', { fields, created: 5, modified: NOON })),
    )!;
    expect(values['at']).toBe(Date.UTC(2026, 2, 1, 9));
    expect(origins['at']).toMatchObject({ at: Date.UTC(2026, 2, 1, 9), known: NOON });
    expect(origins['channel']?.at).toBe(5);
  });

  test('J4 the creation stamp is its own time; a CRM that does not tell gives no value', () => {
    expect(
      own.fact('person', group(crm('hubspot:contacts:1', { created: 42 })))?.origins['created'],
    ).toMatchObject({ at: 42, known: 1_000, field: 'created' });
    expect(own.fact('person', group(crm('hubspot:contacts:1', { created: null })))?.values).toEqual({});
  });
});

test('J3 only wanted fields are read', () => {
  const fields = { email: field('email'), name: field('name') };
  const own = reader({ hubspot: { contacts: fields }, reads: { person: ['email'] } });
  const record = crm('hubspot:contacts:1', { fields: { email: 'a@x.com', name: 'A' } });
  expect(own.fact('person', group(record))?.values).toEqual({ email: 'a@x.com' });
  expect(own.fact('people', group(record))?.values).toEqual({});
});
