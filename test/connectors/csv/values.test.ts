import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseHeader } from '../../../connectors/csv/header.ts';
import { decodeValue, encodeValue, instantOf } from '../../../connectors/csv/values.ts';

const header = (text: string | Buffer) => parseHeader('people.csv', Buffer.from(text));
const column = (text: string) => header(`id,${text}`).columns[1]!;

describe('header', () => {
  test.each([
    ['id,name\n', ',', ['id', 'name']],
    ['id;name;a,b', ';', ['id', 'name', 'a,b']],
    ['name\tid\r\n', '\t', ['name', 'id']],
    ['id|stage:enum(a)', '|', ['id', 'stage']],
    ['id,stage:enum(open|won|lost)', ',', ['id', 'stage']],
    ['"id","close date:date"', ',', ['id', 'close_date']],
    ['\ufeffid,first-name', ',', ['id', 'first_name']],
    ['id', ',', ['id']],
  ])('%j', (text, delimiter, names) => {
    const read = header(text);
    expect(String.fromCharCode(read.delimiter)).toBe(delimiter);
    expect(read.columns.map(({ name }) => name)).toEqual(names);
  });

  test('types and options', () => {
    expect(column('a')).toMatchObject({ type: null, options: [] });
    expect(column('amount:number')).toMatchObject({ name: 'amount', type: 'number' });
    expect(column('Stage: Enum( open | won |open)')).toMatchObject({
      name: 'Stage',
      type: 'enum',
      options: ['open', 'won'],
    });
    expect(column('tags:list(a|b)')).toMatchObject({ type: 'multi', options: ['a', 'b'] });
    // No field map can name it, so it is nobody's business what it is.
    expect(column('% done: maybe')).toMatchObject({ isField: false, type: null });
  });

  test.each([
    ['', 'people.csv: line 1: there is no header'],
    ['\n1,2', 'people.csv: line 1: there is no header'],
    [
      'ID,name',
      "no column `id`; found `ID`, `name`. Name the column with each row's own id `id`. Is it `ID`?",
    ],
    ['1,Ada,ada@example.com', 'no column `id`'],
    ['id,name,name', 'columns 2 and 3 are both called `name`'],
    ['id,close date,close-date', 'both called `close_date`'],
    ['id,amount:nubmer', 'the type `nubmer`. Expected text, number'],
    ['id,amount:nubmer', 'Did you mean `number`?'],
    ['id,amount:number(a|b)', 'the type `number(a|b)`'],
    ['id,"name\n1,a', 'a quote that is not closed'],
    ['id,name\rp1,Ada\r', 'the lines end with CR alone'],
    [Buffer.from('\ufeffid,name\n', 'utf16le'), 'UTF-16'],
    [Buffer.from('id,name\n', 'utf16le'), 'NUL'],
    [Buffer.from('id,gr\xf6\xdfe\n', 'latin1'), 'not valid UTF-8'],
  ])('%j is refused by file and line', (text, message) => {
    expect(() => header(text)).toThrow(message);
    expect(() => header(text)).toThrow('people.csv: ');
  });
});

describe('values', () => {
  test.each([
    ['text', ' a ', ' a '],
    ['text', '', null],
    ['text', '=1+1', '=1+1'],
    ['number', ' 12.50 ', 12.5],
    ['number', '-1e3', -1000],
    ['number', '1,5', undefined],
    ['number', '1.234.567', undefined],
    ['number', 'NaN', undefined],
    ['number', '0x10', undefined],
    ['number', '1e999', undefined],
    ['number', '9'.repeat(100), undefined],
    ['boolean', 'Yes', true],
    ['boolean', '0', false],
    ['boolean', 'x', undefined],
    ['date', '2024-02-29', '2024-02-29'],
    ['date', '2023-02-29', undefined],
    ['date', '31.01.2026', undefined],
    ['datetime', '2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['datetime', '2026-01-31 09:30', '2026-01-31T09:30:00.000Z'],
    ['datetime', '2026-01-31T09:30:15.1234+02:00', '2026-01-31T07:30:15.123Z'],
    ['datetime', '2026-01-31T24:00:00Z', undefined],
    ['datetime', '2026-02-30T09:00:00Z', undefined],
    ['datetime', '1769850000', undefined],
    ['enum', ' won ', 'won'],
    ['multi', 'a; b;;a', 'a;b'],
    ['multi', ';', null],
  ] as const)('%s %j is %j', (type, text, value) => {
    expect(decodeValue(text, type)).toBe(value);
  });

  test('every instant that a machine writes is read', () => {
    const range = { min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(range), (date) => {
        expect(instantOf(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  test('what a column takes is read back the same, anything else is refused', () => {
    expect(encodeValue(82, column('score:number'))).toEqual({ text: '82' });
    expect(encodeValue(true, column('x:boolean'))).toEqual({ text: 'true' });
    expect(encodeValue(null, column('x:date'))).toEqual({ text: '' });
    expect(encodeValue('open', column('s:enum(open|won)'))).toEqual({ text: 'open' });
    expect(encodeValue('any', column('s:enum'))).toEqual({ text: 'any' });
    for (const [value, text] of [
      ['lost', 's:enum(open|won)'],
      ['2026-02-30', 'd:date'],
      ['soon', 'd:datetime'],
      [Number.NaN, 'n:number'],
      [82, 'n'],
      ['\ud800', 't'],
    ] as const) {
      expect(encodeValue(value, column(text))).toEqual({ problem: expect.stringContaining('`') });
    }
  });
});
