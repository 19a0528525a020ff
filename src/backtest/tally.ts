import { isThere, stateAt } from '../journey/index.ts';
import type { Zone } from '../mapping/index.ts';
import type { Mapping } from '../mapping/types.ts';
import { contextOf, type Happenings } from './happenings.ts';
import type { BacktestReport, Case, Horizon, HorizonReport, Life, Question, Share } from './types.ts';

const DAY = 86_400_000;
/** Of whom no stage or band is known. */
const NONE = 'none';

/** Counts how well one version of a journey foretold an outcome, subject by subject. */
export interface Tally {
  /**
   * @param life what was known at each instant
   * @param happened what is known of it today
   * @returns each time it happened
   */
  add(life: Life, happened: Happenings): readonly Case[];
  report(mapping: Pick<Mapping, 'name' | 'version'>): BacktestReport;
}

interface Judgement {
  readonly at: number;
  readonly stage: string;
  readonly band: string;
  readonly flagged: boolean;
}

export function createTally(question: Question): Tally {
  const counts = question.horizons.map((horizon) => createCount(horizon, question.to));
  let subjects = 0;
  return {
    add(life, happened) {
      const judgements = judgementsOf(question, life, happened);
      if (judgements.length > 0) subjects += 1;
      for (const count of counts) count.add(judgements, happened.events);
      return happened.events.map((at) => {
        const seen = judgements.filter((judgement) =>
          question.horizons.some((horizon) => isBefore(horizon, judgement, at)),
        );
        return { at, judged: seen.length > 0, warned: seen.find(({ flagged }) => flagged)?.at ?? null };
      });
    },
    report: ({ name, version }) => ({
      journey: name,
      version,
      foretoldBy: question.foretoldBy,
      subjects,
      horizons: counts.map((count) => count.report()),
    }),
  };
}

/** What the journey said of a subject at the instants at which the outcome could be foretold of it. */
function judgementsOf(question: Question, life: Life, happened: Happenings): readonly Judgement[] {
  const { outcome, foretoldBy, instants } = question;
  const judgements: Judgement[] = [];
  for (const at of instants) {
    if (!isThere(life.timeline.at(at), life.mapping) || happened.holdsAt(at)) continue;
    if (outcome.among !== null && !outcome.among.test(contextOf(life, at))) continue;
    const { stage } = stateAt(life.state, at);
    const band = life.course.findLast((point) => point.at <= at)?.band ?? null;
    const flagged =
      (stage !== null && foretoldBy.stages.includes(stage)) ||
      (band !== null && foretoldBy.bands.includes(band));
    judgements.push({ at, stage: stage ?? NONE, band: band ?? NONE, flagged });
  }
  return judgements;
}

interface Count {
  add(judgements: readonly Judgement[], events: readonly number[]): void;
  report(): HorizonReport;
}

function isBefore({ duration }: Horizon, judgement: Judgement, event: number): boolean {
  return judgement.at < event && event <= duration.after(judgement.at);
}

function createCount(horizon: Horizon, to: number): Count {
  const { text, duration } = horizon;
  const bands = new Map<string, { judged: number; followed: number }>();
  const stages = new Map<string, { judged: number; followed: number }>();
  const leads: number[] = [];
  const hits = { tp: 0, fp: 0, fn: 0, tn: 0 };
  let happened = 0;
  const note = (table: typeof bands, name: string, followed: boolean): void => {
    const row = table.get(name) ?? { judged: 0, followed: 0 };
    table.set(name, row);
    row.judged += 1;
    if (followed) row.followed += 1;
  };
  return {
    add(judgements, events) {
      for (const judgement of judgements) {
        // What follows is known only once the whole horizon has passed.
        if (duration.after(judgement.at) > to) continue;
        const followed = events.some((event) => isBefore(horizon, judgement, event));
        if (judgement.flagged) hits[followed ? 'tp' : 'fp'] += 1;
        else hits[followed ? 'fn' : 'tn'] += 1;
        note(bands, judgement.band, followed);
        note(stages, judgement.stage, followed);
      }
      for (const event of events) {
        const seen = judgements.filter(
          (judgement) => isBefore(horizon, judgement, event) && duration.after(judgement.at) <= to,
        );
        if (seen.length === 0) continue;
        happened += 1;
        const first = seen.find(({ flagged }) => flagged);
        if (first !== undefined) leads.push((event - first.at) / DAY);
      }
    },
    report() {
      const { tp, fp, fn, tn } = hits;
      const judged = tp + fp + fn + tn;
      const positives = tp + fn;
      const flagged = tp + fp;
      leads.sort((a, b) => a - b);
      return {
        horizon: text,
        judged,
        positives,
        flagged,
        truePositives: tp,
        falsePositives: fp,
        falseNegatives: fn,
        trueNegatives: tn,
        baseRate: ratio(positives, judged),
        // Without a positive case there is nothing that could have been foretold.
        precision: positives === 0 ? null : ratio(tp, flagged),
        recall: ratio(tp, positives),
        events: happened,
        foretold: leads.length,
        leadDays:
          leads.length === 0
            ? null
            : {
                median:
                  ((leads[(leads.length - 1) >> 1] as number) + (leads[leads.length >> 1] as number)) / 2,
                shortest: leads[0] as number,
                longest: leads.at(-1) as number,
              },
        bands: shares(bands),
        stages: shares(stages),
      };
    },
  };
}

function shares(
  table: ReadonlyMap<string, { readonly judged: number; readonly followed: number }>,
): readonly Share[] {
  return [...table]
    .map(([name, { judged, followed }]) => ({ name, judged, followed, rate: ratio(followed, judged) }))
    .sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0) || (a.name < b.name ? -1 : 1));
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** The starts of all months in [from, to], in a time zone. */
export function monthStarts(zone: Zone, from: number, to: number): readonly number[] {
  const first = new Date(zone.dayNumber(from) * DAY);
  const starts: number[] = [];
  for (let month = first.getUTCMonth(); ; month += 1) {
    const start = zone.dayStart(Date.UTC(first.getUTCFullYear(), month, 1) / DAY);
    if (start > to) return starts;
    if (start >= from) starts.push(start);
  }
}
