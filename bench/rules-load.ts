import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/app/package-root.ts';
import { loadFieldMap, loadMapping } from '../src/mapping/index.ts';
import type { EvalContext, FieldMap } from '../src/mapping/types.ts';
import type { Benchmark } from './kit/benchmark.ts';
import { median, type Spent, spend } from './kit/measure.ts';
import { RULES } from './kit/rules.ts';
import { createContexts } from './kit/subjects.ts';

const RULE_COUNT = 200;
const ROUNDS = 9;

export const benchmark: Benchmark = {
  name: 'rules-load',
  about:
    'Processor time from the YAML text of 200 rules (half structured, half expressions, checked against both field maps) to the first answer of each: the first time in a process, and the median afterwards.',
  targets: { first_load_cpu_ms: { max: 300 } },
  async measure() {
    const text = mappingText();
    const fieldMaps = ['hubspot', 'salesforce'].map(shippedFieldMap);
    const [context] = createContexts(1);
    if (context === undefined) throw new Error('there is no subject to evaluate');
    const once = (): Promise<Spent> => spend(async () => load(text, fieldMaps, context));
    const first = await once();
    const later: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) later.push((await once()).cpuMs);
    return {
      rules: RULE_COUNT,
      first_load_cpu_ms: first.cpuMs,
      first_load_wall_ms: first.wallMs,
      later_load_cpu_ms: median(later),
    };
  },
};

function load(text: string, fieldMaps: readonly FieldMap[], context: EvalContext): void {
  const { mapping, problems } = loadMapping(text, 'bench.yaml', { timezone: 'UTC', fieldMaps });
  if (mapping === null)
    throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  const rules = [
    ...mapping.segments.map(({ when }) => when),
    ...mapping.stages.flatMap(({ enter }) => (enter === null ? [] : [enter])),
  ];
  if (rules.length !== RULE_COUNT) throw new Error(`${rules.length} rules were loaded, not ${RULE_COUNT}`);
  for (const rule of rules) rule.test(context);
}

/** The rules of the other benchmark, each time with other numbers, so that no two are the same. */
function mappingText(): string {
  const entry = (index: number): string => {
    const rule = RULES[index % RULES.length]!;
    const round = Math.floor(index / RULES.length) + 1;
    const vary = (text: string): string =>
      text.replace(/(\d+)d\b/g, (_, days: string) => `${Number(days) + round}d`);
    return index % 2 === 0 ? vary(rule.structured) : `{ expr: ${JSON.stringify(vary(rule.expr))} }`;
  };
  const half = RULE_COUNT / 2;
  const segments = Array.from({ length: half }, (_, n) => `  segment_${n}:\n    when: ${entry(n)}`);
  const stages = Array.from({ length: half }, (_, n) => `  stage_${n}:\n    enter: ${entry(half + n)}`);
  return [
    'journey: bench',
    'subject: person',
    'segments:',
    ...segments,
    'stages:',
    ...stages,
    '  rest: { default: true }',
    '',
  ].join('\n');
}

function shippedFieldMap(connector: string): FieldMap {
  const text = readFileSync(join(packageRoot(), 'mappings', 'fields', `${connector}.yaml`), 'utf8');
  const { fieldMap, problems } = loadFieldMap(text, `${connector}.yaml`);
  if (fieldMap === null) throw new Error(problems.map(({ message }) => message).join('\n'));
  return fieldMap;
}
