import { createHash } from 'node:crypto';
import { type Addition, type Additions, mergeFieldMaps, readAdditions } from './additions.ts';
import { fieldSpec } from './catalogue.ts';
import { createConditions } from './condition.ts';
import { impossible } from './dead.ts';
import { createDefines } from './defines.ts';
import { checkKnown } from './known-checks.ts';
import { readAnalysis } from './load-analysis.ts';
import { bandNames, readHealth } from './load-health.ts';
import { readKpis } from './load-kpis.ts';
import { readOutcomes } from './load-outcomes.ts';
import { readOutputs } from './load-outputs.ts';
import { readSegments, readStages, renamedStages } from './load-stages.ts';
import { createProblems, listOf, nearest, quote, sortProblems } from './problems.ts';
import { amountsOf, checkMoney, readRates } from './rates.ts';
import { checkStages } from './reach.ts';
import { accountReadsOf, dependsOn, readsOf } from './reads.ts';
import type { Reference, RuleScope } from './scope.ts';
import { createShape, labelOf, named, type Shape } from './shape.ts';
import { readSource, type YamlMap, type YamlNode } from './source.ts';
import type { Node } from './tree.ts';
import type { FactName, FactType, FieldMap, Mapping, Position, Problem } from './types.ts';
import { type KnownConnection, originsOf, wordsOf } from './vocabulary.ts';
import { createZone, isZone } from './zone.ts';

export interface LoadOptions {
  /** The configuration's zone; the mapping's own `timezone` wins (J9). */
  readonly timezone: string;
  /** Those of `mappings/fields/`; without any, rules are checked against the catalogue alone. */
  readonly fieldMaps: readonly FieldMap[];
  /** CRMs that were opened before: options and fields are checked against them (J3, J7). */
  readonly known?: readonly KnownConnection[];
}

/** A mapping with what the checks across files need. */
export interface LoadedMapping extends Mapping {
  /** Its mentions of other journeys, for `checkMappings`. */
  readonly references: readonly Reference[];
  readonly namePosition: Position;
  /** Connectors whose fields its outputs may be. */
  readonly connectors: readonly string[];
  /** Its own `fields:`, to see whether two mappings say different things of one. */
  readonly additions: readonly Addition[];
}

export interface MappingResult {
  /** Null when there was an error. */
  readonly mapping: LoadedMapping | null;
  /** The base field maps with the mapping's own `fields:` over them: what facts of this mapping are built with, and
   *  what is requested for it. */
  readonly fieldMaps: readonly FieldMap[];
  /** The mapping's own `fields:` alone, to be laid over the base maps beside those of other mappings. */
  readonly additions: readonly FieldMap[];
  /** Errors and warnings in the order of the file. */
  readonly problems: readonly Problem[];
}

const KEYS = [
  'journey',
  'label',
  'description',
  'subject',
  'timezone',
  'fields',
  'rates',
  'define',
  'segments',
  'stages',
  'health',
  'outputs',
  'kpis',
  'analysis',
  'outcomes',
];

/** Keys that judge nobody: changing them makes no new version. */
const MEANS_NOTHING = ['kpis', 'analysis', 'outcomes'];

/** Reads, checks and compiles one mapping file. Never throws for what a file says; everything wrong with it comes back
 *  at once with file, line, column and the nearest right name (J7). */
export function loadMapping(text: string, file: string, options: LoadOptions): MappingResult {
  const problems = createProblems();
  const shape = createShape(problems);
  const failed = (fieldMaps: readonly FieldMap[] = options.fieldMaps): MappingResult => ({
    mapping: null,
    fieldMaps,
    additions: [],
    problems: sortProblems(problems.list),
  });
  const root = shape.map(readSource(text, file, problems) ?? undefined, 'A mapping');
  if (root === null) return failed();
  shape.keys(root, KEYS, 'a mapping');
  const head = readHead(shape, root, options.timezone);
  const additions = readAdditions(shape, root.get('fields')?.value, options.fieldMaps);
  const fieldMaps = mergeFieldMaps(options.fieldMaps, additions.fieldMaps);
  const { rates, pos: ratesPos } = readRates(shape, root.get('rates')?.value);
  const zone = createZone(head.timezone);
  const make = createConditions(zone);
  const part = (key: string): YamlMap | null => shape.map(root.get(key)?.value, key);
  const stageEntries = named(shape, part('stages'), 'stage').filter(({ key, keyPos }) => {
    if (key !== 'none') return true;
    problems.error(keyPos, '`none` stands for no stage at all. Choose another name.');
    return false;
  });
  const segmentEntries = named(shape, part('segments'), 'segment');
  const healthEntry = root.get('health');
  let segments: readonly string[] | null = null;
  let slots = 0;
  const known = options.known ?? [];
  const scope: RuleScope = {
    subject: head.subject,
    journey: head.name,
    zone,
    problems,
    types: typesOf(fieldMaps, additions),
    amounts: new Set([...amountsOf(fieldMaps), ...additions.money]),
    stages: stageEntries.map(({ key }) => key),
    renamed: renamedStages(stageEntries),
    bands: bandNames(healthEntry?.value),
    defineNames: part('define')?.entries.map(({ key }) => key) ?? [],
    references: [],
    segments: () => segments,
    define: (name, pos) => defines.use(name, pos),
    words: remember((fact, field) => wordsOf(fieldMaps, known, fact, field)),
    nextSlot: () => slots++,
  };
  const defines = createDefines(scope, shape, part('define'));
  const segmentRules = readSegments(shape, scope, segmentEntries, make);
  segments = segmentEntries.map(({ key }) => key);
  const stageRules = readStages(shape, scope, stageEntries, make);
  const health = healthEntry === undefined ? null : readHealth(shape, scope, healthEntry, make);
  const outcomes = readOutcomes(
    shape,
    scope,
    root.get('outcomes')?.value,
    make,
    stageRules.map(({ stage }) => stage),
    bandNames(healthEntry?.value),
  );
  const unused = defines.readRest();
  if (stageEntries.length === 0 && healthEntry === undefined) {
    problems.error(
      root.pos,
      'A mapping without stages: and without health: does nothing. Expected one of them.',
    );
  }
  const connectors = connectorsOf(options, fieldMaps);
  const outputs = readOutputs(
    shape,
    root.get('outputs')?.value,
    {
      stages: stageEntries.length > 0,
      health: healthEntry !== undefined,
      segments: segmentEntries.length > 0,
    },
    connectors,
  );
  const stages = stageRules.map(({ stage }) => stage);
  const kpis = readKpis(shape, scope, root.get('kpis')?.value, stages, healthEntry !== undefined);
  const analysis = readAnalysis(shape, scope, root.get('analysis')?.value);
  const roots: readonly Node[] = [
    ...segmentRules.map(({ when }) => when),
    ...stageRules.flatMap(({ enter, exits, stay }) =>
      [enter, stay, ...exits.map(({ when }) => when)].filter((node) => node !== null),
    ),
    ...(health?.nodes ?? []),
  ];
  const reads = readsOf(roots);
  // A condition whose only use could not be read is not to blame.
  if (!problems.failed)
    for (const name of unused) problems.warn(name.pos, `Nothing uses the condition \`${name.name}\`.`);
  for (const { segment, when } of segmentRules) {
    const why = impossible(when);
    if (why !== null)
      problems.error(when.pos, `Nobody can ever be in the segment \`${segment.name}\`: ${why}.`);
  }
  // A stage whose rules could not be read would only look unreachable.
  if (!problems.failed) checkStages(stageRules, problems);
  warnUnfed(fieldMaps, reads.positions, problems);
  checkKnown(known, fieldMaps, additions.list, reads.positions, problems);
  const money = { reads: reads.positions, rates: ratesPos };
  checkMoney({ reads: reads.set, rates }, fieldMaps, known, money, problems);
  if (problems.failed) return failed(fieldMaps);
  return {
    fieldMaps,
    additions: additions.fieldMaps,
    problems: sortProblems(problems.list),
    mapping: {
      file,
      name: head.name,
      label: head.label,
      subject: head.subject,
      timezone: head.timezone,
      version: versionOf(root, head.timezone, fieldMaps),
      stages,
      segments: segmentRules.map(({ segment }) => segment),
      health: health?.model ?? null,
      outputs,
      reads: reads.set,
      readsOfAccount: accountReadsOf(roots),
      dependsOn: dependsOn(scope.references),
      prefer: additions.prefer,
      rates,
      kpis,
      analysis,
      outcomes,
      references: scope.references,
      namePosition: head.namePosition,
      connectors,
      additions: additions.list,
    },
  };
}

interface Head {
  readonly name: string;
  readonly namePosition: Position;
  readonly label: string;
  readonly subject: Mapping['subject'];
  readonly timezone: string;
}

function readHead(shape: Shape, root: YamlMap, timezone: string): Head {
  const { problems } = shape;
  const get = (key: string): YamlNode | undefined => root.get(key)?.value;
  const nameNode = get('journey');
  const name = nameNode === undefined ? null : shape.text(nameNode, 'journey');
  if (nameNode === undefined)
    problems.error(root.pos, 'Found no `journey`. Expected journey: with the name of this mapping.');
  else if (name !== null) shape.name(name, nameNode.pos, 'journey');
  const subjectNode = get('subject');
  const subject = subjectNode === undefined ? null : shape.text(subjectNode, 'subject');
  if (subjectNode === undefined)
    problems.error(root.pos, 'Found no `subject`. Expected subject: person or subject: account.');
  else if (subject !== null && subject !== 'person' && subject !== 'account') {
    problems.error(
      subjectNode.pos,
      `Found subject: ${quote(subject)}; expected person or account.`,
      nearest(subject, ['person', 'account']),
    );
  }
  const zoneNode = get('timezone');
  const zone = zoneNode === undefined ? timezone : shape.text(zoneNode, 'timezone');
  const goodZone = zone !== null && isZone(zone);
  if (zone !== null && !goodZone) {
    const zones = Intl.supportedValuesOf('timeZone');
    problems.error(
      zoneNode?.pos ?? root.pos,
      `Unknown time zone ${quote(zone)}. Expected an IANA name, such as Europe/Berlin or UTC.`,
      nearest(zone, zones),
    );
  }
  const labelNode = get('label');
  const descriptionNode = get('description');
  if (descriptionNode !== undefined) shape.text(descriptionNode, 'description');
  return {
    name: name ?? '',
    namePosition: nameNode?.pos ?? root.pos,
    label: (labelNode === undefined ? null : shape.text(labelNode, 'label')) ?? labelOf(name ?? ''),
    subject: subject === 'account' ? 'account' : 'person',
    timezone: goodZone ? zone : 'UTC',
  };
}

function typesOf(fieldMaps: readonly FieldMap[], additions: Additions): Readonly<Record<string, FactType>> {
  const types: Record<string, FactType> = Object.create(null);
  for (const map of fieldMaps) Object.assign(types, map.types);
  return Object.assign(types, additions.types);
}

function connectorsOf(options: LoadOptions, fieldMaps: readonly FieldMap[]): readonly string[] {
  const names = [
    ...fieldMaps.map(({ connector }) => connector),
    ...(options.known ?? []).map(({ connector }) => connector),
  ];
  return names.length === 0 ? ['hubspot', 'salesforce'] : [...new Set(names)];
}

function remember(find: RuleScope['words']): RuleScope['words'] {
  const found = new Map<string, readonly string[] | null>();
  return (fact, field) => {
    const key = `${fact}.${field}`;
    if (!found.has(key)) found.set(key, find(fact, field));
    return found.get(key) ?? null;
  };
}

/** A fact that nothing feeds never has a value: the rule is not wrong, but surely not meant so. */
function warnUnfed(
  fieldMaps: readonly FieldMap[],
  reads: ReadonlyMap<string, Position>,
  problems: ReturnType<typeof createProblems>,
): void {
  if (fieldMaps.length === 0) return;
  for (const [key, pos] of reads) {
    const [fact, field] = key.split('.') as [FactName, string];
    if (field === 'last_activity' || originsOf(fieldMaps, fact, field).length > 0) continue;
    if (fieldSpec(fact, field)?.always === true) continue;
    problems.warn(
      pos,
      `No field map says where \`${key}\` comes from (${listOf(fieldMaps.map(({ connector }) => connector))}): it never has a value. Name its field under fields:.`,
    );
  }
}

/** Twelve hexadecimal digits that change when the meaning may: with any value or order in the mapping or its field
 *  maps, not with comments or layout. */
function versionOf(root: YamlMap, timezone: string, fieldMaps: readonly FieldMap[]): string {
  const judging = root.entries.filter(({ key }) => !MEANS_NOTHING.includes(key));
  const plain = (node: YamlNode): unknown => {
    if (node.kind === 'scalar') return [node.value === null ? null : node.source, node.quoted];
    if (node.kind === 'list') return node.items.map(plain);
    return { map: node.entries.map(({ key, value }) => [key, plain(value)]) };
  };
  const text = JSON.stringify([plain({ ...root, entries: judging }), timezone, fieldMaps]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
