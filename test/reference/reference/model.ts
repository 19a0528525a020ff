import type { SubjectKind } from '../../../src/model/facts.ts';
import { type LocalTime, localTime, type Span, span } from './local-time.ts';
import type { Rule, Value } from './rule.ts';
import type { Scope } from './scope.ts';
import { readRule, readValue } from './structured.ts';
import { block, isBlock, list, numberIn, readYaml, text, type Word, word, words, type Yaml } from './yaml.ts';

/** A mapping as the reference understands its file. Nothing is checked: the loader has done that before. */
export interface Model {
  readonly subject: SubjectKind;
  readonly local: LocalTime;
  readonly segments: readonly { readonly name: string; readonly when: Rule }[];
  readonly stages: readonly RefStage[];
  readonly health: RefHealth | null;
  /** All spans of time in the file: where time conditions have their edges. */
  readonly spans: readonly Span[];
}

export interface RefStage {
  readonly name: string;
  readonly enter: Rule | null;
  readonly stay: Rule | null;
  readonly from: readonly string[] | null;
  readonly wait: Span | null;
  readonly minStay: Span | null;
  readonly exits: readonly { readonly to: string | null; readonly when: Rule }[];
  readonly terminal: boolean;
  readonly urgent: boolean;
  readonly isDefault: boolean;
  readonly offPath: boolean;
  readonly oldNames: readonly string[];
}

export interface Weighted {
  readonly name: string;
  readonly weight: number;
  readonly weights: Readonly<Record<string, number>>;
}

export interface RefMeasure extends Weighted {
  readonly missing: 'skip' | number;
  readonly value: Value | null;
  readonly scale: readonly (readonly [number, number])[];
  readonly cases: readonly { readonly when: Rule | null; readonly score: number }[] | null;
  readonly halfLife: { readonly after: Span; readonly since: Value } | null;
}

export interface RefHealth {
  readonly groups: readonly (Weighted & { readonly measures: readonly RefMeasure[] })[];
  readonly minCoverage: number;
  readonly hysteresis: number;
  readonly neutral: number;
  readonly caps: readonly { readonly when: Rule; readonly max: number }[];
  /** Highest first. */
  readonly bands: readonly { readonly name: string; readonly from: number }[];
}

export function readModel(source: string, zone: string): Model {
  const file = readYaml(source);
  const local = localTime(file.has('timezone') ? text(file.get('timezone')) : zone);
  const defines = block(file.get('define'));
  let items = 0;
  const scope: Scope = {
    subject: text(file.get('subject')) === 'account' ? 'account' : 'person',
    local,
    define: (name) => {
      const node = defines.get(name);
      return node === undefined ? null : readRule(scope, node);
    },
    nextItem: () => items++,
  };
  const health = file.get('health');
  return {
    subject: scope.subject,
    local,
    segments: [...block(file.get('segments'))].map(([name, node]) => {
      const when = isBlock(node) && node.has('when') ? node.get('when') : node;
      return { name, when: readRule(scope, when as Yaml) };
    }),
    stages: [...block(file.get('stages'))].map(([name, node]) => readStage(scope, name, node)),
    health: health === undefined ? null : readHealth(scope, block(health)),
    spans: [...new Set(source.match(/\b\d+[hdw]\b/g))].map(span),
  };
}

function readStage(scope: Scope, name: string, node: Yaml): RefStage {
  const stage = block(node);
  const rule = (key: string): Rule | null => {
    const found = stage.get(key);
    return found === undefined ? null : readRule(scope, found);
  };
  const duration = (key: string): Span | null => (stage.has(key) ? span(text(stage.get(key))) : null);
  const names = (key: string): readonly string[] | null => {
    const found = stage.get(key);
    return found === undefined ? null : words(found).map(({ source }) => source);
  };
  const flag = (key: string): boolean => (stage.get(key) as Word | undefined)?.value === true;
  return {
    name,
    enter: rule('enter'),
    stay: rule('stay'),
    from: names('from'),
    wait: duration('for'),
    minStay: duration('min_stay'),
    exits: list(stage.get('exit')).map((exit) => {
      const to = text(block(exit).get('to'));
      return { to: to === 'none' ? null : to, when: readRule(scope, block(exit).get('when') as Yaml) };
    }),
    terminal: flag('terminal'),
    urgent: flag('urgent'),
    isDefault: flag('default'),
    offPath: flag('off_path'),
    oldNames: names('renamed_from') ?? [],
  };
}

function weighted(name: string, node: Yaml | undefined): Weighted {
  const part = block(node);
  const weights = [...block(part.get('weights'))].map(([segment, weight]) => [segment, numberIn(weight, 0)]);
  return { name, weight: numberIn(part.get('weight'), 1), weights: Object.fromEntries(weights) };
}

function readHealth(scope: Scope, health: ReturnType<typeof block>): RefHealth {
  const share = health.get('min_coverage');
  return {
    groups: [...block(health.get('groups'))].map(([name, group]) => ({
      ...weighted(name, group),
      measures: [...block(block(group).get('measures'))].map(([measure, node]) =>
        readMeasure(scope, measure, block(node)),
      ),
    })),
    minCoverage:
      share === undefined ? 0.5 : Number.parseFloat(text(share)) / (text(share).endsWith('%') ? 100 : 1),
    hysteresis: numberIn(health.get('hysteresis'), 0),
    neutral: numberIn(health.get('neutral'), 50),
    caps: list(health.get('caps')).map((cap) => ({
      when: readRule(scope, block(cap).get('when') as Yaml),
      max: numberIn(block(cap).get('max'), 100),
    })),
    bands: [...block(health.get('bands'))]
      .map(([name, node]) => ({ name, from: numberIn(isBlock(node) ? node.get('from') : node, 0) }))
      .sort((a, b) => b.from - a.from),
  };
}

function readMeasure(scope: Scope, name: string, node: ReturnType<typeof block>): RefMeasure {
  const value = node.get('value');
  const scale = node.get('scale');
  const cases = node.get('cases');
  const missing = node.has('missing') ? word(node.get('missing')) : { source: 'skip', value: 'skip' };
  const life = node.get('half_life');
  const points = isBlock(scale)
    ? [...scale].map(([at, score]) => [Number(at), numberIn(score, 0)] as const)
    : list(scale).map(
        (point) => words(point).map((one) => Number(one.value)) as unknown as readonly [number, number],
      );
  return {
    ...weighted(name, node),
    missing: missing.source === 'skip' ? 'skip' : missing.source === 'zero' ? 0 : Number(missing.value),
    value: value === undefined ? null : readValue(scope, value),
    scale: [...points].sort((a, b) => a[0] - b[0]),
    cases:
      cases === undefined
        ? null
        : list(cases).map((one) => {
            const when = block(one).get('when');
            return {
              when: when === undefined ? null : readRule(scope, when),
              score: numberIn(block(one).get(when === undefined ? 'else' : 'score'), 0),
            };
          }),
    halfLife:
      life === undefined
        ? null
        : {
            after: span(text(block(life).get('after'))),
            since: readValue(scope, block(life).get('since') as Yaml),
          },
  };
}
