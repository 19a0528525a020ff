import { kindOf, lengthOf, type Stay, type Way } from './course.ts';
import { DAY, type Frame } from './frame.ts';
import { median } from './survival.ts';
import type { Tally } from './tally.ts';
import type { Loop, Reentry, Skip, TransitionEdge } from './types.ts';

/* Who went where: the edges of the journey map, ways back to the same stage, stages left out, returns. */

/** Stands for no stage in keys. */
const NOWHERE = '';
/** A longer loop is shortened: what matters is where it begins. */
const LONGEST_LOOP = 6;

export function collectFlow(frame: Frame, tally: Tally, { stays, skipped }: Way): void {
  stays.forEach((stay, i) => {
    const before = stays[i - 1] ?? null;
    if (stay.counted && stay.inPeriod) {
      tally.once('entered', [stay.stage]);
      const from = before !== null && before.next === stay ? before : null;
      edge(frame, tally, from, stay.stage);
      reentry(tally, stays, i);
    }
    if (stay.end === 'out' && frame.inPeriod(stay.left as number)) edge(frame, tally, stay, null);
  });
  for (const { stage, entered, jumped, counted } of skipped) {
    if (!counted || !frame.inPeriod(entered)) continue;
    if (jumped) tally.once('jumped', [stage]);
    else tally.add('passed', [stage]);
  }
}

function edge(frame: Frame, tally: Tally, from: Stay | null, to: string | null): void {
  const key = [from?.stage ?? NOWHERE, to ?? NOWHERE];
  tally.add('moves', key);
  tally.once('movers', key);
  // Where nobody knows since when it was there, the time means nothing.
  if (from?.counted === true) tally.push('move length', key, lengthOf(frame, from));
}

function reentry(tally: Tally, stays: readonly Stay[], i: number): void {
  const stay = stays[i]!;
  const last = stays.slice(0, i).findLastIndex(({ stage }) => stage === stay.stage);
  if (last < 0) return;
  const before = stays[last]!;
  const away = stay.entered - (before.left ?? stay.entered);
  tally.add('reentries', [stay.stage]);
  tally.once('returners', [stay.stage]);
  if (before.end !== 'cut') tally.push('away', [stay.stage], away);
  const round = stays.slice(last + 1, i + 1);
  if (!round.every(({ counted }) => counted)) return;
  const names = [stay.stage, ...round.map(({ stage }) => stage)];
  const path = names.length <= LONGEST_LOOP ? names : [...names.slice(0, LONGEST_LOOP - 2), '…', stay.stage];
  tally.add('loops', path);
  tally.once('loopers', path);
  tally.push('loop length', path, away);
}

export function transitionEdges(frame: Frame, tally: Tally): readonly TransitionEdge[] {
  return tally
    .counts('moves')
    .map(({ key: [from = NOWHERE, to = NOWHERE], n }) => {
      const lengths = tally.numbers('move length', from, to);
      return {
        from: from === NOWHERE ? null : from,
        to: to === NOWHERE ? null : to,
        kind: kindOf(frame, from === NOWHERE ? null : from, to === NOWHERE ? null : to),
        moves: n,
        subjects: tally.count('movers', from, to),
        medianDays: days(median(lengths)),
      };
    })
    .sort((a, b) => b.moves - a.moves);
}

export function loops(tally: Tally): readonly Loop[] {
  return tally
    .counts('loops')
    .map(({ key, n }) => ({
      stages: key,
      times: n,
      subjects: tally.count('loopers', ...key),
      medianDays: days(median(tally.numbers('loop length', ...key))) ?? 0,
    }))
    .sort((a, b) => b.times - a.times);
}

export function skips(frame: Frame, tally: Tally): readonly Skip[] {
  return frame.path.map(({ name }) => ({
    stage: name,
    jumped: tally.count('jumped', name),
    passed: tally.count('passed', name),
    entered: tally.count('entered', name),
  }));
}

export function reentries(tally: Tally): readonly Reentry[] {
  return tally
    .counts('reentries')
    .map(({ key: [stage = ''], n }) => ({
      stage,
      times: n,
      subjects: tally.count('returners', stage),
      medianDaysAway: days(median(tally.numbers('away', stage))),
    }))
    .sort((a, b) => b.times - a.times);
}

/** Milliseconds as days of 24 hours. */
export function days(length: number | null): number | null {
  return length === null ? null : length / DAY;
}
