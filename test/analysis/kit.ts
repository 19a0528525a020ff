import {
  Accumulator,
  type AnalysisOptions,
  type Figures,
  type SubjectCourse,
} from '../../src/analysis/index.ts';
import { parseSpan, zonedDuration } from '../../src/mapping/duration.ts';
import type { LoadedMapping } from '../../src/mapping/index.ts';
import type { Duration } from '../../src/mapping/types.ts';
import { createZone } from '../../src/mapping/zone.ts';
import type {
  Cause,
  Fact,
  FactLists,
  Scalar,
  SubjectFacts,
  SubjectId,
  Visit,
} from '../../src/model/facts.ts';
import { fact, good } from '../mapping/kit.ts';

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
/** Day 0 of all cases. */
export const START = Date.UTC(2026, 0, 1);

export function day(n: number): number {
  return START + n * DAY;
}

export function duration(text: string): Duration {
  const span = parseSpan(text);
  if (span === null) throw new Error(text);
  return zonedDuration(span, createZone('UTC'));
}

/** The path is a, b, c, d; x and y are off it. */
export function journey(more = '', subject = 'account'): LoadedMapping {
  return good(`
journey: test
subject: ${subject}
stages:
  a: { default: true }
  b: { enter: { some: deals } }
  c: { enter: { some: deals, where: { won: true } } }
  d: { enter: { some: deals, where: { won: true, kind: renewal } } }
  x: { off_path: true, enter: { some: tickets } }
  y: { off_path: true, enter: { some: surveys } }
health:
  groups: { one: { weight: 1, measures: { m: { cases: [{ else: 50 }] } } } }
  bands: { good: 50, bad: 0 }
${more}`);
}

export function options(now: number, more: Partial<AnalysisOptions> = {}): AnalysisOptions {
  return {
    now: day(now),
    from: null,
    to: null,
    causes: ['customer', 'time'],
    uncertain: false,
    segment: null,
    window: duration('30d'),
    silent: duration('20d'),
    known: null,
    ...more,
  };
}

/**
 * Visits from `a0 b10 c30`: into `a` on day 0, into `b` on day 10, still in `c`. `-40`: into no stage on day 40 ·
 * `b10!rule`: by that cause · `b10?`: uncertain · `(b)10`: jumped over · `[b]10`: passed in no time.
 */
export function visits(text: string): readonly Visit[] {
  const moves = text.split(' ').map((part) => {
    const match = /^([([]?)([a-z]+|-)[)\]]?([\d.]+)(\?)?(?:!(\w+))?$/.exec(part);
    if (match === null) throw new Error(`no move: ${part}`);
    const [, mark = '', stage = '', at = '', uncertain, cause = 'customer'] = match;
    return { mark, stage, at: day(Number(at)), uncertain: uncertain === '?', cause: cause as Cause };
  });
  return moves.flatMap((move, i): readonly Visit[] => {
    if (move.stage === '-') return [];
    const next = moves.slice(i + 1).find(({ mark }) => mark === '');
    return [
      {
        stage: move.stage,
        entered: move.at,
        left: move.mark !== '' ? move.at : (next?.at ?? null),
        noticed: move.at,
        cause: move.cause,
        rule: move.mark === '(' ? 'skipped' : `stages.${move.stage}.enter`,
        mappingVersion: 'v1',
        skipped: move.mark !== '',
        uncertain: move.uncertain,
      },
    ];
  });
}

export interface Lived {
  readonly segments?: readonly string[];
  readonly health?: { readonly score: number | null; readonly band: string | null };
  readonly self?: Readonly<Record<string, Scalar>>;
  readonly selfFact?: Fact;
  readonly touchpoints?: readonly Readonly<Record<string, Scalar>>[];
  readonly tickets?: readonly Readonly<Record<string, Scalar>>[];
  readonly surveys?: readonly Readonly<Record<string, Scalar>>[];
  readonly deals?: readonly Readonly<Record<string, Scalar>>[];
  readonly noFacts?: true;
}

export function course(id: string, moves: string, lived: Lived = {}): SubjectCourse {
  const list = (name: string, items: Lived['deals'] = []): readonly Fact[] =>
    items.map((values, i) => fact(`${name}:${id}:${i}`, values));
  const lists: FactLists = {
    people: [],
    deals: list('deals', lived.deals),
    tickets: list('tickets', lived.tickets),
    touchpoints: list('touchpoints', lived.touchpoints),
    surveys: list('surveys', lived.surveys),
  };
  const facts: SubjectFacts = {
    subject: id as SubjectId,
    kind: 'account',
    person: null,
    account: lived.selfFact ?? fact(`account:${id}`, lived.self ?? {}),
    ...lists,
    accountLists: lists,
  };
  return {
    subject: id as SubjectId,
    visits: visits(moves),
    segments: lived.segments ?? [],
    health: lived.health ?? null,
    facts: lived.noFacts ? null : facts,
  };
}

export function figures(
  courses: readonly SubjectCourse[],
  now: number,
  more: Partial<AnalysisOptions> = {},
  mapping = journey(),
): Figures {
  const accumulator = new Accumulator(mapping, options(now, more));
  for (const one of courses) accumulator.add(one);
  return accumulator.figures();
}
