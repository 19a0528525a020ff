import { FIELDS } from '../reference/fields.ts';
import type { Kind } from '../reference/rule.ts';
import type { Dice } from './dice.ts';
import { DATES, fieldsOf, NUMBERS, type Owner, SPANS, textsOf, WIDE, WORDS } from './pools.ts';

/** What stands under a field in the structured spelling, as plain data. */
export type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data };

/** A number where the text is one, so that a bare YAML number stands beside a text (J9). */
function bare(dice: Dice, text: string): Data {
  return /^[\d.]+$/.test(text) && dice.chance(0.8) ? Number(text) : text;
}

export function predicate(dice: Dice, owner: Owner, field: string): Data {
  const kind = FIELDS[owner][field] as Kind;
  const texts = textsOf(owner, field);
  const text = (): Data => bare(dice, dice.pick(texts));
  const some = (low: number): Data => dice.several(texts, low, 3).map((one) => bare(dice, one));
  const number = (): number => dice.pick(NUMBERS);
  switch (kind) {
    case 'text':
      return dice.weighted<Data>([
        [texts.includes('7') ? 4 : 0, () => Number(dice.pick(['7', '1.5']))],
        [2, text],
        [2, () => some(2)],
        [1, () => ({ eq: text() })],
        [1, () => ({ not: text() })],
        [1, () => ({ not: some(1) })],
        [1, () => ({ not: { in: some(1) } })],
        [1, () => ({ in: some(1) })],
        [1, () => ({ not_in: some(1) })],
        [2.5, () => textTest(dice, texts)],
        [1, () => ({ eq: text(), case: dice.pick(['sensitive', 'ignore']) })],
        [1.5, () => present(dice)],
      ]);
    case 'number':
      return dice.weighted<Data>([
        [1, number],
        [1, () => dice.several(NUMBERS, 3, 5)],
        [2, () => ({ gte: dice.pick([0, 1, 2, 5]) })],
        [1, () => ({ gt: dice.pick([0, 1, 2]) })],
        [1, () => ({ lte: dice.pick([2, 5, 20, 100]) })],
        [1, () => ({ lt: dice.pick([2, 5, 20, 100]) })],
        [1, () => ({ gt: 0, not: number() })],
        [1.5, () => ({ between: [dice.pick([0, 1]), dice.pick([5, 20, 100])] })],
        [1, () => present(dice)],
      ]);
    case 'boolean':
      return dice.weighted<Data>([
        [5, () => dice.chance(0.5)],
        [1, () => ({ not: dice.chance(0.5) })],
        [1, () => present(dice)],
      ]);
    case 'instant':
      return instantTest(dice, WORDS[`${owner}.${field}`] === undefined);
  }
}

/** A test of a date. */
export function instantTest(dice: Dice, withPresence = true): Data {
  return dice.weighted<Data>([
    [3, () => ({ within: dice.pick(WIDE) })],
    [1, () => ({ within: dice.pick(SPANS) })],
    [1.5, () => ({ within_next: dice.pick(WIDE) })],
    [2, () => ({ older_than: dice.pick(SPANS) })],
    [1, () => ({ not: { older_than: dice.pick(WIDE) } })],
    [1.2, () => ({ before: dice.pick(DATES) })],
    [1.2, () => ({ after: dice.pick(DATES) })],
    [0.5, () => ({ gte: '2025-12-01', lt: '2026-05-01' })],
    [withPresence ? 1 : 0, () => present(dice)],
  ]);
}

function present(dice: Dice): Data {
  return dice.weighted<Data>([
    [3, () => ({ exists: true })],
    [1, () => ({ exists: false })],
    [2, () => ({ missing: true })],
    [0.5, () => ({ missing: false })],
  ]);
}

function textTest(dice: Dice, texts: readonly string[]): Data {
  const text = dice.pick(texts);
  const cased: Data = dice.chance(0.3) ? { case: 'sensitive' } : {};
  const length = dice.int(1, Math.min(4, text.length));
  return dice.weighted<Data>([
    [1, () => ({ contains: text.slice(1, 1 + length) || text, ...cased })],
    [1, () => ({ starts_with: text.slice(0, length), ...cased })],
    [1, () => ({ ends_with: text.slice(-length), ...cased })],
  ]);
}

/** Fields of an item with their predicates; several must all hold. */
export function where(dice: Dice, owner: Owner, depth = 0): { readonly [key: string]: Data } {
  const plain = (): { readonly [key: string]: Data } => {
    const fields = dice.several(fieldsOf(owner), 1, dice.chance(0.2) ? 2 : 1);
    return Object.fromEntries(fields.map((field) => [field, predicate(dice, owner, field)]));
  };
  const inner = (): Data => where(dice, owner, depth + 1);
  return dice.weighted([
    [5, plain],
    [depth < 2 ? 1 : 0, () => ({ any: [inner(), inner()] })],
    [depth < 2 ? 0.7 : 0, () => ({ all: [inner(), plain()] })],
    [depth < 2 ? 0.7 : 0, () => ({ not: inner() })],
    [owner === 'people' ? 4 : 0, () => ({ 'journeys.ppl.stage': dice.several(['x', 'y', 'z'], 1, 2) })],
    [owner === 'people' ? 1 : 0, () => ({ 'health.ppl.score': { gte: dice.pick([0, 40, 70]) } })],
  ]);
}
