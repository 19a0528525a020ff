import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coursesOfRow } from '../../../connectors/hubspot/property-history.ts';
import { startHubspotSandbox } from '../../../connectors/hubspot/sandbox/index.ts';
import { hubspotType } from '../../../connectors/hubspot/schema.ts';
import type { FieldCourse, FieldInfo, FieldType } from '../../../src/connector/port.ts';
import type { Sandbox } from '../../../src/sandbox/port.ts';
import { createStory } from '../../../src/story/index.ts';
import { createFastClock } from '../../helpers/fast-clock.ts';
import { describeFields, hubspotConfig, openHubspot } from '../../helpers/hubspot.ts';

const CREATED = Date.UTC(2026, 0, 5, 9);
const DAY = 86_400_000;
const iso = (at: number): string => new Date(at).toISOString();

const info = (name: string, type: FieldType, extra: Partial<FieldInfo> = {}): FieldInfo => ({
  ...{ name, label: name, type, writable: true, calculated: false },
  ...extra,
});

/** `entries`: `[value, at]`, newest first as HubSpot gives them. */
function courses(
  field: FieldInfo,
  present: unknown,
  entries: readonly (readonly [unknown, number])[],
  type = 'deals',
) {
  const row = {
    id: '7',
    createdAt: iso(CREATED),
    properties: { [field.name]: present, hs_lastmodifieddate: iso(CREATED + 90 * DAY) },
    propertiesWithHistory: {
      [field.name]: entries.map(([value, at]) => ({ value, timestamp: iso(at), sourceType: 'CRM_UI' })),
    },
  };
  const read = coursesOfRow(row, hubspotType(type), new Map([[field.name, field]]));
  if ('failed' in read) throw new Error(read.failed.message);
  return read;
}

const one = (...args: Parameters<typeof courses>): FieldCourse | undefined => courses(...args).courses[0];
const pairs = (course: FieldCourse | undefined) => course?.values.map(({ value, at }) => [value, at]);

describe('a property and what it held', () => {
  const stage = info('dealstage', 'enum');

  test('oldest first, decoded as records are, from the creation on (J14)', () => {
    const course = one(info('amount', 'number'), '900.5', [
      ['900.5', CREATED + 5 * DAY],
      ['', CREATED + 2 * DAY],
      ['700', CREATED],
    ]);
    expect(course).toEqual({ id: '7', field: 'amount', values: course?.values, complete: true });
    expect(pairs(course)).toEqual([
      [700, CREATED],
      [null, CREATED + 2 * DAY],
      [900.5, CREATED + 5 * DAY],
    ]);
    const closed = one(info('closedate', 'datetime'), String(CREATED), [[String(CREATED), CREATED]]);
    expect(pairs(closed)).toEqual([[iso(CREATED), CREATED]]);
  });

  test('a property that was filled later was empty before', () => {
    expect(pairs(one(stage, 'b', [['b', CREATED + DAY]]))).toEqual([
      [null, CREATED],
      ['b', CREATED + DAY],
    ]);
    // The stamp of the first value is a moment late.
    expect(pairs(one(stage, 'b', [['b', CREATED + 400]]))).toEqual([['b', CREATED]]);
  });

  test('without a history: empty since the creation, or not remembered', () => {
    expect(one(stage, null, [])).toMatchObject({ values: [{ value: null, at: CREATED }], complete: true });
    expect(one(stage, 'b', [])).toBeUndefined();
    expect(one(info('score', 'number', { calculated: true }), null, [])).toBeUndefined();
    expect(one(stage, undefined, [])).toBeUndefined();
  });

  test('what HubSpot has dropped is not told as if it had never been: 20 values, 45 of contacts', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => [String(index), CREATED + (count - index) * DAY] as const);
    expect(one(stage, '0', many(19))?.complete).toBe(true);
    expect(one(stage, '0', many(20))?.complete).toBe(false);
    expect(one(stage, '0', many(20))?.values).toHaveLength(20);
    expect(one(stage, '0', [...many(19), ['x', CREATED]])?.complete).toBe(true);
  });

  test('a value that does not fit cuts the course: nothing is guessed', () => {
    const read = courses(info('amount', 'number'), '5', [
      ['5', CREATED + 3 * DAY],
      ['four', CREATED + 2 * DAY],
      ['3', CREATED],
    ]);
    expect(read.unfit).toEqual(['amount']);
    expect(read.courses).toEqual([
      { id: '7', field: 'amount', values: [{ value: 5, at: CREATED + 3 * DAY }], complete: false },
    ]);
    expect(courses(info('amount', 'number'), 'five', []).courses).toEqual([]);
  });

  test('it ends with the present value, also where the history lags; repeats are left out', () => {
    expect(
      pairs(
        one(stage, 'c', [
          ['b', CREATED + DAY],
          ['b', CREATED + 1],
          ['a', CREATED],
        ]),
      ),
    ).toEqual([
      ['a', CREATED],
      ['b', CREATED + 1],
      ['c', CREATED + 90 * DAY],
    ]);
    // Of two values of one instant the later holds.
    expect(
      pairs(
        one(stage, 'b', [
          ['b', CREATED],
          ['a', CREATED],
        ]),
      ),
    ).toEqual([['b', CREATED]]);
  });

  test('a row that is none is named', () => {
    const fields = new Map([['dealstage', stage]]);
    expect(coursesOfRow({ id: '1' }, hubspotType('deals'), fields)).toEqual({
      failed: { id: '1', message: 'a row without properties or their history' },
    });
    expect(coursesOfRow(null, hubspotType('deals'), fields)).toMatchObject({ failed: { id: '' } });
  });
});

describe('against the sandbox', () => {
  const NOW = Date.UTC(2026, 9, 1);
  let sandbox: Sandbox;
  const control = (name: string, body: unknown): Promise<Response> =>
    fetch(`${sandbox.url}/__sandbox/${name}`, { method: 'POST', body: JSON.stringify(body) });

  beforeAll(async () => {
    const story = createStory({ seed: 7, contacts: 120, now: NOW });
    sandbox = await startHubspotSandbox({ story, clock: createFastClock(20, NOW), port: 0 });
  });
  afterAll(() => sandbox.close());

  async function read(type: string, fields: readonly string[]) {
    const config = hubspotConfig({ baseUrl: sandbox.url, auth: { kind: 'token', token: sandbox.token } });
    const connection = openHubspot(config, { clock: createFastClock(20, NOW) });
    const discovery = describeFields(type, Object.fromEntries(fields.map((name) => [name, 'text' as const])));
    const found: FieldCourse[] = [];
    for await (const page of connection.history?.({ type, fields, cursor: null, discovery }) ?? [])
      found.push(...page.courses);
    const requests = connection.usage.byPurpose['history'] ?? 0;
    await connection.close();
    return { found, requests };
  }

  test('too many names for an address: ids by list, histories by batch read, the same courses', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `a_property_with_a_long_name_${index}`);
    const short = await read('contacts', ['firstname', 'lifecyclestage']);
    const long = await read('contacts', ['firstname', 'lifecyclestage', ...names]);
    expect(long.found).toEqual(short.found);
    const contacts = new Set(short.found.map(({ id }) => id)).size;
    expect(short.requests).toBe(Math.ceil(contacts / 50));
    expect(long.requests).toBeLessThanOrEqual(Math.ceil(contacts / 100) + Math.ceil(contacts / 50) + 1);
  });

  test('the sandbox keeps 20 values of a property, and 45 of a contact', async () => {
    for (const [type, property, most] of [
      ['deals', 'dealname', 20],
      ['contacts', 'jobtitle', 45],
    ] as const) {
      const { records } = (await fetch(`${sandbox.url}/__sandbox/records?type=${type}`).then((answer) =>
        answer.json(),
      )) as { records: readonly { readonly id: string; readonly archived: boolean }[] };
      const id = records.find(({ archived }) => !archived)?.id ?? '';
      for (let edit = 0; edit < most + 3; edit += 1) {
        await control('edit', { type, id, properties: { [property]: `v${edit}` } });
        await control('clock', { advance: 1_000 });
      }
      const { found } = await read(type, [property]);
      const course = found.find((one) => one.id === id);
      expect(course).toMatchObject({ complete: false });
      expect(course?.values).toHaveLength(most);
      expect(course?.values.at(-1)?.value).toBe(`v${most + 2}`);
    }
  });
});
