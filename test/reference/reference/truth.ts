import type { Fact, ResultView, Scalar, SubjectFacts } from '../../../src/model/facts.ts';
import { beginsBy } from './fields.ts';
import { after, before, type LocalTime } from './local-time.ts';
import type { Items, Rule, Value } from './rule.ts';

type Views = Readonly<Record<string, ResultView>>;

/** All that a rule can see at one instant. */
export interface Moment {
  readonly now: number;
  readonly local: LocalTime;
  readonly facts: SubjectFacts;
  /** This journey's own state before the step (J1). */
  readonly journey: ResultView;
  readonly results: Views;
  readonly accountResults: Views;
  readonly peopleResults: Readonly<Record<string, Views>>;
  readonly segments: readonly string[];
}

/** The items that the list operations around a rule stand at. */
type Standing = ReadonlyMap<number, Fact>;
const NOWHERE: Standing = new Map();

/** J6, J8, J9: is it so? A comparison with no value is false. */
export function holds(rule: Rule, moment: Moment, at: Standing = NOWHERE): boolean {
  switch (rule.is) {
    case 'always':
      return rule.value;
    case 'all':
      return rule.rules.every((one) => holds(one, moment, at));
    case 'any':
      return rule.rules.some((one) => holds(one, moment, at));
    case 'not':
      return !holds(rule.rule, moment, at);
    case 'segment':
      return moment.segments.includes(rule.name);
    case 'exists':
      return read(rule.value, moment, at) !== null;
    case 'some':
      return itemsOf(rule.items, moment, at).length > 0;
    case 'none':
      return itemsOf(rule.items, moment, at).length === 0;
    case 'every': {
      const everything = { ...rule.items, where: null };
      return itemsOf(rule.items, moment, at).length === itemsOf(everything, moment, at).length;
    }
    default: {
      const left = read(rule.left, moment, at);
      return left !== null && tested(rule, left, moment, at);
    }
  }
}

type Test = Exclude<Extract<Rule, { readonly left: Value }>, never>;

/** One comparison whose left side has a value. */
function tested(rule: Test, left: string | number | boolean, moment: Moment, at: Standing): boolean {
  const { local, now } = moment;
  switch (rule.is) {
    case 'compare': {
      const right = read(rule.right, moment, at);
      if (right === null) return false;
      const [a, b] = [cased(left, rule.sensitive), cased(right, rule.sensitive)];
      if (rule.sign === '==') return a === b;
      if (rule.sign === '!=') return a !== b;
      if (rule.sign === '<') return a < b;
      if (rule.sign === '<=') return a <= b;
      return rule.sign === '>' ? a > b : a >= b;
    }
    case 'one of': {
      const found = rule.values.some((one) => cased(one, rule.sensitive) === cased(left, rule.sensitive));
      return found !== rule.negated;
    }
    case 'contains':
      return String(cased(left, rule.sensitive)).includes(String(cased(rule.text, rule.sensitive)));
    case 'starts_with':
      return String(cased(left, rule.sensitive)).startsWith(String(cased(rule.text, rule.sensitive)));
    case 'ends_with':
      return String(cased(left, rule.sensitive)).endsWith(String(cased(rule.text, rule.sensitive)));
    // J9: [now - 90d, now], the future outside; strictly before now - 7d.
    case 'within':
      return Number(left) <= now && Number(left) >= before(now, rule.span, local);
    case 'within_next':
      return Number(left) >= now && Number(left) <= after(now, rule.span, local);
    case 'older_than':
      return Number(left) < before(now, rule.span, local);
  }
}

function cased(value: string | number | boolean, sensitive: boolean): string | number | boolean {
  return typeof value === 'string' && !sensitive ? value.toLowerCase() : value;
}

/** Items of a list that its `where` lets through. */
function itemsOf({ item, list, ofAccount, where }: Items, moment: Moment, at: Standing): readonly Fact[] {
  const all = ofAccount ? moment.facts.accountLists[list] : moment.facts[list];
  if (where === null) return all;
  return all.filter((fact) => holds(where, moment, new Map([...at, [item, fact]])));
}

/** Null: no value. */
export function read(value: Value, moment: Moment, at: Standing = NOWHERE): Scalar {
  switch (value.is) {
    case 'constant':
      return value.value;
    case 'field': {
      const { of } = value;
      const fact = typeof of === 'number' ? at.get(of) : moment.facts[of];
      return fact?.values[value.field] ?? null;
    }
    case 'state':
      return viewOf(value.of, value.journey, moment, at)?.[value.key] ?? null;
    case 'arithmetic': {
      const [a, b] = [read(value.left, moment, at), read(value.right, moment, at)];
      if (typeof a !== 'number' || typeof b !== 'number') return null;
      const result = { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b }[value.sign] ?? Number.NaN;
      return Number.isFinite(result) ? result : null;
    }
    case 'days since': {
      const day = read(value.of, moment, at);
      return typeof day === 'number' ? moment.local.day(moment.now) - moment.local.day(day) : null;
    }
    case 'ago':
      return before(moment.now, value.span, moment.local);
    case 'over':
      return over(value, moment, at);
  }
}

function viewOf(
  of: 'own' | 'self' | 'account' | number,
  journey: string,
  moment: Moment,
  at: Standing,
): ResultView | undefined {
  if (of === 'own') return moment.journey;
  if (of === 'self') return moment.results[journey];
  if (of === 'account') return moment.accountResults[journey];
  return moment.peopleResults[at.get(of)?.key ?? '']?.[journey];
}

function over(value: Extract<Value, { is: 'over' }>, moment: Moment, at: Standing): Scalar {
  const { fn, items, of } = value;
  const found = itemsOf(items, moment, at);
  if (of === null) return found.length;
  const seen = found
    .map((fact) => ({ fact, value: read(of, moment, new Map([...at, [items.item, fact]])) }))
    .filter((one) => one.value !== null);
  if (fn === 'latest') {
    const begins = beginsBy(items.list);
    const dated = seen.filter(({ fact }) => typeof fact.values[begins] === 'number');
    // A stable sort: of several that began together the one listed last counts.
    dated.sort((a, b) => Number(a.fact.values[begins]) - Number(b.fact.values[begins]));
    return dated.at(-1)?.value ?? null;
  }
  const numbers = seen.map((one) => Number(one.value));
  const sum = numbers.reduce((total, one) => total + one, 0);
  if (fn === 'sum') return sum;
  if (numbers.length === 0) return null;
  if (fn === 'avg') return sum / numbers.length;
  return fn === 'min' ? Math.min(...numbers) : Math.max(...numbers);
}
