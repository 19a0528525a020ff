import { expect, test } from '@jest/globals';
import {
  acceptedMapping,
  compareConditions,
  compareCourse,
  type Difference,
  randomCourse,
  type Truths,
} from './comparison.ts';
import { emptyCensus, take } from './generator/census.ts';
import { dice } from './generator/dice.ts';
import { compareReplay, randomLife } from './replay-comparison.ts';

/** How much is compared; more by hand. The seed of a failure shows it again. */
const option = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const MAPPINGS = option('WAYSTAGE_MAPPINGS', 500);
const SUBJECTS = option('WAYSTAGE_SUBJECTS', 8);
/** Mappings with one replay each: a step at every instant at which anything could change is slow. */
const REPLAYS = option('WAYSTAGE_REPLAYS', 25);
const SEED = option('WAYSTAGE_SEED', Math.floor(Math.random() * 2 ** 31));
const STEPS = 4;
const HOUR = 3_600_000;

function fail(mapping: string, subject: unknown, { engine, reference, stop, what }: Difference): never {
  throw new Error(
    `Seed ${SEED}: they disagree about ${what} at stop ${stop}.\nengine ${JSON.stringify(engine)}\n` +
      `reference ${JSON.stringify(reference)}\n${mapping}\n${JSON.stringify(subject)}`,
  );
}

test('J6 J8 J9 J11 J12 J17 J18 J19 the engine agrees with the plain reference, step by step', () => {
  const chance = dice(SEED);
  const census = emptyCensus();
  const truths: Truths = { asked: 0, held: 0 };
  let refused = 0;
  for (let mappings = 0; mappings < MAPPINGS; mappings += 1) {
    const pair = acceptedMapping(chance, () => {
      refused += 1;
    });
    take(census, pair.random);
    for (let subjects = 0; subjects < SUBJECTS; subjects += 1) {
      const course = randomCourse(chance, pair, STEPS);
      const last = course.stops.at(-1)!;
      const earlier = last.instant - chance.int(0, 2000) * HOUR;
      const difference =
        compareCourse(pair, course) ?? compareConditions(pair, last, course.start, earlier, truths);
      if (difference !== null) fail(pair.random.text, course, difference);
    }
  }
  const share = truths.held / truths.asked;
  process.stdout.write(
    `reference: seed ${SEED}, ${MAPPINGS} mappings with ${SUBJECTS} subjects each, ${refused} refused by the checks, ` +
      `${(share * 100).toFixed(0)} % of ${truths.asked} conditions true; mappings with each construct: ` +
      `${[...census].map(([name, count]) => `${name} ${count}`).join(', ')}\n`,
  );
  expect(share).toBeGreaterThanOrEqual(0.3);
  // Fewer mappings by hand are a look at one seed, not the proof.
  if (MAPPINGS >= 500) expect([...census].filter(([, count]) => count < 50)).toEqual([]);
}, 600_000);

test('J11.5 J12 J13 J14 J20 J29 a replay takes the steps of a reference that steps at every instant', () => {
  const chance = dice(SEED);
  for (let mappings = 0; mappings < REPLAYS; mappings += 1) {
    const pair = acceptedMapping(chance, () => {});
    const life = randomLife(chance, pair);
    const difference = compareReplay(pair, life);
    if (difference !== null) {
      fail(pair.random.text, { from: life.from, overrides: life.overrides, mappings }, difference);
    }
  }
}, 600_000);
