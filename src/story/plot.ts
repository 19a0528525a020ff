import { atRiskPlot, churnedPlot, customerPlot, returnedPlot } from './plot-customers.ts';
import { closed, type DealPlot, nurture, type Plot, pin, plot } from './plot-parts.ts';
import type { Rng } from './prng.ts';
import { DAY, MONTH, toDesk } from './time.ts';
import type { StoryArc } from './types.ts';

export type { DealPlot, EngagementPlot, Pin, Plot, SurveyPlot, TicketPlot } from './plot-parts.ts';

/** Draws the plot of one arc; see `StoryArc` for what each means. Deals are opened, moved and closed in the business
 *  hours of a desk `offsetHours` ahead of UTC. */
export function drawPlot(rng: Rng, arc: StoryArc, now: number, offsetHours: number): Plot {
  const drawn = drawArc(rng, arc, now);
  const desk = (at: number): number => toDesk(at, offsetHours);
  return {
    ...drawn,
    deals: drawn.deals.map((deal) => ({
      ...deal,
      created: desk(deal.created),
      lastMove: desk(deal.lastMove),
    })),
    customer: drawn.customer.map(({ from, to }) => ({ from: desk(from), to: to === null ? null : desk(to) })),
  };
}

function drawArc(rng: Rng, arc: StoryArc, now: number): Plot {
  const ago = (low: number, high: number): number => Math.floor(now - rng.between(low, high) * MONTH);
  const days = (low: number, high: number): number => Math.floor(rng.between(low, high) * DAY);
  switch (arc) {
    case 'visitor':
    case 'lead':
      return leadPlot(rng, arc, ago(0.4, 17.5), now);
    case 'evaluating': {
      const firstTouch = ago(1.2, 6);
      const created = Math.min(firstTouch + days(10, 30), now - 12 * DAY);
      const lastMove = Math.max(created, now - days(2, 20));
      const stage = rng.pick(['qualification', 'discovery', 'proposal', 'negotiation'] as const);
      const deal: DealPlot = {
        kind: 'new',
        created,
        lastMove,
        stage,
        skips: false,
        expected: now + days(10, 70),
      };
      return plot(arc, firstTouch, now, {
        deals: [deal],
        engagement: [nurture(firstTouch, created), { from: created, to: now, perMonth: 4.5, tone: 'sales' }],
        pins: [pin(now - 12 * DAY, now - 2 * DAY, 'meeting', 'held', 'sales')],
      });
    }
    case 'stalled': {
      const firstTouch = ago(8.5, 16);
      const created = firstTouch + days(15, 40);
      const lastMove = created + days(15, 50);
      const quietFrom = lastMove + days(5, 25);
      const stage = rng.pick(['discovery', 'proposal', 'negotiation'] as const);
      const deal: DealPlot = {
        kind: 'new',
        created,
        lastMove,
        stage,
        skips: false,
        expected: quietFrom + days(20, 45),
      };
      return plot(arc, firstTouch, now, {
        deals: [deal],
        engagement: [
          nurture(firstTouch, created),
          { from: created, to: quietFrom, perMonth: 4, tone: 'sales' },
        ],
        quietFrom,
      });
    }
    case 'lost': {
      const firstTouch = ago(5, 15);
      const created = firstTouch + days(12, 35);
      const lostAt = created + days(40, 85);
      return plot(arc, firstTouch, now, {
        deals: [closed('new', created, lostAt, 'lost', false)],
        engagement: [
          nurture(firstTouch, created),
          { from: created, to: lostAt, perMonth: 4.5, tone: 'sales' },
          { from: lostAt + 30 * DAY, to: now, perMonth: 0.15, tone: 'winback' },
        ],
      });
    }
    case 'skipped_to_customer': {
      const firstTouch = ago(2, 11);
      const created = firstTouch + days(4, 9);
      const wonAt = created + days(3, 10);
      return customerPlot(rng, arc, firstTouch, closed('new', created, wonAt, 'won', true), now, 'mixed');
    }
    case 'customer': {
      const firstTouch = ago(4, 17.4);
      const created = firstTouch + days(12, 35);
      return customerPlot(
        rng,
        arc,
        firstTouch,
        closed('new', created, created + days(35, 75), 'won', false),
        now,
        'mixed',
      );
    }
    case 'advocate': {
      const firstTouch = ago(10, 17.6);
      const created = firstTouch + days(10, 25);
      return customerPlot(
        rng,
        arc,
        firstTouch,
        closed('new', created, created + days(30, 60), 'won', false),
        now,
        'good',
      );
    }
    case 'at_risk':
      return atRiskPlot(rng, now);
    case 'churned':
      return churnedPlot(rng, now);
    case 'returned':
      return returnedPlot(rng, now);
  }
}

function leadPlot(rng: Rng, arc: StoryArc, firstTouch: number, now: number): Plot {
  const to = Math.min(now, firstTouch + Math.floor(rng.between(1, 5) * MONTH));
  return plot(arc, firstTouch, now, { engagement: [nurture(firstTouch, to)], quietFrom: to });
}
