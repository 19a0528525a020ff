import type {
  Explanation,
  HealthExplanation,
  RuleTrace,
  SeenInWords,
  StageExplanation,
  StageJudgement,
} from '../journey/index.ts';
import { clean, day, listing, pad, wrap } from '../terminal/text.ts';

/** Measures named as drags and as lifts; the JSON form has all. */
const SHOWN_MEASURES = 3;
/** Values of one condition that a line shows. */
const SHOWN_VALUES = 2;
const LABEL = 11;

/**
 * An explanation for a person at a terminal: first stage, why, what is missing for the next stage and what moved the
 * health; then the rules behind it as trees with each condition's truth.
 */
export function explanationText(explanation: Explanation, width: number): readonly string[] {
  const { stage, next, health, segments } = explanation;
  const zone = explanation.timezone;
  const held = segments.filter((segment) => segment.holds).map((segment) => segment.label);
  return [
    explanation.label,
    ...(stage === null ? [] : stageLines(stage, zone, width)),
    ...(next === null
      ? []
      : [
          ...row('Next', next.unmet.length === 0 ? `${next.label}: nothing is missing` : next.label, width),
          ...next.unmet.flatMap((unmet) => row('', `- ${unmet.words}`, width, 2)),
        ]),
    ...(health === null ? [] : healthLines(health, width)),
    ...(segments.length === 0 ? [] : row('Segments', held.join(', ') || 'none', width)),
    ...(stage === null ? [] : otherStages(stage, next?.stage ?? null, width)),
    ...differences(explanation, width),
    ...(stage === null ? [] : rules(stage, next?.stage ?? null, zone, width)),
    ...row('Rules', `version ${explanation.mappingVersion}`, width),
  ];
}

function stageLines(stage: StageExplanation, zone: string, width: number): readonly string[] {
  const since = stage.entered === null ? '' : ` since ${day(stage.entered, zone)}`;
  const uncertain = stage.uncertain ? ' (uncertain: some facts are missing)' : '';
  const { move, loop } = stage.decision;
  const moved = [
    ...(stage.previous === null ? [] : [`before that: ${labelOf(stage, stage.previous)}`]),
    ...(stage.cause === null || stage.cause === 'customer' ? [] : [`cause: ${stage.cause}`]),
  ];
  return [
    ...row('Stage', `${stage.label ?? 'none'}${since}${uncertain}`, width),
    ...row('Because', stage.reason, width),
    ...(moved.length === 0 ? [] : row('', moved.join('; '), width)),
    ...(stage.minStayUntil === null
      ? []
      : row('', `kept at least until ${day(stage.minStayUntil, zone)}`, width)),
    ...(loop
      ? row('', 'The rules would enter again a stage they have just left (journey-loop).', width)
      : []),
    ...(move === null
      ? []
      : row(
          '',
          `The next run moves it to ${move.to === null ? 'no stage' : labelOf(stage, move.to)} (${move.rule}).`,
          width,
        )),
  ];
}

function labelOf(stage: StageExplanation, name: string): string {
  return stage.stages.find((one) => one.stage === name)?.label ?? name;
}

function healthLines(health: HealthExplanation, width: number): readonly string[] {
  const measures = health.groups.flatMap((group) => group.measures);
  const missing = measures.filter((measure) => !measure.hasData).map((measure) => measure.label);
  const score = health.score === null ? 'no score' : `${health.score} of 100`;
  const coverage = `data for ${Math.round(health.coverage * 100)} % of the weight`;
  const too =
    health.coverage < health.minCoverage ? `, ${Math.round(health.minCoverage * 100)} % needed` : '';
  const signed = (points: number): string => `${points > 0 ? '+' : ''}${points.toFixed(1)}`;
  const part = (title: string, reasons: HealthExplanation['drags']): readonly string[] =>
    reasons
      .slice(0, SHOWN_MEASURES)
      .flatMap((reason, index) =>
        row(index === 0 ? title : '', `${pad(signed(reason.points), 5, 'right')}  ${reason.text}`, width, 7),
      );
  return [
    ...row('Health', `${score}, ${health.band} (${coverage}${too})`, width),
    ...(health.override === null
      ? []
      : row('', `band ${health.override.words}; the rules say ${health.override.judged}`, width)),
    ...(health.cap === null ? [] : row('', `at most ${health.cap.max}: ${health.cap.label}`, width)),
    ...part('Drags', health.drags),
    ...part('Lifts', health.lifts),
    ...(missing.length === 0 ? [] : row('No data', missing.join(', '), width)),
  ];
}

function otherStages(stage: StageExplanation, next: string | null, width: number): readonly string[] {
  const fitting = stage.stages.filter((one) => !one.present && one.eligible && one.stage !== next);
  return fitting.length === 0
    ? []
    : row(
        'Also fits',
        `${fitting.map((one) => one.label).join(', ')}: of several, the rules take the last`,
        width,
      );
}

/** Of the subject itself; those of records around it stand at their own explanation. */
function differences(explanation: Explanation, width: number): readonly string[] {
  const own = explanation.notTaken.filter((value) => value.path.startsWith(`${explanation.kind}.`));
  return own.flatMap((value, index) =>
    row(
      index === 0 ? 'CRMs differ' : '',
      `${value.path}: ${value.takenWords} (${value.takenFrom.connection}) taken, not ${value.words} (${value.connection})`,
      width,
      2,
    ),
  );
}

function rules(stage: StageExplanation, next: string | null, zone: string, width: number): readonly string[] {
  const present = stage.stages.filter((one) => one.present);
  const wanted = stage.stages.filter((one) => !one.present && one.stage === next);
  return [
    ...present.flatMap((one) => ['', `  Rules of ${one.label}`, ...judged(one, zone, width)]),
    ...wanted.flatMap((one) => {
      const lines = judged(one, zone, width);
      return lines.length === 0 ? [] : ['', `  Rules of ${one.label}, the next`, ...lines];
    }),
    '',
  ];
}

function judged(one: StageJudgement, zone: string, width: number): readonly string[] {
  const part = (title: string, rule: RuleTrace | null): readonly string[] =>
    rule === null ? [] : [`    ${title}`, ...tree(rule, 6, width)];
  const lines = [...part('enter', one.enter), ...part('stay', one.stay)];
  for (const exit of one.exit) lines.push(...part(`exit to ${exit.to ?? 'no stage'}`, exit.rule));
  if (one.from !== null)
    lines.push(...wrap(`    ${mark(one.from.met)} comes from ${listing(one.from.stages)}`, width, '      '));
  if (one.for !== null) {
    const since = one.for.since === null || one.for.met ? '' : `, held since ${day(one.for.since, zone)}`;
    lines.push(`    ${mark(one.for.met)} for ${one.for.text}${since}`);
  }
  return lines;
}

function tree(rule: RuleTrace, indent: number, width: number): readonly string[] {
  const name = rule.name === null ? '' : `${rule.name.replaceAll('_', ' ')}: `;
  const space = ' '.repeat(indent);
  const text = `${space}${mark(rule.holds)} ${name}${clean(rule.text)}${seenText(rule.seen)}`;
  return [
    ...wrap(text, width, `${space}  `),
    ...shownParts(rule).flatMap((child) => tree(child, indent + 2, width)),
  ];
}

/** A list that holds has said enough by its values; of one that does not, the parts of the nearest item are shown. */
function shownParts(rule: RuleTrace): readonly RuleTrace[] {
  if (rule.kind !== 'list') return rule.children;
  if (rule.holds) return [];
  return rule.children.flatMap((item) => (item.kind === 'all' ? item.children : [item]));
}

function seenText(seen: readonly SeenInWords[]): string {
  if (seen.length === 0) return '';
  const texts = seen.slice(0, SHOWN_VALUES).map((value) => {
    const source = value.sources.map((one) => `${one.connection}:${one.type}:${one.id}`).join(', ');
    return `${clean(value.path)}: ${clean(value.words)}${source === '' ? '' : ` in ${source}`}`;
  });
  const more = seen.length > SHOWN_VALUES ? `; ${seen.length - SHOWN_VALUES} more` : '';
  return ` [${texts.join('; ')}${more}]`;
}

/** `  Label      text`, wrapped under the text; `hang` more columns for its further lines. */
function row(label: string, text: string, width: number, hang = 0): readonly string[] {
  const margin = LABEL + 4;
  const lines = wrap(clean(text), Math.max(30, width - margin), ' '.repeat(hang));
  return lines.map((line, index) => `  ${pad(index === 0 ? label : '', LABEL)}  ${line}`.trimEnd());
}

function mark(holds: boolean): string {
  return holds ? '✓' : '✗';
}
