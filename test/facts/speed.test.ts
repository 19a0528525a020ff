import { expect, test } from '@jest/globals';
import { buildFactGraph, buildFacts, createFactBuilder } from '../../src/facts/index.ts';
import type { FieldSource } from '../../src/mapping/types.ts';
import type { SubjectId } from '../../src/model/facts.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import { crm, entityOf, field, HUBSPOT, reader, words } from './kit.ts';

const constant: FieldSource = { kind: 'constant', value: 'meeting' };
const created: FieldSource = { kind: 'stamp', stamp: 'created' };

test('a person with 20 neighbours takes about 50 µs of processor', () => {
  const own = reader({
    hubspot: {
      contacts: { email: field('email'), name: field('first', 'last'), created, opted_out: field('out') },
      meetings: {
        at: field('at'),
        channel: constant,
        direction: words('d', { INBOUND: 'incoming' }),
        subject: field('s'),
      },
      deals: { name: field('s'), amount: field('a'), created, kind: words('k', { newbusiness: 'new' }) },
    },
  });
  const builder = createFactBuilder(own);
  const people = 400;
  const perPerson = (): number => {
    const records: CrmRecord[] = [];
    for (let i = 0; i < people; i++) {
      const links = { contacts: String(i) };
      records.push(
        crm(`hubspot:contacts:${i}`, { fields: { email: 'a@x.com', first: 'A', last: 'B', out: false } }),
      );
      for (let n = 0; n < 16; n++) {
        const fields = { at: '2026-01-01T10:00:00.000Z', d: 'INBOUND', s: 'Hello' };
        records.push(crm(`hubspot:meetings:${i}-${n}`, { fields, links }));
      }
      for (let n = 0; n < 4; n++) {
        records.push(
          crm(`hubspot:deals:${i}-${n}`, { fields: { s: 'Deal', a: 100, k: 'newbusiness' }, links }),
        );
      }
    }
    const graph = buildFactGraph({
      records,
      groupOf: () => undefined,
      entityOf: (_connection, type) => entityOf(type),
      connectionOrder: [HUBSPOT],
    });
    const started = process.cpuUsage();
    let touchpoints = 0;
    for (const group of graph.groups('person')) {
      const input = graph.input('person', group, group as SubjectId);
      if (input !== undefined) touchpoints += buildFacts(builder, input).touchpoints.length;
    }
    expect(touchpoints).toBe(people * 16);
    return process.cpuUsage(started).user / people;
  };
  // The best of a few rounds: the others pay for the compiler and for the machine's other work.
  expect(Math.min(...Array.from({ length: 6 }, perPerson))).toBeLessThan(150);
});
