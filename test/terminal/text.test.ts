import { describe, expect, test } from '@jest/globals';
import { progress } from '../../src/terminal/progress.ts';
import { bars } from '../../src/terminal/summary.ts';
import { bar, table } from '../../src/terminal/table.ts';
import { clean, columns, cut, instant, listing, pad, plural, wrap } from '../../src/terminal/text.ts';

describe('text', () => {
  test('columns counts East Asian and emoji as two, combining marks as none', () => {
    expect(columns('abc')).toBe(3);
    expect(columns('東京')).toBe(4);
    expect(columns('👍')).toBe(2);
    expect(columns('e\u0301')).toBe(1);
  });

  test('cut never splits a character and never exceeds the width', () => {
    expect(cut('Waystage', 8)).toBe('Waystage');
    expect(cut('Waystage', 5)).toBe('Ways…');
    expect(cut('東京都', 4)).toBe('東…');
    expect(columns(cut('a東京都', 5))).toBeLessThanOrEqual(5);
    expect(cut('👍👍👍', 3)).toBe('👍…');
  });

  test('clean takes out what could move the cursor or turn the line around', () => {
    expect(clean('a\u001b[31mb\u0000c\u202ed\ne')).toBe('a [31mb c d e');
  });

  test('wrap keeps the first spaces, indents the others, and leaves a long word whole', () => {
    expect(wrap('  - one two three', 9, '    ')).toEqual(['  - one', '    two', '    three']);
    expect(wrap('see https://example.com/a/very/long/address', 10)).toEqual([
      'see',
      'https://example.com/a/very/long/address',
    ]);
    expect(wrap('', 10)).toEqual(['']);
  });

  test('numbers, lists and instants as people write them', () => {
    expect(plural(1, 'record')).toBe('1 record');
    expect(plural(12_345, 'person', 'people')).toBe('12,345 people');
    expect(listing(['a', 'b', 'c'])).toBe('a, b and c');
    expect(listing(['a'])).toBe('a');
    expect(instant(Date.UTC(2026, 0, 31, 23, 30), 'Europe/Berlin')).toBe('2026-02-01 00:30');
    expect(pad('東', 4, 'right')).toBe('  東');
  });
});

describe('table', () => {
  test('aligns wide characters and cuts only flexible columns', () => {
    const lines = table(
      [
        { title: 'Name', flexible: true },
        { title: 'N', align: 'right' },
      ],
      [
        ['東京 Office', '7'],
        ['A very long name of a company', '1,234'],
      ],
      22,
    );
    expect(lines).toEqual([
      'Name                 N',
      '───────────────  ─────',
      '東京 Office          7',
      'A very long na…  1,234',
    ]);
  });

  test('a bar shows at least a sliver of anything above nothing, and never more than its size', () => {
    expect(bar(0, 10)).toBe('');
    expect(bar(0.0001, 10)).toBe('▏');
    expect(bar(0.5, 4)).toBe('██');
    expect(bar(7, 3)).toBe('███');
    expect(
      bars(
        [
          { label: 'Retention', value: 4 },
          { label: 'None', value: 0 },
        ],
        24,
      ),
    ).toEqual(['  Retention  4  ████████', '  None       0']);
  });
});

describe('progress', () => {
  const shown = (terminal: boolean): string => {
    const parts: string[] = [];
    const bar = progress({ write: (part) => parts.push(part), terminal, width: 80 });
    bar.phase('pull');
    bar.advance('hubspot contacts', 50, 200);
    bar.advance('hubspot contacts', 200, 200);
    bar.phase('write');
    bar.done();
    return parts.join('');
  };

  test('elsewhere than on a terminal: one plain line a phase', () => {
    expect(shown(false)).toBe('Reading: 200\nWriting\n');
  });

  test('on a terminal: one line drawn over, never wider than the terminal', () => {
    const text = shown(true);
    expect(text).toContain('50 of 200  hubspot contacts');
    for (const part of text.split(/[\r\n]/)) expect(columns(part)).toBeLessThan(80);
    expect(text.endsWith('Writing\n')).toBe(true);
  });
});
