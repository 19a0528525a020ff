import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CsvReader, countCsvRecords, csvLine } from '../../src/transport/index.ts';

/** All records of bytes that arrive in pieces of `size`. */
function read(source: string | Buffer, size = 7, options = {}): string[][] {
  const bytes = Buffer.from(source);
  const reader = new CsvReader(options);
  const records: string[][] = [];
  for (let at = 0; at < bytes.length; at += size) records.push(...reader.push(bytes.subarray(at, at + size)));
  records.push(...reader.end());
  return records;
}

describe('CSV reader', () => {
  test('bare and quoted cells, doubled quotes, line ends inside quotes, empty cells, a last line without end', () => {
    const text = 'a,b,"c, d"\r\n"say ""hi""","two\nlines",\n,,""\n"last",x,"y"';
    const expected = [
      ['a', 'b', 'c, d'],
      ['say "hi"', 'two\nlines', ''],
      ['', '', ''],
      ['last', 'x', 'y'],
    ];
    for (let size = 1; size <= text.length; size += 1) expect(read(text, size)).toEqual(expected);
  });

  test('a byte order mark is skipped, another delimiter is taken, nothing gives nothing', () => {
    expect(read('\ufeff"a","b"\n', 2)).toEqual([['a', 'b']]);
    expect(read('a;"b;c"\n', 3, { delimiter: ';' })).toEqual([['a', 'b;c']]);
    expect(read('')).toEqual([]);
    expect(read('\n')).toEqual([['']]);
  });

  test.each([
    ['a quote that is never closed', '"a","b\n1,2\n', 1],
    ['a quote inside a cell that does not begin with one', 'a\nb"c"\n', 2],
    ['text behind a closing quote', '"x\ny"z,1\n', 2],
    ['a carriage return without a line feed', 'a\rb\n', 1],
  ])('%s is refused with its line', (message, text, line) => {
    for (const size of [1, 3, 100])
      expect(() => read(text, size)).toThrow(
        expect.objectContaining({ line, message: `line ${line}: ${message}` }) as never,
      );
  });

  test('bytes that are no UTF-8 are refused, characters cut by a piece are not', () => {
    expect(read('"😀","שלום"\n', 1)).toEqual([['😀', 'שלום']]);
    expect(() => read(Buffer.from([0x61, 0xff, 0x0a]))).toThrow('line 1: bytes that are not UTF-8');
  });

  test('what stands before bytes that are no UTF-8 is handed over; the line is that of their record', () => {
    const reader = new CsvReader();
    const bytes = Buffer.concat([Buffer.from('a,b\n"c\n'), Buffer.from([0xff]), Buffer.from('",d\ne,f\n')]);
    const read = reader.push(bytes);
    expect(read.next().value).toEqual(['a', 'b']);
    expect(() => read.next()).toThrow('line 2: bytes that are not UTF-8');
  });

  test('a record that never ends is given up before it fills the memory', () => {
    expect(() => read(`"${'x'.repeat(5_000)}`, 512, { maxRecordBytes: 2_000 })).toThrow(
      'more than 2000 bytes',
    );
    expect(read(`"${'x'.repeat(1_900)}"\n`, 512, { maxRecordBytes: 2_000 })).toHaveLength(1);
  });

  test('what is written is read back the same, in pieces of any size', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '"', '""', '\r', '\n', '\r\n', ',', '\u0000', '#N/A', ' a '),
    );
    const record = fc.array(cell, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (records, size) => {
        expect(read(records.map(csvLine).join(''), size)).toEqual(records);
      }),
      { numRuns: 150 },
    );
  });

  test('counting records by their ends alone agrees with reading them', async () => {
    const pieces = async function* (bytes: Buffer, size: number): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const cell = fc.constantFrom('', '"', '""', '\n', ',', 'a', 'ü');
    const record = fc.array(cell, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const text = Buffer.from(rows.map(csvLine).join(''));
          expect(await countCsvRecords(pieces(text, size))).toBe(rows.length);
          expect(await countCsvRecords(pieces(text.subarray(0, -1), size))).toBe(rows.length);
        },
      ),
      { numRuns: 100 },
    );
    await expect(countCsvRecords(pieces(Buffer.from('a,b\n"c'), 3))).rejects.toThrow('never closed');
  });
});
