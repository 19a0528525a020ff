import { describe, expect, jest, test } from '@jest/globals';
import { createStory } from '../../src/story/index.ts';
import {
  ACTIVITY_OUTCOMES,
  DEAL_STAGES,
  LEAD_STATUSES,
  LIFECYCLES,
  SOURCES,
} from '../../src/story/vocabulary.ts';
import { NOW, records, story } from './tools.ts';

describe('story', () => {
  test('the same options tell the same story, without the machine’s clock or chance', () => {
    const random = jest.spyOn(Math, 'random');
    const now = jest.spyOn(Date, 'now');
    const options = { seed: 11, contacts: 300, now: NOW };
    expect(createStory(options)).toEqual(createStory({ ...options }));
    expect(random).not.toHaveBeenCalled();
    expect(now).not.toHaveBeenCalled();
    random.mockRestore();
    now.mockRestore();
  });

  test('another seed tells another story; another now moves it', () => {
    const [one, two] = [1, 2].map((seed) => createStory({ seed, contacts: 60, now: NOW }));
    expect(one!.people.map(({ email }) => email)).not.toEqual(two!.people.map(({ email }) => email));
    const later = createStory({ seed: 1, contacts: 60, now: NOW + 3 * 86_400_000 });
    expect(later.people.map(({ email }) => email)).toEqual(one!.people.map(({ email }) => email));
    expect(later.accounts[0]!.created - one!.accounts[0]!.created).toBe(3 * 86_400_000);
  });

  test.each([1, 7, 50, 333, 2_000])(
    '%i contacts are exactly that many, with at most six activity records each',
    (contacts) => {
      for (const seed of [1, 2, 3]) {
        const told = contacts === 2_000 && seed === 1 ? story : createStory({ seed, contacts, now: NOW });
        const live = told.people.flatMap(({ presences }) =>
          presences.filter(({ crm, archived }) => crm === 'hubspot' && !archived),
        );
        expect(live).toHaveLength(contacts);
        const touches = [...told.activities, ...told.campaignMembers].flatMap(({ presences }) => presences);
        expect(touches.length).toBeLessThanOrEqual(6 * contacts);
      }
    },
  );

  test('a full story is near its limit, and most engagements are in HubSpot', () => {
    const touches = story.activities.flatMap(({ presences }) => presences);
    expect(touches.length).toBeGreaterThan(9_000);
    expect(touches.length).toBeLessThanOrEqual(12_000);
    const both = story.activities.filter(({ presences }) => presences.length === 2);
    const meetings = both.filter(({ channel }) => channel === 'meeting');
    expect(meetings.length).toBeGreaterThan(300);
    expect(meetings.some(({ presences }) => presences.every(({ crossId }) => crossId === null))).toBe(true);
    const deals = story.deals.filter(({ presences }) => presences.length === 2);
    expect(deals.length / story.deals.length).toBeGreaterThan(0.25);
  });

  test('values are words of the vocabulary', () => {
    const outcomes = ACTIVITY_OUTCOMES as Readonly<Record<string, readonly string[]>>;
    for (const { channel, outcome } of story.activities) {
      expect(outcomes[channel]).toBeDefined();
      expect(outcome === null || outcomes[channel]!.includes(outcome)).toBe(true);
    }
    expect(story.deals.every(({ stage }) => (DEAL_STAGES as readonly string[]).includes(stage))).toBe(true);
    for (const { lifecycle, leadStatus, source } of story.people) {
      expect(lifecycle === null || (LIFECYCLES as readonly string[]).includes(lifecycle)).toBe(true);
      expect(leadStatus === null || leadStatus in LEAD_STATUSES).toBe(true);
      expect(source === null || source in SOURCES).toBe(true);
    }
    const ranges: Record<string, number> = { NPS: 10, CSAT: 2, CES: 7 };
    expect(
      story.surveys.every(({ type, value }) => value >= (type === 'CES' ? 1 : 0) && value <= ranges[type]!),
    ).toBe(true);
  });

  test('2,000 contacts make a company of many records', () => {
    expect(records(story).length).toBeGreaterThan(15_000);
  });

  test('wrong options are refused', () => {
    expect(() => createStory({ seed: 1, contacts: 0, now: NOW })).toThrow(/contacts is 0; expected/);
    expect(() => createStory({ seed: 1, contacts: 2.5, now: NOW })).toThrow(RangeError);
    expect(() => createStory({ seed: Number.NaN, contacts: 5, now: NOW })).toThrow(/seed is NaN/);
  });
});
