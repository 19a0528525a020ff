import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EMPTY_STATE, NO_HEALTH, type PreviousHealth, replay } from '../../src/journey/index.ts';
import { loadMapping } from '../../src/mapping/index.ts';
import type { Mapping } from '../../src/mapping/types.ts';
import type { FactTimeline, JourneyState } from '../../src/model/facts.ts';
import type { StoredOverride } from '../../src/store/port.ts';
import { handText, spansOf } from '../../src/sync/place/overrides.ts';
import { anOverride } from '../contracts/store-overrides.ts';
import { DAY, day, factsOf } from '../journey/fakes.ts';

const TEXT = `
journey: people
subject: person
timezone: UTC
stages:
  fresh: { default: true }
  met: { enter: { person.title: { contains: zebra } }, min_stay: 5d }
  kept: { enter: { person.title: { contains: tiger } }, for: 2d }
  lost: { terminal: true, enter: { person.title: { contains: shark } } }
health:
  hysteresis: 20
  bands: { green: 70, yellow: 45, red: 0 }
  groups:
    title:
      measures:
        title:
          label: Title
          cases: [{ when: { person.title: { contains: tiger } }, score: 75 }, { else: 60 }]
outputs: [stage, health_band]
`;

function mappingOf(text: string): Mapping {
  const { mapping, problems } = loadMapping(text, 'people.yaml', { timezone: 'UTC', fieldMaps: [] });
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

/** Titles by the day since they held. */
function timelineOf(titles: readonly (readonly [number, string])[]): FactTimeline {
  return {
    at: (instant) => {
      const last = titles.findLast(([at]) => day(at) <= instant) ?? titles[0]!;
      return factsOf({ title: [last[1], last[0]], created: [day(titles[0]![0]), titles[0]![0]] });
    },
    changes: (from, to) => titles.map(([at]) => day(at)).filter((at) => at > from && at <= to),
    unknownAt: () => false,
  };
}

const mapping = mappingOf(TEXT);
const END = 40;

const overrides = fc.array(
  fc.record({
    at: fc.integer({ min: 1, max: END }),
    lasts: fc.option(fc.integer({ min: 1, max: 15 })),
    ended: fc.option(fc.integer({ min: 0, max: 15 })),
    what: fc.constantFrom(
      ...(['fresh', 'met', 'kept', 'lost', null, 'gone'] as const).map((value) => ['stage', value] as const),
      ...(['green', 'red', 'blue'] as const).map((value) => ['band', value] as const),
    ),
  }),
  { maxLength: 6 },
);
const titles = fc
  .array(fc.tuple(fc.integer({ min: 1, max: END }), fc.constantFrom('zebra', 'tiger', 'shark', 'wolf')), {
    maxLength: 6,
  })
  .map((list): readonly (readonly [number, string])[] => [
    [0, 'wolf'] as const,
    ...new Map(list.sort(([a], [b]) => a - b)),
  ]);
const runs = fc.uniqueArray(fc.integer({ min: 1, max: END }), { maxLength: 12 });

/** Set and ended at odd minutes, so that they meet no midnight. */
function stored(list: typeof overrides extends fc.Arbitrary<infer T> ? T : never): readonly StoredOverride[] {
  return list.map(({ at, lasts, ended, what: [kind, value] }, index) => {
    const set = day(at) + index * 60_000;
    return anOverride(`o${index}`, {
      ...{ kind, value, at: set, known: set, until: lasts === null ? null : set + lasts * DAY },
      ended: ended === null ? null : { at: set + ended * DAY, known: set + ended * DAY, by: null },
    });
  });
}

describe('J29 what is set by hand, over time', () => {
  test('J13 J29 property: runs that learn of overrides as they are set and ended tell what a replay tells', () => {
    fc.assert(
      fc.property(overrides, titles, runs, (list, course, instants) => {
        const all = stored(list);
        const timeline = timelineOf(course);
        const common = { versions: [{ mapping, since: day(0) }], timeline, noticed: 0 };
        const whole = spansOf(all, mapping);
        const told = replay({ ...common, overrides: whole.stages, bands: whole.bands, to: day(END + 1) });
        let state: JourneyState = EMPTY_STATE;
        let health: PreviousHealth = NO_HEALTH;
        let last: number | null = null;
        const bands: unknown[] = [];
        for (const run of [
          ...instants.sort((a, b) => a - b).map((at) => day(at) + 1_234_567),
          day(END + 1),
        ]) {
          const known = spansOf(all, mapping, run);
          const part = replay({
            ...common,
            ...{ overrides: known.stages, bands: known.bands, to: run },
            ...(last === null ? {} : { before: { state, health, since: last } }),
          });
          ({ state, health } = part);
          bands.push(...part.course);
          last = run;
        }
        expect(state.visits).toEqual(told.state.visits);
        expect(state.stage).toBe(told.state.stage);
        expect(health.band).toBe(told.health.band);
        expect(bands).toEqual(told.course);
      }),
      { numRuns: 300 },
    );
  });

  test('J29 property: once an override has ended the stage is what the rules say of its stage', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('fresh', 'met', 'kept', null),
        fc.integer({ min: 1, max: 20 }),
        (value, lasts) => {
          const all = stored([{ at: 5, lasts, ended: null, what: ['stage', value] }]);
          const { stages } = spansOf(all, mapping);
          const until = stages[0]!.until!;
          const common = {
            versions: [{ mapping, since: day(0) }],
            timeline: timelineOf([[0, 'wolf']]),
            noticed: 0,
          };
          const during = replay({ ...common, overrides: stages, to: until - 1 });
          expect(during.state.stage).toBe(value);
          // Neither `min_stay` nor anything else of the override stays.
          const after = replay({ ...common, overrides: stages, to: until });
          expect(after.state.stage).toBe('fresh');
          if (value !== 'fresh')
            expect(after.transitions.at(-1)).toMatchObject({ at: until, cause: 'override', from: value });
        },
      ),
    );
  });

  test('J19 J29 a band set by hand is no earlier band when it ends', () => {
    // The score is 60, and a hysteresis of 20 would keep it green.
    const all = stored([{ at: 5, lasts: 3, ended: null, what: ['band', 'green'] }]);
    const { bands } = spansOf(all, mapping);
    const common = {
      versions: [{ mapping, since: day(0) }],
      timeline: timelineOf([[0, 'wolf']]),
      noticed: 0,
    };
    const { course } = replay({ ...common, bands, to: day(20) });
    expect(course.map(({ at, band }) => [at, band])).toEqual([
      [day(0), 'yellow'],
      [day(5), 'green'],
      [day(8), 'yellow'],
    ]);
  });

  test('J29 a later one takes the place of an earlier one on any record; what the mapping does not have takes none', () => {
    const list = [
      anOverride('a', { value: 'met', at: day(1), known: day(1), until: day(30) }),
      anOverride('b', { value: 'lost', at: day(3), known: day(4), until: day(6), id: '2' }),
      anOverride('c', { value: 'gone', at: day(5), known: day(5), until: null }),
      anOverride('d', { journey: 'others', at: day(2), known: day(2) }),
    ];
    const words = { owner: 'Ann', reason: 'they signed on paper' };
    expect(spansOf([...list].reverse(), mapping).stages).toEqual([
      { ...words, stage: 'met', from: day(1), until: day(3) },
      { ...words, stage: 'lost', from: day(3), until: day(6) },
    ]);
    // J4: what was not known yet is not seen.
    expect(spansOf(list, mapping, day(3)).stages).toEqual([
      { ...words, stage: 'met', from: day(1), until: day(30) },
    ]);
  });

  test('J13 J29 the text of the past changes only with the past', () => {
    const one = anOverride('a', { value: 'met', at: day(1), known: day(1), until: day(30) });
    const text = (over: Partial<StoredOverride>, at: number): string =>
      handText(spansOf([{ ...one, ...over }], mapping), day(at));
    expect(text({}, 0)).toBe('');
    const known = text({}, 10);
    expect(known).not.toBe('');
    expect(text({ until: null }, 10)).toBe(known);
    expect(text({ ended: { at: day(12), known: day(12), by: null } }, 10)).toBe(known);
    expect(text({ ended: { at: day(9), known: day(12), by: null } }, 10)).not.toBe(known);
    expect(text({ value: 'lost' }, 10)).not.toBe(known);
    expect(text({}, 31)).not.toBe(known);
  });
});
