/** Visits and facts of many subjects -> the figures of a journey (J34, J35): pure functions of what they are given. */
export { Accumulator } from './accumulator.ts';
export { createAnalysis, type Division, type RunningAnalysis } from './analysis.ts';
export * from './types.ts';
