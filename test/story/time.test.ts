import { describe, expect, test } from '@jest/globals';
import { createIdSource } from '../../src/story/ids.ts';
import { createOwners } from '../../src/story/owners.ts';
import { byKey, DAY, lists, NOW, records, story } from './tools.ts';

const people = byKey(story.people);
const accounts = byKey(story.accounts);
const start = NOW - 18 * 30.4375 * DAY;

describe('time', () => {
  test('everything lies within the 18 months and before now; only renewals lie ahead', () => {
    const instants = [
      ...story.accounts.map(({ created }) => created),
      ...story.people.flatMap(({ created, lastActivity }) => [created, lastActivity ?? created]),
      ...story.deals.flatMap(({ created, closedAt }) => [created, closedAt ?? created]),
      ...story.tickets.flatMap(({ created, closed, firstReply }) => [
        created,
        closed ?? created,
        firstReply ?? created,
      ]),
      ...story.activities.map(({ at }) => at),
      ...story.surveys.map(({ at }) => at),
      ...story.campaignMembers.map(({ at }) => at),
    ];
    expect(instants.every((at) => Number.isInteger(at) && at >= start && at < NOW)).toBe(true);
    const today = new Date(NOW).toISOString().slice(0, 10);
    const renewals = story.accounts.flatMap(({ renewal }) => (renewal === null ? [] : [renewal]));
    expect(renewals.every((day) => /^\d{4}-\d\d-\d\d$/.test(day) && day > today)).toBe(true);
  });

  test('records are created before they are changed, and not before what they are of', () => {
    for (const [name, held] of Object.entries(lists(story))) {
      const early = held.filter((thing) => {
        const own = 'created' in thing ? (thing.created as number) : 0;
        return thing.presences.some(
          ({ created, modified }) =>
            !Number.isInteger(created) ||
            !Number.isInteger(modified) ||
            created > modified ||
            modified >= NOW ||
            created < own,
        );
      });
      expect([name, early]).toEqual([name, []]);
    }
  });

  test('the first touch is before people, deals and tickets; people are there before they act', () => {
    for (const { account, created } of [...story.people, ...story.deals, ...story.tickets]) {
      expect(account === null || accounts.get(account)!.created <= created).toBe(true);
    }
    for (const { people: with_, at } of story.activities) {
      if (with_.length === 0 || with_.some((key) => people.get(key)!.created > at)) {
        throw new Error(`somebody acts before they are there: ${with_.join()}`);
      }
    }
    for (const { people: buyers, created } of story.deals) {
      expect(buyers.every(({ person }) => people.get(person)!.created <= created)).toBe(true);
    }
    for (const { person, created, closed, firstReply } of story.tickets) {
      expect(people.get(person)!.created).toBeLessThanOrEqual(created);
      expect(firstReply === null || firstReply > created).toBe(true);
      expect(closed === null || closed > (firstReply ?? created)).toBe(true);
    }
  });

  test('histories rise, start with the thing, end at its present value and are spelled the same everywhere', () => {
    let changes = 0;
    for (const thing of [...story.people, ...story.deals, ...story.tickets]) {
      const own = thing as unknown as Record<string, unknown>;
      const wrong = thing.history.filter(({ field, values }) => {
        changes += values.length;
        return (
          values.at(-1)!.value !== own[field] ||
          values[0]!.at < thing.created ||
          values.some(({ at }, index) => at >= NOW || (index > 0 && at <= values[index - 1]!.at)) ||
          values.some(({ value }, index) => index > 0 && value === values[index - 1]!.value) ||
          thing.presences.some(({ spelling }) => field in spelling) ||
          thing.history.filter((other) => other.field === field).length > 1
        );
      });
      expect([thing.key, wrong]).toEqual([thing.key, []]);
    }
    expect(changes).toBeGreaterThan(5_000);
    for (const { stage, closedAt, history } of story.deals) {
      expect(closedAt !== null).toBe(stage === 'won' || stage === 'lost');
      const moved = history.find(({ field }) => field === 'stage')!.values.at(-1)!.at;
      expect(closedAt === null || closedAt === moved).toBe(true);
    }
  });

  test('HubSpot histories do not begin before the record', () => {
    const early = [...story.people, ...story.deals, ...story.tickets].filter(({ history, presences }) => {
      const [first] = presences.filter(({ crm }) => crm === 'hubspot');
      return first !== undefined && history.some(({ values }) => values[0]!.at < first.created);
    });
    expect(early).toEqual([]);
  });

  test('customers are called so within days of the won deal', () => {
    const wins = new Map(
      story.deals
        .filter(({ kind, stage }) => kind === 'new' && stage === 'won')
        .map(({ account, closedAt }) => [account, closedAt!]),
    );
    const champions = story.people.slice(0, story.accounts.length).filter(({ arc }) => arc === 'customer');
    expect(champions.length).toBeGreaterThan(50);
    for (const { account, history } of champions) {
      const lifecycle = history.find(({ field }) => field === 'lifecycle')!.values;
      const became = lifecycle.find(({ value }) => value === 'customer')!.at - wins.get(account!)!;
      expect(became).toBeGreaterThanOrEqual(0);
      expect(became).toBeLessThan(3 * DAY);
    }
  });

  test('what the staff does by appointment or on its own lies in its business hours', () => {
    const offsets = new Map(createOwners(createIdSource()).map(({ owner, offset }) => [owner.key, offset]));
    const own = story.activities.filter(
      ({ channel, direction, account }) =>
        account !== null && (channel === 'meeting' || (channel === 'call' && direction === 'outgoing')),
    );
    const atDesk = own.filter(({ at, account }) => {
      const local = new Date(at + offsets.get(accounts.get(account!)!.owner)! * 3_600_000);
      const weekday = local.getUTCDay();
      return weekday >= 1 && weekday <= 5 && local.getUTCHours() >= 8 && local.getUTCHours() < 18;
    });
    expect(atDesk.length / own.length).toBeGreaterThan(0.99);
  });

  test('modification stamps are spread over the months and hardly ever shared', () => {
    // Leads converted together share the instant of the conversion.
    const stamps = records(story).flatMap(({ modified, converted }) =>
      converted === null ? [modified] : [],
    );
    expect(new Set(stamps).size / stamps.length).toBeGreaterThan(0.999);
    const live = story.people.flatMap(({ presences }) => presences.map(({ modified }) => modified));
    const recent = live.filter((at) => at > NOW - DAY).length;
    const old = live.filter((at) => at < NOW - 180 * DAY).length;
    expect(recent / live.length).toBeLessThan(0.05);
    expect(old / live.length).toBeGreaterThan(0.1);
  });

  test('the last activity of a person is that of the newest touch', () => {
    const newest = new Map<string, number>();
    for (const { channel, outcome, people: with_, at } of story.activities) {
      if (channel !== 'note' && outcome !== 'open') {
        for (const key of with_) {
          newest.set(key, at);
        }
      }
    }
    expect(story.people.every(({ key, lastActivity }) => lastActivity === (newest.get(key) ?? null))).toBe(
      true,
    );
  });
});
