import { describe, expect, test } from '@jest/globals';
import { normaliseDomain, normaliseEmail, resolveIdentities } from '../../src/identity/index.ts';
import { ambiguousKeys, joined, partition, record } from './kit.ts';

const C1 = 'hubspot:companies:1';
const C2 = 'hubspot:companies:2';
const A1 = 'salesforce:Account:001A';
const A2 = 'salesforce:Account:001B';

describe('J30 accounts', () => {
  test('J30 equal domains join, from a URL, a host or an e-mail', () => {
    const records = [
      record(C1, { domains: ['acme.com'] }),
      record(A1, { domains: ['https://www.Acme.com:443/en?x=1'] }),
    ];
    expect(joined(records)).toEqual([[C1, A1]]);
    expect(resolveIdentities(records).links[0]).toMatchObject({
      kind: 'domain',
      reason: `same domain in ${C1} and ${A1}`,
    });
  });

  test('J30 cross-ids go before domains', () => {
    const records = [
      record(C1, { domains: ['acme.com'], names: { salesforceaccountid: A2 } }),
      record(A1, { domains: ['acme.com'] }),
      record(A2, { domains: ['acme.de'] }),
    ];
    const result = resolveIdentities(records);
    expect(partition(result)).toEqual([[C1, A2], [A1]]);
    expect(ambiguousKeys(result)).toEqual([C1, A1]);
  });

  test('J30 free-mail domains never make an account, neither do those of the configuration', () => {
    for (const domain of [
      'gmail.com',
      'yahoo.co.uk',
      'gmx.net',
      'GoogleMail.com',
      'anna@web.de',
      'mail.ourisp.net',
    ]) {
      const records = [record(C1, { domains: [domain] }), record(A1, { domains: [domain] })];
      const result = resolveIdentities(records, { freeMail: ['mail.ourisp.net'] });
      expect([domain, partition(result)]).toEqual([domain, [[C1], [A1]]]);
      expect(result.ambiguous).toEqual([]);
    }
  });

  test('J31 two accounts of one CRM with one domain are left apart', () => {
    const domains = ['acme.com'];
    const result = resolveIdentities([
      record(C1, { domains }),
      record(A1, { domains }),
      record(A2, { domains }),
    ]);
    expect(partition(result)).toEqual([[C1], [A1], [A2]]);
    expect(ambiguousKeys(result)).toEqual([C1, A1, A2]);
  });

  test('J30 e-mails do not join accounts, domains do not join people', () => {
    expect(
      joined([
        record(C1, { emails: ['a@acme.com'] }),
        record(A1, { emails: ['a@acme.com'] }),
        record('hubspot:contacts:1', { domains: ['acme.com'] }),
        record('salesforce:Contact:003A', { domains: ['acme.com'] }),
      ]),
    ).toEqual([]);
  });

  test('J30 an additional domain joins', () => {
    expect(joined([record(C2, { domains: ['', 'acme.io'] }), record(A1, { domains: ['acme.io'] })])).toEqual([
      [C2, A1],
    ]);
  });
});

test('J32 deals and touchpoints join by explicit cross-ids only', () => {
  const records = [
    record('hubspot:deals:1', {
      emails: ['a@acme.com'],
      domains: ['acme.com'],
      names: { x: 'salesforce:Opportunity:006A' },
    }),
    record('salesforce:Opportunity:006A'),
    record('hubspot:deals:2', { emails: ['a@acme.com'], domains: ['acme.com'] }),
    record('salesforce:Opportunity:006B', { emails: ['a@acme.com'], domains: ['acme.com'] }),
    record('salesforce:Event:00UA', { names: { HubSpot_Engagement_Id__c: 'hubspot:meetings:9' } }),
    record('hubspot:meetings:9'),
  ];
  expect(joined(records)).toEqual([
    ['hubspot:deals:1', 'salesforce:Opportunity:006A'],
    ['hubspot:meetings:9', 'salesforce:Event:00UA'],
  ]);
});

test('J30 normaliseDomain', () => {
  const cases: Readonly<Record<string, string | null>> = {
    'ACME.com': 'acme.com',
    'http://user:pw@www.acme.com/path@x': 'acme.com',
    '//acme.com/': 'acme.com',
    'acme.com.': 'acme.com',
    'münchen.de': 'xn--mnchen-3ya.de',
    'xn--mnchen-3ya.de': 'xn--mnchen-3ya.de',
    'www.com': 'www.com',
    'sales.acme.co.uk': 'sales.acme.co.uk',
    'linkedin.com': 'linkedin.com',
    'https://www.linkedin.com/company/acme': null,
    localhost: null,
    '192.168.0.1': null,
    'n/a': null,
    ['__proto__']: null,
    'acme com': null,
    '': null,
    ['x'.repeat(65_536)]: null,
  };
  for (const [raw, host] of Object.entries(cases)) expect([raw, normaliseDomain(raw)]).toEqual([raw, host]);
});

test('J30 normaliseEmail', () => {
  const cases: Readonly<Record<string, string | null>> = {
    ' Anna+News@ACME.com\n': 'anna+news@acme.com',
    'ﬁ@acme.com': 'fi@acme.com',
    'Ünal@acme.com': 'ünal@acme.com',
    'a@acme.com; b@acme.com': null,
    '<a@acme.com>': null,
    [`a@${'x'.repeat(65_536)}`]: null,
    'a\u0000@acme.com': null,
  };
  for (const [raw, email] of Object.entries(cases)) expect([raw, normaliseEmail(raw)]).toEqual([raw, email]);
});
