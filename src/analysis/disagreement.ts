import type { Fact, SubjectId } from '../model/facts.ts';
import type { Way } from './course.ts';
import type { Frame } from './frame.ts';
import { ratio } from './survival.ts';
import type { Tally } from './tally.ts';
import type { Disagreement } from './types.ts';

/* Where the CRMs say different things of the same subject, deal or ticket (J5). As the facts are at the time of the
 * analysis, whatever the period: disagreement has no date. */

export function collectDisagreement(_frame: Frame, tally: Tally, { subject }: Way): void {
  const { facts } = subject;
  if (facts === null) return;
  const self = facts.kind === 'person' ? facts.person : facts.account;
  if (self !== null) look(tally, facts.kind, self, subject.subject);
  for (const deal of facts.deals) look(tally, 'deals', deal, subject.subject);
  for (const ticket of facts.tickets) look(tally, 'tickets', ticket, subject.subject);
}

function look(tally: Tally, name: string, fact: Fact, subject: SubjectId): void {
  for (const [field, origin] of Object.entries(fact.origins)) {
    const key = [`${name}.${field}`];
    tally.add('values', key);
    if (origin.rejected === undefined) continue;
    tally.add('differ', key);
    tally.add('taken', [...key, origin.connection]);
    tally.keepLeast('differ', key, subject);
  }
}

export function disagreements(tally: Tally): readonly Disagreement[] {
  const taken = tally.counts('taken');
  return tally
    .counts('differ')
    .map(({ key: [field = ''], n }) => {
      const of = tally.count('values', field);
      return {
        field,
        differ: n,
        of,
        share: ratio(n, of),
        taken: Object.fromEntries(
          taken.filter(({ key }) => key[0] === field).map(({ key, n: times }) => [key[1] ?? '', times]),
        ),
        examples: tally.least('differ', field) as readonly SubjectId[],
      };
    })
    .sort((a, b) => b.differ - a.differ);
}
