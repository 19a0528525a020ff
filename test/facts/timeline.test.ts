import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  buildFactGraph,
  buildFacts,
  createFactBuilder,
  createTimelineMaker,
  type FactGraph,
  type GraphEpochs,
  subjectTimeline,
} from '../../src/facts/index.ts';
import type { FactTimeline, SubjectFacts, SubjectId } from '../../src/model/facts.ts';
import type { DatedRecord } from '../../src/model/record.ts';
import { crm, DAY, entityOf, field, HUBSPOT, reader, SALESFORCE } from './kit.ts';

const READS = {
  person: ['name', 'source'],
  account: ['name'],
  deals: ['name', 'amount', 'created', 'close_date'],
  touchpoints: ['at', 'outcome'],
};
const own = reader({
  hubspot: {
    contacts: { name: field('name'), source: field('source') },
    companies: { name: field('name') },
    deals: {
      name: field('name'),
      amount: field('amount'),
      created: { kind: 'stamp', stamp: 'created' },
      close_date: field('close'),
    },
    meetings: { at: field('at'), outcome: field('outcome') },
  },
  salesforce: { Contact: { name: field('name') } },
  reads: READS,
});

function dated(record: DatedRecord, past: NonNullable<DatedRecord['past']>): DatedRecord {
  return { ...record, past };
}

function graphOf(records: readonly DatedRecord[], groups: Readonly<Record<string, string>> = {}): FactGraph {
  return buildFactGraph({
    records,
    groupOf: (key) => groups[key],
    entityOf: (_connection, type) => entityOf(type),
    connectionOrder: [HUBSPOT, SALESFORCE],
  });
}

function timelineOf(
  graph: FactGraph,
  epochs: GraphEpochs = [{ from: Number.NEGATIVE_INFINITY, graph }],
  subject = 'hubspot:contacts:1',
): FactTimeline {
  const maker = createTimelineMaker(own);
  const found = subjectTimeline(maker, epochs, { subject: subject as SubjectId, kind: 'person' }, READS);
  if (found === undefined) throw new Error('no time line');
  return found;
}

const all = (timeline: FactTimeline): readonly number[] => timeline.changes(Number.NEGATIVE_INFINITY, 1e15);

describe('J14 facts as they were', () => {
  const person = crm('hubspot:contacts:1', {
    fields: { name: 'New', source: 'web' },
    created: 10 * DAY,
    modified: 50 * DAY,
  });
  const past = {
    knownSince: 12 * DAY,
    values: {
      name: [
        { value: 'Old', since: 12 * DAY },
        { value: 'New', since: 30 * DAY },
      ],
    },
  };

  test('a field holds each value from its instant on, whatever else changed on the record', () => {
    const timeline = timelineOf(graphOf([dated(person, past)]));
    const name = (at: number) => timeline.at(at).person?.values['name'];
    expect(timeline.at(9 * DAY).person).toBeNull();
    expect(name(29 * DAY)).toBe('Old');
    expect(name(30 * DAY)).toBe('New');
    expect(timeline.at(60 * DAY).person?.origins['name']).toMatchObject({ at: 30 * DAY, known: 30 * DAY });
    // Not the record's stamp: another field moved it.
    expect(timeline.at(60 * DAY).person?.origins['source']).toMatchObject({ at: 12 * DAY });
    expect(all(timeline)).toEqual([10 * DAY, 12 * DAY, 30 * DAY]);
  });

  test('J8 what nobody can tell is unknown until it is known, and only where a rule reads it', () => {
    const graph = graphOf([dated(person, past)]);
    const timeline = timelineOf(graph);
    expect(timeline.unknownAt(9 * DAY)).toBe(false);
    expect(timeline.unknownAt(11 * DAY)).toBe(true);
    expect(timeline.unknownAt(12 * DAY)).toBe(false);
    const other = subjectTimeline(
      createTimelineMaker(own),
      [{ from: Number.NEGATIVE_INFINITY, graph }],
      { subject: 'hubspot:contacts:1' as SubjectId, kind: 'person' },
      { deals: ['amount'] },
    );
    expect(other?.unknownAt(11 * DAY)).toBe(false);
  });

  test('J4 a date counts from its own day where that is earlier, and as a plan where it lies ahead', () => {
    const deal = dated(
      crm('hubspot:deals:7', {
        fields: { name: 'Big', amount: 5, close: '1970-01-21' },
        created: 15 * DAY,
        modified: 40 * DAY,
        links: { contacts: '1' },
      }),
      {
        knownSince: 15 * DAY,
        values: {
          close: [
            { value: '1970-03-02', since: 15 * DAY },
            { value: '1970-01-21', since: 40 * DAY },
          ],
        },
      },
    );
    const timeline = timelineOf(graphOf([dated(person, past), deal]));
    const close = (at: number) => timeline.at(at).deals[0]?.values['close_date'];
    expect(timeline.at(14 * DAY).deals).toEqual([]);
    expect(close(16 * DAY)).toBe(60 * DAY);
    // On day 40 somebody noted that it had closed on day 20.
    expect(close(20 * DAY)).toBe(20 * DAY);
    expect(close(45 * DAY)).toBe(20 * DAY);
  });

  test('a record that was archived or merged counts until then, one that is not born yet does not', () => {
    const lead = crm('salesforce:Contact:5', {
      fields: { name: 'Lead' },
      created: 2 * DAY,
      modified: 25 * DAY,
      state: 'merged',
    });
    const groups = { 'hubspot:contacts:1': 'p', 'salesforce:Contact:5': 'p' };
    const timeline = timelineOf(
      graphOf([dated(person, past), dated(lead, { knownSince: 2 * DAY, values: {} })], groups),
      undefined,
      'p',
    );
    const name = (at: number) => timeline.at(at).person?.values['name'];
    expect(name(1 * DAY)).toBeUndefined();
    expect(name(5 * DAY)).toBe('Lead');
    expect(name(26 * DAY)).toBe('Old');
    expect(name(31 * DAY)).toBe('New');
  });

  test('a link that ended counts until it ended', () => {
    const a = crm('hubspot:companies:a', { fields: { name: 'A' }, created: 1 });
    const b = crm('hubspot:companies:b', { fields: { name: 'B' }, created: 1 });
    const base = dated(person, past);
    const before = graphOf([
      { ...base, associations: crm('x:y:1', { links: { companies: 'a*' } }).associations },
      a,
      b,
    ]);
    const now = graphOf([
      { ...base, associations: crm('x:y:1', { links: { companies: 'b*' } }).associations },
      a,
      b,
    ]);
    const timeline = timelineOf(now, [
      { from: Number.NEGATIVE_INFINITY, graph: before },
      { from: 33 * DAY, graph: now },
    ]);
    expect(timeline.at(32 * DAY).account?.values['name']).toBe('A');
    expect(timeline.at(33 * DAY).account?.values['name']).toBe('B');
    expect(all(timeline)).toContain(33 * DAY);
  });

  test('J13 at the present instant it says what the present records say; between two changes always the same', () => {
    const value = fc.constantFrom('x', 'y', 'z');
    const course = fc.array(fc.record({ value, days: fc.integer({ min: 1, max: 30 }) }), { maxLength: 4 });
    fc.assert(
      fc.property(course, course, fc.integer({ min: 0, max: 40 }), (names, outcomes, born) => {
        const spans = (list: readonly { value: string; days: number }[]) => {
          let since = born * DAY;
          return list.map((one) => {
            since += one.days * DAY;
            return { value: one.value, since };
          });
        };
        const record = (key: string, name: string, list: ReturnType<typeof spans>, more: object) =>
          dated(
            crm(key, {
              fields: { ...more, ...(list.length === 0 ? {} : { [name]: list.at(-1)?.value ?? null }) },
              created: born * DAY,
              modified: Math.max(born * DAY, list.at(-1)?.since ?? 0),
              ...(key.includes('meetings') ? { links: { contacts: '1' } } : {}),
            }),
            { knownSince: born * DAY, values: list.length === 0 ? {} : { [name]: list } },
          );
        const records = [
          record('hubspot:contacts:1', 'name', spans(names), { source: 'web' }),
          record('hubspot:meetings:2', 'outcome', spans(outcomes), { at: '1970-01-20T00:00:00.000Z' }),
        ];
        const graph = graphOf(records);
        const timeline = timelineOf(graph);
        const input = graph.input('person', 'hubspot:contacts:1', 'hubspot:contacts:1' as SubjectId);
        const present = buildFacts(createFactBuilder(own), input as NonNullable<typeof input>);
        expect(values(timeline.at(400 * DAY))).toEqual(values(present));
        const changes = all(timeline);
        for (const [position, from] of changes.entries()) {
          const to = changes[position + 1] ?? from + 2;
          expect(values(timeline.at(to - 1))).toEqual(values(timeline.at(from)));
        }
        expect(changes).toEqual([...new Set(changes)].sort((x, y) => x - y));
      }),
      { numRuns: 200 },
    );
  });
});

function values({ person, touchpoints }: SubjectFacts): unknown {
  return JSON.parse(JSON.stringify([person, touchpoints]));
}
