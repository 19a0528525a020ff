import { createProblems, listOf, nearest, quote, sortProblems } from '../mapping/problems.ts';
import { createShape, type Shape } from '../mapping/shape.ts';
import { readSource, type YamlEntry, type YamlMap, type YamlNode } from '../mapping/source.ts';
import type { FieldMap, Mapping } from '../mapping/types.ts';
import { createZone } from '../mapping/zone.ts';
import type { Cause } from '../model/facts.ts';
import type { Position, Problem } from '../model/problem.ts';
import { type FactReading, readFacts } from './read-facts.ts';
import type { TestScope } from './scope.ts';
import {
  CAUSES,
  type Expectation,
  type Moment,
  type TestCase,
  type Wanted,
  type WantedVisit,
} from './types.ts';

/* A mapping test (J37), `mappings/*.test.yaml`:
 *
 *   mapping: accounts.yaml
 *   cases:
 *     - name: A lost renewal churns
 *       given:
 *         account: { created: 2025-01-05, employees: 300 }
 *         deals:
 *           first: { kind: new, created: 2025-02-01 }
 *       timeline:
 *         - at: 2025-03-10
 *           deals: { first: { won: true } }
 *       expect:
 *         - { at: 2025-03-10, stage: retention, band: unknown, reason: under contract }
 *       visits:
 *         - { stage: awareness, entered: 2025-01-05, left: 2025-02-01 }
 *         - ... */

export interface TestedFile {
  /** The mapping file as the test names it; null when it names none. */
  readonly mapping: Wanted<string> | null;
  readonly problems: readonly Problem[];
}

/** Which mapping a test is about; everything else is read once that mapping is known. */
export function testedMapping(text: string, file: string): TestedFile {
  const problems = createProblems();
  const shape = createShape(problems);
  const root = shape.map(readSource(text, file, problems) ?? undefined, 'A mapping test');
  const node = root?.get('mapping')?.value;
  if (root !== null && node === undefined) {
    problems.error(root.pos, 'Found no `mapping`. Expected mapping: with the file that is tested.');
  }
  const name = node === undefined ? null : shape.text(node, 'mapping');
  return {
    mapping: name === null || node === undefined ? null : { value: name, position: node.pos },
    problems: sortProblems(problems.list),
  };
}

/** The cases of a test file; all its mistakes at once, and then no case. */
export function readTests(
  text: string,
  file: string,
  mapping: Mapping,
  fieldMaps: readonly FieldMap[],
): { readonly cases: readonly TestCase[]; readonly problems: readonly Problem[] } {
  const problems = createProblems();
  const shape = createShape(problems);
  const root = shape.map(readSource(text, file, problems) ?? undefined, 'A mapping test');
  if (root === null) return { cases: [], problems: sortProblems(problems.list) };
  shape.keys(root, ['mapping', 'cases'], 'a mapping test');
  const zone = createZone(mapping.timezone);
  const node = root.get('cases')?.value;
  const items = node === undefined ? [] : shape.list(node, 'cases');
  if (items.length === 0)
    problems.error(node?.pos ?? root.pos, 'Found no case. Expected cases: with at least one.');
  const cases = items.flatMap((item) => readCase({ shape, zone, mapping, fieldMaps }, item) ?? []);
  return { cases: problems.failed ? [] : cases, problems: sortProblems(problems.list) };
}

function readCase(scope: TestScope, node: YamlNode): TestCase | null {
  const { shape } = scope;
  const map = shape.map(node, 'A case');
  if (map === null) return null;
  shape.keys(map, ['name', 'start', 'until', 'given', 'timeline', 'expect', 'visits'], 'a case');
  const get = (key: string): YamlNode | undefined => map.get(key)?.value;
  const nameNode = get('name');
  const name = nameNode === undefined ? null : shape.text(nameNode, 'name');
  if (nameNode === undefined) shape.problems.error(map.pos, 'A case needs name:, what it shows.');
  const expectNode = get('expect');
  if (expectNode?.kind === 'list' && expectNode.items.length === 0)
    shape.problems.error(expectNode.pos, 'Nothing is expected. Expected at least one { at: …, stage: … }.');
  const expectations = (expectNode === undefined ? [] : shape.list(expectNode, 'expect')).flatMap(
    (item) => readExpectation(scope, item) ?? [],
  );
  const visitsNode = get('visits');
  const visits: Wanted<readonly WantedVisit[]> | null =
    visitsNode === undefined
      ? null
      : {
          position: visitsNode.pos,
          value: shape.list(visitsNode, 'visits').flatMap((item) => readVisit(scope, item) ?? []),
        };
  if (expectNode === undefined && visits === null)
    shape.problems.error(map.pos, 'A case needs expect: or visits:, what must come of the facts.');
  const facts = readTimes(scope, map);
  if (facts === null) return null;
  const startNode = get('start');
  const untilNode = get('until');
  const asked = [
    ...expectations.map(({ at }) => at),
    ...(visits?.value ?? []).flatMap(({ entered, left }) => [entered?.instant, left?.instant]),
  ].filter((instant) => instant !== undefined);
  const known = facts.changes.map(({ at }) => at);
  const start = startNode === undefined ? null : readMoment(scope, startNode, 'start');
  const until = untilNode === undefined ? null : readMoment(scope, untilNode, 'until');
  return {
    name: name ?? '',
    position: map.pos,
    start: start?.instant ?? least(known, asked[0] ?? 0),
    until: until?.instant ?? [...known, ...asked].reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    changes: facts.changes,
    views: facts.views,
    expectations,
    visits,
  };
}

function least(instants: readonly number[], otherwise: number): number {
  return instants.length === 0 ? otherwise : instants.reduce((a, b) => Math.min(a, b));
}

/** `given` and the time line, in the order in which they happen. */
function readTimes(scope: TestScope, map: YamlMap): FactReading | null {
  const { shape } = scope;
  const given = map.get('given');
  if (given === undefined) {
    shape.problems.error(map.pos, 'A case needs given:, the facts it begins with.');
    return null;
  }
  const givenMap = shape.map(given.value, 'given');
  if (givenMap?.entries.length === 0)
    shape.problems.error(givenMap.pos, 'Nothing is given. Expected account: or person: with its facts.');
  const node = map.get('timeline')?.value;
  const entries = (node === undefined ? [] : shape.list(node, 'timeline')).flatMap((item) => {
    const entry = shape.map(item, 'An entry of the time line');
    const at = entry === null ? undefined : entry.get('at');
    if (entry !== null && at === undefined)
      shape.problems.error(entry.pos, 'An entry of the time line needs at:, when it happens.');
    const moment = at === undefined ? null : readMoment(scope, at.value, 'at');
    return entry === null || moment === null ? [] : [{ at: moment.instant, map: entry }];
  });
  if (givenMap === null) return null;
  const startNode = map.get('start')?.value;
  const start = startNode === undefined ? null : readMoment(scope, startNode, 'start');
  return readFacts(scope, {
    given: givenMap,
    start: start?.instant ?? null,
    entries: entries.sort((a, b) => a.at - b.at),
  });
}

/** A date (the whole day) or an instant, in the mapping's zone. */
export function readMoment(scope: TestScope, node: YamlNode, what: string): Moment | null {
  const text = node.kind === 'scalar' ? node.source : '';
  const day = scope.zone.parseDate(text);
  const instant = day ?? scope.zone.parseInstant(text);
  if (instant !== null) return { instant, wholeDay: day !== null, text };
  const found = node.kind === 'scalar' ? quote(text) : `a ${node.kind}`;
  scope.shape.problems.error(
    node.pos,
    `${what}: found ${found}; expected a date such as 2026-01-31, or a date and time.`,
  );
  return null;
}

const EXPECTED = ['at', 'stage', 'band', 'score', 'segments', 'reason', 'health_reason', 'next_step'];

function readExpectation(scope: TestScope, node: YamlNode): Expectation | null {
  const { mapping, shape } = scope;
  const map = shape.map(node, 'An expectation');
  if (map === null) return null;
  shape.keys(map, EXPECTED, 'an expectation');
  const at = map.get('at');
  if (at === undefined) {
    shape.problems.error(map.pos, 'An expectation needs at:, when it must be so.');
    return null;
  }
  const moment = readMoment(scope, at.value, 'at');
  if (map.entries.length === 1)
    shape.problems.error(map.pos, 'Nothing is expected here. Expected stage:, band: or the like.');
  const word = (key: string, known: readonly string[]): Wanted<string> | null => {
    const entry = map.get(key);
    const text = entry === undefined ? null : shape.text(entry.value, key);
    return entry === undefined || text === null || !isKnown(shape, key, text, entry.value.pos, known)
      ? null
      : { value: text, position: entry.value.pos };
  };
  const texts = (key: string): readonly Wanted<string>[] => {
    const entry = map.get(key);
    return entry === undefined
      ? []
      : shape.texts(entry.value, key).map(({ text, pos }) => ({ value: text, position: pos }));
  };
  const stage = word('stage', [...mapping.stages.map(({ name }) => name), 'none']);
  const bands = mapping.health?.bands.map(({ name }) => name) ?? [];
  const segmentsNode = map.get('segments')?.value;
  const segments = mapping.segments.map(({ name }) => name);
  if (moment === null) return null;
  return {
    at: moment.instant,
    when: moment.text,
    position: map.pos,
    stage: stage && { ...stage, value: stage.value === 'none' ? null : stage.value },
    band: word('band', [...bands, 'unknown']),
    score: readScore(shape, map.get('score')),
    segments:
      segmentsNode === undefined
        ? null
        : {
            position: segmentsNode.pos,
            value: shape
              .texts(segmentsNode, 'segments')
              .flatMap(({ text, pos }) => (isKnown(shape, 'segment', text, pos, segments) ? [text] : [])),
          },
    reason: texts('reason'),
    healthReason: texts('health_reason'),
    nextStep: texts('next_step'),
  };
}

function isKnown(shape: Shape, what: string, text: string, pos: Position, known: readonly string[]): boolean {
  if (known.includes(text)) return true;
  shape.problems.error(
    pos,
    `The mapping has no ${what} ${quote(text)}. Expected ${listOf(known)}.`,
    nearest(text, known),
  );
  return false;
}

function readScore(shape: Shape, entry: YamlEntry | undefined): Expectation['score'] {
  if (entry === undefined) return null;
  const { value } = entry;
  const position = value.pos;
  if (value.kind === 'scalar' && value.value === null) return { position, value: { gte: null, lte: null } };
  if (value.kind !== 'map') {
    const score = shape.number(value, 'score', 0, 100);
    return score === null ? null : { position, value: { gte: score, lte: score } };
  }
  shape.keys(value, ['gte', 'lte'], 'score');
  const bound = (key: string, otherwise: number): number => {
    const node = value.get(key)?.value;
    return node === undefined ? otherwise : (shape.number(node, key, 0, 100) ?? otherwise);
  };
  return { position, value: { gte: bound('gte', 0), lte: bound('lte', 100) } };
}

function readVisit(scope: TestScope, node: YamlNode): WantedVisit | null {
  const { mapping, shape } = scope;
  const map = shape.map(node, 'A visit');
  if (map === null) return null;
  shape.keys(map, ['stage', 'entered', 'left', 'cause', 'skipped'], 'a visit');
  const stageNode = map.get('stage')?.value;
  if (stageNode === undefined) {
    shape.problems.error(map.pos, 'A visit needs stage:.');
    return null;
  }
  const stage = shape.text(stageNode, 'stage');
  if (stage !== null)
    isKnown(
      shape,
      'stage',
      stage,
      stageNode.pos,
      mapping.stages.map(({ name }) => name),
    );
  const moment = (key: 'entered' | 'left'): Moment | undefined => {
    const value = map.get(key)?.value;
    if (value === undefined || (value.kind === 'scalar' && value.value === null)) return undefined;
    return readMoment(scope, value, key) ?? undefined;
  };
  const leftNode = map.get('left')?.value;
  const open = leftNode?.kind === 'scalar' && leftNode.value === null;
  const causeNode = map.get('cause')?.value;
  const cause = causeNode === undefined ? null : shape.text(causeNode, 'cause');
  const skippedNode = map.get('skipped')?.value;
  return {
    position: map.pos,
    stage: stage ?? '',
    entered: moment('entered'),
    left: open ? null : moment('left'),
    cause:
      cause !== null && causeNode !== undefined && isKnown(shape, 'cause', cause, causeNode.pos, CAUSES)
        ? (cause as Cause)
        : undefined,
    skipped: skippedNode === undefined ? undefined : (shape.flag(skippedNode, 'skipped') ?? undefined),
  };
}
