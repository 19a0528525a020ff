import { comparable, type Pair, rateRatio } from './chance.ts';
import { kindOf, type Stay, stayAt, type Touchpoint, type Way } from './course.ts';
import { DAY, type Frame, HOUR } from './frame.ts';
import { quantile } from './survival.ts';
import { type Tally, word } from './tally.ts';
import type { HandOff, Precedes, StageTouchpoints } from './types.ts';

/* Touchpoints by stage and channel, what precedes a move forward, and how soon sales takes somebody up. */

/** Long enough for a touchpoint to lead to something, short enough to mean that one. */
const AFTER_DAYS = 14;
const MONTH = 30 * DAY;

export function collectTouchpoints(frame: Frame, tally: Tally, way: Way): void {
  for (const stay of way.stays) {
    const from = Math.max(stay.entered, frame.options.from ?? stay.entered);
    const to = Math.min(stay.left ?? frame.options.now, frame.options.to ?? frame.options.now);
    if (to > from) tally.add('stage seconds', [stay.stage], seconds(to - from));
    if (stay.counted && stay.inPeriod && stay.place >= 0 && stay.place < frame.path.length - 1) {
      collectPreceding(frame, tally, stay, way.touchpoints);
    }
  }
  for (const { at, channel, incoming } of way.touchpoints) {
    if (!frame.inPeriod(at)) continue;
    const key = [stayAt(way.stays, at)?.stage ?? '', word(channel, 'unknown')];
    tally.add('touchpoints', key);
    tally.once('touched', key);
    if (incoming) tally.add('incoming', key);
  }
  collectHandOff(frame, tally, way);
}

/** Whole seconds, so that sums are exact in any order. */
function seconds(length: number): number {
  return Math.round(length / 1000);
}

/**
 * Splits the time of a stay into that within days after a touchpoint of a channel, and the rest. A touchpoint counts
 * from after the entry, because it may have made the entry, to before the end.
 */
function collectPreceding(frame: Frame, tally: Tally, stay: Stay, touchpoints: readonly Touchpoint[]): void {
  const end = stay.left ?? frame.options.now;
  const forward =
    stay.end === 'moved' && kindOf(frame, stay.stage, stay.next?.stage ?? null) === 'forward' ? 1 : 0;
  tally.add('precede seconds', [stay.stage], seconds(end - stay.entered));
  tally.add('precede moves', [stay.stage], forward);
  const covered = new Map<string, { until: number; length: number }>();
  for (const { at, channel } of touchpoints) {
    if (at <= stay.entered) continue;
    if (at >= end) break;
    const until = Math.min(end, at + AFTER_DAYS * DAY);
    const known = covered.get(channel);
    if (known === undefined) covered.set(channel, { until, length: until - at });
    else {
      known.length += until - Math.max(at, known.until);
      known.until = until;
    }
  }
  for (const [channel, { until, length }] of covered) {
    const key = [stay.stage, word(channel, 'unknown')];
    tally.add('after seconds', key, seconds(length));
    // The last such touchpoint covers the end exactly when the move came within the days after it.
    if (until === end) tally.add('after moves', key, forward);
  }
}

export function stageTouchpoints(frame: Frame, tally: Tally): readonly StageTouchpoints[] | null {
  if (!frame.knows('touchpoints')) return null;
  const counted = tally.counts('touchpoints');
  return stagesAndNone(frame).flatMap((stage) => {
    const channels = counted
      .filter(({ key }) => key[0] === (stage ?? ''))
      .map(({ key: [name = '', channel = ''], n }) => ({
        channel,
        touchpoints: n,
        subjects: tally.count('touched', name, channel),
        incoming: tally.count('incoming', name, channel),
      }))
      .sort((a, b) => b.touchpoints - a.touchpoints);
    const touchpoints = channels.reduce((sum, channel) => sum + channel.touchpoints, 0);
    if (touchpoints === 0 && stage === null) return [];
    return [{ stage, touchpoints, channels, perMonth: perMonth(tally, stage, touchpoints) }];
  });
}

/** The stages of the mapping, then null for "before the first visit or in no stage". */
export function stagesAndNone(frame: Frame): readonly (string | null)[] {
  return [...frame.mapping.stages.map(({ name }) => name), null];
}

/** Of something, for each subject in 30 days in the stage. */
export function perMonth(tally: Tally, stage: string | null, n: number): number | null {
  const time = stage === null ? 0 : tally.count('stage seconds', stage) * 1000;
  return time === 0 ? null : n / (time / MONTH);
}

export function precedes(frame: Frame, tally: Tally): Precedes | null {
  if (!frame.knows('touchpoints')) return null;
  const plain = tally.counts('after seconds').map(({ key: [stage = '', channel = ''], n }) => {
    const movesAfter = tally.count('after moves', stage, channel);
    return {
      stage,
      channel,
      daysAfter: inDays(n),
      movesAfter,
      daysOther: inDays(Math.max(0, tally.count('precede seconds', stage) - n)),
      movesOther: tally.count('precede moves', stage) - movesAfter,
    };
  });
  const pair = (row: (typeof plain)[number]): Pair => ({
    events: row.movesAfter,
    of: row.daysAfter,
    otherEvents: row.movesOther,
    otherOf: row.daysOther,
  });
  const compared = plain.filter((row) => comparable(pair(row))).length;
  const rows = plain
    .map((row) => ({ ...row, lift: rateRatio(pair(row), compared) }))
    .sort((a, b) => rank(b) - rank(a) || b.movesAfter - a.movesAfter);
  return { days: AFTER_DAYS, rows };
}

function inDays(time: number): number {
  return (time * 1000) / DAY;
}

function rank({ lift }: Precedes['rows'][number]): number {
  if (lift === null) return -1;
  return lift.value + (lift.beyondChance && lift.value > 1 ? 1e6 : 0);
}

function collectHandOff(frame: Frame, tally: Tally, way: Way): void {
  const qualified = frame.mapping.analysis?.marketingQualified ?? null;
  if (qualified === null) return;
  const stay = way.stays.find(({ stage, counted, inPeriod }) => stage === qualified && counted && inPeriod);
  if (stay === undefined) return;
  const touch = way.touchpoints.find((one) => one.at >= stay.entered && isSales(frame, one));
  if (touch === undefined) {
    tally.push('hand-off waiting', [], frame.options.now - stay.entered);
    return;
  }
  tally.push('hand-off', [], touch.at - stay.entered);
  if (touch.at - stay.entered <= DAY) tally.add('hand-off within a day', []);
}

/** Unless the mapping says which channels: a call, a meeting, or an e-mail of ours. */
function isSales(frame: Frame, { channel, incoming }: Touchpoint): boolean {
  const channels = frame.mapping.analysis?.salesTouch ?? null;
  if (channels !== null) return channels.includes(channel);
  return channel === 'call' || channel === 'meeting' || (channel === 'email' && !incoming);
}

export function handOff(frame: Frame, tally: Tally): HandOff | null {
  const stage = frame.mapping.analysis?.marketingQualified ?? null;
  if (stage === null || !frame.knows('touchpoints')) return null;
  const lengths = { ended: tally.numbers('hand-off'), open: tally.numbers('hand-off waiting') };
  const touched = lengths.ended.length;
  return {
    stage,
    qualified: touched + lengths.open.length,
    touched,
    waiting: lengths.open.length,
    withinDay: tally.count('hand-off within a day'),
    medianHours: hours(quantile(lengths, 0.5)),
    p90Hours: hours(quantile(lengths, 0.9)),
  };
}

export function hours(length: number | null): number | null {
  return length === null ? null : length / HOUR;
}
