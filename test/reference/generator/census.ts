import type { RandomMapping } from './mapping.ts';

/** What the language has, by how to find it in a mapping's text. Each must be in many of the random mappings. */
const key = (name: string): RegExp => new RegExp(`^[ -]*${name}:`, 'm');
const inExpression = (part: string): RegExp => new RegExp(`expr: .*${part}`);

export const CONSTRUCTS: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(
    [
      ...[
        'all',
        'any',
        'not',
        'is',
        'segment',
        'expr',
        'some',
        'none',
        'every',
        'count',
        'sum',
        'min',
        'max',
      ],
      ...['avg', 'latest', 'where', 'eq', 'in', 'not_in', 'gt', 'gte', 'lt', 'lte', 'between', 'contains'],
      ...['starts_with', 'ends_with', 'within', 'within_next', 'older_than', 'before', 'after', 'exists'],
      ...[
        'missing',
        'case',
        'define',
        'segments',
        'timezone',
        'enter',
        'stay',
        'from',
        'for',
        'min_stay',
        'exit',
      ],
      ...[
        'terminal',
        'urgent',
        'default',
        'off_path',
        'renamed_from',
        'health',
        'weight',
        'weights',
        'cases',
      ],
      ...[
        'else',
        'scale',
        'half_life',
        'ratio',
        'days_since',
        'caps',
        'hysteresis',
        'min_coverage',
        'neutral',
      ],
    ].map((name) => [name, key(name)]),
  ),
  'exit to none': /to: none/,
  'missing: zero': /missing: zero/,
  'missing: number': /missing: \d/,
  'account.list': /(some|none|every|count|sum|min|max|avg|latest): account\./,
  'people of the account': /(some|none|every|count|latest|min|max|avg|sum): (account\.)?people/,
  'journey.stage': /journey\.stage/,
  'journey.previous': /journey\.previous/,
  'journey.entered': /journey\.entered/,
  'journey.visits': /journey\.visits/,
  'journeys.x': /^[ -]*journeys\.other\./m,
  'health.x': /health\.other\./,
  'account.journeys.x': /account\.journeys\./,
  'account.health.x': /account\.health\./,
  'people[].journeys.x': /journeys\.ppl\./,
  'number beside text': /(name|industry|title|subject|country|role): (7|1\.5)$/m,
  'expr &&': inExpression('&&'),
  'expr ||': inExpression('\\|\\|'),
  'expr !': inExpression('!\\('),
  'expr size()': inExpression('size\\('),
  'expr .size()': inExpression('\\.size\\('),
  'expr sum': inExpression('sum\\('),
  'expr min': inExpression('min\\('),
  'expr max': inExpression('max\\('),
  'expr avg': inExpression('avg\\('),
  'expr ago': inExpression('ago\\('),
  'expr days_since': inExpression('days_since\\('),
  'expr has': inExpression('has\\('),
  'expr filter': inExpression('\\.filter\\('),
  'expr map': inExpression('\\.map\\('),
  'expr exists': inExpression('\\.exists\\('),
  'expr all': inExpression('\\.all\\('),
  'expr in list': inExpression(' in \\['),
  'expr in map': inExpression(' in [a-z.]+(\\.filter\\([^)]*\\))?\\.map'),
  'expr in segments': inExpression(' in segments'),
  'expr contains': inExpression('\\.contains\\('),
  'expr startsWith': inExpression('\\.startsWith\\('),
  'expr endsWith': inExpression('\\.endsWith\\('),
  'expr null': inExpression('null'),
  'expr +': inExpression(' \\+ '),
  'expr -': inExpression(' - '),
  'expr *': inExpression(' \\* '),
  'expr /': inExpression(' / '),
  'expr %': inExpression(' % '),
};

export type Census = Map<string, number>;

export function emptyCensus(): Census {
  return new Map(Object.keys(CONSTRUCTS).map((name) => [name, 0]));
}

/** Counts the constructs of one mapping, each once. */
export function take(census: Census, { text }: RandomMapping): void {
  for (const [name, pattern] of Object.entries(CONSTRUCTS)) {
    if (pattern.test(text)) census.set(name, (census.get(name) ?? 0) + 1);
  }
}
