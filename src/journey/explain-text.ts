import { createZone, type Zone } from '../mapping/zone.ts';
import type {
  Explanation,
  HealthExplanation,
  NotTaken,
  RuleTrace,
  SeenInWords,
  Source,
  StageExplanation,
  StageJudgement,
} from './explain-types.ts';
import { dateWords, numberWords, plainText } from './words.ts';

/** Values of one condition that a line shows; the JSON form has them all. */
const SHOWN = 3;

export interface TextOptions {
  /** Show the rule trees of all stages, not only of the present and the next one. */
  readonly full?: boolean;
}

/** An explanation as plain lines for a terminal, not wrapped. Texts of the CRM are stripped of control characters. */
export function explanationLines(explanation: Explanation, options: TextOptions = {}): readonly string[] {
  const zone = createZone(explanation.timezone);
  const full = options.full ?? false;
  const { stage, next } = explanation;
  const lines = [`${explanation.label} (rules ${explanation.mappingVersion})`];
  if (stage !== null) {
    lines.push(...stageLines(stage, zone));
    for (const judged of stage.stages) if (judged.present) lines.push(...judgedLines(judged, 4, zone));
  }
  if (next !== null) {
    lines.push(`  Next: ${next.label}`);
    if (next.unmet.length === 0) lines.push('    nothing is missing');
    for (const unmet of next.unmet) lines.push(`    - ${unmet.words}`);
    const judged = stage?.stages.find((one) => one.stage === next.stage);
    if (judged !== undefined && !judged.present) lines.push(...judgedLines(judged, 4, zone));
  }
  if (stage !== null) lines.push(...otherLines(stage, next?.stage ?? null, full, zone));
  if (explanation.health !== null) lines.push(...healthLines(explanation.health));
  const held = explanation.segments.filter((segment) => segment.holds);
  if (explanation.segments.length > 0) {
    lines.push(`  Segments: ${held.map((segment) => segment.label).join(', ') || 'none'}`);
  }
  if (explanation.notTaken.length > 0) lines.push('  Where the CRMs differ:');
  for (const value of explanation.notTaken) lines.push(notTakenLine(value));
  return lines;
}

function stageLines(stage: StageExplanation, zone: Zone): readonly string[] {
  const lines: string[] = [];
  const since = stage.entered === null ? '' : ` since ${dateWords(stage.entered, zone)}`;
  const cause = stage.cause === null ? '' : `, cause: ${stage.cause}`;
  const uncertain = stage.uncertain ? ', uncertain' : '';
  lines.push(`  Stage: ${stage.label ?? 'none'}${since}${cause}${uncertain}`);
  lines.push(`    because: ${stage.reason}`);
  if (stage.previous !== null) lines.push(`    before: ${stage.previous}`);
  if (stage.rule !== null) lines.push(`    moved by: ${stage.rule} (rules ${stage.ruleVersion ?? ''})`);
  if (stage.minStayUntil !== null) lines.push(`    kept until ${dateWords(stage.minStayUntil, zone)}`);
  if (stage.decision.loop) lines.push('    journey-loop: the rules would enter again a stage they just left');
  const { move } = stage.decision;
  if (move !== null) lines.push(`    the next run moves it to: ${move.to ?? 'no stage'} (${move.rule})`);
  return lines;
}

function otherLines(
  stage: StageExplanation,
  next: string | null,
  full: boolean,
  zone: Zone,
): readonly string[] {
  const others = stage.stages.filter((one) => !one.present && one.stage !== next);
  if (others.length === 0) return [];
  const verdict = (one: StageJudgement): string => `${one.label} ${one.eligible ? 'fits' : 'does not'}`;
  if (!full) return [`  Other stages: ${others.map(verdict).join(', ')}`];
  return others.flatMap((one) => [`  Other stage: ${verdict(one)}`, ...judgedLines(one, 4, zone)]);
}

function judgedLines(judged: StageJudgement, indent: number, zone: Zone): readonly string[] {
  const space = ' '.repeat(indent);
  const lines: string[] = [];
  for (const exit of judged.exit) {
    lines.push(`${space}exit to ${exit.to ?? 'no stage'}:`, ...ruleLines(exit.rule, indent + 2));
  }
  if (judged.enter !== null) lines.push(...ruleLines(judged.enter, indent));
  if (judged.stay !== null) lines.push(`${space}stay:`, ...ruleLines(judged.stay, indent + 2));
  if (judged.from !== null)
    lines.push(`${space}${mark(judged.from.met)} from ${judged.from.stages.join(' or ')}`);
  if (judged.for !== null) {
    const { since, met, text } = judged.for;
    const held = since === null || met ? '' : ` (held since ${dateWords(since, zone)})`;
    lines.push(`${space}${mark(met)} for ${text}${held}`);
  }
  return lines;
}

function ruleLines(rule: RuleTrace, indent: number): readonly string[] {
  const name = rule.name === null ? '' : `${rule.name}: `;
  const lines = [`${' '.repeat(indent)}${mark(rule.holds)} ${name}${rule.text}${seenText(rule.seen)}`];
  for (const child of shownParts(rule)) lines.push(...ruleLines(child, indent + 2));
  return lines;
}

/** A list that holds has said enough by its values; of the nearest item of one that does not, the parts are shown
 *  without the line that says them all once more. */
function shownParts(rule: RuleTrace): readonly RuleTrace[] {
  if (rule.kind !== 'list') return rule.children;
  if (rule.holds) return [];
  return rule.children.flatMap((item) => (item.kind === 'all' ? item.children : [item]));
}

function seenText(seen: readonly SeenInWords[]): string {
  if (seen.length === 0) return '';
  const shown = seen.slice(0, SHOWN).map((value) => {
    const source = value.sources.map(sourceText).join(', ');
    return `${plainText(value.path)}: ${value.words}${source === '' ? '' : ` in ${source}`}`;
  });
  const rest = seen.length > SHOWN ? `; and ${seen.length - SHOWN} more` : '';
  return `  [${shown.join('; ')}${rest}]`;
}

function sourceText(source: Source): string {
  return `${source.connection}:${source.type}:${source.id}`;
}

function healthLines(health: HealthExplanation): readonly string[] {
  const coverage = numberWords(health.coverage * 100);
  const score = health.score === null ? 'no score' : String(health.score);
  const lines = [`  Health: ${score}, ${health.band}, ${coverage} % of the weight has data`];
  if (health.override !== null)
    lines.push(`    band ${health.override.words} (the rules say ${health.override.judged})`);
  if (health.cap !== null) {
    lines.push(`    at most ${numberWords(health.cap.max)}: ${health.cap.label}`);
  }
  for (const group of health.groups) {
    const value = group.score === null ? 'no score' : numberWords(group.score);
    lines.push(`    ${group.label}: ${value} (weight ${numberWords(group.weight * 100)} %)`);
    for (const measure of group.measures) {
      const given = measure.score === null ? 'skipped' : numberWords(measure.score);
      const points = measure.contribution;
      const signed = `${points > 0 ? '+' : ''}${numberWords(points)}`;
      lines.push(`      ${measure.words} -> ${given} (${signed})`);
    }
  }
  return lines;
}

function notTakenLine(value: NotTaken): string {
  const other = `${value.words} in ${value.connection}:${value.type}:${value.id}`;
  return `    ${value.path}: ${value.takenWords} from ${sourceText(value.takenFrom)}, not ${other}`;
}

function mark(holds: boolean): string {
  return holds ? '✓' : '✗';
}
