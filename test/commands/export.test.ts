import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CommandContext } from '../../src/commands/context.ts';
import { csvLine } from '../../src/commands/csv.ts';
import { type ExportOptions, exportRows } from '../../src/commands/export.ts';
import type { SubjectId } from '../../src/model/facts.ts';
import type { Store } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { CsvReader } from '../../src/transport/csv.ts';
import { entry, HUB, placement, T0 } from '../contracts/store-fixtures.ts';

let folder: string;
let store: Store;
let out: string;
let err: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waystage-export-'));
  store = await openSqliteStore(join(folder, 'w.db'));
  out = '';
  err = '';
  const fence = await store.leases.acquire('sync', 'test', T0, 60_000);
  if (fence === null) throw new Error('no lease');
  await store.journeys.save([placement('s1'), placement('s2', { journey: 'accounts' })], 'r1', fence);
  await store.subjects.commit(
    {
      subjects: [{ id: 's1' as SubjectId, kind: 'person', created: T0, gone: false }],
      members: ['9', '10'].map((id) => ({
        connection: HUB,
        type: 'contacts',
        id,
        entity: 'person',
        subject: 's1' as SubjectId,
        reason: 'e-mail',
      })),
      records: [],
      ambiguities: [],
      ended: [],
    },
    fence,
  );
  await store.ledger.begin(
    [entry('1', { old: '=HYPERLINK("http://x";"y")', new: -5 }), entry('2', { old: 'a, "b"\nc', new: true })],
    fence,
  );
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(what: string, options: Partial<ExportOptions> = {}, json = false): Promise<number> {
  const context = {
    streams: {
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
      ask: null,
      terminal: false,
      width: 80,
    },
    json,
    quiet: false,
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  return exportRows(context, store, what, { format: 'csv', journey: undefined, out: undefined, ...options });
}

describe('export', () => {
  test('visits as CSV: a head, a line a visit, the records of each subject', async () => {
    expect(await run('visits')).toBe(0);
    expect(out.split('\r\n')).toEqual([
      'journey,subject,number,stage,entered,left,noticed,cause,rule,mapping_version,skipped,uncertain,records',
      'people,s1,1,lead,2026-01-01T00:00:00.000Z,,2026-01-01T00:00:00.000Z,customer,stages.lead.enter,v1,false,false,hub:contacts:10 hub:contacts:9',
      'accounts,s2,1,lead,2026-01-01T00:00:00.000Z,,2026-01-01T00:00:00.000Z,customer,stages.lead.enter,v1,false,false,',
      '',
    ]);
    expect(err).toBe('2 rows.\n');
  });

  test('health of one journey as JSON lines', async () => {
    expect(await run('health', { format: 'jsonl', journey: 'people' })).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        journey: 'people',
        subject: 's1',
        at: '2026-01-01T00:00:00.000Z',
        score: 70,
        band: 'healthy',
        coverage: 1,
        records: 'hub:contacts:10 hub:contacts:9',
      },
    ]);
  });

  test('writes: no text becomes a formula in a spreadsheet, numbers stay numbers; JSON lines have texts as they are', async () => {
    expect(await run('writes')).toBe(0);
    const rows = parse(out);
    const column = (name: string): number => rows[0]?.indexOf(name) ?? -1;
    expect(rows[1]?.[column('old')]).toBe(`'=HYPERLINK("http://x";"y")`);
    expect(rows[1]?.[column('new')]).toBe('-5');
    expect(rows[2]?.[column('old')]).toBe('a, "b"\nc');
    expect(rows[2]?.[column('new')]).toBe('true');
    out = '';
    await run('writes', { format: 'jsonl' });
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({
      old: '=HYPERLINK("http://x";"y")',
      new: -5,
    });
  });

  test('into a file, with its size as the result', async () => {
    const file = join(folder, 'visits.csv');
    expect(await run('visits', { out: file }, true)).toBe(0);
    expect(JSON.parse(out)).toEqual({ file, rows: 2 });
    expect(readFileSync(file, 'utf8').split('\r\n')).toHaveLength(4);
  });

  test('wrong use says what was found and what is right', async () => {
    await expect(run('visit')).rejects.toMatchObject({
      code: 'usage',
      message: 'export: found `visit`; expected visits, health, writes. Did you mean `visits`?',
    });
    await expect(run('visits', { format: 'cvs' })).rejects.toThrow('Did you mean `csv`?');
    await expect(run('visits', {}, true)).rejects.toThrow('name a file with --out');
    await expect(run('visits', { out: join(folder, 'no', 'such') })).rejects.toThrow(
      'cannot be written (ENOENT)',
    );
    expect(out).toBe('');
  });
});

describe('CSV', () => {
  test('every start that a spreadsheet takes for a formula', () => {
    const starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    for (const start of starts) {
      expect(parse(csvLine([`${start}1+1`, 'x']))).toEqual([[`'${start}1+1`, 'x']]);
    }
    expect(csvLine([-1, 1.5, null, false, 'a=1', ''])).toBe('-1,1.5,,false,a=1,\r\n');
  });

  test('any texts come back as they were, those with an apostrophe in front aside', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n",a ') }),
    );
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 5 }), (cells) => {
        const [back] = parse(csvLine(cells));
        expect(back?.map((text) => text.replace(/^'(?=[=+\-@\t\r\n＝＋－＠])/, ''))).toEqual(cells);
        expect(back?.some((text) => /^[=+\-@\t\r\n]/.test(text))).toBe(false);
      }),
    );
  });
});

/** Read by the strict reader that CSV folders are read with. */
function parse(text: string): readonly (readonly string[])[] {
  const reader = new CsvReader();
  return [...reader.push(Buffer.from(text)), ...reader.end()];
}
