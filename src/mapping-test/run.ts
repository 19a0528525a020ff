import {
  contextAt,
  type Evaluation,
  outputsOf,
  replay,
  scoreHealth,
  type WalkResult,
} from '../journey/index.ts';
import type { FieldMap, Mapping } from '../mapping/types.ts';
import { createZone, type Zone } from '../mapping/zone.ts';
import type { Visit } from '../model/facts.ts';
import { timelineOf, viewsOf } from './timeline.ts';
import type { CaseResult, Difference, Expectation, Moment, TestCase, Wanted, WantedVisit } from './types.ts';

const REASONS: Mapping['outputs'] = (['stage_reason', 'next_step', 'health_reason'] as const).map(
  (output) => ({
    output,
    label: '',
    names: {},
  }),
);

/** Steps through the time line of a case as a replay would (J14, J37) and compares what comes out with what the case
 *  expects. Pure; fails never for what the case says. */
export function runCase(mapping: Mapping, test: TestCase, fieldMaps: readonly FieldMap[]): CaseResult {
  const runner = createRunner(mapping, test, fieldMaps);
  const differences = [
    ...test.expectations.flatMap((expectation) => expected(mapping, runner, expectation)),
    ...(test.visits === null ? [] : visited(mapping, runner.until(test.until), test.visits)),
  ];
  return { name: test.name, position: test.position, differences };
}

interface Runner {
  until(instant: number): WalkResult;
  seen(instant: number): Seen;
}

/** A subject at an instant, as an explanation would show it. */
interface Seen {
  readonly walk: WalkResult;
  readonly segments: Evaluation['segments'];
  readonly words: Readonly<Record<'stage_reason' | 'next_step' | 'health_reason', string>>;
}

function createRunner(mapping: Mapping, test: TestCase, fieldMaps: readonly FieldMap[]): Runner {
  const timeline = timelineOf(test, mapping, fieldMaps);
  const views = viewsOf(test);
  const until = (instant: number): WalkResult =>
    replay({
      versions: [{ mapping, since: test.start }],
      timeline,
      views: () => views,
      to: instant,
      noticed: instant,
    });
  return {
    until,
    seen(instant) {
      const walk = until(instant);
      const known = { facts: timeline.at(instant), past: timeline, ...views.at(instant) };
      const context = contextAt(mapping, known, walk.state, instant);
      const health = scoreHealth(mapping, context, walk.health);
      const said = outputsOf({
        mapping: { ...mapping, outputs: REASONS },
        state: walk.state,
        health,
        segments: context.segments,
        context,
      });
      const words = {
        stage_reason: String(said.stage_reason ?? ''),
        next_step: String(said.next_step ?? ''),
        health_reason: String(said.health_reason ?? ''),
      };
      return { walk, segments: context.segments, words };
    },
  };
}

function expected(mapping: Mapping, runner: Runner, expectation: Expectation): readonly Difference[] {
  const { walk, segments, words } = runner.seen(expectation.at);
  const found: Difference[] = [];
  const differ = (
    what: string,
    wanted: Wanted<unknown>,
    expects: string,
    is: string,
    because: string | null,
  ): void => {
    found.push({
      position: wanted.position,
      what,
      when: expectation.when,
      expected: expects,
      found: is,
      because: because === '' ? null : because,
    });
  };
  const { band, score, stage } = expectation;
  const present = walk.state.stage;
  if (stage !== null && stage.value !== present) {
    const missing = words.next_step === '' ? '' : `; next: ${words.next_step}`;
    differ('stage', stage, stage.value ?? 'none', present ?? 'none', `${words.stage_reason}${missing}`);
  }
  if (band !== null && band.value !== walk.health.band) {
    const is = `${walk.health.band ?? 'none'} (score ${walk.health.score ?? 'none'})`;
    differ('band', band, band.value, is, words.health_reason);
  }
  if (score !== null && !fits(score.value, walk.health.score)) {
    differ('score', score, scoreText(score.value), String(walk.health.score ?? 'none'), words.health_reason);
  }
  if (expectation.segments !== null && expectation.segments.value.join() !== segments.join()) {
    differ('segments', expectation.segments, listText(expectation.segments.value), listText(segments), null);
  }
  for (const [what, wanted, text] of [
    ['reason', expectation.reason, words.stage_reason],
    ['health_reason', expectation.healthReason, words.health_reason],
    ['next_step', expectation.nextStep, words.next_step],
  ] as const) {
    for (const one of wanted) {
      if (text.toLowerCase().includes(one.value.toLowerCase())) continue;
      differ(what, one, `a text with "${one.value}"`, text === '' ? 'nothing' : `"${text}"`, null);
    }
  }
  if (walk.exhausted) {
    const wanted = { value: null, position: expectation.position };
    differ('steps', wanted, 'an end', `more steps than one subject may cost on ${mapping.name}`, null);
  }
  return found;
}

function fits(
  { gte, lte }: { readonly gte: number | null; readonly lte: number | null },
  score: number | null,
): boolean {
  if (gte === null || lte === null) return score === null;
  return score !== null && score >= gte && score <= lte;
}

function scoreText({ gte, lte }: { readonly gte: number | null; readonly lte: number | null }): string {
  if (gte === null || lte === null) return 'none';
  return gte === lte ? String(gte) : `${gte} to ${lte}`;
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function visited(
  mapping: Mapping,
  { state }: WalkResult,
  { position, value: wanted }: Wanted<readonly WantedVisit[]>,
): readonly Difference[] {
  const zone = createZone(mapping.timezone);
  const whole = { when: null, because: null };
  const names = (visits: readonly { readonly stage: string }[]): string =>
    visits.length === 0 ? 'none' : visits.map(({ stage }) => stage).join(' > ');
  if (names(wanted) !== names(state.visits)) {
    const is = state.visits.map((visit) => visitText(visit, zone)).join('\n') || 'none';
    return [
      { position, what: 'visits', expected: names(wanted), found: `${names(state.visits)}\n${is}`, ...whole },
    ];
  }
  return wanted.flatMap((want, index) => {
    const visit = state.visits[index] as Visit;
    const differ = (what: string, expects: string, is: string): Difference => ({
      position: want.position,
      what: `visit ${index + 1} (${want.stage}): ${what}`,
      expected: expects,
      found: is,
      ...whole,
    });
    const found: Difference[] = [];
    if (want.entered !== undefined && !meets(want.entered, visit.entered, zone))
      found.push(differ('entered', want.entered.text, instantText(visit.entered, zone)));
    if (want.left !== undefined && !meets(want.left, visit.left, zone))
      found.push(differ('left', want.left?.text ?? 'still in it', instantText(visit.left, zone)));
    if (want.cause !== undefined && want.cause !== visit.cause)
      found.push(differ('cause', want.cause, visit.cause));
    if (want.skipped !== undefined && want.skipped !== visit.skipped)
      found.push(differ('skipped', String(want.skipped), String(visit.skipped)));
    return found;
  });
}

function meets(wanted: Moment | null, instant: number | null, zone: Zone): boolean {
  if (wanted === null || instant === null) return wanted === instant;
  return wanted.wholeDay
    ? zone.dayNumber(wanted.instant) === zone.dayNumber(instant)
    : wanted.instant === instant;
}

function visitText(visit: Visit, zone: Zone): string {
  const mark = visit.skipped ? ', skipped' : '';
  return `${visit.stage}: ${instantText(visit.entered, zone)} to ${instantText(visit.left, zone)} (${visit.cause}${mark})`;
}

/** A date where it is the start of a day, else with its time of day. */
function instantText(instant: number | null, zone: Zone): string {
  if (instant === null) return 'still in it';
  const local = new Date(instant + zone.offset(instant)).toISOString();
  return local.endsWith('T00:00:00.000Z') ? local.slice(0, 10) : local.slice(0, 19);
}
