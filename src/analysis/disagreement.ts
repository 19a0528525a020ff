import { fieldSpec } from '../mapping/catalogue.ts';
import type { FactName } from '../mapping/types.ts';
import type { Fact, Scalar, SubjectId } from '../model/facts.ts';
import type { Way } from './course.ts';
import type { Frame } from './frame.ts';
import { ratio } from './survival.ts';
import type { Tally } from './tally.ts';
import type { Disagreement } from './types.ts';

/* Where the CRMs say different things of the same subject, deal or ticket (J5). As the facts are at the time of the
 * analysis, whatever the period: disagreement has no date. */

/** What each CRM has in its own way: ids, stamps, its own names of stages. That they differ tells nothing. */
const OWN_WAY: ReadonlySet<string> = new Set([
  'created',
  'deal_stage',
  'last_activity',
  'lifecycle',
  'owner',
  'parent',
  'pipeline',
  'status',
]);

export function collectDisagreement(frame: Frame, tally: Tally, { subject }: Way): void {
  const { facts } = subject;
  if (facts === null) return;
  const self = facts.kind === 'person' ? facts.person : facts.account;
  if (self !== null) look(frame, tally, facts.kind, self, subject.subject);
  for (const deal of facts.deals) look(frame, tally, 'deals', deal, subject.subject);
  for (const ticket of facts.tickets) look(frame, tally, 'tickets', ticket, subject.subject);
}

function look(frame: Frame, tally: Tally, name: FactName, fact: Fact, subject: SubjectId): void {
  for (const [field, { connection, rejected }] of Object.entries(fact.origins)) {
    if (OWN_WAY.has(field)) continue;
    const key = [`${name}.${field}`];
    tally.add('values', key);
    if (rejected === undefined) continue;
    if (sameMeaning(frame, name, field, fact.values[field] ?? null, rejected.value)) continue;
    tally.add('differ', key);
    tally.add('taken', [...key, connection]);
    tally.keepLeast('differ', key, subject);
  }
}

/** One CRM keeps a time of day where the other has a date only, an address where the other has a domain, and so on. */
function sameMeaning({ zone }: Frame, name: FactName, field: string, taken: Scalar, other: Scalar): boolean {
  const type = fieldSpec(name, field)?.type;
  if (typeof taken === 'number' && typeof other === 'number') {
    return (type === 'date' || type === 'datetime') && zone.dayNumber(taken) === zone.dayNumber(other);
  }
  if (typeof taken !== 'string' || typeof other !== 'string') return false;
  return plain(field, taken) === plain(field, other);
}

function plain(field: string, text: string): string {
  const small = text.normalize('NFKC').trim().toLowerCase();
  if (field === 'phone') return small.replace(/[^0-9]/g, '');
  if (field !== 'domain') return small.replace(/\s+/g, ' ');
  return small
    .replace(/^[a-z]+:\/\//, '')
    .replace(/^www\./, '')
    .replace(/[/:?#].*$/, '');
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
