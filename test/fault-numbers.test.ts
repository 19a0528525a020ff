import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

/** The faults a test must name, by the numbers of the fault table: limits and broken answers, writes that were cut
 *  off, records and fields that are not what they were, batches done in part, neighbours. */
const FAULTS = [...span(1, 12), ...span(20, 26), 31, 32, ...span(34, 39)];

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

/** `F4, F6` and `F22-F26`: each number of them. */
function faultsOf(name: string): readonly number[] {
  return [...name.matchAll(/\bF(\d{1,2})(?:\s*[-–]\s*F?(\d{1,2}))?\b/g)].flatMap((found) =>
    span(Number(found[1]), Number(found[2] ?? found[1])),
  );
}

test('names of tests are found, with their numbers', () => {
  const text = `test('a (F1, I2)', () => {}); describe.each([1])(\n  "b F4-F6", () => {}); test.skip('c F9', () => {}); test.each([['F34', 'remove'], ['F36', 'hide']])('%s: d', () => {});`;
  expect(namesIn(text)).toEqual(['a (F1, I2)', 'b F4-F6', '%s: d', 'F34', 'F36']);
  expect(namesIn(text).flatMap(faultsOf)).toEqual([1, 4, 5, 6, 34, 36]);
});

test('every fault has a test whose name carries its number', () => {
  const own = fileURLToPath(import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => resolve(folder, file))
    .filter((file) => file !== own);
  const named = new Set(files.flatMap((file) => namesIn(readFileSync(join(file), 'utf8')).flatMap(faultsOf)));
  expect(FAULTS.filter((number) => !named.has(number)).map((number) => `F${number}`)).toEqual([]);
});
