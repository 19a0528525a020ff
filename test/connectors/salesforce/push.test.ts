import { afterEach, describe, expect, test } from '@jest/globals';
import type { Write } from '../../../src/connector/port.ts';
import { type FakeAnswer, type FakeRequest, openTo, quickClock, startFakeOrg } from './fake-org.ts';
import { refused } from './fake-table.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function idOf(number: number): string {
  return `003${String(number).padStart(12, '0')}AAA`;
}

function writes(count: number): readonly Write[] {
  return Array.from({ length: count }, (_, index) => ({
    id: idOf(index),
    fields: { Waystage_Health_Score__c: index },
    parent: null,
  }));
}

interface SentRow {
  readonly id: string;
  readonly attributes: { readonly type: string };
  readonly [field: string]: unknown;
}

function sent(request: FakeRequest): readonly SentRow[] {
  return (JSON.parse(request.body) as { records: readonly SentRow[] }).records;
}

/** Answers each row by `fate`: null is written, else the errors. */
function rowByRow(fate: (row: SentRow, request: number) => readonly object[] | null) {
  let count = 0;
  return (request: FakeRequest): FakeAnswer => {
    count += 1;
    const results = sent(request).map((row) => {
      const errors = fate(row, count);
      // A refused row comes without its id: only its position says whose it is.
      return errors === null ? { id: row.id, success: true, errors: [] } : { success: false, errors };
    });
    return { body: results };
  };
}

async function org(answer: (request: FakeRequest) => FakeAnswer) {
  const server = await startFakeOrg(answer);
  const clock = quickClock();
  const opened = openTo(server.url, {}, clock);
  closers.push(() => opened.connection.close(), server.close);
  return { ...opened, server, clock };
}

const locked = [
  { statusCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access', fields: [] },
];
const rejected = [{ statusCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'Not on Fridays', fields: [] }];

describe('writes', () => {
  test('one request of 200 rows, sorted by parent, results in the order of the call', async () => {
    const { connection, server } = await org(rowByRow((row) => (row.id === idOf(7) ? rejected : null)));
    const rows = writes(200).map((write, index) => ({ ...write, parent: `001-${index % 3}` }));
    const results = await connection.push('Contact', rows);
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests as [FakeRequest];
    expect(request).toMatchObject({
      method: 'PATCH',
      path: '/services/data/v67.0/composite/sobjects',
      headers: {
        'content-type': 'application/json',
        'sforce-duplicate-rule-header': 'allowSave=true; includeRecordDetails=false; runAsCurrentUser=true',
        'sforce-auto-assign': 'FALSE',
      },
    });
    expect(JSON.parse(request.body)).toMatchObject({ allOrNone: false });
    const parents = sent(request).map((row) => rows.find((write) => write.id === row.id)?.parent);
    expect(parents).toEqual([...parents].sort());
    expect(sent(request)[0]?.attributes).toEqual({ type: 'Contact' });
    expect(results.map((result) => result.id)).toEqual(rows.map((row) => row.id));
    expect(results.filter((result) => result.outcome !== 'written')).toEqual([
      {
        id: idOf(7),
        outcome: 'refused',
        code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
        message: 'Not on Fridays',
        retryable: false,
      },
    ]);
  });

  test('values go as they are: null clears, text keeps every character', async () => {
    const { connection, server } = await org(rowByRow(() => null));
    const text = 'O\'Brien "x" \\ \u0000 🙂 ‏עברית __proto__';
    await connection.push('Lead', [
      { id: idOf(1), fields: { A__c: text, B__c: null, C__c: 12.5, D__c: '2026-01-31' }, parent: null },
    ]);
    expect(sent(server.requests[0]!)[0]).toEqual({
      attributes: { type: 'Lead' },
      id: idOf(1),
      A__c: text,
      B__c: null,
      C__c: 12.5,
      D__c: '2026-01-31',
    });
  });

  test('only rows that may pass are sent again, in smaller batches, after a pause; in the end they say so', async () => {
    const { connection, server, clock } = await org(
      rowByRow((row, request) =>
        row.id === idOf(3) ? rejected : Number(row.id.slice(3, 15)) % 2 === 1 && request < 3 ? locked : null,
      ),
    );
    const results = await connection.push('Contact', writes(10));
    expect(server.requests.map((request) => sent(request).length)).toEqual([10, 2, 2, 1, 1]);
    expect(results.filter((result) => result.outcome === 'refused')).toMatchObject([
      { id: idOf(3), retryable: false },
    ]);
    expect(clock.waits).toHaveLength(2);

    const stuck = await org(rowByRow(() => locked));
    expect(await stuck.connection.push('Contact', writes(1))).toEqual([
      {
        id: idOf(0),
        outcome: 'refused',
        code: 'UNABLE_TO_LOCK_ROW',
        message: 'unable to obtain exclusive access',
        retryable: true,
      },
    ]);
    expect(stuck.server.requests).toHaveLength(4);
    expect(stuck.clock.waits).toEqual([375, 750, 1500]);
  });

  test('a lost answer is unknown, and nothing is sent twice', async () => {
    for (const answer of [
      { body: '', hangUp: true },
      { status: 502, body: '<html>' },
      { body: '[{"id"' },
      { body: [] },
      { body: '' },
    ]) {
      const { connection, server } = await org(() => answer);
      const results = await connection.push('Contact', writes(2));
      expect(results.map((result) => result.outcome)).toEqual(['unknown', 'unknown']);
      expect(server.requests).toHaveLength(1);
    }
  });

  test('an answer for another record at a position is not taken for this one', async () => {
    const { connection } = await org((request) => ({
      body: sent(request).map((row, index) => ({
        id: idOf(index + 1),
        success: true,
        errors: [],
        was: row.id,
      })),
    }));
    expect((await connection.push('Contact', writes(2))).map((result) => result.outcome)).toEqual([
      'unknown',
      'unknown',
    ]);
  });

  test('a batch refused as a whole is halved until the bad row stands alone', async () => {
    const { connection, server } = await org((request) =>
      sent(request).some((row) => row.id === idOf(5))
        ? refused('JSON_PARSER_ERROR', 'Cannot deserialize instance of double')
        : rowByRow(() => null)(request),
    );
    const results = await connection.push('Contact', writes(16));
    expect(results.filter((result) => result.outcome === 'written')).toHaveLength(15);
    expect(results[5]).toMatchObject({ outcome: 'refused', code: 'JSON_PARSER_ERROR', retryable: false });
    expect(server.requests.length).toBeLessThan(12);

    const hopeless = await org(() => refused('INVALID_FIELD', "No such column 'Waystage_Health_Score__c'"));
    const all = await hopeless.connection.push('Contact', writes(200));
    expect(new Set(all.map((result) => result.outcome))).toEqual(new Set(['refused']));
    expect(hopeless.server.requests.length).toBeLessThan(45);
  });

  test('it throws only while nothing was written; later failures belong to the rows', async () => {
    const quota = refused('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.', 403);
    const first = await org(() => quota);
    await expect(first.connection.push('Contact', writes(2))).rejects.toMatchObject({ code: 'crm_quota' });

    const later = await org((request) =>
      sent(request).length === 2 ? rowByRow((row) => (row.id === idOf(0) ? null : locked))(request) : quota,
    );
    expect(await later.connection.push('Contact', writes(2))).toMatchObject([
      { outcome: 'written' },
      { outcome: 'refused', code: 'REQUEST_LIMIT_EXCEEDED', retryable: true },
    ]);
  });

  test('names that are no fields, and ids that are none, are refused without a request', async () => {
    const { connection, server } = await org(rowByRow(() => null));
    const fields = (name: string): Write => ({
      id: idOf(1),
      fields: Object.fromEntries([[name, 'x']]),
      parent: null,
    });
    const rows = [
      fields('attributes'),
      fields('Id'),
      fields('Account.Name'),
      fields('__proto__'),
      { ...fields('A__c'), id: '../1' },
    ];
    const results = await connection.push('Contact', rows);
    expect(results.every((result) => result.outcome === 'refused')).toBe(true);
    expect(server.requests).toHaveLength(0);
    await expect(connection.push('Contact', writes(201))).rejects.toMatchObject({ code: 'internal' });
    expect(await connection.push('Contact', [])).toEqual([]);
  });
});
