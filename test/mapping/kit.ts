import { expect } from '@jest/globals';
import {
  type LoadedMapping,
  type LoadOptions,
  loadMapping,
  type MappingResult,
} from '../../src/mapping/index.ts';
import type { Condition, EvalContext, NumberValue, Problem } from '../../src/mapping/types.ts';
import type {
  Fact,
  FactLists,
  Origin,
  ResultView,
  Scalar,
  SubjectFacts,
  SubjectId,
} from '../../src/model/facts.ts';
import type { ConnectionId } from '../../src/model/record.ts';

export const NOTHING: ResultView = {
  stage: null,
  entered: null,
  previous: null,
  visits: 0,
  score: null,
  band: null,
};

type Values = Readonly<Record<string, Scalar>>;

/** A fact whose instants are true from their own time and whose other values are from `at` (J4). */
export function fact(key: string, values: Values, at = 0, known = at): Fact {
  const held: Record<string, Scalar> = Object.create(null);
  const origins: Record<string, Origin> = Object.create(null);
  for (const [field, value] of Object.entries(values)) {
    if (value === null) continue;
    held[field] = value;
    const own = DATES.has(field) && typeof value === 'number' ? value : at;
    origins[field] = { connection: 'test' as ConnectionId, type: 'x', id: key, field, at: own, known };
  }
  return { key, values: held, origins };
}

const DATES = new Set(['created', 'closed', 'at', 'close_date', 'last_activity', 'renewal', 'first_reply']);

export interface World {
  readonly person?: Values | Fact;
  readonly account?: Values | Fact;
  readonly people?: readonly (Values | Fact)[];
  readonly deals?: readonly (Values | Fact)[];
  readonly tickets?: readonly (Values | Fact)[];
  readonly touchpoints?: readonly (Values | Fact)[];
  readonly surveys?: readonly (Values | Fact)[];
  readonly accountLists?: Partial<FactLists>;
  readonly journey?: Partial<ResultView>;
  readonly results?: Readonly<Record<string, Partial<ResultView>>>;
  readonly accountResults?: Readonly<Record<string, Partial<ResultView>>>;
  readonly peopleResults?: Readonly<Record<string, Readonly<Record<string, Partial<ResultView>>>>>;
  readonly segments?: readonly string[];
}

export function contextOf(world: World, now: number): EvalContext {
  const one = (key: string, value: Values | Fact): Fact =>
    'values' in value && 'origins' in value ? (value as unknown as Fact) : fact(key, value as Values);
  const list = (name: string, values: readonly (Values | Fact)[] = []): readonly Fact[] =>
    values.map((value, index) => one(`${name}:${index}`, value));
  const lists: FactLists = {
    people: list('people', world.people),
    deals: list('deals', world.deals),
    tickets: list('tickets', world.tickets),
    touchpoints: list('touchpoints', world.touchpoints),
    surveys: list('surveys', world.surveys),
  };
  const views = (results: Readonly<Record<string, Partial<ResultView>>> = {}): Record<string, ResultView> =>
    Object.fromEntries(Object.entries(results).map(([name, view]) => [name, { ...NOTHING, ...view }]));
  const facts: SubjectFacts = {
    subject: 's' as SubjectId,
    kind: world.person === undefined ? 'account' : 'person',
    person: world.person === undefined ? null : one('person', world.person),
    account: world.account === undefined ? null : one('account', world.account),
    ...lists,
    accountLists: { ...lists, ...world.accountLists },
  };
  return {
    now,
    facts,
    journey: { ...NOTHING, ...world.journey },
    results: views(world.results),
    accountResults: views(world.accountResults),
    peopleResults: Object.fromEntries(
      Object.entries(world.peopleResults ?? {}).map(([key, value]) => [key, views(value)]),
    ),
    segments: world.segments ?? [],
  };
}

export const NOW = Date.UTC(2026, 5, 15, 12);
export const DAY = 86_400_000;

export function load(text: string, options: Partial<LoadOptions> = {}): MappingResult {
  return loadMapping(text, 'test.yaml', { timezone: 'UTC', fieldMaps: [], ...options });
}

/** A mapping that must be good. */
export function good(text: string, options: Partial<LoadOptions> = {}): LoadedMapping {
  const result = load(text, options);
  expect(result.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return result.mapping as LoadedMapping;
}

export interface RuleOptions extends Partial<LoadOptions> {
  readonly subject?: 'person' | 'account';
  /** More top-level YAML: `define:` and the like. */
  readonly more?: string;
}

/** One condition as YAML on one line (flow style), or in an `expr:`. */
export function rule(condition: string, options: RuleOptions = {}): Condition {
  const text = ruleText(condition, options);
  const stage = good(text, options).stages[1];
  return stage?.enter as Condition;
}

export function ruleText(condition: string, { subject = 'account', more = '' }: RuleOptions = {}): string {
  return `journey: j\nsubject: ${subject}\n${more}\nstages:\n  two: { default: true }\n  one:\n    enter: ${condition}\n`;
}

export function ruleProblems(condition: string, options: RuleOptions = {}): readonly Problem[] {
  return load(ruleText(condition, options), options).problems;
}

export function holds(condition: string, world: World, options: RuleOptions = {}, now = NOW): boolean {
  const made = rule(condition, options);
  const context = contextOf(world, now);
  const result = made.test(context);
  expect(made.explain(context).holds).toBe(result);
  return result;
}

/** A health value as YAML on one line. */
export function value(yaml: string, options: RuleOptions = {}): NumberValue {
  const text = `journey: j\nsubject: ${options.subject ?? 'account'}\n${options.more ?? ''}
health:
  bands: { ok: 0 }
  groups:
    g:
      measures:
        m: { value: ${yaml}, scale: { 0: 0, 1: 100 } }
`;
  return good(text, options).health?.groups[0]?.measures[0]?.value as NumberValue;
}

interface Expected {
  readonly line: number;
  readonly severity: string;
  readonly column: number | null;
  readonly part: string;
  readonly suggestion: string | null;
}

/**
 * Compares the problems of a YAML text with those written in it as comments at the end of their line:
 * `#error: part of the message`, `#warning@7: … at column 7`, `#error: … -> suggestion`. A line with nothing but such
 * a comment speaks of the line before it.
 */
export function expectProblems(text: string, found: readonly Problem[]): void {
  const expected: Expected[] = [];
  let last = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const match = /#(error|warning)(?:@(\d+))?: (.*?)(?: -> (\S+))?$/.exec(line);
    const alone = /^\s*#(?:error|warning)/.test(line);
    if (!alone) last = index + 1;
    if (match === null) continue;
    expected.push({
      line: last,
      severity: match[1] as string,
      column: match[2] === undefined ? null : Number(match[2]),
      part: match[3] as string,
      suggestion: match[4] ?? null,
    });
  }
  const open = [...found];
  const missing: string[] = [];
  for (const want of expected) {
    const at = open.findIndex(
      (problem) =>
        problem.line === want.line &&
        problem.severity === want.severity &&
        problem.message.includes(want.part) &&
        (want.column === null || problem.column === want.column) &&
        (problem.suggestion ?? null) === want.suggestion,
    );
    if (at < 0) missing.push(JSON.stringify(want));
    else open.splice(at, 1);
  }
  expect({ missing, surplus: open }).toEqual({ missing: [], surplus: [] });
}
