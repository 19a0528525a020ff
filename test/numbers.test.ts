import { readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

/** The faults a test must name, by the numbers of the fault table: limits and broken answers, writes that were cut
 *  off, records and fields that are not what they were, batches done in part, neighbours. */
const FAULTS = [...span(1, 12), ...span(20, 26), 31, 32, ...span(34, 39)];

/** The rules of facts, journeys, health, plans, identity and analysis. */
const RULES = span(1, 37);

const folder = dirname(fileURLToPath(import.meta.url));

function span(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

/** Names of tests and of groups of tests, without those that are switched off; of a table of cases named `%s: …`
 *  the numbers that its rows begin with. */
function namesIn(text: string): readonly string[] {
  const call =
    /(?<![.\w])(?:test|describe)(?:\.each\((?:[^()]|\([^()]*\))*\))?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
  const rows = /(?<=\[\s*\[?\s*)'(F\d+)'(?=,)/g;
  return [...text.matchAll(call), ...text.matchAll(rows)].map((found) => found[2] ?? found[1] ?? '');
}

/** `F4, F6` and `F22-F26`: each number of them; `J` likewise. */
function numbersOf(letter: 'F' | 'J', name: string): readonly number[] {
  const form = new RegExp(`\\b${letter}(\\d{1,2})(?:\\s*[-–]\\s*${letter}?(\\d{1,2}))?\\b`, 'g');
  return [...name.matchAll(form)].flatMap((found) => span(Number(found[1]), Number(found[2] ?? found[1])));
}

/** Numbers that the names of all other tests carry. */
function numbersNamed(letter: 'F' | 'J'): ReadonlySet<number> {
  const own = fileURLToPath(import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => resolve(folder, file))
    .filter((file) => file !== own);
  return new Set(
    files.flatMap((file) => namesIn(readFileSync(file, 'utf8')).flatMap((name) => numbersOf(letter, name))),
  );
}

test('names of tests are found, with their numbers', () => {
  const text = `test('a (F1, I2)', () => {}); describe.each([1])(\n  "b F4-F6", () => {}); test.skip('c F9', () => {}); test.each([['F34', 'remove'], ['F36', 'hide']])('%s: d', () => {});`;
  expect(namesIn(text)).toEqual(['a (F1, I2)', 'b F4-F6', '%s: d', 'F34', 'F36']);
  expect(namesIn(text).flatMap((name) => numbersOf('F', name))).toEqual([1, 4, 5, 6, 34, 36]);
});

test('every fault has a test whose name carries its number', () => {
  const named = numbersNamed('F');
  expect(FAULTS.filter((number) => !named.has(number)).map((number) => `F${number}`)).toEqual([]);
});

test('every rule of journeys has a test whose name carries its number', () => {
  const named = numbersNamed('J');
  expect(RULES.filter((number) => !named.has(number)).map((number) => `J${number}`)).toEqual([]);
});
