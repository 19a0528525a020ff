import fc from 'fast-check';
import type { Scalar } from '../../src/model/facts.ts';
import { DAY, fact, type World } from './kit.ts';

/** Around the change of the clock in Berlin on 29 March 2026 and 25 October 2026, to the hour or oddly. */
export const BASE = Date.UTC(2026, 2, 26, 0, 30);

const hour = 3_600_000;
export const instant = fc
  .tuple(fc.integer({ min: -24 * 6, max: 24 * 12 }), fc.constantFrom(0, 1, -1, 30 * 60_000))
  .map(([hours, odd]) => BASE + hours * hour + odd);

const text = fc.constantFrom('new', 'Renewal', 'RENEWAL', 'expansion', 'É', 'é');
const number = fc.constantFrom(0, 1, 2, 5, 10, 100);

interface FieldKind {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'instant';
}
const FIELDS: Readonly<Record<string, readonly FieldKind[]>> = {
  deals: [
    { name: 'won', kind: 'boolean' },
    { name: 'amount', kind: 'number' },
    { name: 'kind', kind: 'text' },
    { name: 'closed', kind: 'instant' },
    { name: 'created', kind: 'instant' },
  ],
  tickets: [
    { name: 'open', kind: 'boolean' },
    { name: 'reopened', kind: 'number' },
    { name: 'subject', kind: 'text' },
    { name: 'created', kind: 'instant' },
  ],
};
const ACCOUNT: readonly FieldKind[] = [
  { name: 'employees', kind: 'number' },
  { name: 'industry', kind: 'text' },
  { name: 'renewal', kind: 'instant' },
  { name: 'created', kind: 'instant' },
];

const duration = fc.constantFrom('1d', '2d', '1w', '3d', '12h', '30h');

function predicate(kind: FieldKind['kind']): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'text':
      return fc.oneof(
        text,
        fc.array(text, { minLength: 1, maxLength: 3 }),
        fc.record({ not: text }),
        fc.record({ contains: text }),
        fc.record({ starts_with: text, case: fc.constantFrom('sensitive', 'ignore') }),
        fc.record({ not_in: fc.array(text, { minLength: 1, maxLength: 2 }) }),
        fc.constant({ exists: true }),
        fc.constant({ missing: true }),
      );
    case 'number':
      return fc.oneof(
        number,
        fc.record({ gte: number }),
        fc.record({ lt: number }),
        fc.record({ gt: number, not: number }),
        fc.constant({ between: [1, 10] }),
        fc.constant({ exists: false }),
      );
    case 'boolean':
      return fc.oneof(fc.boolean(), fc.constant({ missing: true }));
    default:
      return fc.oneof(
        fc.record({ within: duration }),
        fc.record({ within_next: duration }),
        fc.record({ older_than: duration }),
        fc.constant({ after: '2026-03-28' }),
        fc.constant({ before: '2026-03-29T02:30' }),
        fc.constant({ exists: true }),
      );
  }
}

function fields(
  kinds: readonly FieldKind[],
  prefix: string,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const entries = kinds.map(({ kind, name }) =>
    predicate(kind).map((test) => [`${prefix}${name}`, test] as const),
  );
  return fc
    .uniqueArray(fc.oneof(...entries), { minLength: 1, maxLength: 3, selector: ([name]) => name })
    .map(Object.fromEntries);
}

function where(list: string): fc.Arbitrary<unknown> {
  const plain = fields(FIELDS[list] as readonly FieldKind[], '');
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    fc.record({ any: fc.array(plain, { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: plain }),
  );
}

const list = fc.constantFrom('deals', 'tickets');
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fields(ACCOUNT, 'account.'),
  list.chain((name) => fc.record({ some: fc.constant(name), where: where(name) })),
  list.chain((name) => fc.record({ none: fc.constant(name), where: where(name) })),
  list.chain((name) => fc.record({ every: fc.constant(name), where: where(name) })),
  list.chain((name) =>
    fc.record({ count: fc.constant(name), where: where(name), gte: fc.integer({ min: 0, max: 3 }) }),
  ),
  fc.record({ sum: fc.constant('deals.amount'), where: where('deals'), gt: number }),
  fc.record({ max: fc.constant('deals.closed'), within: duration }),
  fc.record({ min: fc.constant('tickets.created'), where: where('tickets'), older_than: duration }),
  fc.record({ avg: fc.constant('deals.amount'), lte: number }),
  fc.record({ latest: fc.constant('deals.kind'), eq: text }),
  fc.constantFrom(
    { expr: "max(deals.filter(d, d.won).map(d, d.closed)) < ago('2d')" },
    { expr: "ago('1w') <= account.created" },
    { expr: 'days_since(account.created) >= 3' },
    { expr: 'days_since(account.renewal) == 2' },
    { expr: 'days_since(account.created) * 2 > size(deals)' },
    { expr: 'sum(deals.map(d, d.amount)) / size(tickets) > 5' },
    { expr: 'deals.exists(d, tickets.exists(t, t.created > d.created && t.open))' },
    { expr: 'deals.filter(d, d.won).all(d, d.amount > 1)' },
    { expr: "'renewal' in deals.map(d, d.kind)" },
  ),
  fc.boolean(),
);

/** Conditions in the structured spelling, as plain data (JSON is YAML). */
export const condition: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'rule' },
    leaf,
    fc.record({ all: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('node') }),
  ),
})).node;

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null, freq: 4 });

function values(kinds: readonly FieldKind[]): fc.Arbitrary<Readonly<Record<string, Scalar>>> {
  const entries = kinds.map(({ kind, name }) => {
    const value: fc.Arbitrary<Scalar> =
      kind === 'text' ? text : kind === 'number' ? number : kind === 'boolean' ? fc.boolean() : instant;
    return [name, maybe(value)] as const;
  });
  return fc.record(Object.fromEntries(entries)) as fc.Arbitrary<Readonly<Record<string, Scalar>>>;
}

/** Facts of an account; every value has a time of its own, known at once or a day later. */
export const world: fc.Arbitrary<World> = fc
  .record({
    account: values(ACCOUNT),
    deals: fc.array(fc.tuple(values(FIELDS['deals'] ?? []), instant), { maxLength: 4 }),
    tickets: fc.array(fc.tuple(values(FIELDS['tickets'] ?? []), instant), { maxLength: 3 }),
    at: instant,
    late: fc.constantFrom(0, DAY),
  })
  .map(({ account, at, deals, late, tickets }) => ({
    account: fact('account', account, at, at + late),
    deals: deals.map(([value, from], index) => fact(`deals:${index}`, value, from, from + late)),
    tickets: tickets.map(([value, from], index) => fact(`tickets:${index}`, value, from, from + late)),
  }));
