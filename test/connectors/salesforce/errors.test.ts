import { describe, expect, test } from '@jest/globals';
import {
  bodyOf,
  classify,
  classOf,
  crmErrorOf,
  judge,
  parseErrors,
  rowMayPass,
} from '../../../connectors/salesforce/errors.ts';
import type { WaystageError } from '../../../src/model/errors.ts';
import type { HttpAnswer, HttpRequest, Verdict } from '../../../src/transport/port.ts';

const request: HttpRequest = {
  method: 'GET',
  url: 'https://acme.my.salesforce.com/services/data/v67.0/queryAll?q=SELECT+Email',
  purpose: 'pull',
  idempotent: true,
  buckets: [],
};

function answer(status: number, body: unknown): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: {}, text, serverTime: null };
}

function crm(errorCode: string, message = ''): readonly object[] {
  return [{ message, errorCode }];
}

describe('what an answer of Salesforce means', () => {
  const cases: readonly (readonly [string, number, unknown, string, string, string])[] = [
    [
      'an expired session',
      401,
      crm('INVALID_SESSION_ID', 'Session expired or invalid'),
      'fail',
      'session',
      'crm_credentials',
    ],
    [
      'an app that is not attached',
      401,
      crm('INVALID_SESSION_ID', 'Connected app is not attached to Agent'),
      'fail',
      'consent',
      'crm_credentials',
    ],
    [
      'a session of another kind',
      401,
      crm('INVALID_SESSION_ID', 'This session is not valid for use with the REST API'),
      'fail',
      'consent',
      'crm_credentials',
    ],
    ['an org without API', 403, crm('API_DISABLED_FOR_ORG'), 'fail', 'consent', 'crm_credentials'],
    [
      'a wrong client secret',
      400,
      { error: 'invalid_client', error_description: 'invalid client credentials' },
      'fail',
      'consent',
      'crm_credentials',
    ],
    [
      'a dead grant',
      400,
      { error: 'invalid_grant', error_description: 'no client credentials user enabled' },
      'fail',
      'consent',
      'crm_credentials',
    ],
    [
      'the daily limit',
      403,
      crm('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
      'fail',
      'quota',
      'crm_quota',
    ],
    [
      'too many long calls',
      403,
      crm('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.'),
      'retry',
      'contention',
      'crm_rate_limit',
    ],
    [
      'busy triggers',
      403,
      crm('REQUEST_LIMIT_EXCEEDED', 'ConcurrentPerOrgApex Limit exceeded.'),
      'retry',
      'contention',
      'crm_rate_limit',
    ],
    ['an edge that is warming up', 420, 'enhance your calm', 'retry', 'transient', 'crm_unreachable'],
    [
      'a server that is away',
      503,
      crm('SERVER_UNAVAILABLE', 'Server Unavailable'),
      'retry',
      'transient',
      'crm_unreachable',
    ],
    ['an unexpected exception', 500, crm('UNKNOWN_EXCEPTION'), 'retry', 'transient', 'crm_unreachable'],
    [
      'a slow query',
      400,
      crm('QUERY_TIMEOUT', 'Your query request was running for too long.'),
      'fail',
      'timeout',
      'crm_unreachable',
    ],
    [
      'an expired query cursor',
      400,
      crm('INVALID_QUERY_LOCATOR', 'invalid query locator'),
      'fail',
      'cursor',
      'crm_cursor_expired',
    ],
    [
      'a hidden field',
      400,
      crm('INVALID_FIELD', "No such column 'X__c' on entity 'Contact'."),
      'fail',
      'config',
      'crm_permission',
    ],
    [
      'a hidden object',
      400,
      crm('INVALID_TYPE', "sObject type 'Lead' is not supported."),
      'fail',
      'config',
      'crm_permission',
    ],
    ['a missing permission', 403, crm('INSUFFICIENT_ACCESS'), 'fail', 'config', 'crm_permission'],
    ['something that is not there', 404, crm('NOT_FOUND'), 'fail', 'missing', 'crm_refused'],
    ['a malformed query', 400, crm('MALFORMED_QUERY', 'unexpected token'), 'fail', 'row', 'crm_refused'],
    ['a URL that is too long', 414, '<html></html>', 'fail', 'row', 'crm_refused'],
  ];

  test.each(cases)('%s (%s)', (_name, status, body, kind, errorClass, code) => {
    const verdict = judge(answer(status, body), request);
    expect(verdict.kind).toBe(kind);
    const error = (verdict as Extract<Verdict, { error: Error }>).error as WaystageError;
    expect(classOf(error)).toBe(errorClass);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(
      /^Salesforce answered \d+ to GET \/services\/data\/v67\.0\/queryAll: .*; .+/,
    );
    // A query holds ids and values: it is in no message and in no log field.
    expect(error.message).not.toContain('SELECT');
    expect(Object.keys(error.details).sort()).toEqual(['class', 'crmCode', 'status']);
  });

  test('everybody stays away after a concurrent limit, and Salesforce names its own time for a 429', () => {
    const limit = judge(
      answer(403, crm('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests Limit exceeded.')),
      request,
    );
    expect(limit).toMatchObject({ kind: 'retry', pause: 'requests', wait: 2_000 });
    expect(judge(answer(429, ''), request)).toMatchObject({ kind: 'retry', pause: 'requests' });
  });

  test('a 200 that is an HTML page or cut short is tried again, never half read', () => {
    for (const text of ['<html>login</html>', '{"records":[{"Id":"003', '[1,2']) {
      const verdict = judge(answer(200, text), request);
      expect(verdict).toMatchObject({ kind: 'retry', error: { code: 'crm_bad_answer', retryable: true } });
    }
    expect(judge(answer(204, ''), request)).toEqual({ kind: 'ok' });
    const good = answer(200, { done: true });
    expect(judge(good, request)).toEqual({ kind: 'ok' });
    expect(bodyOf(good)).toEqual({ done: true });
  });

  test('every stated error is named, control characters are not', () => {
    const errors = parseErrors(
      400,
      JSON.stringify([...crm('A', 'one\u0000\n two'), ...crm('B', 'x'.repeat(900))]),
    );
    expect(errors[0]).toEqual({ code: 'A', message: 'one two' });
    expect(errors[1]?.message.length).toBeLessThan(510);
    expect(parseErrors(502, '<!DOCTYPE html>')).toEqual([
      { code: 'HTTP_502', message: 'answered an HTML page' },
    ]);
    expect(parseErrors(403, 'Bad_OAuth_Token')[0]?.code).toBe('Bad_OAuth_Token');
    expect(parseErrors(500, 'null')[0]?.code).toBe('HTTP_500');
  });

  test("Salesforce's own words are kept beside the error, not in its details", () => {
    const verdict = judge(answer(400, crm('STRING_TOO_LONG', 'Name: data value too large: Ada')), request);
    const error = (verdict as Extract<Verdict, { error: Error }>).error as WaystageError;
    expect(crmErrorOf(error)).toEqual({
      code: 'STRING_TOO_LONG',
      message: 'Name: data value too large: Ada',
    });
    expect(JSON.stringify(error.details)).not.toContain('Ada');
    expect(crmErrorOf(new Error('other'))).toBe(null);
  });

  test('which refused rows may pass later', () => {
    expect(rowMayPass({ code: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access' })).toBe(
      true,
    );
    expect(rowMayPass({ code: 'SERVER_UNAVAILABLE', message: '' })).toBe(true);
    expect(
      rowMayPass({
        code: 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
        message: 'T: System.LimitException: Apex CPU time limit',
      }),
    ).toBe(true);
    expect(rowMayPass({ code: 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', message: 'T: bad data' })).toBe(false);
    for (const code of [
      'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      'ENTITY_IS_DELETED',
      'CANNOT_UPDATE_CONVERTED_LEAD',
      'STRING_TOO_LONG',
      'DUPLICATES_DETECTED',
      'INSUFFICIENT_ACCESS_OR_READONLY',
    ])
      expect(rowMayPass({ code, message: '' })).toBe(false);
    expect(classify(400, { code: 'LIMIT_EXCEEDED', message: '' })).toBe('quota');
  });
});
