import { describe, expect, test } from '@jest/globals';
import { createStory, livePresence } from '../../src/story/index.ts';
import type { Story, StoryAccount, StoryArc } from '../../src/story/types.ts';
import { DAY, NOW, story } from './tools.ts';

interface Life {
  readonly account: StoryAccount;
  readonly deals: Story['deals'];
  readonly tickets: Story['tickets'];
  readonly touches: Story['activities'];
  readonly surveys: Story['surveys'];
}

function lives(told: Story, arc: StoryArc): Life[] {
  const deals = Map.groupBy(told.deals, ({ account }) => account);
  const tickets = Map.groupBy(told.tickets, ({ account }) => account);
  const touches = Map.groupBy(told.activities, ({ account }) => account);
  const surveys = Map.groupBy(told.surveys, ({ account }) => account);
  return told.accounts
    .filter((account) => account.arc === arc)
    .map((account) => ({
      account,
      deals: deals.get(account.key) ?? [],
      tickets: tickets.get(account.key) ?? [],
      touches: touches.get(account.key) ?? [],
      surveys: surveys.get(account.key) ?? [],
    }));
}

/** Surveys are sent from HubSpot: only accounts with somebody there can have any. */
const surveyed = (all: readonly Life[]): Life[] => {
  const known = new Set(
    story.people
      .filter(({ presences }) => livePresence(presences, 'hubspot') !== null)
      .map(({ account }) => account),
  );
  return all.filter(({ account }) => known.has(account.key));
};
const share = (all: readonly Life[], holds: (life: Life) => boolean): number =>
  all.filter(holds).length / all.length;
const isOpen = ({ closedAt }: { readonly closedAt: number | null }): boolean => closedAt === null;
const lastTouch = ({ touches }: Life): number => touches.at(-1)?.at ?? 0;
const ARCS: readonly StoryArc[] = [
  'lead',
  'evaluating',
  'stalled',
  'lost',
  'skipped_to_customer',
  'customer',
  'at_risk',
  'churned',
  'returned',
  'advocate',
];

describe('arcs show in the data', () => {
  test('every arc is there, also in a story of 50', () => {
    const small = createStory({ seed: 7, contacts: 50, now: NOW });
    for (const arc of ARCS) {
      expect([arc, lives(small, arc).length > 0]).toEqual([arc, true]);
      expect([arc, lives(story, arc).length > 10]).toEqual([arc, true]);
    }
    expect(story.people.filter(({ arc }) => arc === 'visitor').length).toBeGreaterThan(100);
  });

  test('leads have no deal', () => {
    expect(
      lives(story, 'lead').every(({ deals, account }) => deals.length === 0 && account.renewal === null),
    ).toBe(true);
  });

  test('evaluating: an open deal that closes later, touched within two weeks', () => {
    const all = lives(story, 'evaluating');
    expect(all.every(({ deals }) => deals.length === 1 && isOpen(deals[0]!))).toBe(true);
    expect(all.every(({ deals }) => Date.parse(deals[0]!.closeDay) > NOW)).toBe(true);
    expect(share(all, (life) => lastTouch(life) > NOW - 14 * DAY)).toBeGreaterThan(0.97);
  });

  test('stalled: an open deal, overdue, without a touch for four months', () => {
    const all = lives(story, 'stalled');
    expect(all.every(({ deals }) => deals.length === 1 && isOpen(deals[0]!))).toBe(true);
    expect(all.every(({ deals }) => Date.parse(deals[0]!.closeDay) < NOW - 30 * DAY)).toBe(true);
    expect(all.every((life) => lastTouch(life) < NOW - 120 * DAY)).toBe(true);
  });

  test('lost: the only deal is lost, never a customer', () => {
    const all = lives(story, 'lost');
    expect(all.every(({ deals }) => deals.length === 1 && deals[0]!.stage === 'lost')).toBe(true);
    expect(all.every(({ account }) => account.type === 'prospect')).toBe(true);
  });

  test('skipped: won within three weeks of the first touch, without the stages between', () => {
    const all = lives(story, 'skipped_to_customer');
    for (const { account, deals } of all) {
      const first = deals[0]!;
      expect(first.closedAt! - account.created).toBeLessThan(21 * DAY);
      expect(first.history[0]!.values.map(({ value }) => value)).toEqual(['qualification', 'won']);
    }
  });

  test('customers: a won deal, a renewal ahead, met within the last months', () => {
    for (const arc of ['customer', 'advocate', 'at_risk', 'returned', 'skipped_to_customer'] as const) {
      const all = lives(story, arc);
      expect(all.every(({ deals }) => deals.some(({ stage }) => stage === 'won'))).toBe(true);
      expect(all.every(({ account }) => account.type === 'customer' && account.renewal !== null)).toBe(true);
    }
    const customers = lives(story, 'customer');
    expect(share(customers, (life) => lastTouch(life) > NOW - 80 * DAY)).toBeGreaterThan(0.95);
    expect(share(customers, ({ deals }) => deals.some(({ kind }) => kind === 'renewal'))).toBeGreaterThan(
      0.1,
    );
  });

  test('at risk: open urgent tickets, detractors, a meeting missed, the renewal near', () => {
    const all = lives(story, 'at_risk');
    const burning = (life: Life): boolean =>
      life.tickets.some(({ status, priority, created }) => {
        return status !== 'closed' && priority === 'urgent' && created > NOW - 45 * DAY;
      });
    const detracting = (life: Life): boolean =>
      life.surveys.some(({ type, value, at }) => type === 'NPS' && value <= 6 && at > NOW - 60 * DAY);
    expect(share(all, burning)).toBeGreaterThan(0.95);
    expect(share(surveyed(all), detracting)).toBeGreaterThan(0.9);
    expect(
      share(all, ({ touches }) =>
        touches.some(({ outcome }) => outcome === 'no_show' || outcome === 'canceled'),
      ),
    ).toBeGreaterThan(0.95);
    expect(all.every(({ account }) => Date.parse(account.renewal!) < NOW + 112 * DAY)).toBe(true);
    const calm = lives(story, 'customer');
    expect(share(calm, burning)).toBe(0);
    expect(share(calm, detracting)).toBeLessThan(0.25);
  });

  test('churned: the renewal is lost, nothing is open, nobody speaks any more', () => {
    const all = lives(story, 'churned');
    for (const life of all) {
      const renewal = life.deals.find(({ kind }) => kind === 'renewal')!;
      expect(renewal.stage).toBe('lost');
      expect(life.deals.some(isOpen)).toBe(false);
      expect(life.account.type).toBe('former_customer');
      expect(life.account.renewal).toBeNull();
      expect(renewal.closedAt).toBeLessThan(NOW - 45 * DAY);
      expect(lastTouch(life)).toBeLessThan(renewal.closedAt! + 7 * DAY);
    }
    expect(
      share(surveyed(all), ({ surveys }) => surveys.some(({ type, value }) => type === 'NPS' && value <= 6)),
    ).toBeGreaterThan(0.85);
  });

  test('returned: lost, then silent for two months, then won', () => {
    for (const { deals, touches } of lives(story, 'returned')) {
      const gone = deals.find(({ stage }) => stage === 'lost')!;
      const back = deals.at(-1)!;
      expect(back.stage).toBe('won');
      expect(back.created - gone.closedAt!).toBeGreaterThan(70 * DAY);
      const between = touches.filter(({ at }) => at > gone.closedAt! + DAY && at < back.created - 13 * DAY);
      expect(between).toEqual([]);
    }
    const before = lives(story, 'returned').map(({ deals }) => deals[0]!.stage);
    expect(new Set(before)).toEqual(new Set(['won', 'lost']));
  });

  test('advocates: expansions won, promoters, references', () => {
    const all = lives(story, 'advocate');
    expect(
      all.every(({ deals }) => deals.some(({ kind, stage }) => kind === 'expansion' && stage === 'won')),
    ).toBe(true);
    expect(
      share(surveyed(all), ({ surveys }) =>
        surveys.some(({ type, value, at }) => type === 'NPS' && value >= 9 && at > NOW - 61 * DAY),
      ),
    ).toBeGreaterThan(0.85);
    expect(
      share(all, ({ touches }) =>
        touches.some(({ subject }) =>
          /reference|Referenz|référence|referencia|事例|مرجعية|success story|user day|Erfolgsgeschichte/i.test(
            subject,
          ),
        ),
      ),
    ).toBeGreaterThan(0.9);
  });

  test('lifecycle and lead status agree with the arcs, and stay where they are after a churn', () => {
    const champions = story.people.filter(({ key }, index) => index < story.accounts.length && key !== '');
    for (const { arc, lifecycle, leadStatus } of champions) {
      if (arc === 'customer' || arc === 'churned' || arc === 'at_risk' || arc === 'skipped_to_customer') {
        expect(lifecycle).toBe('customer');
      } else if (arc === 'evaluating' || arc === 'stalled') {
        expect([lifecycle, leadStatus]).toEqual(['opportunity', 'OPEN_DEAL']);
      } else if (arc === 'lost') {
        expect([lifecycle, leadStatus]).toEqual(['opportunity', 'BAD_TIMING']);
      } else if (arc === 'advocate') {
        expect(['customer', 'evangelist']).toContain(lifecycle);
      }
    }
    const skipped = champions.filter(({ arc }) => arc === 'skipped_to_customer');
    const stages = skipped.flatMap(({ history }) => history[0]!.values.map(({ value }) => value));
    expect(stages).not.toContain('opportunity');
  });
});
