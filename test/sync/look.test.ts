import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Discovery, FieldInfo } from '../../src/connector/port.ts';
import type { SubjectId } from '../../src/model/facts.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { Fence, Store } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { MAX_DISTINCT, reportFields } from '../../src/sync/read/field-report.ts';
import type { SyncConnection } from '../../src/sync/session.ts';
import { findSubject, type NamedBy } from '../../src/sync/subjects/find-subject.ts';

const HUB = 'hub' as ConnectionId;
const T0 = Date.UTC(2026, 0, 1);
let store: Store;
let fence: Fence;

beforeAll(async () => {
  store = await openSqliteStore(':memory:');
  fence = (await store.leases.acquire('sync', 'x', T0, 1_000)) as Fence;
  const record = (
    id: string,
    type: string,
    fields: CrmRecord['fields'],
    over: Partial<CrmRecord> = {},
  ): CrmRecord => ({
    connection: HUB,
    type,
    id,
    fields,
    created: T0,
    modified: T0 + Number(id),
    state: 'live',
    successor: null,
    mergedIds: [],
    associations: {},
    ...over,
  });
  const pages = [
    [
      record('1', 'contacts', {
        email: 'Ana@Example.org',
        other: 'a2@example.org;A3@example.org',
        title: 'CEO',
      }),
      record('2', 'contacts', { email: 'bo@example.org', other: null, title: null }),
      record('3', 'contacts', { email: 'dup@example.org', other: null, title: 'CEO' }),
      record('4', 'contacts', { email: 'dup@example.org', other: null, title: 'CFO' }),
      record(
        '5',
        'contacts',
        { email: 'gone@example.org', other: null, title: 'Old' },
        { state: 'archived' },
      ),
    ],
    [record('9', 'companies', { domain: 'https://www.Acme.example/about?x=1' })],
  ];
  for (const records of pages) {
    const type = records[0]!.type;
    await store.records.commitPage(
      {
        run: 'r',
        connection: HUB,
        type,
        records,
        fates: [],
        at: T0,
        checkpoint: { cursor: 'c', fields: [], complete: true },
      },
      fence,
    );
  }
  const person = (id: string): { id: SubjectId; kind: 'person'; created: number; gone: boolean } => ({
    id: `person:${id}` as SubjectId,
    kind: 'person',
    created: T0,
    gone: false,
  });
  const member = (
    id: string,
    type = 'contacts',
  ): Parameters<Store['subjects']['commit']>[0]['members'][number] => ({
    connection: HUB,
    type,
    id,
    entity: type === 'contacts' ? 'person' : 'account',
    subject: `${type === 'contacts' ? 'person' : 'account'}:${id}` as SubjectId,
    reason: 'alone',
  });
  await store.subjects.commit(
    {
      records: [member('1'), member('2'), member('3'), member('4'), member('9', 'companies')],
      subjects: [
        ...['1', '2', '3', '4'].map(person),
        { id: 'account:9' as SubjectId, kind: 'account', created: T0, gone: false },
      ],
      members: [member('1'), member('2'), member('3'), member('4'), member('9', 'companies')],
      ambiguities: [],
      ended: [],
    },
    fence,
  );
});
afterAll(() => store.close());

describe('finding a subject by what people call it', () => {
  const named: readonly NamedBy[] = [
    { connection: HUB, type: 'contacts', emails: ['email', 'other'], domains: [] },
    { connection: HUB, type: 'companies', emails: [], domains: ['domain'] },
  ];
  const find = async (text: string): Promise<string> => (await findSubject(store, text, named)).id;

  test.each([
    ['its own id', 'person:2', 'person:2'],
    ['connection:type:id', 'hub:contacts:2', 'person:2'],
    ['e-mail in any case', 'ana@EXAMPLE.org', 'person:1'],
    ['full-width characters', 'ａna@example.org', 'person:1'],
    ['one of several further addresses', 'a3@example.org', 'person:1'],
    ['domain out of an address', 'acme.example', 'account:9'],
  ])('by %s', async (_how, text, id) => {
    expect(await find(text)).toBe(id);
  });

  test('nobody: says what to do; several: names them', async () => {
    await expect(find('nobody@example.org')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('waystage sync'),
    });
    await expect(find('gone@example.org')).rejects.toMatchObject({ code: 'not_found' });
    await expect(find('hub:contacts:77')).rejects.toMatchObject({ code: 'not_found' });
    await expect(find('dup@example.org')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('person:3, person:4'),
    });
  });
});

describe('the report of fields', () => {
  const field = (name: string): FieldInfo => ({
    name,
    label: name.toUpperCase(),
    type: 'text',
    writable: true,
    calculated: false,
  });
  const discovery = {
    objects: {
      contacts: {
        readable: true,
        fields: { zeta: field('zeta'), email: field('email'), title: field('title') },
      },
    },
  } as unknown as Discovery;

  test('fill, distinct values and freshness of live records; fields nobody reads come last and without figures', async () => {
    const reports = await reportFields(store, { id: HUB } as SyncConnection, discovery, ['contacts']);
    expect(
      reports.map(({ name, read, filled, distinct, newest }) => ({ name, read, filled, distinct, newest })),
    ).toEqual([
      { name: 'email', read: true, filled: 1, distinct: 3, newest: T0 + 4 },
      { name: 'title', read: true, filled: 0.75, distinct: 2, newest: T0 + 4 },
      { name: 'zeta', read: false, filled: null, distinct: null, newest: null },
    ]);
    expect(MAX_DISTINCT).toBe(1_000);
  });
});
