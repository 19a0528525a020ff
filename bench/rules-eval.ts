import { Environment } from '@marcbachmann/cel-js';
import { loadMapping } from '../src/mapping/index.ts';
import type { Condition, EvalContext } from '../src/mapping/types.ts';
import type { Fact } from '../src/model/facts.ts';
import type { Benchmark } from './kit/benchmark.ts';
import { median, type Spent, takeTurns } from './kit/measure.ts';
import { CUT_OFFS, RULES } from './kit/rules.ts';
import { createContexts } from './kit/subjects.ts';

const PEOPLE = 20_000;
const ROUNDS = 7;
/** The packaged engine is far slower: a share of the people says enough. */
const CEL_PEOPLE = 1_000;

/** Answers of all rules, subject by subject: one bit a rule. */
type Answers = Uint16Array;

export const benchmark: Benchmark = {
  name: 'rules-eval',
  about:
    'Processor time of 13 rules on 20,000 people with 0-8 deals, 0-12 tickets and 0-40 touchpoints to hand-written JavaScript over the same facts, in turns; beside it @marcbachmann/cel-js (12 of the rules, 1,000 people) to the same work by hand. All answers are compared first.',
  targets: {
    structured_ratio: { max: 5 },
    expr_ratio: { max: 7 },
    disagreements: { max: 0 },
  },
  async measure() {
    const contexts = createContexts(PEOPLE);
    const engines = {
      byHand: byHand(RULES.map((rule) => rule.byHand)),
      structured: compiled(RULES.map((rule) => rule.structured)),
      expr: compiled(RULES.map((rule) => `{ expr: ${JSON.stringify(rule.expr)} }`)),
    };
    const reference = engines.byHand(contexts);
    const disagreements =
      differences(reference, engines.structured(contexts)) + differences(reference, engines.expr(contexts));
    const spent = await takeTurns(ROUNDS, {
      byHand: async () => engines.byHand(contexts),
      structured: async () => engines.structured(contexts),
      expr: async () => engines.expr(contexts),
    });
    const cel = await celFigures(contexts.slice(0, CEL_PEOPLE));
    return {
      evaluations: PEOPLE * RULES.length,
      disagreements,
      structured_ratio: ratio(spent.structured, spent.byHand),
      expr_ratio: ratio(spent.expr, spent.byHand),
      cel_js_ratio: cel.ratio,
      cel_js_disagreements: cel.disagreements,
      by_hand_ns_per_rule: nsPerRule(spent.byHand),
      structured_ns_per_rule: nsPerRule(spent.structured),
      expr_ns_per_rule: nsPerRule(spent.expr),
    };
  },
};

type Engine = (contexts: readonly EvalContext[]) => Answers;

function byHand(rules: readonly (typeof RULES)[number]['byHand'][]): Engine {
  return (contexts) =>
    answers(contexts, ({ facts }) => {
      let bits = 0;
      for (let rule = 0; rule < rules.length; rule += 1) if (rules[rule]!(facts)) bits |= 1 << rule;
      return bits;
    });
}

function compiled(texts: readonly string[]): Engine {
  const conditions = load(texts);
  return (contexts) =>
    answers(contexts, (context) => {
      let bits = 0;
      for (let rule = 0; rule < conditions.length; rule += 1)
        if (conditions[rule]!.test(context)) bits |= 1 << rule;
      return bits;
    });
}

/** All rules of a person before the next one, as a run does it. */
function answers(contexts: readonly EvalContext[], of: (context: EvalContext) => number): Answers {
  const all = new Uint16Array(contexts.length);
  for (let index = 0; index < contexts.length; index += 1) all[index] = of(contexts[index]!);
  return all;
}

function load(conditions: readonly string[]): readonly Condition[] {
  const stages = conditions.map((text, index) => `  stage_${index}:\n    enter: ${text}`).join('\n');
  const text = `journey: bench\nsubject: person\nstages:\n${stages}\n  rest: { default: true }\n`;
  const { mapping, problems } = loadMapping(text, 'bench.yaml', { timezone: 'UTC', fieldMaps: [] });
  if (mapping === null)
    throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return mapping.stages.flatMap(({ enter }) => (enter === null ? [] : [enter]));
}

async function celFigures(
  contexts: readonly EvalContext[],
): Promise<{ readonly ratio: number; readonly disagreements: number }> {
  const rules = RULES.filter(({ cel }) => cel !== '');
  const environment = new Environment({ unlistedVariablesAreDyn: true });
  const programs = rules.map(({ cel }) => environment.parse(cel));
  // Typed copies, made once and not timed: the engine takes no facts as they are.
  const copies = contexts.map(({ facts }) => ({
    ...CUT_OFFS,
    person: plain(facts.person),
    account: plain(facts.account),
    deals: facts.deals.map(plain),
    tickets: facts.tickets.map(plain),
    touchpoints: facts.touchpoints.map(plain),
  }));
  const reference = byHand(rules.map((rule) => rule.byHand));
  const celled = (): Answers => {
    const all = new Uint16Array(copies.length);
    for (const [index, copy] of copies.entries()) {
      let bits = 0;
      for (const [rule, program] of programs.entries()) if (program(copy) === true) bits |= 1 << rule;
      all[index] = bits;
    }
    return all;
  };
  const disagreements = differences(reference(contexts), celled());
  const spent = await takeTurns(3, {
    // Ten times, or the clock is too coarse for it.
    byHand: async () => {
      for (let time = 0; time < 10; time += 1) reference(contexts);
    },
    cel: async () => celled(),
  });
  return { ratio: 10 * ratio(spent.cel, spent.byHand), disagreements };
}

function plain(fact: Fact | null): Readonly<Record<string, unknown>> {
  return fact === null ? {} : { ...fact.values };
}

/** Single answers that differ. */
function differences(a: Answers, b: Answers): number {
  let count = 0;
  for (const [index, bits] of a.entries()) {
    for (let rest = bits ^ (b[index] ?? 0); rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}

function ratio(ours: readonly Spent[], theirs: readonly Spent[]): number {
  return median(ours.map(({ cpuMs }, round) => cpuMs / (theirs[round]?.cpuMs ?? Number.NaN)));
}

function nsPerRule(spent: readonly Spent[]): number {
  return (median(spent.map(({ cpuMs }) => cpuMs)) * 1e6) / (PEOPLE * RULES.length);
}
