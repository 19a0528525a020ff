import { expect, test } from '@jest/globals';
import { countLookAlikes, createIssueLog, lookAlikes } from '../../src/facts/index.ts';
import { createZone } from '../../src/mapping/zone.ts';
import type { Fact, ListName, Scalar, SubjectFacts, SubjectId } from '../../src/model/facts.ts';
import type { ConnectionId } from '../../src/model/record.ts';

const zone = createZone('Europe/Berlin');

function fact(key: string, values: Readonly<Record<string, Scalar>>): Fact {
  const [connection = '', type = '', id = ''] = key.split(':');
  const origin = { connection: connection as ConnectionId, type, id, field: 'x', at: 0, known: 0 };
  return { key, values, origins: Object.fromEntries(Object.keys(values).map((name) => [name, origin])) };
}

function subject(lists: Partial<Record<ListName, readonly Fact[]>>): SubjectFacts {
  const all = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [], ...lists };
  return {
    subject: 's' as SubjectId,
    kind: 'account',
    person: null,
    account: null,
    ...all,
    accountLists: all,
  };
}

const DAY = Date.UTC(2026, 0, 31, 12);
const one = fact('hubspot:deals:1', { close_date: DAY, amount: 100, name: 'Acme renewal' });

test('J32 same day and amount, or title, in another connection: a look-alike', () => {
  const byAmount = fact('salesforce:Opportunity:006A', {
    close_date: DAY + 3_600_000,
    amount: 100,
    name: 'Other',
  });
  const byName = fact('salesforce:Opportunity:006B', { close_date: DAY, amount: 5, name: ' ACME Renewal ' });
  expect(lookAlikes(subject({ deals: [one, byAmount] }), zone)).toEqual(['salesforce:Opportunity:006A']);
  expect(lookAlikes(subject({ deals: [one, byName] }), zone)).toEqual(['salesforce:Opportunity:006B']);
});

test('J32 another day in the zone, another list, the same connection or a linked pair are none', () => {
  const twin = (key: string, more: Readonly<Record<string, Scalar>> = {}) =>
    fact(key, { close_date: DAY, amount: 100, name: 'Acme renewal', ...more });
  const nextDay = twin('salesforce:Opportunity:006A', { close_date: Date.UTC(2026, 0, 31, 23) });
  expect(lookAlikes(subject({ deals: [one, nextDay] }), zone)).toEqual([]);
  expect(lookAlikes(subject({ deals: [one, twin('hubspot:deals:2')] }), zone)).toEqual([]);
  expect(lookAlikes(subject({ deals: [one], tickets: [twin('salesforce:Case:5')] }), zone)).toEqual([]);
  const origins = {
    ...one.origins,
    name: { ...one.origins['name']!, connection: 'salesforce' as ConnectionId },
  };
  expect(lookAlikes(subject({ deals: [{ ...one, origins }, twin('emea:deals:1')] }), zone)).toEqual([]);
  expect(
    lookAlikes(subject({ deals: [fact('hubspot:deals:1', {}), fact('salesforce:Opportunity:1', {})] }), zone),
  ).toEqual([]);
});

test('J32 the surplus is counted: three calls here and one there are one too many, over all subjects once', () => {
  const call = (key: string) => fact(key, { at: DAY, subject: 'Call' });
  const touchpoints = [
    call('hubspot:calls:1'),
    call('hubspot:calls:2'),
    call('hubspot:calls:3'),
    call('salesforce:Task:1'),
  ];
  expect(lookAlikes(subject({ touchpoints }), zone)).toEqual(['salesforce:Task:1']);
  expect(
    countLookAlikes([subject({ touchpoints }), subject({ touchpoints: touchpoints.slice(2) })], zone),
  ).toBe(1);
});

test('the log of issues holds each once and does not grow past its limit', () => {
  const log = createIssueLog(2);
  for (const key of ['a', 'a', 'b', 'c', 'd']) log.add({ key, field: 'deals.amount', message: 'x' });
  expect([log.list().map(({ key }) => key), log.count()]).toEqual([['a', 'b'], 4]);
});
