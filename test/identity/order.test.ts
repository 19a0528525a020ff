import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  assignSubjectIds,
  type IdentityRecord,
  identityRecord,
  resolveIdentities,
} from '../../src/identity/index.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import { anyPairs, anyPrevious, anyRecords } from './arbitrary.ts';
import { record } from './kit.ts';

describe('J31 order of arrival does not matter', () => {
  test('J31 any order of the same records gives the same groups, links, ambiguities and ids', () => {
    fc.assert(
      fc.property(
        anyRecords,
        anyPairs,
        anyPrevious,
        fc.infiniteStream(fc.nat()),
        (records, unlinked, before, order) => {
          const shuffled = [...records];
          for (let i = shuffled.length - 1; i > 0; i--) {
            const j = order.next().value % (i + 1);
            [shuffled[i], shuffled[j]] = [shuffled[j] as IdentityRecord, shuffled[i] as IdentityRecord];
          }
          const previous = new Map(Object.entries(before));
          const left = resolveIdentities(records, { unlinked });
          const right = resolveIdentities(shuffled, { unlinked });
          expect(right).toEqual(left);
          expect(assignSubjectIds(right.subjects, previous)).toEqual(
            assignSubjectIds(left.subjects, previous),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test('J30 no group holds two live records of one connection and type, or an unlinked pair; each record is once', () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const { subjects } = resolveIdentities(records);
        expect(subjects.flatMap((group) => group.records).length).toBe(records.length);
        for (const group of subjects) {
          const losers = new Set(
            records.flatMap(({ key: own, mergedIds }) =>
              mergedIds.map((id) => `${own.connection}:${own.type}:${id}`),
            ),
          );
          const live = group.records.filter(({ state, text }) => state === 'live' && !losers.has(text));
          const slots = live.map((member) => `${member.key.connection}:${member.key.type}`);
          expect(new Set(slots).size).toBe(slots.length);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('J31 every record of a group of several has a reason that names it', () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        for (const group of resolveIdentities(records).subjects) {
          for (const member of group.records)
            expect(member.reason).toContain(group.records.length === 1 ? 'only record' : member.text);
        }
      }),
    );
  });

  test('J31 ids are unique and stay when nothing changes', () => {
    fc.assert(
      fc.property(anyRecords, anyPrevious, (records, before) => {
        const { subjects: groups } = resolveIdentities(records);
        const first = assignSubjectIds(groups, new Map(Object.entries(before)));
        const ids = first.subjects.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        const after = new Map(
          first.subjects.flatMap(({ id, records: own }) => own.map((member) => [member.text, id])),
        );
        const second = assignSubjectIds(groups, after);
        expect(second.subjects.map(({ id, records: own }) => [id, own.map(({ text }) => text)])).toEqual(
          first.subjects.map(({ id, records: own }) => [id, own.map(({ text }) => text)]),
        );
        expect([second.merged, second.split]).toEqual([[], []]);
      }),
      { numRuns: 300 },
    );
  });
});

test('200,000 records of two CRMs are resolved and named in seconds', () => {
  const records: IdentityRecord[] = [];
  for (let i = 0; i < 100_000; i++) {
    const names = i % 3 === 0 ? { salesforcecontactid: `salesforce:Contact:003${i}` } : {};
    records.push(
      record(`hubspot:contacts:${i}`, { created: i, emails: [`Person${i}@Example${i % 999}.com`], names }),
    );
    records.push(
      record(`salesforce:Contact:003${i}`, { created: i + 1, emails: [`person${i}@example${i % 999}.com`] }),
    );
  }
  const { subjects } = resolveIdentities(records);
  const assigned = assignSubjectIds(subjects, new Map());
  expect(assigned.subjects).toHaveLength(100_000);
});

describe('J30 identity keys of a record', () => {
  const crm: CrmRecord = {
    connection: 'hubspot' as ConnectionId,
    type: 'contacts',
    id: '51',
    fields: {
      email: 'a@x.com',
      hs_additional_emails: 'b@x.com;c@x.com;',
      salesforcecontactid: ' 003A ',
      number: 12,
      empty: null,
      flag: true,
    },
    created: 7,
    modified: 9,
    state: 'live',
    successor: null,
    mergedIds: ['50'],
    associations: {},
  };
  const cross = (field: string) => ({ field, connector: 'salesforce', types: ['Contact'] });

  test('J30 e-mails in order, cross-ids to all connections of the connector, numbers as ids', () => {
    const identity = {
      emails: ['email', 'hs_additional_emails', 'missing'],
      domains: ['constructor'],
      crossIds: ['salesforcecontactid', 'number', 'empty', 'flag', '__proto__'].map(cross),
    };
    const seen = identityRecord(crm, 'person', identity, (connector) => [`${connector}-1` as ConnectionId]);
    expect(seen).toMatchObject({ entity: 'person', created: 7, mergedIds: ['50'], domains: [] });
    expect(seen.emails).toEqual(['a@x.com', 'b@x.com', 'c@x.com']);
    expect(seen.crossIds).toEqual([
      { field: 'salesforcecontactid', connections: ['salesforce-1'], types: ['Contact'], id: '003A' },
      { field: 'number', connections: ['salesforce-1'], types: ['Contact'], id: '12' },
    ]);
  });

  test('J30 an additional e-mail does not become the primary one', () => {
    const identity = { emails: ['empty', 'hs_additional_emails'], domains: [], crossIds: [] };
    expect(identityRecord(crm, 'person', identity, () => []).emails).toEqual(['', 'b@x.com', 'c@x.com']);
    expect(identityRecord(crm, 'person', undefined, () => []).emails).toEqual([]);
  });
});
