import { createZone, type Zone } from '../mapping/zone.ts';
import type {
  Explanation,
  HealthExplanation,
  NotTaken,
  RuleTrace,
  SeenInWords,
  Source,
  StageExplanation,
} from './explain-types.ts';
import { dateWords, numberWords, plainText } from './words.ts';

/** Values of one condition that a line shows; the JSON form has them all. */
const SHOWN = 3;

/** An explanation as plain lines for a terminal. Texts of the CRM are stripped of control characters. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const zone = createZone(explanation.timezone);
  const lines = [`${explanation.label} (rules ${explanation.mappingVersion})`];
  if (explanation.stage !== null) lines.push(...stageLines(explanation.stage, zone));
  const { next } = explanation;
  if (next !== null) {
    lines.push(`  Next: ${next.label}`);
    if (next.unmet.length === 0) lines.push('    nothing is missing');
    for (const unmet of next.unmet) lines.push(`    - ${unmet.words}`);
  }
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
  for (const judged of stage.stages) {
    const kept = judged.stays === true ? 'stays' : judged.eligible ? 'eligible' : 'not eligible';
    lines.push(`  ${judged.present ? '>' : ' '} ${judged.label}: ${kept}`);
    for (const exit of judged.exit) {
      lines.push(`      exit to ${exit.to ?? 'no stage'}:`, ...ruleLines(exit.rule, 8));
    }
    if (judged.enter !== null) lines.push(...ruleLines(judged.enter, 6));
    if (judged.stay !== null) lines.push('      stay:', ...ruleLines(judged.stay, 8));
    if (judged.from !== null)
      lines.push(`      ${mark(judged.from.met)} from ${judged.from.stages.join(' or ')}`);
    if (judged.for !== null) {
      const from = judged.for.since === null ? '' : ` (held since ${dateWords(judged.for.since, zone)})`;
      lines.push(`      ${mark(judged.for.met)} for ${judged.for.text}${judged.for.met ? '' : from}`);
    }
  }
  return lines;
}

function ruleLines(rule: RuleTrace, indent: number): readonly string[] {
  const name = rule.name === null ? '' : `${rule.name}: `;
  const lines = [`${' '.repeat(indent)}${mark(rule.holds)} ${name}${rule.text}${seenText(rule.seen)}`];
  for (const child of rule.children) lines.push(...ruleLines(child, indent + 2));
  return lines;
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
