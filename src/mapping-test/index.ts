/** Tests of mappings (J37): facts over a time line, and what a mapping must make of them. */
export { readTests, type TestedFile, testedMapping } from './read.ts';
export { runCase } from './run.ts';
export type { CaseResult, Difference, TestCase } from './types.ts';
