/** Stages, visits, health, outputs and explanation of one subject: pure functions of mapping, facts and instant. */
export { bandOf, scoreToWrite, UNKNOWN_BAND } from './bands.ts';
export type { Decision } from './decide.ts';
export { type DueInput, nextDue } from './due.ts';
export { type EvaluateInput, type Evaluation, evaluate } from './evaluate.ts';
export { type ExplainInput, explainSubject } from './explain.ts';
export { explanationLines } from './explain-text.ts';
export type * from './explain-types.ts';
export {
  type GroupResult,
  type HealthResult,
  type MeasureResult,
  type PreviousHealth,
  scoreHealth,
} from './health.ts';
export { type HealthInstantInput, healthInstant } from './health-instant.ts';
export { type HealthReason, type HealthReasons, healthReasons } from './health-reason.ts';
export { type NextStage, nextStage, type Unmet } from './next.ts';
export { type OutputsInput, outputsOf } from './outputs.ts';
export { type ReplayInput, replay, type VersionSpan } from './replay.ts';
export { evaluateSegments, primarySegment } from './segments.ts';
export { byHandWords } from './stage-reason.ts';
export { EMPTY_STATE, findStage, NO_HEALTH, resultView, stateAt } from './state.ts';
export { contextAt, step } from './step.ts';
export type {
  BandOverride,
  ByHand,
  StageOverride,
  StepChanges,
  StepContext,
  StepInput,
  StepResult,
  Transition,
} from './types.ts';
export {
  type BandSpan,
  type HandSpan,
  type HealthStep,
  inForce,
  isThere,
  MAX_STEPS,
  NO_VIEWS,
  type OverrideSpan,
  type ViewTimeline,
  type WalkInput,
  type WalkResult,
  walk,
} from './walk.ts';
