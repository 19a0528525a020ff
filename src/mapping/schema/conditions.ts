import { z } from 'zod';
import { CATALOGUE, LIST_NAMES, RESULT_FIELDS } from '../catalogue.ts';
import type { FactName, FactType } from '../types.ts';
import { Duration, described, filled, Instant, Name, Scalar } from './scalars.ts';

/** The structured spelling of conditions (J6); the grammar in words is in `read-condition.ts`. */

type Shape = Readonly<Record<string, z.ZodType>>;

const Case = described(
  z.enum(['sensitive', 'ignore']),
  'Texts are compared without regard to case unless this says sensitive.',
);
const Exists = described(z.boolean(), 'true: there is a value.');
const Missing = described(z.boolean(), 'true: there is no value.');

/** Tests that every type of value takes. */
function common(value: z.ZodType): Shape {
  return {
    eq: described(value, 'Equals. Short: the value alone.'),
    not: described(
      z.union([value, z.array(value).min(1), z.lazy(() => AnyTests)]),
      'Has a value, and another one than this (these).',
    ),
    in: described(z.array(value).min(1), 'One of these. Short: the list alone.'),
    not_in: described(z.array(value).min(1), 'Has a value, and none of these.'),
    exists: Exists,
    missing: Missing,
    case: Case,
  };
}

function order(value: z.ZodType): Shape {
  return {
    gt: described(value, 'More than (after).'),
    gte: described(value, 'At least (not before).'),
    lt: described(value, 'Less than (before).'),
    lte: described(value, 'At most (not after).'),
    between: described(z.tuple([value, value]), '[lowest, highest]; both ends count.'),
  };
}

const TEXT: Shape = {
  ...common(Scalar),
  contains: described(Scalar, 'Has this text in it.'),
  starts_with: described(Scalar, 'Begins with this text.'),
  ends_with: described(Scalar, 'Ends with this text.'),
};
const NUMBER: Shape = { ...common(z.number()), ...order(z.number()) };
const INSTANT: Shape = {
  ...common(Instant),
  ...order(Instant),
  before: described(Instant, 'Before this date.'),
  after: described(Instant, 'After this date.'),
  within: described(Duration, 'Not longer ago than this, and not in the future.'),
  within_next: described(Duration, 'Ahead, but not further than this.'),
  older_than: described(Duration, 'Longer ago than this.'),
};
const BOOLEAN: Shape = common(z.boolean());
const ANY: Shape = {
  ...TEXT,
  ...order(z.union([z.number(), Instant])),
  ...without(INSTANT, [...Object.keys(NUMBER)]),
};

function without(shape: Shape, keys: readonly string[]): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([key]) => !keys.includes(key)));
}

function optional(shape: Shape): Readonly<Record<string, z.ZodOptional<z.ZodType>>> {
  return Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, value.optional()]));
}

const AnyTests: z.ZodType = filled(z.strictObject(optional(ANY))).meta({ id: 'tests' });

function predicate(value: z.ZodType, tests: Shape, id: string): z.ZodType {
  return z
    .union([value, z.array(value).min(1), filled(z.strictObject(optional(tests)))])
    .meta({ id: `${id}_predicate` });
}

const PREDICATES: Readonly<Record<FactType, z.ZodType>> = (() => {
  const instant = predicate(Instant, INSTANT, 'date');
  return {
    text: predicate(Scalar, TEXT, 'text'),
    number: predicate(z.number(), NUMBER, 'number'),
    boolean: predicate(z.boolean(), BOOLEAN, 'boolean'),
    date: instant,
    datetime: instant,
  };
})();
/** Of a field that only field maps know. */
const AnyPredicate = predicate(Scalar, ANY, 'any');

const TYPE_WORDS: Readonly<Record<FactType, string>> = {
  text: 'Text',
  number: 'Number',
  boolean: 'true or false',
  date: 'Date',
  datetime: 'Date and time',
};

/** The fields of a fact that the catalogue knows, each with its predicate. */
function fieldsOf(fact: FactName, prefix: string): Record<string, z.ZodOptional<z.ZodType>> {
  return Object.fromEntries(
    Object.entries(CATALOGUE[fact]).map(([name, { money, type, words }]) => {
      const said = `${TYPE_WORDS[type]}${money === true ? ' (money)' : ''}${words === undefined ? '' : `: ${words.join(', ')}`}.`;
      return [
        `${prefix}${name}`,
        described(
          z.lazy(() => PREDICATES[type]),
          said,
        ).optional(),
      ];
    }),
  );
}

const WHERE_KEY = /^([a-z][a-z0-9_]{0,63}|(journeys|health)\.[a-z0-9_]+\.[a-z]+)$/;

const WHERES: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  LIST_NAMES.map((list) => {
    const Where: z.ZodType = z.lazy(() => WHERES[list] as z.ZodType);
    const map = z
      .object({
        ...fieldsOf(list, ''),
        all: described(z.array(Where).min(1), 'All of these.').optional(),
        any: described(z.array(Where).min(1), 'At least one of these.').optional(),
        not: described(Where, 'This does not hold.').optional(),
      })
      .catchall(AnyPredicate);
    const keys = z.record(z.string().regex(WHERE_KEY), z.unknown());
    return [
      list,
      filled(z.intersection(map, keys)).meta({
        id: `where_${list}`,
        description: `Fields of one of the ${list}; all must hold.`,
      }),
    ];
  }),
);

const AGGREGATES = {
  sum: 'The sum of a field over the items.',
  min: 'The lowest (first) value of a field.',
  max: 'The highest (last) value of a field.',
  avg: 'The average of a field.',
  latest: 'The value of the item that began last.',
} as const;

function listName(list: string): z.ZodType {
  return z.enum([list, `account.${list}`]);
}

/** `{ count: deals, where: … }` and `{ sum: deals.amount, where: … }`, with tests beside them or alone. */
function aggregates(tested: boolean): z.ZodType[] {
  return LIST_NAMES.flatMap((list) => {
    const where = (WHERES[list] as z.ZodType).optional();
    const beside = (tests: Shape): Shape => (tested ? optional(tests) : {});
    const field = z.string().regex(new RegExp(`^(account\\.)?${list}\\.[a-z][a-z0-9_]*$`));
    return [
      z.strictObject({
        count: described(listName(list), 'How many items there are.'),
        where,
        ...beside(NUMBER),
      }),
      ...Object.entries(AGGREGATES).map(([fn, text]) =>
        z.strictObject({
          [fn]: described(field, text),
          where,
          ...beside(fn === 'sum' || fn === 'avg' ? NUMBER : ANY),
        }),
      ),
    ];
  });
}

const QUANTIFIERS = {
  some: 'At least one item is so.',
  none: 'No item is so.',
  every: 'No item is otherwise (an empty list counts).',
} as const;

function quantifiers(): z.ZodType[] {
  return LIST_NAMES.flatMap((list) =>
    Object.entries(QUANTIFIERS).map(([quant, text]) => {
      const where = WHERES[list] as z.ZodType;
      return z.strictObject({
        [quant]: described(listName(list), text),
        where: quant === 'every' ? where : where.optional(),
      });
    }),
  );
}

const Recursive: z.ZodType = z.lazy(() => Condition);
const PATH = /^(person|account|journey|journeys|health)\.[a-z0-9_.]+$/;

const Paths = filled(
  z.intersection(
    z
      .object({
        ...fieldsOf('person', 'person.'),
        ...fieldsOf('account', 'account.'),
        ...Object.fromEntries(
          Object.entries(RESULT_FIELDS.journey).map(([key, type]) => [
            `journey.${key}`,
            described(
              z.lazy(() => PREDICATES[type]),
              `Of this journey before the step: ${key}.`,
            ).optional(),
          ]),
        ),
      })
      .catchall(AnyPredicate),
    z.record(z.string().regex(PATH), z.unknown()),
  ),
).meta({ id: 'paths', description: 'Values of the subject with their tests; all must hold.' });

const Expr = z.union([z.string(), z.number(), z.boolean()]);

export const Condition: z.ZodType = z
  .union([
    described(z.boolean(), 'Always, or never.'),
    described(Name, 'A condition from define:.'),
    z.strictObject({ all: described(z.array(Recursive).min(1), 'All of these.') }),
    z.strictObject({ any: described(z.array(Recursive).min(1), 'At least one of these.') }),
    z.strictObject({ not: described(Recursive, 'This does not hold.') }),
    z.strictObject({ is: described(Name, 'A condition from define:.') }),
    z.strictObject({
      segment: described(z.union([Name, z.array(Name).min(1)]), 'In this segment, or in one of these.'),
    }),
    z.strictObject({ expr: described(Expr, 'An expression: sum(deals.map(d, d.amount)) > 5000.') }),
    ...quantifiers(),
    ...aggregates(true),
    Paths,
  ])
  .meta({ id: 'condition', description: 'A condition: true or false for a subject at an instant.' });

const RecursiveValue: z.ZodType = z.lazy(() => Value);
export const Value: z.ZodType = z
  .union([
    described(z.string().regex(/\./), 'A field, such as account.employees.'),
    ...aggregates(false),
    z.strictObject({ days_since: described(RecursiveValue, 'Whole calendar days since a date.') }),
    z.strictObject({
      ratio: described(
        z.tuple([RecursiveValue, RecursiveValue]),
        '[part, whole]; missing when the whole is 0.',
      ),
    }),
    z.strictObject({ expr: Expr }),
  ])
  .meta({ id: 'value', description: 'A number or date of the subject.' });
