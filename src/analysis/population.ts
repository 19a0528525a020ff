import type { Cause } from '../model/facts.ts';
import type { Way } from './course.ts';
import type { Frame } from './frame.ts';
import { mean } from './survival.ts';
import { type Tally, word } from './tally.ts';
import type { Population, StageNow } from './types.ts';

/* How many there are, where they are at the end of observation, and which moves were left out. */

export function collectPopulation(frame: Frame, tally: Tally, { stays, subject }: Way): void {
  if (stays.length === 0) return;
  tally.add('subjects', []);
  for (const stay of stays) {
    if (!stay.inPeriod) continue;
    if (stay.counted) tally.add('counted stays', []);
    else tally.add('left out', [frame.options.causes.includes(stay.cause) ? 'uncertain' : stay.cause]);
  }
  const last = stays.at(-1)!;
  if (last.left !== null) return;
  tally.add('present', [last.stage]);
  const { health } = subject;
  if (health === null) return;
  if (health.score !== null) tally.push('health', [last.stage], health.score);
  if (health.band !== null) tally.add('bands', [last.stage, word(health.band, 'unknown')]);
}

export function population(tally: Tally): Population {
  const leftOut: Partial<Record<Cause | 'uncertain', number>> = {};
  for (const { key, n } of tally.counts('left out')) leftOut[key[0] as Cause | 'uncertain'] = n;
  return {
    subjects: tally.count('subjects'),
    placed: tally.counts('present').reduce((sum, { n }) => sum + n, 0),
    counted: tally.count('counted stays'),
    leftOut,
  };
}

export function stagesNow(frame: Frame, tally: Tally): readonly StageNow[] {
  const bands = tally.counts('bands');
  return frame.mapping.stages.map(({ name, label, offPath }) => {
    const scores = tally.numbers('health', name);
    return {
      stage: name,
      label,
      offPath,
      subjects: tally.count('present', name),
      scored: scores.length,
      averageHealth: mean(scores),
      bands: Object.fromEntries(
        bands.filter(({ key }) => key[0] === name).map(({ key, n }) => [key[1] ?? '', n]),
      ),
    };
  });
}
