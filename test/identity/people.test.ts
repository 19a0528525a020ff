import { describe, expect, test } from '@jest/globals';
import { resolveIdentities } from '../../src/identity/index.ts';
import { ambiguousKeys, joined, partition, record } from './kit.ts';

const H1 = 'hubspot:contacts:1';
const H2 = 'hubspot:contacts:2';
const S1 = 'salesforce:Contact:003A';
const S2 = 'salesforce:Contact:003B';
const L1 = 'salesforce:Lead:00QA';
const L2 = 'salesforce:Lead:00QB';

describe('J30 explicit ids of people', () => {
  test('J30 a cross-id joins, whatever the e-mails say, and the link says which field did it', () => {
    const result = resolveIdentities([
      record(H1, { emails: ['a@acme.com'], names: { salesforcecontactid: S1 } }),
      record(S1, { emails: ['b@other.com'] }),
    ]);
    expect(partition(result)).toEqual([[H1, S1]]);
    expect(result.links).toEqual([
      {
        entity: 'person',
        kind: 'cross-id',
        from: H1,
        to: S1,
        reason: `salesforcecontactid of ${H1} names ${S1}`,
      },
    ]);
    expect(result.subjects[0]?.records.map((member) => member.reason)).toEqual([
      `salesforcecontactid of ${H1} names ${S1}`,
      `salesforcecontactid of ${H1} names ${S1}`,
    ]);
  });

  test('J30 both sides may name each other; the pair is one link a direction', () => {
    const result = resolveIdentities([
      record(H1, { names: { salesforcecontactid: S1 } }),
      record(S1, { names: { HubSpot_Contact_Id__c: H1 } }),
    ]);
    expect(partition(result)).toEqual([[H1, S1]]);
    expect(result.links.map((link) => [link.from, link.to])).toEqual([
      [H1, S1],
      [S1, H1],
    ]);
  });

  test('J30 a converted lead brings its cross-id to the contact', () => {
    const records = [
      record(H1, { names: { salesforceleadid: L1 } }),
      record(L1, { state: 'converted', successor: { type: 'Contact', id: '003A' } }),
      record(S1),
    ];
    expect(joined(records)).toEqual([[H1, S1, L1]]);
  });

  test('J30 ids that were merged away mean the survivor, stored or not', () => {
    const records = [
      record(H1, { mergedIds: ['7', '8'] }),
      record('hubspot:contacts:8', { state: 'archived' }),
      record(S1, { names: { HubSpot_Contact_Id__c: 'hubspot:contacts:7' } }),
    ];
    expect(joined(records)).toEqual([[H1, 'hubspot:contacts:8', S1]]);
  });

  test('J30 a merge loser that the store still holds as live does not make its survivor ambiguous', () => {
    const result = resolveIdentities([
      record(H1, { mergedIds: ['2'], names: { salesforcecontactid: S1 } }),
      record(H2, { emails: ['a@acme.com'] }),
      record(S1),
      record(L1, { emails: ['a@acme.com'] }),
    ]);
    expect(partition(result)).toEqual([[H1, H2, S1], [L1]]);
    expect(result.ambiguous).toEqual([]);
  });

  test('J30 a merge of merges follows to the last survivor', () => {
    const records = [
      record('salesforce:Contact:003C', { state: 'merged', successor: { type: 'Contact', id: '003B' } }),
      record(S2, { state: 'merged', successor: { type: 'Contact', id: '003A' }, mergedIds: ['003C'] }),
      record(S1, { mergedIds: ['003B', '003C'] }),
      record(H1, { names: { salesforcecontactid: 'salesforce:Contact:003C' } }),
    ];
    expect(joined(records)).toEqual([[H1, S1, S2, 'salesforce:Contact:003C']]);
  });

  test('J30 J31 a chain over two live records of one connection and type is ambiguous and left apart', () => {
    const result = resolveIdentities([
      record(H1, { names: { salesforcecontactid: S1 } }),
      record(H2, { names: { salesforcecontactid: S1 } }),
      record(S1),
    ]);
    expect(partition(result)).toEqual([[H1], [H2], [S1]]);
    expect(ambiguousKeys(result)).toEqual([H1, H2, S1]);
    expect(result.ambiguous[0]).toMatchObject({
      reason: 'ids lead from one record to another of hubspot contacts (2), salesforce Contact (1)',
      candidates: [H2, S1],
    });
  });

  test('J31 weaker evidence does not choose where ids contradict each other', () => {
    const result = resolveIdentities([
      record(H1, { emails: ['a@acme.com'], names: { salesforcecontactid: S1 } }),
      record(H2, { names: { salesforcecontactid: S1 } }),
      record(S1, { emails: ['a@acme.com'] }),
    ]);
    expect(partition(result)).toEqual([[H1], [H2], [S1]]);
  });

  test('J30 the same chain over a record that is no longer live joins', () => {
    const records = [
      record(H1, { names: { salesforcecontactid: S1 } }),
      record(H2, { state: 'archived', names: { salesforcecontactid: S1 } }),
      record(S1),
    ];
    expect(joined(records)).toEqual([[H1, H2, S1]]);
  });

  test('J30 ids of another entity, of unknown records and of oneself join nothing', () => {
    const records = [
      record(H1, { names: { a: H1, b: 'salesforce:Contact:gone', c: 'salesforce:Account:001A' } }),
      record('salesforce:Account:001A'),
    ];
    expect(joined(records)).toEqual([]);
  });
});

describe('J30 cross-ids with several connections of a connector', () => {
  const emea = 'emea:contacts:1';
  const cross = {
    field: 'HubSpot_Contact_Id__c',
    connections: ['hubspot', 'emea'] as never,
    types: ['contacts'],
    id: '1',
  };

  test('J30 the one that has the id is meant', () => {
    expect(joined([record(H2), record(emea), { ...record(S1), crossIds: [cross] }])).toEqual([[emea, S1]]);
  });

  test('J31 both have it: ambiguous', () => {
    const result = resolveIdentities([record(H1), record(emea), { ...record(S1), crossIds: [cross] }]);
    expect(partition(result).every((group) => group.length === 1)).toBe(true);
    expect(ambiguousKeys(result)).toEqual([emea, H1, S1]);
    expect(result.ambiguous[0]?.reason).toBe(
      'HubSpot_Contact_Id__c of salesforce:Contact:003A is an id that 2 records have',
    );
  });

  test('J30 both have it, one names us back: that one', () => {
    const result = resolveIdentities([
      record(H1),
      record(emea, { names: { salesforcecontactid: S1 } }),
      { ...record(S1), crossIds: [cross] },
    ]);
    expect(partition(result)).toEqual([[emea, S1], [H1]]);
    expect(result.ambiguous).toEqual([]);
  });
});

describe('J30 e-mail', () => {
  test('J30 spelling does not matter, plus-addresses do, free mail is as good as any', () => {
    const records = [
      record(H1, { emails: ['  Ａnna@Gmail.com '] }),
      record(S1, { emails: ['anna@gmail.COM'] }),
      record(H2, { emails: ['bo+x@acme.com'] }),
      record(S2, { emails: ['bo@acme.com'] }),
    ];
    expect(joined(records)).toEqual([[H1, S1]]);
    expect(resolveIdentities(records).links[0]?.reason).toBe(`same e-mail in ${H1} and ${S1}`);
  });

  test('J30 a Salesforce contact and one unconverted lead with one e-mail are one person', () => {
    const email = ['a@acme.com'];
    expect(joined([record(S1, { emails: email }), record(L1, { emails: email })])).toEqual([[S1, L1]]);
    expect(
      joined([record(S1, { emails: email }), record(L1, { emails: email }), record(H1, { emails: email })]),
    ).toEqual([[H1, S1, L1]]);
  });

  test('J31 two groups of one connection and type with one e-mail: nobody joins', () => {
    const emails = ['a@acme.com'];
    const result = resolveIdentities([
      record(H1, { emails }),
      record(S1, { emails }),
      record(S2, { emails }),
    ]);
    expect(partition(result)).toEqual([[H1], [S1], [S2]]);
    expect(result.ambiguous.map(({ reason }) => reason)).toEqual(
      Array(3).fill('same e-mail in hubspot contacts (1), salesforce Contact (2)'),
    );
    const leads = resolveIdentities([record(H1, { emails }), record(L1, { emails }), record(L2, { emails })]);
    expect(ambiguousKeys(leads)).toEqual([H1, L1, L2]);
  });

  test('J30 a group counts in each connection where it has a record, though another one holds the e-mail', () => {
    const result = resolveIdentities([
      record(H1, { emails: ['a@acme.com'], names: { salesforcecontactid: S1 } }),
      record(S1, { emails: ['old@acme.com'] }),
      record(S2, { emails: ['a@acme.com'] }),
    ]);
    expect(partition(result)).toEqual([[H1, S1], [S2]]);
    expect(ambiguousKeys(result)).toEqual([H1, S2]);
  });

  test('J30 primary e-mails decide before additional ones', () => {
    const result = resolveIdentities([
      record(H1, { emails: ['a@acme.com'] }),
      record(H2, { emails: ['b@acme.com', 'a@acme.com'] }),
      record(S1, { emails: ['a@acme.com'] }),
      record(S2, { emails: ['b@acme.com'] }),
    ]);
    expect(partition(result)).toEqual([
      [H1, S1],
      [H2, S2],
    ]);
    expect(ambiguousKeys(result)).toEqual([H1, H2, S1]);
    // Whom a record is joined with is no candidate any more.
    expect(result.ambiguous.map(({ candidates }) => candidates)).toEqual([[H2], [H1, S1], [H2]]);
  });

  test('J30 an additional e-mail joins what is still apart', () => {
    expect(
      joined([
        record(H1, { emails: ['new@acme.com', 'old@acme.com'] }),
        record(S1, { emails: ['old@acme.com'] }),
        record(L1, { emails: ['', 'old@acme.com'] }),
      ]),
    ).toEqual([[H1, S1, L1]]);
  });

  test('J31 e-mails that chain two records of one connection and type join nobody', () => {
    const result = resolveIdentities([
      record(H1, { emails: ['a@acme.com'], names: { salesforcecontactid: S1 } }),
      record(S1, { emails: ['b@acme.com'] }),
      record(L1, { emails: ['a@acme.com'] }),
      record(L2, { emails: ['b@acme.com'] }),
    ]);
    expect(partition(result)).toEqual([[H1, S1], [L1], [L2]]);
    expect(result.ambiguous[0]?.reason).toBe(
      'shared e-mails lead from one to another of hubspot contacts (1), salesforce Contact (1), salesforce Lead (2)',
    );
  });

  test('J30 archived records do not join by e-mail; what is no address joins nobody', () => {
    expect(
      joined([record(H1, { emails: ['a@x.com'] }), record(S1, { emails: ['a@x.com'], state: 'archived' })]),
    ).toEqual([]);
    for (const text of ['n/a', '@', 'a@', 'a b@x.com', 'a@b@c.com', 'unknown', '\0@x.com', '']) {
      expect(joined([record(H1, { emails: [text] }), record(S1, { emails: [text] })])).toEqual([]);
    }
  });

  test('J30 people without e-mail and cross-id stay alone', () => {
    expect(joined([record(H1), record(S1), record(L1)])).toEqual([]);
  });

  test('J31 a shared mailbox on thousands of records is reported without listing them all for each', () => {
    const result = resolveIdentities(
      Array.from({ length: 5_000 }, (_, i) => record(`hubspot:contacts:${i}`, { emails: ['info@acme.com'] })),
    );
    expect(result.ambiguous).toHaveLength(5_000);
    expect(result.ambiguous[0]?.candidates).toHaveLength(20);
    expect(result.ambiguous[0]?.reason).toBe('same e-mail in hubspot contacts (5000)');
  });
});

describe('J31 unlinking', () => {
  const email = { emails: ['a@acme.com'] };

  test('J31 an unlinked pair joins neither by id nor by e-mail, and is not ambiguous: it is settled', () => {
    const result = resolveIdentities([record(H1, { ...email, names: { x: S1 } }), record(S1, email)], {
      unlinked: [[S1, H1]],
    });
    expect(partition(result)).toEqual([[H1], [S1]]);
    expect(result.ambiguous).toEqual([]);
  });

  test('J31 a third record that could go with either is ambiguous', () => {
    const result = resolveIdentities([record(H1, email), record(S1, email), record(L1, email)], {
      unlinked: [[H1, S1]],
    });
    expect(partition(result)).toEqual([[H1], [S1], [L1]]);
    expect(ambiguousKeys(result)).toEqual([H1, S1, L1]);
  });

  test('J31 it holds for the survivor of a merge, and cannot undo the merge itself', () => {
    const records = [record(H1, { mergedIds: ['7'] }), record(S1, { names: { x: H1 } })];
    expect(partition(resolveIdentities(records, { unlinked: [['hubspot:contacts:7', S1]] }))).toEqual([
      [H1],
      [S1],
    ]);
    const merged = [record(H1), record(H2, { state: 'merged', successor: { type: 'contacts', id: '1' } })];
    expect(partition(resolveIdentities(merged, { unlinked: [[H1, H2]] }))).toEqual([[H1, H2]]);
  });
});

test('a record handed over twice is an internal error', () => {
  expect(() => resolveIdentities([record(H1), record(H1)])).toThrow(/handed over twice/);
});
