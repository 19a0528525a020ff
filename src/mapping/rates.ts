import { fieldSpec } from './catalogue.ts';
import { type Problems, quote } from './problems.ts';
import { record, type Shape } from './shape.ts';
import type { YamlNode } from './source.ts';
import type { FactName, FieldMap, Mapping, Position, Rates } from './types.ts';
import { type KnownConnection, originsOf } from './vocabulary.ts';

/* `rates:` (J5), the one way to add up money of connections with different home currencies:
 *
 *   rates: { to: EUR, USD: 0.92, GBP: 1.17 }        one USD is 0.92 EUR
 *
 * The rates are part of the mapping and so of its version: a changed rate is a changed rule, never a customer's move. */

const CURRENCY = /^[A-Z]{3}$/;

export interface ReadRates {
  readonly rates: Rates | null;
  readonly pos: Position | null;
}

export function readRates(shape: Shape, node: YamlNode | undefined): ReadRates {
  const map = shape.map(node, 'rates');
  if (map === null) return { rates: null, pos: null };
  const good = (text: string, pos: Position): boolean => {
    if (CURRENCY.test(text)) return true;
    shape.problems.error(pos, `Found ${quote(text)}; expected a currency code such as EUR.`);
    return false;
  };
  const toNode = map.get('to')?.value;
  if (toNode === undefined) {
    shape.problems.error(
      map.pos,
      'Found no to:. Expected the currency to count in, such as { to: EUR, USD: 0.92 }.',
    );
  }
  const to = toNode === undefined ? null : shape.text(toNode, 'to');
  const goodTo = to !== null && toNode !== undefined && good(to, toNode.pos);
  const per: [string, number][] = [];
  for (const { key, keyPos, value } of map.entries) {
    if (key === 'to' || !good(key, keyPos)) continue;
    const rate = shape.number(value, `The rate of ${key}`, Number.MIN_VALUE, Number.MAX_VALUE);
    if (rate === null) continue;
    if (key === to && rate !== 1) {
      shape.problems.error(value.pos, `One ${key} is one ${key}. Take it out.`);
      continue;
    }
    per.push([key, rate]);
  }
  return { rates: goodTo ? { to, per: record(per) } : null, pos: map.pos };
}

/** Is this fact field an amount of money? `amounts` are the fields of their own that say so. */
export function isMoney(fact: FactName, field: string, amounts: ReadonlySet<string>): boolean {
  return (
    fieldSpec(fact, field)?.money === true ||
    amounts.has(`${fact}.${field}`) ||
    (fact === 'people' && amounts.has(`person.${field}`))
  );
}

/** Fields of their own that are money, of all field maps: `account.arr`. */
export function amountsOf(fieldMaps: readonly FieldMap[]): ReadonlySet<string> {
  return new Set(fieldMaps.flatMap(({ money }) => money ?? []));
}

/** What one amount of a currency is in the currency of the rates; null: no rate is known. */
export function rateOf({ per, to }: Rates, currency: string): number | null {
  if (currency === to) return 1;
  return Object.hasOwn(per, currency) ? (per[currency] ?? null) : null;
}

/** Why the money that a mapping reads cannot be added up, by the field it concerns; empty when all is well. */
export function moneyProblems(
  mapping: Pick<Mapping, 'reads' | 'rates'>,
  fieldMaps: readonly FieldMap[],
  known: readonly Pick<KnownConnection, 'connection' | 'connector' | 'crm'>[],
): readonly { readonly path: string; readonly currencies: readonly string[]; readonly message: string }[] {
  const amounts = amountsOf(fieldMaps);
  const rates = mapping.rates ?? null;
  return Object.entries(mapping.reads).flatMap(([fact, fields]) =>
    fields.flatMap((field) => {
      if (!isMoney(fact as FactName, field, amounts)) return [];
      const feeding = new Set(
        originsOf(fieldMaps, fact as FactName, field).map(({ connector }) => connector),
      );
      const currencies = [
        ...new Set(
          known.flatMap(({ connector, crm }) =>
            feeding.has(connector) && crm.homeCurrency !== null ? [crm.homeCurrency] : [],
          ),
        ),
      ].sort();
      const path = `${fact}.${field}`;
      if (rates !== null) {
        const open = currencies.filter((currency) => rateOf(rates, currency) === null);
        if (open.length === 0) return [];
        const message = `\`${path}\` is money in ${open.join(' and ')}, for which rates: says nothing. Expected ${open.map((one) => `${one}: the ${rates.to} that one ${one} is`).join(', ')}.`;
        return [{ path, currencies, message }];
      }
      if (currencies.length < 2) return [];
      const [to, other] = currencies;
      const message = `\`${path}\` is money in ${currencies.join(' and ')}: a sum or threshold over two home currencies means nothing. Give rates:, such as rates: { to: ${to}, ${other}: 0.9 }, or read it from one connector only.`;
      return [{ path, currencies, message }];
    }),
  );
}

/** The same against CRMs that were opened before, each problem where the rule reads the field. */
export function checkMoney(
  mapping: Pick<Mapping, 'reads' | 'rates'>,
  fieldMaps: readonly FieldMap[],
  known: readonly KnownConnection[],
  where: { readonly reads: ReadonlyMap<string, Position>; readonly rates: Position | null },
  problems: Problems,
): void {
  for (const { message, path } of moneyProblems(mapping, fieldMaps, known)) {
    const pos = where.reads.get(path) ?? where.rates;
    if (pos !== null) problems.error(pos, message);
  }
  if (mapping.rates === undefined || mapping.rates === null || where.rates === null) return;
  const { to } = mapping.rates;
  const unknown = known.filter(({ crm }) => crm.homeCurrency === null);
  if (unknown.length > 0) {
    const names = unknown.map(({ connection }) => connection).join(', ');
    problems.warn(where.rates, `${names} does not tell its home currency: its amounts are taken as ${to}.`);
  }
}
