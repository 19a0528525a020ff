import type { Rng } from './prng.ts';
import type { Tone } from './texts.ts';
import { DAY, MONTH } from './time.ts';
import type { StoryArc } from './types.ts';
import type { Channel, DealKind } from './vocabulary.ts';

/** What happens to one account in the 18 months, before anybody or anything has a name. Instants are epoch
 *  milliseconds, all before `now`; only `renewal` lies ahead. */
export interface Plot {
  readonly arc: StoryArc;
  readonly firstTouch: number;
  readonly deals: readonly DealPlot[];
  /** Spans as a paying customer; `to` is null while it lasts. */
  readonly customer: readonly { readonly from: number; readonly to: number | null }[];
  readonly engagement: readonly EngagementPlot[];
  /** Touches that must be in the data, whatever chance says. */
  readonly pins: readonly Pin[];
  readonly tickets: readonly TicketPlot[];
  readonly surveys: readonly SurveyPlot[];
  /** The next renewal, customers only. */
  readonly renewal: number | null;
  /** Nobody joins and nothing happens after this. */
  readonly quietFrom: number;
}

export interface DealPlot {
  readonly kind: DealKind;
  readonly created: number;
  /** The last move; for closed deals the close. */
  readonly lastMove: number;
  /** `won`, `lost`, or the stage it stands in. */
  readonly stage: string;
  /** Goes from the first stage to the last without the ones between. */
  readonly skips: boolean;
  /** Where an open deal is expected to close. */
  readonly expected: number;
}

export interface EngagementPlot {
  readonly from: number;
  readonly to: number;
  readonly perMonth: number;
  readonly tone: Tone;
}

export interface Pin {
  readonly from: number;
  readonly to: number;
  readonly channel: Channel;
  readonly outcome: string | null;
  readonly tone: Tone;
}

export interface TicketPlot {
  readonly from: number;
  readonly to: number;
  /** Expected number; the fraction is left to chance. */
  readonly count: number;
  readonly mood: 'calm' | 'trouble' | 'open_urgent';
}

export interface SurveyPlot {
  readonly from: number;
  readonly to: number;
  readonly type: 'NPS' | 'CSAT' | 'CES';
  readonly mood: 'good' | 'mixed' | 'bad';
}

/** Draws the plot of one arc; see `StoryArc` for what each means. */
export function drawPlot(rng: Rng, arc: StoryArc, now: number): Plot {
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

type PlotParts = Partial<Omit<Plot, 'arc' | 'firstTouch'>>;

function plot(arc: StoryArc, firstTouch: number, now: number, parts: PlotParts): Plot {
  return {
    arc,
    firstTouch,
    deals: [],
    customer: [],
    engagement: [],
    pins: [],
    tickets: [],
    surveys: [],
    renewal: null,
    quietFrom: now,
    ...parts,
  };
}

function leadPlot(rng: Rng, arc: StoryArc, firstTouch: number, now: number): Plot {
  const to = Math.min(now, firstTouch + Math.floor(rng.between(1, 5) * MONTH));
  return plot(arc, firstTouch, now, { engagement: [nurture(firstTouch, to)], quietFrom: to });
}

function nurture(from: number, to: number): EngagementPlot {
  return { from, to, perMonth: 1.4, tone: 'nurture' };
}

function pin(from: number, to: number, channel: Channel, outcome: string | null, tone: Tone): Pin {
  return { from, to, channel, outcome, tone };
}

function closed(
  kind: DealKind,
  created: number,
  at: number,
  stage: 'won' | 'lost',
  skips: boolean,
): DealPlot {
  return { kind, created, lastMove: at, stage, skips, expected: at };
}

/** Deals, care and moods of somebody who bought and stayed. */
function customerPlot(
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
    deals.push(
      closed('renewal', yearly - rng.int(45, 75) * DAY, yearly - rng.int(0, 12) * DAY, 'won', false),
    );
  }
  const expansions = mood === 'good' ? rng.int(1, 2) : Number(rng.chance(0.15));
  const room = now - wonAt - 120 * DAY;
  for (let index = 0; index < expansions && room > 30 * DAY; index += 1) {
    const at = wonAt + 90 * DAY + Math.floor(((index + rng.between(0.4, 1)) / expansions) * room);
    deals.push(closed('expansion', at - rng.int(20, 45) * DAY, at, 'won', rng.chance(0.3)));
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

function atRiskPlot(rng: Rng, now: number): Plot {
  const renewal = now + rng.int(20, 110) * DAY;
  const wonAt = renewal - 365 * DAY;
  const created = wonAt - rng.int(35, 70) * DAY;
  const firstTouch = created - rng.int(12, 30) * DAY;
  const turn = now - rng.int(70, 110) * DAY;
  const deals = [closed('new', created, wonAt, 'won', false)];
  if (renewal - now < 70 * DAY) {
    const opened = now - rng.int(15, 40) * DAY;
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

function churnedPlot(rng: Rng, now: number): Plot {
  const term = rng.chance(0.55) ? 365 : 182;
  const lostAt = now - rng.int(50, term === 365 ? 75 : 210) * DAY;
  const wonAt = lostAt - (term - rng.int(0, 15)) * DAY;
  const created = wonAt - rng.int(25, 45) * DAY;
  const firstTouch = created - rng.int(6, 18) * DAY;
  const turn = lostAt - rng.int(75, 110) * DAY;
  return plot('churned', firstTouch, now, {
    deals: [
      closed('new', created, wonAt, 'won', false),
      closed('renewal', lostAt - rng.int(35, 65) * DAY, lostAt, 'lost', rng.chance(0.4)),
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
function returnedPlot(rng: Rng, now: number): Plot {
  const wasCustomer = rng.chance(0.5);
  const backWon = now - rng.int(60, 130) * DAY;
  const backCreated = backWon - rng.int(30, 50) * DAY;
  const goneAt = backCreated - rng.int(75, 120) * DAY;
  const firstWon = goneAt - 180 * DAY;
  const firstCreated = wasCustomer ? firstWon - rng.int(20, 35) * DAY : goneAt - rng.int(45, 80) * DAY;
  const firstTouch = firstCreated - rng.int(6, 20) * DAY;
  const before: DealPlot[] = wasCustomer
    ? [
        closed('new', firstCreated, firstWon, 'won', false),
        closed('renewal', goneAt - rng.int(25, 45) * DAY, goneAt, 'lost', false),
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
