import type { Plot } from './plot.ts';
import type { Rng } from './prng.ts';
import { DAY, HOUR, MINUTE } from './time.ts';
import type { StoryArc, StoryHistory } from './types.ts';
import type { LeadStatus, Lifecycle } from './vocabulary.ts';

export interface Lifeline {
  readonly lifecycle: Lifecycle | null;
  readonly leadStatus: LeadStatus | null;
  readonly history: readonly StoryHistory[];
}

type Step<T> = readonly [value: T, at: number];

/** How marketing and sales moved a person along: HubSpot's lifecycle stage, a high-water mark that stays even when
 *  the customer goes, and the lead status. Both start at `created`. */
export function lifelineOf(
  rng: Rng,
  arc: StoryArc,
  created: number,
  plot: Plot | null,
  now: number,
): Lifeline {
  const lifecycle = keep(lifecycleSteps(rng, arc, created, plot), created, now);
  const status = keep(statusSteps(rng, arc, created, plot), created, now);
  const history: StoryHistory[] = [];
  if (lifecycle.length > 0) {
    history.push({ field: 'lifecycle', values: lifecycle });
  }
  if (status.length > 0) {
    history.push({ field: 'leadStatus', values: status });
  }
  return {
    lifecycle: lifecycle.at(-1)?.value ?? null,
    leadStatus: status.at(-1)?.value ?? null,
    history,
  };
}

/** Of the steps that lie before the record was created only the last counts, from its creation on; each comes at
 *  least a minute after the one before it. */
function keep<T>(steps: readonly Step<T>[], created: number, now: number): { value: T; at: number }[] {
  const kept: { value: T; at: number }[] = [];
  let last = created - MINUTE;
  steps.forEach(([value, planned], index) => {
    const next = steps[index + 1];
    if (next !== undefined && next[1] <= created) {
      return;
    }
    const at = Math.max(Math.floor(planned), created, last + MINUTE);
    if (at < now) {
      kept.push({ value, at });
      last = at;
    }
  });
  return kept;
}

function lifecycleSteps(rng: Rng, arc: StoryArc, created: number, plot: Plot | null): Step<Lifecycle>[] {
  if (arc === 'visitor') {
    return rng.weighted<Step<Lifecycle>[]>([
      [[['subscriber', created]], 6],
      [[], 2],
      [[['lead', created]], 2],
    ]);
  }
  const steps: Step<Lifecycle>[] = rng.chance(0.3)
    ? [
        ['subscriber', created],
        ['lead', created + rng.between(HOUR, 3 * DAY)],
      ]
    : [['lead', created]];
  const deal = plot?.deals[0];
  if (arc === 'lead' || deal === undefined) {
    if (rng.chance(0.4)) {
      steps.push(['marketingqualifiedlead', created + rng.between(4 * DAY, 40 * DAY)]);
    }
    return steps;
  }
  if (!deal.skips) {
    const lead = plot!.firstTouch;
    const room = Math.max(0, deal.created - lead);
    steps.push(['marketingqualifiedlead', lead + room * rng.between(0.3, 0.6)]);
    steps.push(['salesqualifiedlead', lead + room * rng.between(0.65, 0.95)]);
    steps.push(['opportunity', deal.created + rng.between(0, 4 * HOUR)]);
  }
  const won = plot!.customer[0];
  if (won !== undefined) {
    steps.push(['customer', won.from + rng.between(0, 2 * DAY)]);
    if (arc === 'advocate' && rng.chance(0.5)) {
      steps.push(['evangelist', won.from + rng.between(120 * DAY, 200 * DAY)]);
    }
  }
  return steps;
}

function statusSteps(rng: Rng, arc: StoryArc, created: number, plot: Plot | null): Step<LeadStatus>[] {
  if (arc === 'visitor') {
    return [];
  }
  const steps: Step<LeadStatus>[] = [['NEW', created]];
  const deal = plot?.deals[0];
  if (arc === 'lead' || deal === undefined) {
    if (rng.chance(0.7)) {
      steps.push(['ATTEMPTED_TO_CONTACT', created + rng.between(DAY, 6 * DAY)]);
      if (rng.chance(0.6)) {
        const end = rng.weighted<LeadStatus>([
          ['CONNECTED', 5],
          ['UNQUALIFIED', 3],
          ['BAD_TIMING', 2],
          ['IN_PROGRESS', 2],
        ]);
        steps.push([end, created + rng.between(7 * DAY, 40 * DAY)]);
      }
    }
    return steps;
  }
  const room = Math.max(0, deal.created - plot!.firstTouch);
  if (!deal.skips) {
    steps.push(['OPEN', plot!.firstTouch + room * 0.4]);
    steps.push(['IN_PROGRESS', plot!.firstTouch + room * 0.7]);
  }
  steps.push(['OPEN_DEAL', deal.created + HOUR]);
  if (arc === 'lost') {
    steps.push(['BAD_TIMING', deal.lastMove + rng.between(0, DAY)]);
  } else if (plot!.customer.length > 0) {
    steps.push(['CONNECTED', plot!.customer[0]!.from + DAY]);
  }
  return steps;
}
