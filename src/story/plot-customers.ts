import {
  closed,
  type DealPlot,
  type EngagementPlot,
  nurture,
  type Plot,
  pin,
  plot,
  type SurveyPlot,
} from './plot-parts.ts';
import type { Rng } from './prng.ts';
import { DAY, MONTH } from './time.ts';
import type { StoryArc } from './types.ts';

/** Deals, care and moods of somebody who bought and stayed. */
export function customerPlot(
  rng: Rng,
  arc: StoryArc,
  firstTouch: number,
  first: DealPlot,
  now: number,
  mood: 'good' | 'mixed',
): Plot {
  const wonAt = first.lastMove;
  const deals = [first];
  const yearly = wonAt + 365 * DAY;
  if (yearly < now - DAY) {
    deals.push(closed('renewal', yearly - days(rng, 45, 75), yearly - days(rng, 0, 12), 'won', false));
  }
  const expansions = mood === 'good' ? rng.int(1, 2) : Number(rng.chance(0.15));
  const room = now - wonAt - 120 * DAY;
  for (let index = 0; index < expansions && room > 30 * DAY; index += 1) {
    const at = wonAt + 90 * DAY + Math.floor(((index + rng.between(0.4, 1)) / expansions) * room);
    deals.push(closed('expansion', at - days(rng, 20, 45), at, 'won', rng.chance(0.3)));
  }
  const warm = mood === 'good';
  const surveys: SurveyPlot[] = [];
  for (let at = wonAt + 60 * DAY; at < now - 10 * DAY; at += 170 * DAY) {
    surveys.push({ from: at, to: Math.min(at + 60 * DAY, now), type: 'NPS', mood });
  }
  if (warm) {
    surveys.push({ from: now - 60 * DAY, to: now - DAY, type: 'NPS', mood: 'good' });
    surveys.push({ from: wonAt + 40 * DAY, to: now, type: 'CSAT', mood: 'good' });
  }
  return plot(arc, firstTouch, now, {
    deals,
    customer: [{ from: wonAt, to: null }],
    engagement: [
      nurture(firstTouch, first.created),
      { from: first.created, to: wonAt, perMonth: 5, tone: 'sales' },
      { from: wonAt, to: Math.min(wonAt + 60 * DAY, now), perMonth: 5, tone: 'onboarding' },
      { from: Math.min(wonAt + 60 * DAY, now), to: now, perMonth: warm ? 2.6 : 1.6, tone: 'success' },
    ],
    pins: warm
      ? [
          pin(now - 200 * DAY, now - 20 * DAY, 'call', 'connected', 'reference'),
          pin(now - 180 * DAY, now - 15 * DAY, 'note', null, 'reference'),
          pin(now - 40 * DAY, now - 3 * DAY, 'meeting', 'held', 'success'),
        ]
      : [pin(now - 75 * DAY, now - 5 * DAY, 'meeting', 'held', 'success')],
    tickets: [{ from: wonAt, to: now, count: ((now - wonAt) / MONTH) * 0.28, mood: 'calm' }],
    surveys,
    renewal: wonAt + 365 * DAY * Math.ceil((now - wonAt + DAY) / (365 * DAY)),
  });
}

export function atRiskPlot(rng: Rng, now: number): Plot {
  const renewal = now + days(rng, 20, 110);
  const wonAt = renewal - 365 * DAY;
  const created = wonAt - days(rng, 35, 70);
  const firstTouch = created - days(rng, 12, 30);
  const turn = now - days(rng, 70, 110);
  const deals = [closed('new', created, wonAt, 'won', false)];
  if (renewal - now < 70 * DAY) {
    const opened = now - days(rng, 15, 40);
    deals.push({
      kind: 'renewal',
      created: opened,
      lastMove: opened,
      stage: 'qualification',
      skips: false,
      expected: renewal,
    });
  }
  return plot('at_risk', firstTouch, now, {
    deals,
    customer: [{ from: wonAt, to: null }],
    engagement: [
      nurture(firstTouch, created),
      { from: created, to: wonAt, perMonth: 5, tone: 'sales' },
      { from: wonAt, to: wonAt + 60 * DAY, perMonth: 5, tone: 'onboarding' },
      { from: wonAt + 60 * DAY, to: turn, perMonth: 1.3, tone: 'success' },
      { from: now - 40 * DAY, to: now, perMonth: 1.5, tone: 'trouble' },
    ],
    pins: [
      pin(now - 50 * DAY, now - 12 * DAY, 'meeting', rng.chance(0.6) ? 'no_show' : 'canceled', 'success'),
    ],
    tickets: [
      { from: wonAt, to: turn, count: ((turn - wonAt) / MONTH) * 0.3, mood: 'calm' },
      { from: turn, to: now - 45 * DAY, count: rng.int(1, 2), mood: 'trouble' },
      { from: now - 38 * DAY, to: now - 4 * DAY, count: rng.int(1, 3), mood: 'open_urgent' },
    ],
    surveys: [
      { from: wonAt + 60 * DAY, to: turn, type: 'NPS', mood: 'mixed' },
      { from: now - 50 * DAY, to: now - 5 * DAY, type: 'NPS', mood: 'bad' },
      { from: now - 70 * DAY, to: now - 5 * DAY, type: 'CSAT', mood: 'bad' },
    ],
    renewal,
  });
}

export function churnedPlot(rng: Rng, now: number): Plot {
  const term = rng.chance(0.55) ? 365 : 182;
  const lostAt = now - days(rng, 50, term === 365 ? 75 : 210);
  const wonAt = lostAt - term * DAY + days(rng, 0, 15);
  const created = wonAt - days(rng, 25, 45);
  const firstTouch = created - days(rng, 6, 18);
  const turn = lostAt - days(rng, 75, 110);
  return plot('churned', firstTouch, now, {
    deals: [
      closed('new', created, wonAt, 'won', false),
      closed('renewal', lostAt - days(rng, 35, 65), lostAt, 'lost', rng.chance(0.4)),
    ],
    customer: [{ from: wonAt, to: lostAt }],
    engagement: [
      nurture(firstTouch, created),
      { from: created, to: wonAt, perMonth: 5, tone: 'sales' },
      { from: wonAt, to: wonAt + 45 * DAY, perMonth: 5, tone: 'onboarding' },
      { from: wonAt + 45 * DAY, to: turn, perMonth: 1.2, tone: 'success' },
      { from: turn, to: lostAt, perMonth: 1.6, tone: 'trouble' },
    ],
    tickets: [
      { from: wonAt, to: turn, count: 1.2, mood: 'calm' },
      { from: turn, to: lostAt - 15 * DAY, count: rng.int(1, 3), mood: 'trouble' },
    ],
    surveys: [
      { from: turn, to: lostAt, type: 'NPS', mood: 'bad' },
      { from: turn, to: lostAt, type: 'CES', mood: 'bad' },
    ],
    quietFrom: lostAt + 5 * DAY,
  });
}

/** Gone (contract not renewed, or a first deal lost), silent for months, back as a customer. */
export function returnedPlot(rng: Rng, now: number): Plot {
  const wasCustomer = rng.chance(0.5);
  const backWon = now - days(rng, 60, 130);
  const backCreated = backWon - days(rng, 30, 50);
  const goneAt = backCreated - days(rng, 75, 120);
  const firstWon = goneAt - 180 * DAY;
  const firstCreated = wasCustomer ? firstWon - days(rng, 20, 35) : goneAt - days(rng, 45, 80);
  const firstTouch = firstCreated - days(rng, 6, 20);
  const before: DealPlot[] = wasCustomer
    ? [
        closed('new', firstCreated, firstWon, 'won', false),
        closed('renewal', goneAt - days(rng, 25, 45), goneAt, 'lost', false),
      ]
    : [closed('new', firstCreated, goneAt, 'lost', false)];
  const lifeBefore: EngagementPlot[] = wasCustomer
    ? [
        { from: firstCreated, to: firstWon, perMonth: 5, tone: 'sales' },
        { from: firstWon, to: goneAt, perMonth: 1.6, tone: 'success' },
      ]
    : [{ from: firstCreated, to: goneAt, perMonth: 4.5, tone: 'sales' }];
  return plot('returned', firstTouch, now, {
    deals: [...before, closed('new', backCreated, backWon, 'won', rng.chance(0.4))],
    customer: [...(wasCustomer ? [{ from: firstWon, to: goneAt }] : []), { from: backWon, to: null }],
    engagement: [
      nurture(firstTouch, firstCreated),
      ...lifeBefore,
      { from: backCreated - 6 * DAY, to: backCreated, perMonth: 5, tone: 'winback' },
      { from: backCreated, to: backWon, perMonth: 4.5, tone: 'sales' },
      { from: backWon, to: backWon + 45 * DAY, perMonth: 4.5, tone: 'onboarding' },
      { from: backWon + 45 * DAY, to: now, perMonth: 1.8, tone: 'success' },
    ],
    pins: [
      pin(backCreated - 12 * DAY, backCreated - DAY, 'call', 'connected', 'winback'),
      pin(backWon + 6 * DAY, backWon + 40 * DAY, 'meeting', 'held', 'onboarding'),
    ],
    tickets: [{ from: backWon, to: now, count: 0.6, mood: 'calm' }],
    surveys: [
      ...(wasCustomer ? [{ from: goneAt - 50 * DAY, to: goneAt, type: 'NPS', mood: 'bad' } as const] : []),
      { from: backWon + 30 * DAY, to: now, type: 'NPS', mood: rng.chance(0.5) ? 'good' : 'mixed' },
    ],
    renewal: backWon + 365 * DAY,
  });
}

function days(rng: Rng, low: number, high: number): number {
  return Math.floor(rng.between(low, high) * DAY);
}
