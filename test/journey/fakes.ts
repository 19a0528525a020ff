import type {
  Condition,
  ConditionTrace,
  Duration,
  EvalContext,
  HealthGroup,
  HealthModel,
  Mapping,
  Measure,
  NumberValue,
  SeenValue,
  Segment,
  Stage,
} from '../../src/mapping/types.ts';
import type { Fact, ResultView, Scalar, SubjectFacts, SubjectId, Visit } from '../../src/model/facts.ts';
import { OUTPUTS } from '../../src/model/outputs.ts';
import type { ConnectionId } from '../../src/model/record.ts';

export const DAY = 86_400_000;
/** Noon, UTC. */
export const T0 = Date.UTC(2026, 9, 12, 12);
export const day = (n: number): number => T0 + n * DAY;

const position = { file: 'fake.yaml', line: 1, column: 1 };

/** A person whose fields are given as `[value, at]`, `at` in days from T0. */
export function factsOf(fields: Readonly<Record<string, readonly [Scalar, number]>>): SubjectFacts {
  const values: Record<string, Scalar> = Object.create(null);
  const origins: Fact['origins'] = Object.fromEntries(
    Object.entries(fields).map(([field, [value, at]]) => {
      values[field] = value;
      const origin = { connection: 'hub' as ConnectionId, type: 'contacts', id: '1', field, known: day(at) };
      return [field, { ...origin, at: day(at) }];
    }),
  );
  const person: Fact = { key: 'hub:contacts:1', values, origins };
  const none = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [] };
  return {
    subject: 's1' as SubjectId,
    kind: 'person',
    person,
    account: null,
    ...none,
    accountLists: none,
  };
}

export const contextOf = (facts: SubjectFacts) => ({
  facts,
  results: {},
  accountResults: {},
  peopleResults: {},
});

const NO_RESULT: ResultView = {
  stage: null,
  entered: null,
  previous: null,
  visits: 0,
  score: null,
  band: null,
};

export const evalContext = (
  facts: SubjectFacts,
  now: number,
  segments: readonly string[] = [],
): EvalContext => ({
  ...contextOf(facts),
  now,
  journey: NO_RESULT,
  segments,
});

interface Leaf {
  readonly text: string;
  readonly truth: (context: EvalContext, now: number) => boolean;
  readonly seen?: (context: EvalContext) => readonly SeenValue[];
  readonly edges?: (context: EvalContext) => readonly number[];
}

function leaf({ text, truth, seen = () => [], edges = () => [] }: Leaf): Condition {
  return {
    position,
    text,
    test: (context) => truth(context, context.now),
    testAt: (context, instant) => truth({ ...context, facts: asOf(context.facts, instant) }, instant),
    explain: (context) => {
      const holds = truth(context, context.now);
      const distance = holds ? 0 : 1;
      return { text, kind: 'compare', holds, seen: seen(context), children: [], position, distance };
    },
    instants: (context, from, to) => {
      const ats = Object.values(context.facts.person?.origins ?? {}).map((origin) => origin.at);
      return [...ats, ...edges(context)].filter((at) => at > from && at <= to);
    },
  };
}

function asOf(facts: SubjectFacts, instant: number): SubjectFacts {
  const { person } = facts;
  if (person === null) return facts;
  const values: Record<string, Scalar> = Object.create(null);
  for (const field in person.values) {
    if ((person.origins[field]?.at ?? 0) <= instant) values[field] = person.values[field] ?? null;
  }
  return { ...facts, person: { ...person, values } };
}

const read = (context: EvalContext, field: string): Scalar => context.facts.person?.values[field] ?? null;
const seenField =
  (field: string) =>
  (context: EvalContext): readonly SeenValue[] => [
    { path: `person.${field}`, value: read(context, field), fact: context.facts.person },
  ];
const seenDate =
  (field: string) =>
  (context: EvalContext): readonly SeenValue[] =>
    seenField(field)(context).map((seen) => ({ ...seen, type: 'datetime' }));

/** `person.<field>` is true. */
export const flag = (field: string): Condition =>
  leaf({ text: `${field} is yes`, truth: (c) => read(c, field) === true, seen: seenField(field) });

/** `person.<field>` is an instant of [now - days, now]. */
export const within = (field: string, days: number): Condition =>
  leaf({
    text: `${field} within ${days}d`,
    truth: (c, now) => {
      const at = read(c, field);
      return typeof at === 'number' && at >= now - days * DAY && at <= now;
    },
    seen: seenDate(field),
    edges: (c) => {
      const at = read(c, field);
      return typeof at === 'number' ? [at, at + days * DAY] : [];
    },
  });

/** `person.<field>` is an instant before now - days. */
export const olderThan = (field: string, days: number): Condition =>
  leaf({
    text: `${field} older than ${days}d`,
    truth: (c, now) => {
      const at = read(c, field);
      return typeof at === 'number' && at < now - days * DAY;
    },
    seen: seenDate(field),
    edges: (c) => {
      const at = read(c, field);
      return typeof at === 'number' ? [at + days * DAY] : [];
    },
  });

/** `person.<field>` is missing. */
export const missing = (field: string): Condition =>
  leaf({ text: `${field} missing`, truth: (c) => read(c, field) === null });

export const inSegment = (name: string): Condition =>
  leaf({ text: `segment ${name}`, truth: (c) => c.segments.includes(name) });

export const inStage = (name: string): Condition =>
  leaf({ text: `in ${name}`, truth: (c) => c.journey.stage === name });

export const always = (holds: boolean): Condition =>
  leaf({ text: holds ? 'always' : 'never', truth: () => holds });

function joined(kind: 'all' | 'any' | 'not', children: readonly Condition[]): Condition {
  const join = (holds: readonly boolean[]): boolean => {
    if (kind === 'all') return holds.every(Boolean);
    return kind === 'any' ? holds.some(Boolean) : holds[0] !== true;
  };
  const text = `${kind}(${children.map((child) => child.text).join(', ')})`;
  return {
    position,
    text,
    test: (context) => join(children.map((child) => child.test(context))),
    testAt: (context, instant) => join(children.map((child) => child.testAt(context, instant))),
    explain: (context) => {
      const traces = children.map((child) => child.explain(context));
      const holds = join(traces.map((trace) => trace.holds));
      const unmet = traces.filter((trace) => !trace.holds).length;
      const distance = holds ? 0 : unmet / Math.max(1, traces.length);
      return { text, kind, holds, seen: [], children: traces, position, distance };
    },
    instants: (context, from, to) => children.flatMap((child) => child.instants(context, from, to)),
  };
}
export const all = (...children: readonly Condition[]): Condition => joined('all', children);
export const any = (...children: readonly Condition[]): Condition => joined('any', children);
export const not = (child: Condition): Condition => joined('not', [child]);

/** The same condition with its distance set, for "nearest first". */
export const far = (condition: Condition, distance: number): Condition => ({
  ...condition,
  explain: (context) => {
    const trace = condition.explain(context);
    return { ...trace, distance: trace.holds ? 0 : distance };
  },
});

export const defined = (name: string, condition: Condition): Condition => ({
  ...condition,
  explain: (context): ConditionTrace => ({ ...condition.explain(context), name }),
});

/** `person.<field>` as a number. */
export const number = (field: string): NumberValue => ({
  position,
  text: field,
  value: (context) => {
    const value = read(context, field);
    return typeof value === 'number' ? value : null;
  },
  explain: (context) => {
    const value = read(context, field);
    return { value: typeof value === 'number' ? value : null, seen: seenField(field)(context) };
  },
});

/** Days from an instant field to now. */
export const daysSince = (field: string): NumberValue => ({
  ...number(field),
  text: `days since ${field}`,
  value: (context) => {
    const at = read(context, field);
    return typeof at === 'number' ? Math.floor((context.now - at) / DAY) : null;
  },
  explain: (context) => ({ value: daysSince(field).value(context), seen: seenDate(field)(context) }),
});

export const days = (n: number): Duration => ({
  text: `${n}d`,
  before: (instant) => instant - n * DAY,
  after: (instant) => instant + n * DAY,
  edgesAfter: (instant) => [instant + n * DAY],
});

export function stage(name: string, rest: Partial<Stage> = {}): Stage {
  return {
    name,
    label: name[0]!.toUpperCase() + name.slice(1),
    position,
    offPath: false,
    isDefault: false,
    terminal: false,
    urgent: false,
    enter: null,
    stay: null,
    from: null,
    for: null,
    minStay: null,
    exit: [],
    renamedFrom: [],
    ...rest,
  };
}

export const segment = (name: string, when: Condition): Segment => ({ name, label: name, when });

export function mappingOf(stages: readonly Stage[], rest: Partial<Mapping> = {}): Mapping {
  return {
    file: 'fake.yaml',
    name: 'fake',
    label: 'Fake',
    subject: 'person',
    timezone: 'UTC',
    version: 'v1',
    stages,
    segments: [],
    health: null,
    outputs: OUTPUTS.map((output) => ({ output, label: output, names: {} })),
    reads: {},
    dependsOn: [],
    ...rest,
  };
}

export const measure = (name: string, rest: Partial<Measure> = {}): Measure => ({
  name,
  label: name,
  position,
  weight: 1,
  segmentWeights: {},
  missing: 'skip',
  value: number(name),
  scale: null,
  cases: null,
  halfLife: null,
  ...rest,
});

export const group = (
  name: string,
  measures: readonly Measure[],
  rest: Partial<HealthGroup> = {},
): HealthGroup => ({ name, label: name, weight: 1, segmentWeights: {}, measures, ...rest });

export const healthOf = (groups: readonly HealthGroup[], rest: Partial<HealthModel> = {}): HealthModel => ({
  groups,
  minCoverage: 0,
  neutral: 50,
  caps: [],
  bands: [
    { name: 'green', label: 'Green', from: 70 },
    { name: 'yellow', label: 'Yellow', from: 40 },
    { name: 'red', label: 'Red', from: 0 },
  ],
  hysteresis: 0,
  writeStep: 5,
  trend: days(30),
  position,
  ...rest,
});

export const visit = (
  name: string,
  entered: number,
  left: number | null,
  rest: Partial<Visit> = {},
): Visit => ({
  stage: name,
  entered,
  left,
  noticed: entered,
  cause: 'customer',
  rule: `stages.${name}.enter`,
  mappingVersion: 'v1',
  skipped: false,
  uncertain: false,
  ...rest,
});
