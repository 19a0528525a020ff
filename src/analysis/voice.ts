import type { Fact } from '../model/facts.ts';
import { instantOf, stayAt, type Way } from './course.ts';
import type { Frame } from './frame.ts';
import { mean, quantile, ratio } from './survival.ts';
import { type Tally, word } from './tally.ts';
import { hours, perMonth, stagesAndNone } from './touch.ts';
import type { Advocacy, Friction, Sentiment } from './types.ts';

/* What people said and where it hurt: surveys and tickets by the stage they fell in. */

/** NPS on the scale of 0 to 100: 9 and 10 promote, 0 to 6 detract. */
const PROMOTER = 90;
const DETRACTOR = 60;
type Group = 'promoter' | 'passive' | 'detractor';

export function collectVoice(frame: Frame, tally: Tally, way: Way): void {
  const { facts } = way.subject;
  if (facts === null) return;
  for (const survey of facts.surveys) collectAnswer(frame, tally, way, survey);
  for (const ticket of facts.tickets) collectTicket(frame, tally, way, ticket);
  collectLatest(frame, tally, facts.surveys);
}

function collectAnswer(frame: Frame, tally: Tally, way: Way, survey: Fact): void {
  const at = instantOf(survey, 'at', frame.options.now);
  if (at === null || !frame.inPeriod(at)) return;
  const stage = stayAt(way.stays, at)?.stage ?? '';
  const type = word(survey.values['type'], 'custom');
  tally.add('answers', [stage, type]);
  const score = survey.values['score'];
  if (typeof score !== 'number') return;
  tally.push('scores', [stage], score);
  tally.push('scores by type', [stage, type], score);
  if (type === 'nps') tally.add('nps', [stage, groupOf(score)]);
}

function groupOf(score: number): Group {
  if (score >= PROMOTER) return 'promoter';
  return score <= DETRACTOR ? 'detractor' : 'passive';
}

/** Of several NPS answers in the period the latest tells what somebody thinks. */
function collectLatest(frame: Frame, tally: Tally, surveys: readonly Fact[]): void {
  let latest = Number.NEGATIVE_INFINITY;
  let score: number | null = null;
  for (const survey of surveys) {
    const at = instantOf(survey, 'at', frame.options.now);
    const value = survey.values['score'];
    if (survey.values['type'] !== 'nps' || at === null || typeof value !== 'number') continue;
    if (!frame.inPeriod(at) || at < latest) continue;
    // Of several answers at one instant the lowest counts, whatever order they come in.
    score = at === latest && score !== null ? Math.min(score, value) : value;
    latest = at;
  }
  if (score !== null) tally.add('latest nps', [groupOf(score)]);
}

export function sentiment(frame: Frame, tally: Tally): readonly Sentiment[] | null {
  if (!frame.knows('surveys')) return null;
  const counted = tally.counts('answers');
  return stagesAndNone(frame).flatMap((stage) => {
    const name = stage ?? '';
    const surveys = counted
      .filter(({ key }) => key[0] === name)
      .map(({ key: [, type = ''], n }) => {
        const groups = (group: Group): number => tally.count('nps', name, group);
        const [promoters, passives, detractors] = [
          groups('promoter'),
          groups('passive'),
          groups('detractor'),
        ];
        const isNps = type === 'nps';
        return {
          type,
          answers: n,
          average: mean(tally.numbers('scores by type', name, type)),
          promoters: isNps ? promoters : null,
          detractors: isNps ? detractors : null,
          nps: isNps ? npsOf(promoters, passives, detractors) : null,
        };
      });
    const answers = surveys.reduce((sum, survey) => sum + survey.answers, 0);
    if (answers === 0 && stage === null) return [];
    return [{ stage, answers, average: mean(tally.numbers('scores', name)), surveys }];
  });
}

function npsOf(promoters: number, passives: number, detractors: number): number | null {
  const share = ratio(promoters - detractors, promoters + passives + detractors);
  return share === null ? null : share * 100;
}

export function advocacy(frame: Frame, tally: Tally): Advocacy | null {
  if (!frame.knows('surveys')) return null;
  const count = (group: Group): number => tally.count('latest nps', group);
  const [promoters, passives, detractors] = [count('promoter'), count('passive'), count('detractor')];
  return {
    asked: promoters + passives + detractors,
    promoters,
    passives,
    detractors,
    nps: npsOf(promoters, passives, detractors),
  };
}

function collectTicket(frame: Frame, tally: Tally, way: Way, ticket: Fact): void {
  const { now } = frame.options;
  const created = instantOf(ticket, 'created', now);
  if (created === null || !frame.inPeriod(created)) return;
  const stage = stayAt(way.stays, created)?.stage ?? '';
  tally.add('tickets', [stage]);
  tally.once('ticketed', [stage]);
  tally.add('categories', [stage, word(ticket.values['category'], 'unknown')]);
  const reopened = ticket.values['reopened'];
  if (typeof reopened === 'number' && reopened > 0) tally.add('reopened', [stage]);
  if (ticket.values['escalated'] === true) tally.add('escalated', [stage]);
  const reply = instantOf(ticket, 'first_reply', now);
  if (reply !== null) tally.push('replied', [stage], Math.max(0, reply - created));
  else {
    const waited = (instantOf(ticket, 'closed', now) ?? now) - created;
    tally.push('unreplied', [stage], Math.max(0, waited));
  }
}

export function friction(frame: Frame, tally: Tally): readonly Friction[] | null {
  if (!frame.knows('tickets')) return null;
  const categories = tally.counts('categories');
  const replies = frame.knows('tickets', 'first_reply');
  return stagesAndNone(frame)
    .flatMap((stage): readonly Friction[] => {
      const name = stage ?? '';
      const tickets = tally.count('tickets', name);
      if (tickets === 0 && stage === null) return [];
      const lengths = { ended: tally.numbers('replied', name), open: tally.numbers('unreplied', name) };
      const rate = perMonth(tally, stage, tickets);
      return [
        {
          stage,
          tickets,
          subjects: tally.count('ticketed', name),
          per100Months: rate === null ? null : rate * 100,
          categories: frame.knows('tickets', 'category')
            ? categories
                .filter(({ key }) => key[0] === name)
                .map(({ key: [, category = ''], n }) => ({ category, tickets: n }))
                .sort((a, b) => b.tickets - a.tickets)
            : null,
          replied: replies ? lengths.ended.length : null,
          unreplied: replies ? lengths.open.length : null,
          firstReplyMedianHours: replies ? hours(quantile(lengths, 0.5)) : null,
          reopened: frame.knows('tickets', 'reopened') ? tally.count('reopened', name) : null,
          escalated: frame.knows('tickets', 'escalated') ? tally.count('escalated', name) : null,
        },
      ];
    })
    .sort((a, b) => b.tickets - a.tickets);
}
