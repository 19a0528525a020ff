/** How well a journey foretells what happens (J36): pure functions of what was known then and what is known today. */
export { contextOf, type Happenings, happenings } from './happenings.ts';
export { builtInOutcomes, findOutcome, foretellingOf } from './outcomes.ts';
export { createTally, monthStarts, type Tally } from './tally.ts';
export type * from './types.ts';
