import { expect, test } from '@jest/globals';
import { replay } from '../../src/journey/index.ts';
import { loadMapping } from '../../src/mapping/index.ts';
import { dice } from './generator/dice.ts';
import { FIRST, factsAt, randomTimeline } from './generator/subject.ts';
import { DAY } from './reference/local-time.ts';

test('J10 J11.8 J13 rules that contradict each other do not move a subject every millisecond', () => {
  const { mapping } = loadMapping(
    `journey: j
subject: person
stages:
  a: { default: true, exit: [{ to: b, when: { person.created: { exists: true } } }] }
  b:
    stay: { person.created: { exists: true } }
    exit: [{ to: a, when: { person.created: { exists: true } } }]
  c: { enter: { journey.entered: { older_than: 30d } } }
`,
    'loop.yaml',
    { timezone: 'UTC', fieldMaps: [] },
  );
  const source = randomTimeline(dice(4), 'person', 'UTC');
  const from = FIRST + 200 * DAY;
  let looks = 0;
  const { loops, steps } = replay({
    versions: [{ mapping: mapping!, since: from }],
    timeline: {
      at: (instant) => {
        looks += 1;
        if (looks > 10_000) throw new Error('The walk has no end.');
        return factsAt(source, instant);
      },
      changes: () => [],
      unknownAt: () => false,
    },
    to: from + 10 * DAY,
    noticed: from,
  });
  expect(loops).toEqual([from]);
  expect(steps).toBeLessThan(10);
});
