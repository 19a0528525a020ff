export { type AccountLink, chooseAccount } from './account.ts';
export { buildFacts, createFactBuilder, type FactBuilder } from './build.ts';
export { buildFactGraph, type FactGraph, type FactGraphInput, type GraphThen } from './graph.ts';
export { createIssueLog, type IssueLog } from './issues.ts';
export { knownVersions, recordKnownAt } from './known.ts';
export { countLookAlikes, lookAlikes } from './look-alikes.ts';
export { narrowedGraph } from './narrow.ts';
export { createFactReader, type FactReader } from './reader.ts';
export {
  type Coverage,
  type CoveredTimeline,
  createTimelineMaker,
  type GraphEpochs,
  subjectTimeline,
  type TimelineMaker,
} from './timeline.ts';
export type {
  FactConnection,
  FactIssue,
  FactSettings,
  GroupLists,
  PersonGroup,
  RecordGroup,
  StageInfo,
  SubjectInput,
} from './types.ts';
