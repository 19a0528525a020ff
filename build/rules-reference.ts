import { CATALOGUE, LIST_NAMES, RESULT_FIELDS } from '../src/mapping/catalogue.ts';
import { EXPR_CHARACTERS } from '../src/mapping/cel.ts';
import { MAX_LIST_WORK } from '../src/mapping/ops.ts';
import type { OPERATORS } from '../src/mapping/read-condition.ts';
import type { EXPR_FUNCTIONS, EXPR_METHODS } from '../src/mapping/read-expr.ts';
import type { TESTS } from '../src/mapping/read-predicate.ts';
import { RULE_LIMITS } from '../src/mapping/scope.ts';
import { SOURCE_LIMITS } from '../src/mapping/source.ts';
import type { FactName, FactType } from '../src/mapping/types.ts';
import { schemaTexts } from './schemas.ts';

/** `docs/rules-reference.md`: names, keys, types and limits come from the code, the words beside them are typed by it,
 *  so that nothing can be added or taken away without a word about it. */
export function rulesReference(): string {
  return `${[
    '# Rules: the reference',
    'Made from the code by `npm run -s schema`; changes here are lost. A guide from an empty file to a live journey is in [mapping.md](mapping.md), health in [health.md](health.md).',
    mappingKeys(),
    facts(),
    conditions(),
    expressions(),
    time(),
    limits(),
  ].join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

interface Json {
  readonly $ref?: string;
  readonly allOf?: readonly Json[];
  readonly anyOf?: readonly Json[];
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly definitions?: Readonly<Record<string, Json>>;
}

function mappingKeys(): string {
  const schema: Json = JSON.parse(schemaTexts()['mapping.schema.json'] ?? '{}');
  const definition = (name: string): Json => schema.definitions?.[name] ?? {};
  const described = (json: Json): string =>
    json.description ??
    (json.$ref === undefined ? undefined : definition(json.$ref.split('/').at(-1) ?? '').description) ??
    json.allOf?.map(described).join(' ') ??
    '';
  const rows = (json: Json): readonly (readonly string[])[] => {
    const found = new Map<string, string>();
    for (const one of [json, ...(json.anyOf ?? [])])
      for (const [key, value] of Object.entries(one.properties ?? {})) found.set(key, described(value));
    return [...found].map(([key, text]) => [`\`${key}\``, text]);
  };
  const head = ['key', 'what'];
  return [
    '## Keys of a mapping',
    table(head, rows(schema)),
    '### A stage',
    table(head, rows(definition('stage'))),
    '### `health:`',
    table(head, rows(definition('health'))),
    '### A group of measures',
    table(head, rows(definition('measure_group'))),
    '### A measure',
    table(head, rows(definition('measure'))),
  ].join('\n\n');
}

const FACTS: Readonly<Record<FactName, string>> = {
  person: 'The contact or lead of a person journey.',
  account: 'The company or account; in a person journey the primary one of the person.',
  people: 'The persons of an account. In a person journey: `account.people`.',
  deals: 'Deals and opportunities. Won, lost and open come from the pipeline, never from a label.',
  tickets: 'Tickets and cases.',
  touchpoints: 'E-mails, calls, meetings, notes, tasks, forms, page views, chats, campaigns.',
  surveys: 'NPS, CSAT, CES. Scores are brought to 0-100.',
};
const TYPES: Readonly<Record<FactType, string>> = {
  text: 'text',
  number: 'number',
  boolean: 'true or false',
  date: 'date',
  datetime: 'date and time',
};

function facts(): string {
  const parts = (Object.keys(FACTS) as FactName[]).map((fact) => {
    const rows = Object.entries(CATALOGUE[fact]).map(([name, { always, money, type, words }]) => [
      `\`${name}\``,
      `${TYPES[type]}${money === true ? ', money' : ''}`,
      words === undefined ? '' : words.map((word) => `\`${word}\``).join(' '),
      always === true ? 'always' : '',
    ]);
    return [`### \`${fact}\``, FACTS[fact], table(['field', 'type', 'words', 'has a value'], rows)].join(
      '\n\n',
    );
  });
  const state = Object.entries(RESULT_FIELDS).map(([what, fields]) => [
    what === 'journey' ? '`journey.…`, `journeys.<name>.…`' : '`health.<name>.…`',
    Object.entries(fields)
      .map(([key, type]) => `\`${key}\` (${TYPES[type]})`)
      .join(', '),
  ]);
  return [
    '## Facts and their fields',
    'Fields of your own come with `fields:` of a mapping or a field map of your own; they are used like these.',
    ...parts,
    '### Journeys and health',
    'In a person journey also `account.journeys.<name>…` and `account.health.<name>…`; in `where:` of `people` also `journeys.<name>…` and `health.<name>…` of that person. `journey` is the state before the step; its own health a journey can only read in `caps:`.',
    table(['path', 'fields'], state),
  ].join('\n\n');
}

const OPERATOR_WORDS: Readonly<Record<(typeof OPERATORS)[number], readonly [string, string]>> = {
  all: ['`{ all: [condition…] }`', 'all of them'],
  any: ['`{ any: [condition…] }`', 'at least one of them'],
  not: [
    '`{ not: condition }`',
    'it does not hold. A comparison without a value is false, so `not` makes it true: `check` warns',
  ],
  some: ['`{ some: deals, where: … }`', 'at least one item is so'],
  none: ['`{ none: deals, where: … }`', 'no item is so'],
  every: ['`{ every: deals, where: … }`', 'no item is otherwise; true of an empty list'],
  count: ['`{ count: deals, where: …, gte: 2 }`', 'how many items there are'],
  sum: ['`{ sum: deals.amount, where: …, gte: 50000 }`', 'the sum; 0 without an item'],
  min: ['`{ min: deals.created, … }`', 'the lowest or first value; none without an item'],
  max: ['`{ max: deals.closed, … }`', 'the highest or last value; none without an item'],
  avg: ['`{ avg: surveys.score, … }`', 'the average; none without an item'],
  latest: ['`{ latest: surveys.group, … }`', 'the value of the item that began last'],
  is: ['`{ is: name }`, short `name`', 'a condition from `define:`'],
  segment: ['`{ segment: name }`, `{ segment: [a, b] }`', 'in this segment, or in one of them'],
  expr: ['`{ expr: text }`', 'an expression, see below'],
};

const TEST_WORDS: Readonly<Record<(typeof TESTS)[number], readonly [string, string]>> = {
  eq: ['every type', 'equals; short: the value alone'],
  not: ['every type', 'has a value and another one; a list: none of these; tests: they do not hold'],
  in: ['every type', 'one of these; short: the list alone'],
  not_in: ['every type', 'has a value, and none of these'],
  gt: ['number, date', 'more than, after'],
  gte: ['number, date', 'at least, not before'],
  lt: ['number, date', 'less than, before'],
  lte: ['number, date', 'at most, not after'],
  between: ['number, date', '`[lowest, highest]`, both included'],
  contains: ['text', 'has it in it'],
  starts_with: ['text', 'begins with it'],
  ends_with: ['text', 'ends with it'],
  within: ['date', 'not longer ago than this, and not ahead'],
  within_next: ['date', 'ahead, not further than this'],
  older_than: ['date', 'longer ago than this'],
  before: ['date', 'before this date'],
  after: ['date', 'after this date'],
  exists: ['every type', '`true`: has a value'],
  missing: ['every type', '`true`: has none'],
  case: ['text', '`sensitive`: capitals count for the tests beside it'],
};

function conditions(): string {
  return [
    '## Conditions',
    'A condition is `true`, `false`, the name of a condition from `define:`, one of these forms, or paths with their tests (`account.employees: { gte: 100 }`). Several paths or tests in one map must all hold. Forms do not stand in one map with others: put them into a list under `all:` or `any:`.',
    table(['form', 'what'], Object.values(OPERATOR_WORDS)),
    `Lists are ${LIST_NAMES.map((list) => `\`${list}\``).join(', ')}, in a person journey also \`account.<list>\`. \`where:\` takes fields of the item with their tests, \`all:\`, \`any:\` and \`not:\`.`,
    '### Tests',
    'A comparison of something without a value is false; `exists` and `missing` ask for it. Texts are compared without regard to case.',
    table(
      ['test', 'of', 'what'],
      Object.entries(TEST_WORDS).map(([test, words]) => [`\`${test}\``, ...words]),
    ),
  ].join('\n\n');
}

const FUNCTION_WORDS: Readonly<Record<(typeof EXPR_FUNCTIONS)[number], readonly [string, string]>> = {
  size: ['`size(list)`', 'how many items'],
  sum: ['`sum(list.map(d, d.amount))`', 'the sum; 0 without an item'],
  min: ['`min(…)`', 'the lowest or first value'],
  max: ['`max(…)`', 'the highest or last value'],
  avg: ['`avg(…)`', 'the average'],
  ago: ["`ago('90d')`", 'the instant this long ago'],
  days_since: ['`days_since(date)`', 'whole calendar days since then; moves at midnight'],
  has: ['`has(x)`, `x != null`', 'it has a value'],
};
const METHOD_WORDS: Readonly<Record<(typeof EXPR_METHODS)[number], readonly [string, string]>> = {
  filter: ['`list.filter(d, condition)`', 'the items that are so'],
  map: ['`list.map(d, value)`', 'a value of each item'],
  exists: ['`list.exists(d, condition)`', 'at least one item is so'],
  all: ['`list.all(d, condition)`', 'no item is otherwise'],
  size: ['`list.size()`', 'how many items'],
  contains: ["`text.contains('x')`", 'has it in it, whatever the case'],
  startsWith: ["`text.startsWith('x')`", 'begins with it'],
  endsWith: ["`text.endsWith('x')`", 'ends with it'],
};

function expressions(): string {
  return [
    '## Expressions',
    "`expr:` takes a subset of the Common Expression Language: literals (`'text'`, `12`, `1.5`, `true`, `null` beside `==` and `!=`), paths, `== != < <= > >=`, `&& || !`, `+ - * / %` of numbers, `x in ['a', 'b']`, `'name' in segments`, `'x' in list.map(d, d.field)`, names of `define:`, and:",
    table(['form', 'what'], [...Object.values(FUNCTION_WORDS), ...Object.values(METHOD_WORDS)]),
    '`ago` and `days_since` stand on one side of a comparison whose other side does not move by itself, so that Waystage knows the next instant at which the rule may change. There is no `now`, `duration`, `timestamp`, `matches`, `?:` or indexing.',
  ].join('\n\n');
}

function time(): string {
  return [
    '## Durations and dates',
    table(
      ['written', 'means'],
      [
        ['`90d`', "90 calendar days in the mapping's zone, same wall time"],
        ['`2w`', '14 calendar days'],
        ['`12h`', '12 exact hours'],
        ['`2026-01-31`', "the start of that day in the mapping's zone"],
        ['`2026-01-31T09:00`', 'that wall time in the zone'],
        ['`2026-01-31T09:00Z`, `…+01:00`', 'that instant'],
      ],
    ),
    '`within: 90d` is from 90 days ago to now, both included; `older_than: 7d` is strictly before 7 days ago.',
  ].join('\n\n');
}

function limits(): string {
  const rows: readonly (readonly [string, number])[] = [
    ['parts of one rule, with every `define:` written out', RULE_LIMITS.nodes],
    ['parts of a rule inside each other', RULE_LIMITS.depth],
    ['lists inside lists', RULE_LIMITS.nestedLists],
    ['characters of an expression', EXPR_CHARACTERS],
    ['characters of a mapping file', SOURCE_LIMITS.characters],
    ['nodes of a mapping file, aliases written out', SOURCE_LIMITS.nodes],
    ['list items one rule may look at for one subject', MAX_LIST_WORK],
  ];
  return [
    '## Limits',
    'Past them a mapping is refused, or the subject is reported and left as it was.',
    table(
      ['limit', 'at most'],
      rows.map(([what, most]) => [what, most.toLocaleString('en-US')]),
    ),
  ].join('\n\n');
}
