import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import {
  loadMapping,
  type RuleData,
  treeOf,
  valueTreeOf,
  writeCondition,
  writeValue,
} from '../../src/mapping/index.ts';
import type { BoolNode, ValueNode } from '../../src/mapping/tree.ts';
import type { Condition } from '../../src/mapping/types.ts';
import { condition, instant, world } from './arbitrary.ts';
import { contextOf, load, rule, ruleText, value } from './kit.ts';

const OPTIONS = {
  more: 'define:\n  hot: { account.employees: { gte: 5 } }\n  d: { none: tickets }\nsegments:\n  big: { account.employees: { gt: 9 } }\n',
};

/** What a tree says, without places, names of variables and the spelling of numbers. */
function meaning(node: BoolNode | ValueNode): unknown {
  const slots = new Map<number, number>();
  const slotOf = (slot: number): number => {
    if (!slots.has(slot)) slots.set(slot, slots.size);
    return slots.get(slot) as number;
  };
  const plain = (value: unknown, key: string): unknown => {
    if (key === 'slot') return slotOf(value as number);
    if (key === 'duration') return (value as { text: string }).text;
    if (Array.isArray(value)) return value.map((item) => plain(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([name]) => name !== 'pos' && name !== 'name');
    if ('op' in value && value.op === 'literal' && 'type' in value && value.type === 'number') {
      return entries.filter(([name]) => name !== 'source');
    }
    const kept =
      'op' in value && value.op === 'result' ? entries.filter(([name]) => name !== 'path') : entries;
    const named = 'op' in value && 'name' in value ? [['name', value.name]] : [];
    return [...kept.map(([name, inner]) => [name, plain(inner, name)]), ...named];
  };
  return plain(node, '');
}

function again(data: RuleData): Condition {
  return rule(JSON.stringify(data), OPTIONS);
}

function treeFrom(made: Condition): BoolNode {
  return treeOf(made) as BoolNode;
}

function expectSame(made: Condition): RuleData {
  const data = writeCondition(treeFrom(made));
  const back = again(data);
  expect(meaning(treeFrom(back))).toEqual(meaning(treeFrom(made)));
  expect(writeCondition(treeFrom(back))).toEqual(data);
  return data;
}

/** Conditions that have no structured form, or only in part. */
const EXPRESSIONS = [
  'account.employees + 3 > -5.5',
  '!(account.employees * 2 >= size(deals) / 3 - 1)',
  "max(deals.filter(d, d.won && d.kind == 'new').map(d, d.closed)) > max(deals.map(d, d.created))",
  'deals.exists(d, tickets.exists(t, t.created > d.created && (t.open || d.won)))',
  'deals.filter(d, d.won).filter(d, d.amount > 1 || has(d.kind)).exists(d, d.closed != null)',
  'deals.filter(d, d.won && d.amount > 1).all(d, tickets.exists(t, t.created < d.created))',
  "deals.all(d, d.amount > 1 && !d.won) || 'big' in segments && hot",
  'deals.exists(x, hot && d && x.won)',
  "deals.exists(d, d.name in ['new', 'it\\'s', 'a\\\\b'] && d.name.startsWith('n'))",
  "account.name == 'say \"hi\"' && ago('2w') <= account.created",
  "'new' in deals.filter(d, d.won).map(d, d.kind)",
  "people.exists(p, p.journeys.people.stage == 'b' && p.health.people.score > 3)",
  'days_since(account.created) % 7 == 0 && true',
  'sum(deals.map(d, d.amount * d.probability)) > 1e6',
  "journeys.other.stage != 'x' && (account.type == null || has(account.industry))",
] as const;

describe('J6 what a rule builder reads and writes', () => {
  test('J6 every structured condition is written as it is read, and decides alike', () => {
    let seen = 0;
    fc.assert(
      fc.property(condition, world, instant, (data, facts, now) => {
        const loaded = load(ruleText(JSON.stringify(data), OPTIONS)).mapping?.stages[1]?.enter;
        if (!loaded) return;
        seen += 1;
        const written = expectSame(loaded);
        const context = contextOf(facts, now);
        expect(again(written).test(context)).toBe(loaded.test(context));
      }),
      { numRuns: 250 },
    );
    expect(seen).toBeGreaterThan(150);
  });

  test.each(EXPRESSIONS)('J6 %s', (text) => {
    expectSame(rule(JSON.stringify({ expr: text }), OPTIONS));
  });

  test('J6 what has a structured form is written in it, the rest as expr: in its place', () => {
    const written = (text: string): RuleData => expectSame(rule(JSON.stringify({ expr: text }), OPTIONS));
    expect(written("deals.exists(d, d.won && d.kind in ['new', 'renewal'])")).toEqual({
      some: 'deals',
      where: { won: true, kind: ['new', 'renewal'] },
    });
    expect(written('size(deals.filter(d, d.won)) >= 2 && account.employees > size(deals)')).toEqual({
      all: [{ count: 'deals', where: { won: true }, gte: 2 }, { expr: 'account.employees > size(deals)' }],
    });
    expect(
      expectSame(rule('{ account.employees: { gte: 5, lt: 10, not: 7 }, account.type: partner }', OPTIONS)),
    ).toEqual({
      'account.employees': { gte: 5, lt: 10, not: 7 },
      'account.type': 'partner',
    } as unknown as RuleData);
    expect(
      expectSame(
        rule(
          '{ some: deals, where: { won: true, any: [{ kind: new }, { amount: { gt: 1 } }], not: { kind: { contains: x, case: sensitive } } } }',
          OPTIONS,
        ),
      ),
    ).toEqual({
      some: 'deals',
      where: {
        won: true,
        any: [{ kind: 'new' }, { amount: { gt: 1 } }],
        not: { kind: { contains: 'x', case: 'sensitive' } },
      },
    });
  });

  test('J6 values of measures come back too', () => {
    for (const text of [
      'account.employees',
      '{ count: deals, where: { won: true } }',
      '{ days_since: { max: deals.closed, where: { won: true } } }',
      '{ ratio: [{ count: deals, where: { won: true } }, { count: deals }] }',
      '{ ratio: [{ latest: deals.amount }, account.employees] }',
      '{ expr: 2 * size(deals) + 1 }',
      '{ expr: size(deals) / 2 }',
    ]) {
      const tree = valueTreeOf(value(text)) as ValueNode;
      const data = writeValue(tree);
      expect(meaning(valueTreeOf(value(JSON.stringify(data))) as ValueNode)).toEqual(meaning(tree));
    }
  });

  test('J6 every rule of the shipped mappings, written as YAML', () => {
    for (const file of ['b2b-software/accounts', 'b2b-software/people', 'services/clients']) {
      const text = readFileSync(`mappings/${file}.yaml`, 'utf8');
      const { define, fields, journey, segments, stages, subject } = parse(text);
      const part = (own: unknown): string =>
        stringify({ journey, subject, fields, define, segments, stages: own });
      const mapping = loadMapping(part(stages), file, { timezone: 'UTC', fieldMaps: [] }).mapping;
      const rules = mapping?.stages.flatMap(({ enter }) => (enter === null ? [] : [enter])) ?? [];
      expect(rules.length).toBeGreaterThan(4);
      for (const one of rules) {
        const tree = treeFrom(one);
        const changed = loadMapping(
          part({ y: { default: true }, x: { enter: writeCondition(tree) } }),
          file,
          {
            timezone: 'UTC',
            fieldMaps: [],
          },
        ).mapping;
        expect(meaning(treeFrom(changed?.stages[1]?.enter as Condition))).toEqual(meaning(tree));
      }
    }
  });
});
