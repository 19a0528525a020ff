import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type AmbiguousRecord,
  assignSubjectIds,
  componentIndex,
  type Group,
  type IdentityRecord,
  resolveIdentities,
} from '../../src/identity/index.ts';
import type { SubjectId } from '../../src/model/facts.ts';
import { recordKeyText } from '../../src/model/record.ts';
import { anyPairs, anyPrevious, anyRecords } from './arbitrary.ts';
import { record } from './kit.ts';

/** The components of these records, each resolved by itself. */
function apart(
  records: readonly IdentityRecord[],
  ties: readonly (readonly string[])[],
  unlinked: readonly (readonly [string, string])[],
) {
  const index = componentIndex();
  for (const tie of ties) index.tie(tie);
  for (const one of records) index.add(one);
  const components = [...index.components()];
  const parts = components.map(
    (numbers): { groups: readonly Group[]; ambiguous: readonly AmbiguousRecord[] } => {
      if (numbers.length === 1) return { groups: [index.alone(numbers[0]!)], ambiguous: [] };
      const { subjects, ambiguous } = resolveIdentities(
        numbers.map((number) => records[number]!),
        { unlinked },
      );
      return { groups: subjects, ambiguous };
    },
  );
  return { components: components.map((numbers) => numbers.map(index.key).map(recordKeyText)), parts };
}

const byKey = (a: { readonly key: unknown }, b: { readonly key: unknown }): number =>
  JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1;

describe('records that have nothing to do with each other', () => {
  test('J30 J31 resolved component by component they give what they give all at once, over runs too', () => {
    fc.assert(
      fc.property(anyRecords, anyPairs, anyPrevious, (records, unlinked, before) => {
        const previous = new Map(Object.entries(before) as [string, SubjectId][]);
        const old = Map.groupBy(previous, ([, subject]) => subject);
        const ties = [...unlinked, ...[...old.values()].map((members) => members.map(([key]) => key))];
        const { parts } = apart(records, ties, unlinked);
        const whole = resolveIdentities(records, { unlinked });
        expect(parts.flatMap(({ groups }) => groups).sort(byKey)).toEqual([...whole.subjects].sort(byKey));
        expect(parts.flatMap(({ ambiguous }) => ambiguous).sort(byKey)).toEqual(
          [...whole.ambiguous].sort(byKey),
        );
        const all = assignSubjectIds(whole.subjects, previous);
        const some = parts.map(({ groups }) =>
          assignSubjectIds(groups, previous, (id) => isHeld(id, records)),
        );
        function isHeld(id: string, present: readonly IdentityRecord[]): boolean {
          return present.some(({ key }) => previous.get(recordKeyText(key)) === id);
        }
        expect(some.flatMap(({ subjects }) => subjects).sort(byKey)).toEqual([...all.subjects].sort(byKey));
        expect(some.flatMap(({ merged }) => merged).length).toBe(all.merged.length);
      }),
      { numRuns: 400 },
    );
  });

  test('what shares nothing is left apart, however many there are', () => {
    const many = Array.from({ length: 5_000 }, (_, n) =>
      record(`hubspot:contacts:${n}`, { emails: [`p${n}@x.com`], created: n % 7 === 0 ? null : n }),
    );
    const pairs = Array.from({ length: 1_000 }, (_, n) =>
      record(`salesforce:Contact:${n}`, { emails: [`P${n}@X.com`] }),
    );
    const { components } = apart([...many, ...pairs], [], []);
    expect(components.filter((keys) => keys.length === 1)).toHaveLength(4_000);
    expect(components.filter((keys) => keys.length === 2)).toHaveLength(1_000);
    expect(components[0]).toEqual(['hubspot:contacts:0', 'salesforce:Contact:0']);
  });

  test('two who name the same id that nobody has are looked at together; free mail ties nobody', () => {
    const away = { names: { other: 'salesforce:Contact:9' } };
    const free = { domains: ['gmail.com'] };
    const { components } = apart(
      [
        record('hubspot:contacts:1', away),
        record('hubspot:companies:1', free),
        record('hubspot:contacts:2', away),
        record('hubspot:companies:2', free),
      ],
      [],
      [],
    );
    expect(components).toEqual([
      ['hubspot:contacts:1', 'hubspot:contacts:2'],
      ['hubspot:companies:1'],
      ['hubspot:companies:2'],
    ]);
  });
});
