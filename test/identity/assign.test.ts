import { describe, expect, test } from '@jest/globals';
import { assignSubjectIds, type IdentityRecord, resolveIdentities } from '../../src/identity/index.ts';
import type { SubjectId } from '../../src/model/facts.ts';
import { record } from './kit.ts';

const H1 = 'hubspot:contacts:1';
const S1 = 'salesforce:Contact:003A';
const S2 = 'salesforce:Contact:003B';
const P = 'old-1' as SubjectId;
const Q = 'old-2' as SubjectId;

function assign(records: readonly IdentityRecord[], previous: Readonly<Record<string, SubjectId>> = {}) {
  const result = assignSubjectIds(resolveIdentities(records).subjects, new Map(Object.entries(previous)));
  const byRecord: Record<string, string> = {};
  for (const subject of result.subjects)
    for (const member of subject.records) byRecord[member.text] = subject.id;
  return { ...result, byRecord };
}

describe('J31 subject ids over runs', () => {
  const email = { emails: ['a@acme.com'] };

  test('J31 a new id is derived from the oldest record', () => {
    const { byRecord, subjects } = assign([
      record(H1, { ...email, created: 5 }),
      record(S1, { ...email, created: 3 }),
    ]);
    expect(byRecord).toEqual({ [H1]: `person:${S1}`, [S1]: `person:${S1}` });
    expect(subjects[0]).toMatchObject({ fresh: true, gone: false, key: H1, oldest: S1 });
  });

  test('J31 an unknown creation is younger than any', () => {
    expect(assign([record(H1, email), record(S1, { ...email, created: 9 })]).byRecord[H1]).toBe(
      `person:${S1}`,
    );
  });

  test('J31 a later, older record joins: the id stays', () => {
    const result = assign([record(H1, { ...email, created: 5 }), record(S1, { ...email, created: 3 })], {
      [H1]: P,
    });
    expect(result.byRecord).toEqual({ [H1]: P, [S1]: P });
    expect([result.merged, result.split]).toEqual([[], []]);
  });

  test('J31 a later record makes a match ambiguous: the oldest record keeps the id, the other starts new', () => {
    const records = [
      record(H1, { ...email, created: 1 }),
      record(S1, { ...email, created: 2 }),
      record(S2, { ...email, created: 3 }),
    ];
    const result = assign(records, { [H1]: P, [S1]: P });
    expect(result.byRecord).toEqual({ [H1]: P, [S1]: `person:${S1}`, [S2]: `person:${S2}` });
    expect(result.split).toEqual([{ from: P, to: `person:${S1}` }]);
  });

  test('J31 two old subjects join: the older survives, the other is reported merged', () => {
    const records = [record(H1, { ...email, created: 2 }), record(S1, { ...email, created: 1 })];
    const result = assign(records, { [H1]: P, [S1]: Q });
    expect(result.byRecord).toEqual({ [H1]: Q, [S1]: Q });
    expect(result.merged).toEqual([{ from: P, into: Q }]);
  });

  test('J31 a new id never takes one that means somebody else', () => {
    const old = `person:${S1}` as SubjectId;
    const records = [record(H1, { created: 1 }), record(S1, { created: 2 })];
    expect(assign(records, { [H1]: old, [S1]: old }).byRecord).toEqual({ [H1]: old, [S1]: `${old}~2` });
    const used = assignSubjectIds(resolveIdentities([record(S1)]).subjects, new Map(), (id) => id === old);
    expect(used.subjects[0]?.id).toBe(`${old}~2`);
  });

  test('J31 an archived record keeps its link, even when it was the oldest', () => {
    const records = [
      record(H1, { ...email, created: 5 }),
      record(S1, { ...email, created: 1, state: 'archived' }),
    ];
    const result = assign(records, { [H1]: P, [S1]: P });
    expect(result.byRecord).toEqual({ [H1]: P, [S1]: P });
    expect(result.subjects).toHaveLength(1);
    expect(result.subjects[0]).toMatchObject({ key: H1, oldest: S1, gone: false });
    expect(result.subjects[0]?.records[1]?.reason).toBe('archived; kept where it was');
    expect(result.split).toEqual([]);
  });

  test('J31 of two living halves the older goes on; the archived record follows it', () => {
    const records = [
      record(H1, { created: 5 }),
      record(S2, { created: 4 }),
      record(S1, { created: 1, state: 'archived' }),
    ];
    const result = assign(records, { [H1]: P, [S1]: P, [S2]: P });
    expect(result.byRecord).toEqual({ [H1]: `person:${H1}`, [S1]: P, [S2]: P });
  });

  test('J31 an archived record does not join a new one with its e-mail', () => {
    const result = assign([record(H1, email), record(S1, { ...email, state: 'archived' })], { [S1]: P });
    expect(result.byRecord[S1]).toBe(P);
    expect(result.byRecord[H1]).toBe(`person:${H1}`);
  });

  test('J31 a subject whose records are all archived, merged or converted is gone and keeps its id', () => {
    const result = assign(
      [
        record(H1, { state: 'archived' }),
        record(S1, { state: 'merged', successor: { type: 'Contact', id: 'gone' } }),
      ],
      { [H1]: P, [S1]: Q },
    );
    expect(result.subjects.map(({ id, gone }) => [id, gone])).toEqual([
      [P, true],
      [Q, true],
    ]);
  });

  test('J31 the same records again change nothing', () => {
    const records = [record(H1, { ...email, created: 5 }), record(S1, { ...email, created: 3 }), record(S2)];
    const first = assign(records);
    const second = assign(records, first.byRecord as Record<string, SubjectId>);
    expect(second.byRecord).toEqual(first.byRecord);
    expect(second.subjects.some(({ fresh }) => fresh)).toBe(false);
  });
});
