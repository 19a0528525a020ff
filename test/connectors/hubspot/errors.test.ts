import { describe, expect, test } from '@jest/globals';
import { type HubspotRefusal, issuesOf, judgeFailure, safeText } from '../../../connectors/hubspot/errors.ts';
import type { WaystageError } from '../../../src/model/errors.ts';
import type { Verdict } from '../../../src/transport/port.ts';

function judge(
  status: number,
  body: unknown,
  bucket = 'general',
  headers: Record<string, string> = {},
): Verdict {
  return judgeFailure(
    { status, headers, text: typeof body === 'string' ? body : JSON.stringify(body), serverTime: null },
    {
      method: 'POST',
      url: 'https://api.hubapi.com/crm/objects/2026-03/contacts/search?q=secret',
      purpose: 'search',
      idempotent: true,
      buckets: [bucket],
    },
    'HubSpot (connection eu)',
  );
}

const codeOf = (verdict: Verdict): string =>
  'error' in verdict ? (verdict.error as WaystageError).code : 'none';

describe('what HubSpot answers', () => {
  test.each<[number, unknown, string, string]>([
    [400, { category: 'VALIDATION_ERROR', message: 'bad' }, 'fail', 'crm_refused'],
    [401, { category: 'INVALID_AUTHENTICATION' }, 'fail', 'crm_credentials'],
    [403, { category: 'MISSING_SCOPES' }, 'fail', 'crm_permission'],
    [403, '<html>blocked</html>', 'retry', 'crm_bad_answer'],
    [404, { category: 'OBJECT_NOT_FOUND' }, 'fail', 'crm_refused'],
    [409, { category: 'CONFLICT' }, 'fail', 'crm_refused'],
    [414, '', 'fail', 'crm_refused'],
    [423, {}, 'retry', 'crm_unreachable'],
    [429, { policyName: 'TEN_SECONDLY_ROLLING' }, 'retry', 'crm_rate_limit'],
    [429, { policyName: 'DAILY' }, 'fail', 'crm_quota'],
    [477, {}, 'retry', 'crm_unreachable'],
    [500, {}, 'retry', 'crm_unreachable'],
    [502, '<html>', 'retry', 'crm_unreachable'],
    [503, {}, 'retry', 'crm_unreachable'],
    [524, {}, 'retry', 'crm_unreachable'],
  ])('%i %j is %s with %s', (status, body, kind, code) => {
    const verdict = judge(status, body);
    expect(verdict.kind).toBe(kind);
    expect(codeOf(verdict)).toBe(code);
  });

  test('limits pause the bucket they belong to; a lock waits its two seconds unless told otherwise', () => {
    expect(judge(429, { policyName: 'TEN_SECONDLY_ROLLING' })).toMatchObject({
      pause: 'general',
      wait: 5_000,
    });
    expect(judge(429, { policyName: 'SECONDLY' }, 'search')).toMatchObject({ pause: 'search', wait: 1_000 });
    expect(judge(423, {})).toMatchObject({ wait: 2_000 });
    expect(judge(477, {}, 'general', { 'retry-after': '30' })).not.toHaveProperty('wait');
  });

  test('a missing scope is named, and the address is without its query', () => {
    const verdict = judge(403, {
      category: 'MISSING_SCOPES',
      errors: [{ context: { requiredGranularScopes: ['crm.objects.deals.read'] } }],
    });
    const { message } = (verdict as { error: Error }).error;
    expect(message).toMatch(/connection eu.*grant the app crm\.objects\.deals\.read/);
    expect(message).not.toContain('secret');
  });

  test('invalid values are named by property and kind, never by value', () => {
    const rows = [
      {
        isValid: false,
        message: 'ada@example.com was not one of the allowed options',
        error: 'INVALID_OPTION',
        name: 'stage',
      },
      { isValid: false, message: 'nope', error: 'INVALID_INTEGER', name: 'score' },
    ];
    const verdict = judge(400, {
      status: 'error',
      category: 'VALIDATION_ERROR',
      message: `Property values were not valid: ${JSON.stringify(rows)}`,
    });
    if (verdict.kind !== 'fail') throw new Error('not a refusal');
    const error = verdict.error as HubspotRefusal;
    expect(error.issues.map(({ code, field }) => [code, field])).toEqual([
      ['INVALID_OPTION', 'stage'],
      ['INVALID_INTEGER', 'score'],
    ]);
    expect(error.message).toContain('property stage: INVALID_OPTION');
    expect(error.message).not.toContain('ada@example.com');
  });

  test('ids and properties of single errors are found where HubSpot puts them', () => {
    expect(
      issuesOf({
        errors: [
          {
            category: 'OBJECT_NOT_FOUND',
            message: 'Could not get some CONTACT objects',
            context: { ids: ['5', '6'] },
          },
          {
            code: 'PROPERTY_DOESNT_EXIST',
            message: 'Property "waystage_stage" does not exist',
            context: { propertyName: ['waystage_stage'] },
          },
        ],
      }),
    ).toMatchObject([
      { code: 'OBJECT_NOT_FOUND', ids: ['5', '6'], field: null },
      { code: 'PROPERTY_DOESNT_EXIST', ids: [], field: 'waystage_stage' },
    ]);
  });

  test('a sentence is shown without data and secrets', () => {
    const said = safeText(
      'Contact "Ada Lovelace" <ada@example.com>, +44 20 7946 0958, token pat-na1-0123-abcd with Bearer eyJhbGciOi.x.y has property "lifecyclestage"',
    );
    expect(said).toContain('property "lifecyclestage"');
    expect(said).not.toMatch(/Ada|example\.com|7946|0123-abcd|eyJ/);
  });
});
