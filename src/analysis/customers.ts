import type { Fact } from '../model/facts.ts';
import { instantOf, type Way } from './course.ts';
import { days } from './flow.ts';
import type { Frame } from './frame.ts';
import { quantile, ratio } from './survival.ts';
import { type Tally, word } from './tally.ts';
import type { Customers } from './types.ts';

/* Who bought, bought again and stayed, by the deals of the subjects themselves. */

export function collectCustomers(frame: Frame, tally: Tally, way: Way): void {
  const { now } = frame.options;
  const wins: number[] = [];
  let lostRenewal = Number.NEGATIVE_INFINITY;
  for (const deal of way.subject.facts?.deals ?? []) {
    const closed = instantOf(deal, 'closed', now);
    const result = resultOf(deal);
    if (closed === null || result === null) continue;
    const kind = word(deal.values['kind'], 'unknown');
    if (frame.inPeriod(closed)) tally.add('deals', [kind, result]);
    if (result === 'won') wins.push(closed);
    else if (kind === 'renewal') lostRenewal = Math.max(lostRenewal, closed);
  }
  wins.sort((a, b) => a - b);
  const [first, second] = wins;
  if (first === undefined || !frame.inPeriod(first)) return;
  const year = frame.zone.dateText(first).slice(0, 4);
  tally.add('customers', [year]);
  if (second === undefined) tally.push('only purchase', [], now - first);
  else {
    tally.push('second purchase', [], second - first);
    tally.add('repeat customers', [year]);
  }
  if (lostRenewal <= (wins.at(-1) as number)) tally.add('kept customers', [year]);
}

function resultOf({ values }: Fact): 'won' | 'lost' | null {
  if (values['won'] === true) return 'won';
  return values['lost'] === true ? 'lost' : null;
}

export function customers(frame: Frame, tally: Tally): Customers | null {
  if (!frame.knows('deals', 'won') || !frame.knows('deals', 'closed')) return null;
  const renewals = frame.knows('deals', 'kind') && frame.knows('deals', 'lost');
  const cohorts = tally.counts('customers').map(({ key: [year = ''], n }) => ({
    year,
    customers: n,
    repeat: tally.count('repeat customers', year),
    kept: renewals ? tally.count('kept customers', year) : null,
  }));
  const total = (of: (row: (typeof cohorts)[number]) => number): number =>
    cohorts.reduce((sum, row) => sum + of(row), 0);
  const all = total((row) => row.customers);
  const repeat = total((row) => row.repeat);
  const kept = renewals ? total((row) => row.kept ?? 0) : null;
  const lengths = { ended: tally.numbers('second purchase'), open: tally.numbers('only purchase') };
  return {
    customers: all,
    repeat,
    repeatRate: ratio(repeat, all),
    medianDaysToSecond: days(quantile(lengths, 0.5)),
    kept,
    retentionRate: kept === null ? null : ratio(kept, all),
    cohorts,
    kinds: [...new Set(tally.counts('deals').map(({ key: [kind = ''] }) => kind))].map((kind) => ({
      kind,
      won: tally.count('deals', kind, 'won'),
      lost: tally.count('deals', kind, 'lost'),
    })),
  };
}
