import { CATALOGUE } from './catalogue.ts';
import { listOf, nearest, quote } from './problems.ts';
import { readDuration } from './read-predicate.ts';
import type { RuleScope } from './scope.ts';
import type { Shape } from './shape.ts';
import type { YamlNode } from './source.ts';
import type { AnalysisPart, AnalysisSettings, FactName, Mapping, ReadSet } from './types.ts';

/* `analysis:` tells the analysis what the rules do not say. All keys may be left out:
 *
 *   analysis:
 *     include: [touchpoints, tickets, surveys, deals, owner, source]   asked for besides what the rules read
 *     marketing_qualified: consideration    the stage whose first entry hands somebody over to sales
 *     sales_touch: [call, meeting]          channels that count as sales taking it up
 *     silent: 30d                           so long without a touchpoint is silence
 *     window: 90d                           within which a stage should lead on
 */

/** Which fields a part of the analysis looks at. */
export const ANALYSIS_PARTS: Readonly<Record<AnalysisPart, ReadSet>> = {
  touchpoints: { touchpoints: ['at', 'channel', 'direction', 'outcome'] },
  tickets: { tickets: ['category', 'closed', 'created', 'escalated', 'first_reply', 'open', 'reopened'] },
  surveys: { surveys: ['at', 'group', 'score', 'type'] },
  deals: { deals: ['closed', 'created', 'kind', 'lost', 'open', 'won'] },
  owner: { person: ['owner'], account: ['owner'] },
  source: { person: ['source'] },
};
const PARTS = Object.keys(ANALYSIS_PARTS) as readonly AnalysisPart[];
const KEYS = ['include', 'marketing_qualified', 'sales_touch', 'silent', 'window'];
const CHANNELS = CATALOGUE.touchpoints['channel']?.words ?? [];

/** Reads `analysis:`; every mistake is reported at its place. Null without the key. */
export function readAnalysis(
  shape: Shape,
  scope: RuleScope,
  node: YamlNode | undefined,
): AnalysisSettings | null {
  const map = shape.map(node, 'analysis');
  if (map === null) return null;
  shape.keys(map, KEYS, 'analysis');
  const get = (key: string): YamlNode | undefined => map.get(key)?.value;
  const words = <T extends string>(key: string, known: readonly T[], what: string): readonly T[] | null => {
    const list = get(key);
    if (list === undefined) return null;
    const found = shape.texts(list, key).flatMap(({ text, pos }) => {
      if ((known as readonly string[]).includes(text)) return [text as T];
      shape.problems.error(
        pos,
        `Unknown ${what} ${quote(text)}. Expected ${listOf(known)}.`,
        nearest(text, known),
      );
      return [];
    });
    return [...new Set(found)];
  };
  const duration = (key: string): ReturnType<typeof readDuration> => {
    const value = get(key);
    return value === undefined ? null : readDuration(scope, value);
  };
  const stageNode = get('marketing_qualified');
  let marketingQualified: string | null = null;
  if (stageNode !== undefined) {
    marketingQualified = shape.text(stageNode, 'marketing_qualified');
    if (marketingQualified !== null && !scope.stages.includes(marketingQualified)) {
      shape.problems.error(
        stageNode.pos,
        `This journey has no stage ${quote(marketingQualified)}. Expected ${listOf(scope.stages)}.`,
        nearest(marketingQualified, scope.stages),
      );
    }
  }
  return {
    include: words('include', PARTS, 'part of the analysis') ?? [],
    marketingQualified,
    salesTouch: words('sales_touch', CHANNELS, 'channel'),
    silent: duration('silent'),
    window: duration('window'),
  };
}

/** What a mapping asks for: what its rules read, and what its analysis and its outcomes look at besides. */
export function wantedReads({
  reads,
  analysis,
  outcomes = [],
}: Pick<Mapping, 'reads' | 'analysis' | 'outcomes'>): ReadSet {
  const include = analysis?.include ?? [];
  if (include.length === 0 && outcomes.length === 0) return reads;
  const parts = [...include.map((part) => ANALYSIS_PARTS[part]), ...outcomes.map((outcome) => outcome.reads)];
  return unionOf([reads, ...parts]);
}

/** All fields of all sets. */
export function unionOf(sets: readonly ReadSet[]): ReadSet {
  const all = new Map<FactName, Set<string>>();
  for (const set of sets) {
    for (const [fact, fields] of Object.entries(set) as [FactName, readonly string[]][]) {
      const known = all.get(fact) ?? new Set<string>();
      for (const field of fields) known.add(field);
      all.set(fact, known);
    }
  }
  return Object.fromEntries([...all].map(([fact, fields]) => [fact, [...fields].sort()]));
}
