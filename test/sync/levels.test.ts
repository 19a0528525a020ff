import { describe, expect, test } from '@jest/globals';
import type { Mapping } from '../../src/mapping/types.ts';
import { evaluationLevels } from '../../src/sync/subjects/results.ts';

function mapping(name: string, ...reads: readonly string[]): Mapping {
  return { name, dependsOn: reads.map((journey) => ({ of: 'self', journey })) } as unknown as Mapping;
}
const names = (mappings: readonly Mapping[]): readonly (readonly string[])[] =>
  evaluationLevels(mappings).map((level) => level.map(({ name }) => name));

describe('the order of journeys that read each other (J2)', () => {
  test('each level reads only earlier ones, whatever the order of the files', () => {
    const all = [mapping('c', 'b', 'a'), mapping('b', 'a'), mapping('a'), mapping('d')];
    expect(names(all)).toEqual([['a', 'd'], ['b'], ['c']]);
    expect(names(all.toReversed())).toEqual([['d', 'a'], ['b'], ['c']]);
  });

  test('a journey that is not loaded holds nobody up', () => {
    expect(names([mapping('a', 'elsewhere')])).toEqual([['a']]);
  });

  test('a cycle that slipped through ends all the same', () => {
    expect(names([mapping('a', 'b'), mapping('b', 'a')])).toEqual([['a', 'b']]);
  });

  test('no journey at all is no level', () => {
    expect(evaluationLevels([])).toEqual([]);
  });
});
