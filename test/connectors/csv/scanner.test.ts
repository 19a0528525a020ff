import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cellOf, cellsOf, type Row, RowScanner, textOf } from '../../../connectors/csv/scanner.ts';

const COMMA = 44;

/** Rows of a text that arrives in pieces of `size` bytes. */
function scan(bytes: Buffer, delimiter = COMMA, size = bytes.length || 1, limit?: number): readonly Row[] {
  const scanner = new RowScanner(delimiter, 0, 1, limit);
  const rows: Row[] = [];
  for (let at = 0; at < bytes.length; at += size) rows.push(...scanner.push(bytes.subarray(at, at + size)));
  const { row, unclosed } = scanner.finish();
  if (unclosed !== null) throw new Error(`unclosed on line ${unclosed}`);
  return row === null ? rows : [...rows, row];
}

function texts(row: Row, delimiter = COMMA): readonly string[] | null {
  return cellsOf(row.bytes, delimiter)?.map((cell) => textOf(row.bytes, cell)) ?? null;
}

/** Texts full of what makes CSV hard. */
const cell = fc.oneof(
  fc.string({
    unit: fc.constantFrom('"', ',', ';', '\n', '\r', '\t', '|', ' ', 'a', 'é', '山', '😀', '\0', '='),
  }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '""', '=cmd|"/c calc"!A1', '__proto__', 'שלום', "O'Brien\\"),
);
const delimiters = fc.constantFrom(...[',', ';', '\t', '|'].map((text) => text.charCodeAt(0)));
const newlines = fc.constantFrom('\n', '\r\n');

describe('scanner', () => {
  test('what is written is read back the same, whatever it holds, in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(cell, { minLength: 2, maxLength: 5 }), newlines, fc.boolean()), {
          minLength: 1,
          maxLength: 6,
        }),
        delimiters,
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (rows, delimiter, lastLineEnd, size) => {
          const parts: Buffer[] = [];
          for (const [index, [cells, newline, quoted]] of rows.entries()) {
            for (const [place, text] of cells.entries()) {
              if (place > 0) parts.push(Buffer.from([delimiter]));
              parts.push(cellOf(text, delimiter, quoted));
            }
            if (lastLineEnd || index < rows.length - 1) parts.push(Buffer.from(newline));
          }
          const bytes = Buffer.concat(parts);
          const found = scan(bytes, delimiter, size);
          expect(found.map((row) => texts(row, delimiter))).toEqual(rows.map(([cells]) => cells));
          // The rows lie end to end, and each is where it says it is.
          let at = 0;
          for (const row of found) {
            expect(row.start).toBe(at);
            expect(bytes.subarray(row.start, row.end).equals(row.bytes)).toBe(true);
            at = row.next;
          }
          expect(at).toBe(bytes.length);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('bytes of any kind neither throw nor go on for ever, and give the same rows in any pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 30 }), (noise, size) => {
        const bytes = Buffer.from(noise.map((byte) => [34, 44, 10, 13, byte][byte % 5] ?? byte));
        const whole = new RowScanner(COMMA);
        const expected = [...whole.push(bytes)];
        const pieces = new RowScanner(COMMA);
        const found: Row[] = [];
        for (let at = 0; at < bytes.length; at += size)
          found.push(...pieces.push(bytes.subarray(at, at + size)));
        expect(found).toEqual(expected);
        expect(pieces.finish()).toEqual(whole.finish());
        for (const row of found) cellsOf(row.bytes, COMMA);
      }),
      { numRuns: 400 },
    );
  });

  test('LF and CRLF mixed, line breaks inside quotes, and the lines they stand on', () => {
    const rows = scan(Buffer.from('a,b\r\n"x\ny\r\nz",2\n\n3,4'));
    expect(rows.map((row) => texts(row))).toEqual([['a', 'b'], ['x\ny\r\nz', '2'], [''], ['3', '4']]);
    expect(rows.map(({ line, lastLine }) => [line, lastLine])).toEqual([
      [1, 1],
      [2, 4],
      [5, 5],
      [6, 6],
    ]);
  });

  test('a quote inside an unquoted cell is a character', () => {
    expect(scan(Buffer.from('5" pipe,a"b"\n')).map((row) => texts(row))).toEqual([['5" pipe', 'a"b"']]);
  });

  test('text after a closing quote leaves the cells of this row unknown, and the next row is fine', () => {
    expect(scan(Buffer.from('"a"b,c\n1,2\n')).map((row) => texts(row))).toEqual([null, ['1', '2']]);
  });

  test('a quote that is never closed is told with its line', () => {
    expect(() => scan(Buffer.from('a,b\n1,"2\n3,4\n'))).toThrow('unclosed on line 2');
    expect(() => scan(Buffer.from('"a""'))).toThrow('unclosed on line 1');
    expect(scan(Buffer.from('"a"')).map((row) => texts(row))).toEqual([['a']]);
  });

  test('a row over the limit is cut off, and the rows around it are whole', () => {
    const bytes = Buffer.from(`1,a\n2,${'x'.repeat(500_000)}\n3,c\n`);
    for (const size of [1000, bytes.length]) {
      const rows = scan(bytes, COMMA, size, 10_000);
      expect(rows.map((row) => row.tooLong)).toEqual([false, true, false]);
      expect(rows[1]?.bytes.length).toBeLessThanOrEqual(65_536);
      expect(rows[1]?.bytes.subarray(0, 3).toString()).toBe('2,x');
      expect(rows[1]?.next).toBe(500_007);
      expect(texts(rows[2] as Row)).toEqual(['3', 'c']);
    }
  });
});
