import { afterEach, describe, expect, test } from '@jest/globals';
import { createCsv } from '../../../connectors/csv/index.ts';
import { openCsv, pullAll, pullPages, type TestFolder, testFolder } from './kit.ts';

let folder: TestFolder;
afterEach(() => folder?.remove());

async function pullPeople(content: string | Buffer, fields: readonly string[] = ['email']) {
  folder = testFolder({ 'people.csv': content });
  const { records, failed } = await pullAll(openCsv(folder.path), 'people', fields);
  return { ids: records.map(({ id }) => id), records, failed };
}

describe('rows that are wrong are named, the others go on', () => {
  test('cells too few and too many, no id, an id that stands twice, text after a quote', async () => {
    const { ids, failed } = await pullPeople(
      'id,email,note\np1,a@x.io,\np2,b@x.io\np3,c@x.io,,\n,d@x.io,\np5,e@x.io,\np6,"f"@x.io,\np5,g@x.io,\np7,h@x.io,\n',
    );
    expect(ids).toEqual(['p1', 'p7']);
    expect(failed).toEqual([
      { id: 'p2', message: 'people.csv line 3: the row has 2 cells where the header has 3.' },
      { id: 'p3', message: 'people.csv line 4: the row has 4 cells where the header has 3.' },
      { id: 'line 5', message: expect.stringContaining('people.csv line 5: the column `id` is empty') },
      { id: 'p5', message: expect.stringContaining('people.csv line 6: the id stands on lines 6, 8;') },
      { id: 'p6', message: expect.stringContaining('people.csv line 7: text follows a closing quote') },
      { id: 'p5', message: expect.stringContaining('people.csv line 8: the id stands on lines 6, 8;') },
    ]);
  });

  test('a value that does not fit its column, in words that do not repeat it', async () => {
    const { ids, failed } = await pullPeople(
      'id,email,born:date,size:number,created,modified\n' +
        'p1,a@x.io,2026-02-30,"1,5",2026-01-01,2026-01-02\n' +
        'p2,b@x.io,,,31.01.2026,\n' +
        'p3,c@x.io,,,,\n',
      ['email', 'born', 'size'],
    );
    expect(ids).toEqual(['p3']);
    expect(failed.map(({ message }) => message)).toEqual([
      'people.csv line 2: `born` does not hold a date such as 2026-01-31; `size` does not hold a number such as 1234.56.',
      'people.csv line 3: `created` does not hold an instant such as 2026-01-31T09:00:00Z, or a date.',
    ]);
    expect(JSON.stringify(failed)).not.toContain('1,5');
  });

  test('a wrong value in a column that nobody asked for harms nobody', async () => {
    const { ids, failed } = await pullPeople('id,email,born:date\np1,a@x.io,soon\n');
    expect([ids, failed]).toEqual([['p1'], []]);
  });

  test('another encoding in the middle of the file', async () => {
    const { ids, failed } = await pullPeople(
      Buffer.concat([
        Buffer.from('id,email,name\np1,a@x.io,Zoë\np2,b@x.io,Zo'),
        Buffer.from([0xeb]),
        Buffer.from('\np3,c@x.io,山田\n'),
      ]),
    );
    expect(ids).toEqual(['p1', 'p3']);
    expect(failed).toEqual([
      { id: 'p2', message: expect.stringContaining('people.csv line 3: the row is not valid UTF-8') },
    ]);
  });

  test('a cell of 10 MB fails its row alone; one of 64 KB is taken whole', async () => {
    const big = 'x'.repeat(64 * 1024);
    const { records, failed } = await pullPeople(
      `id,email,name\np1,a@x.io,${big}\np2,b@x.io,"${'y'.repeat(10 * 1024 * 1024)}"\np3,c@x.io,z\n`,
      ['name'],
    );
    expect(records.map(({ fields }) => fields['name'])).toEqual([big, 'z']);
    expect(failed).toEqual([{ id: 'p2', message: 'people.csv line 3: the row is longer than 4 MB.' }]);
  });

  test('quotes, backslashes, NUL, emoji, right-to-left text, `__proto__` and formulas are data', async () => {
    const values = ['O"Brien\\', 'a\0b', '😀', 'עמר', '__proto__', '=1+1', '@x', ' padded '];
    const rows = values.map((value, i) => `p${i},"${value.replaceAll('"', '""')}"\r\n`).join('');
    const { records, failed } = await pullPeople(`id,name\r\n${rows}`, ['name']);
    expect(records.map(({ fields }) => fields['name'])).toEqual(values);
    expect(failed).toEqual([]);
    const hard = await pullPeople('id,name\n__proto__,a\nconstructor,b\n"p\0",c\n"p;q",d\n', ['name']);
    expect(hard.ids).toEqual(['__proto__', 'constructor']);
    expect(hard.failed.map(({ id }) => id)).toEqual(['line 4', 'line 5']);
  });

  test('blank lines and lines of empty cells, which spreadsheets leave behind, are no rows', async () => {
    const { ids, failed } = await pullPeople('id,email,\n\np1,a@x.io,\n,,\n\n');
    expect([ids, failed]).toEqual([['p1'], []]);
  });

  test('they are named again by every pull until they are mended, also in a file that did not change', async () => {
    folder = testFolder({ 'people.csv': 'id,email\np1,a@x.io\np2\n' });
    const connection = openCsv(folder.path);
    const first = await pullAll(connection, 'people', ['email']);
    const second = await pullAll(connection, 'people', ['email'], first.cursor);
    expect([second.records, second.failed.length]).toEqual([[], 1]);
    folder.write('people.csv', 'id,email\np1,a@x.io\np2,b@x.io\n');
    const third = await pullAll(connection, 'people', ['email'], second.cursor);
    expect([third.records.map(({ id }) => id), third.failed]).toEqual([['p2'], []]);
    const fourth = await pullAll(connection, 'people', ['email'], third.cursor);
    expect([fourth.records, fourth.failed]).toEqual([[], []]);
  });
});

describe('a file that is broken as a whole', () => {
  test.each([
    ['', 'line 1: there is no header'],
    ['email,name\na@x.io,A\n', 'no column `id`'],
    [`id,email\n${'p1,a@x.io\n'.repeat(50)}p2,"b@x.io\np3,c@x.io\n`, 'line 52: a quote is opened here'],
    [Buffer.from('\ufeffid,email\np1,a@x.io\n', 'utf16le'), 'UTF-16'],
  ])('gives nothing and is named (%#)', async (content, message) => {
    folder = testFolder({ 'people.csv': content, 'accounts.csv': 'id,name\na1,A\n' });
    const connection = openCsv(folder.path, createCsv({ pageSize: 2 }));
    const handedOver: string[] = [];
    const pull = async (): Promise<void> => {
      for (const page of await pullPages(connection, 'people', ['email']))
        handedOver.push(...page.records.map(({ id }) => id));
    };
    await expect(pull()).rejects.toMatchObject({
      code: 'crm_bad_answer',
      retryable: false,
      message: expect.stringContaining(message),
    });
    await expect(pull()).rejects.toThrow('people.csv');
    expect(handedOver).toEqual([]);
    expect((await pullAll(connection, 'accounts', ['name'])).records).toHaveLength(1);
    const before = folder.bytes('people.csv');
    const write = { id: 'p1', fields: { email: 'x' }, parent: null };
    await expect(connection.push('people', [write])).rejects.toThrow('people.csv');
    expect(folder.bytes('people.csv').equals(before)).toBe(true);
  });

  test('a missing file is not readable, and its pull says what to do', async () => {
    folder = testFolder({ 'people.csv': 'id\np1\n' });
    const connection = openCsv(folder.path);
    const { objects } = await connection.discover(['people', 'surveys']);
    expect(objects['people']?.readable).toBe(true);
    expect(objects['surveys']?.readable).toBe(false);
    await expect(pullAll(connection, 'surveys')).rejects.toMatchObject({
      code: 'crm_permission',
      message: expect.stringContaining('has no surveys.csv'),
    });
    expect(
      await connection.read({ type: 'surveys', ids: ['s1'], fields: [], discovery: emptyDiscovery }),
    ).toEqual({
      records: [],
      gone: ['s1'],
    });
  });
});

describe('stages', () => {
  test('without stages.csv the words mean what they say', async () => {
    folder = testFolder();
    const { stages } = await openCsv(folder.path).discover([]);
    expect(stages.map(({ type, value, open, won, lost }) => [type, value, open, won, lost])).toEqual([
      ['deals', 'open', true, false, false],
      ['deals', 'won', false, true, false],
      ['deals', 'lost', false, false, true],
      ['tickets', 'open', true, false, false],
      ['tickets', 'closed', false, false, false],
    ]);
  });

  test('stages.csv gives label, pipeline and probability, in the order of its rows', async () => {
    folder = testFolder({
      'stages.csv':
        'id;type;means;label;pipeline;probability\nS1;deals;open;Erstgespräch;new;0.2\nS9;deals;won;Gewonnen;new;\nS1;deals;open;Start;renewal;0.7\n',
    });
    const { stages } = await openCsv(folder.path).discover([]);
    expect(stages).toEqual([
      expect.objectContaining({
        value: 'S1',
        label: 'Erstgespräch',
        pipeline: 'new',
        order: 0,
        probability: 0.2,
      }),
      expect.objectContaining({ value: 'S9', label: 'Gewonnen', won: true, probability: 1 }),
      expect.objectContaining({ value: 'S1', label: 'Start', pipeline: 'renewal', order: 2, field: 'stage' }),
    ]);
  });

  test('a wrong stages.csv is refused with every wrong line', async () => {
    folder = testFolder({
      'stages.csv':
        'id,type,means,probability\na,deal,open,\nb,deals,maybe,\nc,deals,won,70\nd,deals,lost,\nd,deals,lost,\n',
    });
    const error = await openCsv(folder.path)
      .discover([])
      .catch((caught: unknown) => String(caught));
    expect(error).toContain('stages.csv line 2: the column `type` holds neither');
    expect(error).toContain('stages.csv line 3: the column `means`');
    expect(error).toContain('stages.csv line 4: the column `probability`');
    expect(error).toContain('stages.csv line 6: the same stage stands on line 5');
  });
});

const emptyDiscovery = { homeCurrency: null, objects: {}, stages: [], recordUrl: null };
