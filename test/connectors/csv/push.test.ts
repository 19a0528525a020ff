import { chmodSync, lstatSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ProvisionTarget, Write } from '../../../src/connector/port.ts';
import { formatCsv, openCsv, parseCsv, pullAll, type TestFolder, testFolder } from './kit.ts';

let folder: TestFolder;
afterEach(() => folder?.remove());

const write = (id: string, fields: Write['fields']): Write => ({ id, fields, parent: null });
const target = (options: readonly string[] = ['active']): readonly ProvisionTarget[] => [
  {
    type: 'people',
    fields: [
      {
        output: 'stage',
        name: 'waystage_stage',
        label: 'Stage',
        kind: 'enum',
        options: options.map((value) => ({ value, label: value })),
      },
      { output: 'health_score', name: 'waystage_health_score', label: 'Score', kind: 'number' },
    ],
  },
];

describe('every byte that is not ours stays', () => {
  // Byte order mark, semicolons, CRLF and LF mixed, needless quotes, blank lines, a ragged row, no last line end.
  const strange =
    '\ufeff"id";name;"waystage_stage:enum(active|lost)";note\r\n' +
    'p1;"Ada";;=1+1\n' +
    '\r\n' +
    'p2;"Bob ""B""";"active"; x \r\n' +
    'p3;ragged\r\n' +
    '"p4";Zoë;active;"two\nlines"';

  test('delimiter, quotes, line ends, byte order mark and broken rows', async () => {
    folder = testFolder({ 'people.csv': strange });
    const results = await openCsv(folder.path).push('people', [
      write('p4', { waystage_stage: 'lost' }),
      write('p1', { waystage_stage: 'active' }),
      write('p2', { waystage_stage: null }),
      write('p3', { waystage_stage: 'active' }),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['written', 'written', 'written', 'refused']);
    expect(folder.text('people.csv')).toBe(
      strange
        .replace('"Ada";;', '"Ada";active;')
        .replace('"active"; x', '""; x')
        .replace('Zoë;active;', 'Zoë;lost;'),
    );
    expect(readdirSync(folder.path)).toEqual(['people.csv']);
  });

  test('new columns go to the end of every row, and a row with a cell too many does not become right', async () => {
    folder = testFolder({ 'people.csv': 'id,name\r\np1,Ada\r\n\r\np2\r\np3,C,x\r\np4,"D"' });
    const connection = openCsv(folder.path);
    const plan = await connection.planProvision(target());
    expect(plan.map(({ text }) => text)).toEqual([
      'add column waystage_stage to people.csv',
      'add column waystage_health_score to people.csv',
    ]);
    expect((await connection.provision(plan)).every(({ ok }) => ok)).toBe(true);
    expect(folder.text('people.csv')).toBe(
      'id,name,waystage_stage:enum(active),waystage_health_score:number\r\np1,Ada,,\r\n\r\np2,,\r\np3,C,x,,\r\np4,"D",,',
    );
    const { records, failed } = await pullAll(connection, 'people', ['waystage_stage']);
    expect(records.map(({ id, fields }) => [id, { ...fields }])).toEqual([
      ['p1', { waystage_stage: null }],
      ['p4', { waystage_stage: null }],
    ]);
    expect(failed.map(({ id }) => id)).toEqual(['p2', 'p3']);
  });

  test('a file that quotes everything keeps doing so', async () => {
    folder = testFolder({ 'people.csv': '"id","name"\n"p1","Ada"\n' });
    const connection = openCsv(folder.path);
    await connection.provision(await connection.planProvision(target()));
    await connection.push('people', [write('p1', { waystage_stage: 'active', waystage_health_score: 82 })]);
    expect(folder.text('people.csv')).toBe(
      '"id","name","waystage_stage:enum(active)","waystage_health_score:number"\n"p1","Ada","active","82"\n',
    );
  });

  test('any table: what is written is read back, all other cells are as they were', async () => {
    const text = fc.string({ unit: fc.constantFrom('"', ',', ';', '\n', '\r', ' ', 'a', '山', '😀', '\0') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 6 }),
        fc.array(text, { minLength: 6, maxLength: 6 }),
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        async (rows, values, delimiter, newline) => {
          const before = [['id', 'a', 'ours', 'b'], ...rows.map(([a, b], i) => [`p${i}`, a, '', b])];
          const own = testFolder({ 'people.csv': formatCsv(before, delimiter, newline) });
          try {
            const connection = openCsv(own.path);
            const writes = rows.map((_, i) => write(`p${i}`, { ours: values[i] || null }));
            const results = await connection.push('people', writes);
            expect(results.every(({ outcome }) => outcome === 'written')).toBe(true);
            const after = before.map((row, i) => (i === 0 ? row : row.with(2, values[i - 1] ?? '')));
            expect(parseCsv(own.text('people.csv'), delimiter)).toEqual(after);
            const { records } = await pullAll(connection, 'people', ['a', 'ours', 'b']);
            expect(records.map(({ fields }) => [fields['a'], fields['ours'], fields['b']])).toEqual(
              after.slice(1).map(([, a, ours, b]) => [a || null, ours || null, b || null]),
            );
          } finally {
            own.remove();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('rights stay, a link stays a link, a left-over of a killed run is taken away', async () => {
    folder = testFolder({ 'real.csv': 'id,ours\np1,\n', '.real.csv.waystage.tmp': 'half of a fi' });
    chmodSync(join(folder.path, 'real.csv'), 0o640);
    symlinkSync('real.csv', join(folder.path, 'people.csv'));
    await openCsv(folder.path).push('people', [write('p1', { ours: 'x' })]);
    expect(folder.text('real.csv')).toBe('id,ours\np1,x\n');
    expect(lstatSync(join(folder.path, 'people.csv')).isSymbolicLink()).toBe(true);
    expect(statSync(join(folder.path, 'real.csv')).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder.path).sort()).toEqual(['people.csv', 'real.csv']);
  });

  test('a value that is there already writes nothing', async () => {
    folder = testFolder({ 'people.csv': 'id,ours\np1,x\n' });
    utimesSync(join(folder.path, 'people.csv'), 1_700_000_000, 1_700_000_000);
    expect(await openCsv(folder.path).push('people', [write('p1', { ours: 'x' })])).toEqual([
      { id: 'p1', outcome: 'written' },
    ]);
    expect(statSync(join(folder.path, 'people.csv')).mtimeMs).toBe(1_700_000_000_000);
  });
});

describe('refused', () => {
  test('one by one, each with its reason, and the rest is written', async () => {
    folder = testFolder({
      'people.csv':
        'id,archived,account_id,n:number,s:enum(a|b)\np1,,,,\np2,,,,\np2,,,,\np3,yes,,,\np4,,,\np5,,,,\np6,,,,\np7,,,,\np8,,,,\n',
    });
    const results = await openCsv(folder.path).push('people', [
      write('p1', { s: 'a' }),
      write('p2', { s: 'a' }),
      write('p3', { s: 'a' }),
      write('p4', { s: 'a' }),
      write('p5', { s: 'c' }),
      write('p6', { n: 'many' }),
      write('p7', { waystage_stage: 'x' }),
      write('p8', { account_id: 'a1' }),
      write('p9', { s: 'a' }),
    ]);
    expect(results.map((result) => ('code' in result ? result.code : result.outcome))).toEqual([
      'written',
      'duplicate_id',
      'archived',
      'broken_row',
      'bad_value',
      'bad_value',
      'no_column',
      'read_only',
      'no_row',
    ]);
    for (const result of results) if ('retryable' in result) expect(result.retryable).toBe(false);
    expect(JSON.stringify(results)).toContain('`s` takes one of a, b');
    expect(folder.text('people.csv')).toContain('p1,,,,a\np2,,,,\np2,,,,\n');
  });

  test('a row is written with all of its fields or with none', async () => {
    folder = testFolder({ 'people.csv': 'id,a,n:number\np1,,\n' });
    const results = await openCsv(folder.path).push('people', [write('p1', { a: 'x', n: 'bad' })]);
    expect(results[0]?.outcome).toBe('refused');
    expect(folder.text('people.csv')).toBe('id,a,n:number\np1,,\n');
  });

  test('an edit between reading and writing is kept, and our write comes again later', async () => {
    // The second one has the size and, below, the time of the file that was read.
    for (const edit of ['id,ours\np1,\np2,new\n', 'id,ours\np9,\np2,\n']) {
      folder = testFolder({ 'people.csv': 'id,ours\np1,\np2,\n' });
      const path = join(folder.path, 'people.csv');
      utimesSync(path, 1_700_000_000, 1_700_000_000);
      const connection = openCsv(folder.path);
      // The first look at the values happens after the file was read and before it is written.
      let edited = false;
      const fields = new Proxy<Record<string, string>>(
        { ours: 'x' },
        {
          ownKeys(values) {
            if (!edited) {
              folder.write('people.csv', edit);
              utimesSync(path, 1_700_000_000, 1_700_000_000);
            }
            edited = true;
            return Reflect.ownKeys(values);
          },
        },
      );
      const results = await connection.push('people', [write('p1', fields), write('p2', { ours: 'y' })]);
      expect(results).toEqual(
        ['p1', 'p2'].map((id) => ({
          id,
          outcome: 'refused',
          code: 'file_changed',
          message: expect.stringContaining('people.csv was changed by somebody'),
          retryable: true,
        })),
      );
      expect(folder.text('people.csv')).toBe(edit);
      expect(readdirSync(folder.path)).toEqual(['people.csv']);
      const again = await connection.push('people', [write('p2', { ours: 'y' })]);
      expect(again.map(({ outcome }) => outcome)).toEqual(['written']);
      folder.remove();
    }
  });

  test('a file that went away, and a column that another type declares', async () => {
    folder = testFolder({ 'accounts.csv': 'id,waystage_stage:number\na1,\n' });
    const connection = openCsv(folder.path);
    expect(await connection.push('people', [write('p1', { ours: 'x' })])).toEqual([
      expect.objectContaining({ outcome: 'refused', code: 'no_file' }),
    ]);
    expect(await connection.planProvision(target())).toEqual([]);
    const wanted = target().map((one) => ({ ...one, type: 'accounts' }));
    const plan = await connection.planProvision(wanted);
    expect(plan[0]?.text).toContain('declared as number where Waystage needs enum');
    const results = await connection.provision(plan);
    expect(results.map(({ ok }) => ok)).toEqual([false, true]);
    expect(folder.text('accounts.csv')).toBe('id,waystage_stage:number,waystage_health_score:number\na1,,\n');
  });
});

describe('provision', () => {
  test('a column without a type is declared, two journeys share a column, odd options are refused', async () => {
    folder = testFolder({ 'people.csv': 'id,waystage_stage,n\np1,old,1\n' });
    const connection = openCsv(folder.path);
    const [stage] = target()[0]?.fields ?? [];
    const [other] = target(['lost'])[0]?.fields ?? [];
    const fields = [stage!, other!];
    const plan = await connection.planProvision([{ type: 'people', fields }]);
    expect(plan.map(({ text }) => text)).toEqual(['declare as enum the column waystage_stage of people.csv']);
    expect(await connection.provision(plan)).toEqual([{ id: plan[0]?.id, ok: true, message: null }]);
    expect(folder.text('people.csv')).toBe('id,waystage_stage:enum(active|lost),n\np1,old,1\n');
    // A person's own value is not lost for being no option.
    const { records } = await pullAll(connection, 'people', ['waystage_stage']);
    expect(records[0]?.fields['waystage_stage']).toBe('old');
    const odd = await connection.planProvision(target(['a|b']));
    expect((await connection.provision(odd))[0]).toMatchObject({ ok: false });
    expect(folder.text('people.csv').startsWith('id,waystage_stage:enum(active|lost),n')).toBe(true);
  });
});
