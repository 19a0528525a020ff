import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  courseOfLines,
  courseOfStates,
  type HistoryLine,
  lineOf,
} from '../../../connectors/salesforce/field-courses.ts';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import type { FieldCourse, FieldInfo, FieldType } from '../../../src/connector/port.ts';
import type { ConnectionId, CrmRecord, FieldValue } from '../../../src/model/record.ts';
import { leapingClock, NOW, startOrg, type TestOrg } from './sandbox-org.ts';

const DAY = 86_400_000;
const HORIZON = NOW - 548 * DAY;
const YOUNG = NOW - 100 * DAY;
const OLD = NOW - 1_000 * DAY;

const info = (name: string, type: FieldType, extra: Partial<FieldInfo> = {}): FieldInfo => ({
  ...{ name, label: name, type, writable: true, calculated: false },
  ...extra,
});

const record = (fields: Readonly<Record<string, FieldValue>>, created = YOUNG): CrmRecord => ({
  connection: 'sf' as ConnectionId,
  type: 'Contact',
  id: '003000000000001AAA',
  fields,
  created,
  modified: NOW - DAY,
  state: 'live',
  successor: null,
  mergedIds: [],
  associations: {},
});

const line = (from: unknown, to: unknown, at: number, extra: Partial<HistoryLine> = {}): HistoryLine => ({
  ...{ parent: '003000000000001AAA', field: 'Title', from, to, at, dataType: 'Text' },
  ...extra,
});

const pairs = (course: FieldCourse | null) => course?.values.map(({ value, at }) => [value, at]);

describe('a tracked field and what it held', () => {
  const title = info('Title', 'text');
  const told = (lines: readonly HistoryLine[], present: FieldValue, created = YOUNG, born = true) =>
    courseOfLines(record({ Title: present }, created), title, lines, born, HORIZON);

  test('from the creation on: the first value is what the first change took away (J14)', () => {
    const course = told([line('a', 'b', YOUNG + DAY), line('b', null, YOUNG + 2 * DAY)], null);
    expect(course?.complete).toBe(true);
    expect(pairs(course)).toEqual([
      ['a', YOUNG],
      ['b', YOUNG + DAY],
      [null, YOUNG + 2 * DAY],
    ]);
    expect(told([], 'a')).toMatchObject({ values: [{ value: 'a', at: YOUNG }], complete: true });
  });

  test('where the retention cut it off, what was before is not told', () => {
    const course = told([line('a', 'b', NOW - 50 * DAY)], 'b', OLD, false);
    expect(course?.complete).toBe(false);
    expect(pairs(course)).toEqual([
      ['a', HORIZON],
      ['b', NOW - 50 * DAY],
    ]);
    // Told by the API half a year longer, but not surely everything.
    expect(pairs(told([line('a', 'b', HORIZON - DAY)], 'b', OLD, false))).toEqual([['b', HORIZON - DAY]]);
    expect(told([], 'b', OLD, false)).toMatchObject({
      values: [{ value: 'b', at: HORIZON }],
      complete: false,
    });
    // Young, but nothing was kept when it was made.
    expect(told([line('a', 'b', NOW - DAY)], 'b', YOUNG, false)).toMatchObject({
      values: [{ value: 'a', at: YOUNG }, { value: 'b' }],
      complete: false,
    });
  });

  test('of long texts and lists only that they changed is told', () => {
    const course = told([line('a', 'b', YOUNG + DAY), line(null, null, YOUNG + 2 * DAY)], 'c');
    expect(course).toMatchObject({ values: [{ value: 'c', at: YOUNG + 2 * DAY }], complete: false });
  });

  test('a lookup by its ids, not by the names people see', () => {
    const owner = info('OwnerId', 'text');
    const lines = [
      line('Ann', 'Bob', YOUNG + DAY, { field: 'Owner' }),
      line('005000000000001AAA', '005000000000002AAA', YOUNG + DAY, { field: 'Owner', dataType: 'EntityId' }),
    ];
    const course = courseOfLines(record({ OwnerId: '005000000000002AAA' }), owner, lines, true, HORIZON);
    expect(pairs(course)).toEqual([
      ['005000000000001AAA', YOUNG],
      ['005000000000002AAA', YOUNG + DAY],
    ]);
  });

  test('changes of one second follow each other; labels, numbers and dates as text are understood', () => {
    const at = YOUNG + DAY;
    expect(pairs(told([line('b', 'c', at), line('a', 'b', at), line('c', 'd', at + 1_000)], 'd'))).toEqual([
      ['a', YOUNG],
      ['c', at],
      ['d', at + 1_000],
    ]);
    const pick = info('Title', 'enum', { options: [{ value: 'hot', label: 'Hot lead' }] });
    const one = (field: FieldInfo, from: unknown, to: unknown, present: FieldValue) =>
      courseOfLines(record({ Title: present }), field, [line(from, to, at)], true, HORIZON);
    expect(pairs(one(pick, null, 'Hot lead', 'hot'))?.[1]).toEqual(['hot', at]);
    expect(pairs(one(info('Title', 'number'), '1', '2.5', 2.5))?.[1]).toEqual([2.5, at]);
    expect(
      pairs(one(info('Title', 'date'), null, '2026-03-01T00:00:00.000+0000', '2026-03-01'))?.[1],
    ).toEqual(['2026-03-01', at]);
  });

  test('a gap is not complete; it ends with the present value; what is hidden has none', () => {
    const gap = told([line('a', 'b', YOUNG + DAY), line('x', 'c', YOUNG + 2 * DAY)], 'd');
    expect(gap?.complete).toBe(false);
    expect(gap?.values.at(-1)).toEqual({ value: 'd', at: NOW - DAY });
    expect(courseOfLines(record({}), title, [], true, HORIZON)).toBeNull();
    expect(lineOf({ ContactId: 'no id', Field: 'Title' }, 'ContactId')).toBeNull();
  });

  test('states of a deal: whole when they begin with it', () => {
    const amount = info('Amount', 'number');
    const state = (value: number, at: number) => ({ parent: '', at, row: { Amount: value } });
    const deal = record({ Amount: 3 });
    const whole = courseOfStates(deal, amount, [
      state(1, YOUNG + 500),
      state(1, YOUNG + DAY),
      state(3, YOUNG + 2 * DAY),
    ]);
    expect(whole?.complete).toBe(true);
    expect(pairs(whole)).toEqual([
      [1, YOUNG],
      [3, YOUNG + 2 * DAY],
    ]);
    expect(courseOfStates(deal, amount, [state(3, YOUNG + DAY)])?.complete).toBe(false);
    expect(courseOfStates(deal, amount, [])).toBeNull();
  });
});

describe('against the sandbox', () => {
  let org: TestOrg;
  beforeAll(async () => {
    org = await startOrg({ contacts: 150 });
  });
  afterAll(() => org.close());

  async function read(type: string, fields: readonly string[]): Promise<readonly FieldCourse[]> {
    const connection = createSalesforce().open(
      {
        id: 'sf' as ConnectionId,
        connector: 'salesforce',
        auth: { kind: 'token', token: org.sandbox.token },
        baseUrl: org.sandbox.url,
        sandbox: true,
      },
      {
        clock: leapingClock(),
        random: () => 0.5,
        signal: new AbortController().signal,
        log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
      },
    );
    const discovery = await connection.discover([type]);
    const found: FieldCourse[] = [];
    for await (const page of connection.history?.({ type, fields, cursor: null, discovery }) ?? []) {
      expect(page.failed).toEqual([]);
      found.push(...page.courses);
    }
    await connection.close();
    return found;
  }

  test('the org tells which fields are tracked', async () => {
    const rows = await org.records(
      "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Case' AND IsFieldHistoryTracked = true ORDER BY QualifiedApiName",
    );
    expect(rows.map((row) => row.QualifiedApiName)).toEqual(['IsEscalated', 'OwnerId', 'Priority', 'Status']);
    const found = new Set((await read('Case', ['Status', 'Subject', 'Priority'])).map(({ field }) => field));
    expect([...found].sort()).toEqual(['Priority', 'Status']);
  });

  test('who may not look into the setup learns it from the changes that were kept', async () => {
    const whole = await read('Case', ['Status', 'Subject', 'Priority']);
    await org.control('fault', {
      contains: 'FROM FieldDefinition',
      status: 400,
      body: [{ errorCode: 'INVALID_TYPE', message: "sObject type 'FieldDefinition' is not supported." }],
    });
    expect(await read('Case', ['Status', 'Subject', 'Priority'])).toEqual(whole);
    await org.control('fault', { clear: true });
  });

  test('a changed owner makes two lines, and one course of ids', async () => {
    const [account] = await org.records('SELECT Id, OwnerId FROM Account LIMIT 1');
    const [user] = await org.records(`SELECT Id FROM User WHERE Id != '${account.OwnerId}' LIMIT 1`);
    await org.control('edit', { type: 'Account', id: account.Id, properties: { OwnerId: user.Id } });
    const lines = await org.records(
      `SELECT Field, DataType, OldValue FROM AccountHistory WHERE AccountId = '${account.Id}' AND Field = 'Owner'`,
    );
    expect(lines.map((one) => one.DataType).sort()).toEqual(['EntityId', 'Text']);
    const course = (await read('Account', ['OwnerId'])).find(({ id }) => id === account.Id);
    expect(course?.values.map(({ value }) => value)).toEqual([account.OwnerId, user.Id]);
  });

  test('without the history of deals their tracked fields tell the same moves', async () => {
    const whole = await read('Opportunity', ['StageName']);
    await org.control('fault', {
      contains: 'FROM OpportunityHistory',
      status: 400,
      body: [{ errorCode: 'INVALID_TYPE', message: "sObject type 'OpportunityHistory' is not supported." }],
    });
    const tracked = await read('Opportunity', ['StageName']);
    await org.control('fault', { clear: true });
    expect(whole.some(({ values }) => values.length > 3)).toBe(true);
    expect(tracked.map(({ values }) => values)).toEqual(whole.map(({ values }) => values));
  });

  test('field histories are kept for two years', async () => {
    const count = async (): Promise<number> => (await org.records('SELECT Id FROM CaseHistory')).length;
    const before = await count();
    await org.control('clock', { advance: 700 * DAY });
    expect(await count()).toBeLessThan(before);
    expect((await org.records('SELECT Id FROM OpportunityHistory')).length).toBeGreaterThan(0);
  });
});
