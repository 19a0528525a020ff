import { expect, test } from '@jest/globals';
import type { Connection, Discovery, FieldCourse, HistoryPage } from '../../src/connector/port.ts';
import type { FieldValue } from '../../src/model/record.ts';
import type { ContractSetup } from './connector.ts';

const HOUR = 3_600_000;
/** Most requests a quiet increment may cost: what is tracked, a look or two, and what changed in the last minutes. */
const QUIET = 8;

export interface HistoryContext {
  readonly setup: ContractSetup;
  readonly connection: Connection;
  readonly discovery: Discovery;
}

/** What a connector owes the core whose CRM remembers what fields held before; nothing of the others. */
export function historyTests(context: () => HistoryContext): void {
  const fieldsOf = (type: string): readonly string[] => context().setup.fields[type] ?? [];
  const types = (): readonly string[] => context().setup.connector.capabilities.history?.types ?? [];
  const pages = async (type: string, cursor: string | null): Promise<readonly HistoryPage[]> => {
    const { connection, discovery } = context();
    const all: HistoryPage[] = [];
    for await (const page of connection.history?.({ type, fields: fieldsOf(type), cursor, discovery }) ?? [])
      all.push(page);
    return all;
  };

  test('history is there exactly where the capabilities say so', () => {
    const { setup, connection } = context();
    expect(connection.history !== undefined).toBe(setup.connector.capabilities.history !== undefined);
    const known = setup.connector.capabilities.objectTypes.map(({ name }) => name);
    for (const type of types()) expect(known).toContain(type);
    expect(setup.remembered !== undefined).toBe(connection.history !== undefined);
  });

  test('courses are in the order of time, repeat nothing and end with the present value', async () => {
    const { setup, connection, discovery } = context();
    for (const type of types()) {
      const present = new Map<string, Readonly<Record<string, FieldValue>>>();
      for await (const page of connection.pull({ type, fields: fieldsOf(type), cursor: null, discovery }))
        for (const record of page.records)
          if (record.state !== 'archived') present.set(record.id, record.fields);
      const all = await pages(type, null);
      expect(all.flatMap(({ failed }) => failed)).toEqual([]);
      expect(all.map(({ done }) => done)).toEqual(all.map((_, index) => index === all.length - 1));
      const live = new Set(await setup.crm.liveIds(type));
      const told = new Set<string>();
      for (const { id, field, values } of all.flatMap(({ courses }) => courses)) {
        expect(fieldsOf(type)).toContain(field);
        expect(told.has(`${id} ${field}`)).toBe(false);
        told.add(`${id} ${field}`);
        expect(values.length).toBeGreaterThan(0);
        values.forEach(({ value, at }, index) => {
          const before = values[index - 1];
          if (before === undefined) return;
          expect(at).toBeGreaterThan(before.at);
          expect(value).not.toBe(before.value);
        });
        expect({ id, field, value: values.at(-1)?.value }).toEqual({
          id,
          field,
          value: present.get(id)?.[field],
        });
      }
      // What is told of one record is told of all.
      const fields = new Set([...told].map((one) => one.split(' ')[1]));
      for (const id of live) for (const field of fields) expect(told.has(`${id} ${field}`)).toBe(true);
    }
  });

  test('history can be resumed at the cursor of every page and gives the same courses', async () => {
    for (const type of types()) {
      const whole = await pages(type, null);
      for (const [index, page] of whole.entries()) {
        if (page.done) continue;
        const seen = whole.slice(0, index + 1);
        expect(byField([...seen, ...(await pages(type, page.cursor))])).toEqual(byField(whole));
      }
    }
  });

  test('a record edited three times gives its course, and later only what changed is read', async () => {
    const { setup, connection } = context();
    if (setup.remembered === undefined) return;
    const { type, field } = setup.remembered;
    await setup.crm.settle(HOUR);
    const cursor = (await pages(type, null)).at(-1)?.cursor ?? null;
    await setup.crm.settle(3 * HOUR);
    const quiet = await pages(type, cursor);
    const [id = ''] = await setup.crm.liveIds(type);
    const started = setup.clock.now();
    const edits = ['Scout', 'Zoë "\\\' 山田 😀', 'Captain'];
    for (const value of edits) {
      await setup.crm.edit(type, id, { [field]: value });
      await setup.crm.settle(HOUR);
    }
    await setup.crm.settle(HOUR);
    const before = connection.usage.byPurpose['history'] ?? 0;
    const changed = await pages(type, quiet.at(-1)?.cursor ?? null);
    expect((connection.usage.byPurpose['history'] ?? 0) - before).toBeLessThanOrEqual(QUIET);
    const courses = changed.flatMap((page) => page.courses);
    expect(new Set(courses.map((course) => course.id))).toEqual(new Set([id]));
    const values = courses.find((course) => course.field === field)?.values ?? [];
    expect(values.slice(-3).map(({ value }) => value)).toEqual(edits);
    const stamps = values.slice(-3).map(({ at }) => at);
    expect(stamps[0]).toBeGreaterThanOrEqual(started - 60_000);
    expect(stamps[1]! - stamps[0]!).toBeGreaterThanOrEqual(HOUR - 1_000);
    expect(stamps[2]! - stamps[1]!).toBeGreaterThanOrEqual(HOUR - 1_000);
    // All that is read again is what may have shown late.
    await setup.crm.settle(3 * HOUR);
    const later = await pages(type, changed.at(-1)?.cursor ?? null);
    await setup.crm.settle(3 * HOUR);
    expect((await pages(type, later.at(-1)?.cursor ?? null)).flatMap((page) => page.courses)).toEqual([]);
  });

  test('a cursor of another version is said to be expired', async () => {
    const [type] = types();
    if (type === undefined) return;
    await expect(pages(type, '{"v":0}')).rejects.toMatchObject({ code: 'crm_cursor_expired' });
  });
}

function byField(all: readonly HistoryPage[]): ReadonlyMap<string, FieldCourse> {
  return new Map(all.flatMap(({ courses }) => courses.map((one) => [`${one.id} ${one.field}`, one])));
}
