import type { Condition, ConditionTrace, EvalContext, Mapping, Stage } from '../mapping/types.ts';
import type { JourneyState } from '../model/facts.ts';
import { comesFrom, decide, eligible, type Judge, minStayUntil, type Situation, stays } from './decide.ts';
import type {
  Explanation,
  HealthExplanation,
  NextExplanation,
  RuleTrace,
  SetByHand,
  StageExplanation,
  StageJudgement,
} from './explain-types.ts';
import type { HealthResult } from './health.ts';
import { healthReasons, measuresOf, measureWords } from './health-reason.ts';
import { held } from './held.ts';
import { seenBy } from './measure.ts';
import { nextStage } from './next.ts';
import { settledSituation } from './outputs.ts';
import { ruleTrace, seenInWords, valuesNotTaken } from './sources.ts';
import { byHandWords, stageReason, unmetWords } from './stage-reason.ts';
import { findStage, openVisit, previousStage } from './state.ts';
import { contextAt } from './step.ts';
import type { ByHand, StageOverride, StepContext } from './types.ts';
import { zoneOf } from './words.ts';

export interface ExplainInput {
  readonly mapping: Mapping;
  readonly context: StepContext;
  /** After the last step. */
  readonly state: JourneyState;
  /** Of the same facts and instant, from `scoreHealth`. */
  readonly health: HealthResult | null;
  readonly instant: number;
  readonly override?: StageOverride | null;
}

/** Why this stage, why not the next, what moved the health (J33). Taken by the functions that take the decision:
 *  they ask each condition for its whole trace instead of its truth only. */
export function explainSubject(input: ExplainInput): Explanation {
  const { mapping, instant } = input;
  const context = contextAt(mapping, input.context, input.state, instant);
  const situation = settledSituation({ ...input, context });
  const zone = zoneOf(mapping);
  return {
    journey: mapping.name,
    label: mapping.label,
    subject: context.facts.subject,
    kind: context.facts.kind,
    at: instant,
    timezone: mapping.timezone,
    mappingVersion: mapping.version,
    stage: mapping.stages.length === 0 ? null : explainStage(situation),
    next: explainNext(situation),
    health: input.health === null ? null : explainHealth(mapping, input.health, context),
    segments: mapping.segments.map((segment) => {
      const trace = segment.when.explain({ ...context, segments: [] });
      return { name: segment.name, label: segment.label, holds: trace.holds, rule: ruleTrace(trace, zone) };
    }),
    notTaken: valuesNotTaken(context.facts, zone),
  };
}

function explainStage(situation: Situation): StageExplanation {
  const { mapping, state } = situation;
  const visit = openVisit(state);
  const traces = tracing(situation.context);
  const present = findStage(mapping, state.stage);
  const decision = decide(situation, traces.judge);
  return {
    stage: state.stage,
    label: present?.label ?? state.stage,
    entered: state.entered,
    noticed: visit?.noticed ?? null,
    cause: visit?.cause ?? null,
    rule: visit?.rule ?? null,
    ruleVersion: visit?.mappingVersion ?? null,
    uncertain: visit?.uncertain ?? false,
    previous: previousStage(state),
    override: decision.hold === 'override' ? setByHand(situation.override ?? {}, mapping) : null,
    reason: stageReason(situation),
    decision,
    minStayUntil: minStayUntil(situation, present),
    stages: mapping.stages.map((stage) => judgeStage(situation, stage, stage === present, traces)),
  };
}

function setByHand(override: ByHand, mapping: Mapping): SetByHand {
  const { owner = null, reason = null, until = null } = override;
  return { owner, reason, until, words: byHandWords(override, zoneOf(mapping)) };
}

interface Tracing {
  readonly judge: Judge;
  of(condition: Condition): ConditionTrace;
}

/** Each condition is explained once; the decision takes its truth from that trace. */
function tracing(context: EvalContext): Tracing {
  const known = new Map<Condition, ConditionTrace>();
  const of = (condition: Condition): ConditionTrace => {
    const trace = known.get(condition) ?? condition.explain(context);
    known.set(condition, trace);
    return trace;
  };
  return { of, judge: (condition) => of(condition).holds };
}

function judgeStage(situation: Situation, stage: Stage, present: boolean, traces: Tracing): StageJudgement {
  const zone = zoneOf(situation.mapping);
  const trace = (condition: Condition | null): RuleTrace | null =>
    condition === null ? null : ruleTrace(traces.of(condition), zone);
  const waits = stage.for !== null && stage.enter !== null && traces.of(stage.enter).holds;
  const wait =
    waits && stage.for !== null && stage.enter !== null ? held(situation, stage.enter, stage.for) : null;
  return {
    stage: stage.name,
    label: stage.label,
    offPath: stage.offPath,
    present,
    eligible: eligible(situation, stage, traces.judge),
    stays: present ? stays(stage, traces.judge) : null,
    enter: trace(stage.enter),
    stay: trace(stage.stay),
    from: stage.from === null ? null : { stages: stage.from, met: comesFrom(situation, stage) },
    for:
      stage.for === null
        ? null
        : { text: stage.for.text, met: wait?.met ?? false, since: wait?.since ?? null },
    exit: present
      ? stage.exit.map((exit) => ({ to: exit.to, rule: ruleTrace(traces.of(exit.when), zone) }))
      : [],
  };
}

function explainNext(situation: Situation): NextExplanation | null {
  const next = nextStage(situation);
  if (next === null) return null;
  const zone = zoneOf(situation.mapping);
  return {
    stage: next.stage,
    label: next.label,
    unmet: next.unmet.map(({ trace, ...unmet }) => ({
      ...unmet,
      words: unmetWords({ ...unmet, trace }, zone),
      rule: trace === null ? null : ruleTrace(trace, zone),
    })),
  };
}

function explainHealth(mapping: Mapping, health: HealthResult, context: EvalContext): HealthExplanation {
  const zone = zoneOf(mapping);
  const measures = measuresOf(mapping, health);
  const { score, band, byHand, coverage, cap } = health;
  return {
    score,
    band,
    override: byHand === null ? null : { ...setByHand(byHand, mapping), judged: byHand.judged },
    coverage,
    minCoverage: mapping.health?.minCoverage ?? 0,
    neutral: mapping.health?.neutral ?? 0,
    cap,
    groups: health.groups.map((group) => ({
      name: group.name,
      label: group.label,
      score: group.score,
      coverage: group.coverage,
      weight: group.weight,
      measures: measures
        .filter((one) => one.group === group.name)
        .map(({ measure, result }) => ({
          name: result.name,
          label: result.label,
          words: measureWords(measure, result, context, zone),
          value: result.value,
          score: result.score,
          hasData: result.hasData,
          weight: result.weight,
          contribution: result.contribution,
          decay: result.decay,
          seen: seenBy(measure, context, result.matched).map((seen) => seenInWords(seen, zone)),
        })),
    })),
    ...healthReasons(mapping, health, context),
  };
}
