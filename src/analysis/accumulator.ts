import type { Mapping } from '../mapping/types.ts';
import { collectConformance, conformance } from './conformance.ts';
import { collectConversion, conversions } from './conversion.ts';
import { wayOf } from './course.ts';
import { collectCustomers, customers } from './customers.ts';
import { collectDisagreement, disagreements } from './disagreement.ts';
import { bottlenecks, collectDwell, dropOffs, dwells } from './dwell.ts';
import { collectFlow, loops, reentries, skips, transitionEdges } from './flow.ts';
import { createFrame, type Frame } from './frame.ts';
import { collectKpis, kpiResults } from './kpis.ts';
import { collectPopulation, population, stagesNow } from './population.ts';
import { Tally } from './tally.ts';
import { collectTouchpoints, handOff, precedes, stageTouchpoints } from './touch.ts';
import type { AnalysisOptions, Figures, SubjectCourse } from './types.ts';
import { advocacy, collectVoice, friction, sentiment } from './voice.ts';

/** What is wanted of a subject's way, figure by figure. */
const COLLECTORS = [
  collectPopulation,
  collectFlow,
  collectConversion,
  collectDwell,
  collectConformance,
  collectTouchpoints,
  collectVoice,
  collectCustomers,
  collectDisagreement,
  collectKpis,
] as const;

/**
 * Takes subjects one by one and keeps counts and lengths, some numbers of eight bytes a stay, and no visits. Neither the order of subjects nor how
 * they are spread over accumulators that are merged changes the figures.
 */
export class Accumulator {
  readonly #frame: Frame;
  readonly #tally = new Tally();
  #subjects = 0;

  constructor(mapping: Mapping, options: AnalysisOptions) {
    this.#frame = createFrame(mapping, options);
  }

  /** Subjects with a visit that were taken so far. */
  get subjects(): number {
    return this.#subjects;
  }

  /** Each subject once. */
  add(course: SubjectCourse): void {
    const { segment } = this.#frame.options;
    if (segment !== null && !course.segments.includes(segment)) return;
    const way = wayOf(this.#frame, course);
    if (way === null) return;
    this.#subjects += 1;
    this.#tally.begin();
    for (const collect of COLLECTORS) collect(this.#frame, this.#tally, way);
  }

  /** Takes over what another one of the same mapping and options has seen. */
  merge(other: Accumulator): void {
    this.#tally.merge(other.#tally);
    this.#subjects += other.#subjects;
  }

  figures(): Figures {
    const frame = this.#frame;
    const tally = this.#tally;
    return {
      population: population(tally),
      stages: stagesNow(frame, tally),
      transitions: transitionEdges(frame, tally),
      loops: loops(tally),
      skips: skips(frame, tally),
      reentries: reentries(tally),
      conversion: conversions(frame, tally),
      dwell: dwells(frame, tally),
      dropOff: dropOffs(frame, tally),
      bottlenecks: bottlenecks(frame, tally),
      conformance: conformance(tally),
      sentiment: sentiment(frame, tally),
      friction: friction(frame, tally),
      touchpoints: stageTouchpoints(frame, tally),
      precedes: precedes(frame, tally),
      handOff: handOff(frame, tally),
      customers: customers(frame, tally),
      advocacy: advocacy(frame, tally),
      disagreement: disagreements(tally),
      kpis: kpiResults(frame, tally),
    };
  }
}
