import type { Tone } from './texts.ts';
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

type PlotParts = Partial<Omit<Plot, 'arc' | 'firstTouch'>>;

export function plot(arc: StoryArc, firstTouch: number, now: number, parts: PlotParts): Plot {
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

export function nurture(from: number, to: number): EngagementPlot {
  return { from, to, perMonth: 1.4, tone: 'nurture' };
}

export function pin(from: number, to: number, channel: Channel, outcome: string | null, tone: Tone): Pin {
  return { from, to, channel, outcome, tone };
}

export function closed(
  kind: DealKind,
  created: number,
  at: number,
  stage: 'won' | 'lost',
  skips: boolean,
): DealPlot {
  return { kind, created, lastMove: at, stage, skips, expected: at };
}
