import type { App } from '../app/app.ts';
import type { Visit } from '../model/facts.ts';
import { recordKeyText } from '../model/record.ts';
import type {
  HealthPoint,
  Store,
  StoredOverride,
  StoredSubject,
  SupersededVisit,
  VersionSpan,
} from '../store/port.ts';
import { thenOf } from '../sync/look/then.ts';
import { ofSubject } from '../sync/place/overrides-set.ts';
import { table } from '../terminal/table.ts';
import { clean, instant, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { pastMoment } from './explain.ts';

interface JourneyCourse {
  readonly journey: string;
  readonly stage: string | null;
  readonly visits: readonly Visit[];
  readonly health: readonly HealthPoint[];
  /** Visits that were believed until a late fact or a change of the past showed them to be wrong. */
  readonly superseded: readonly SupersededVisit[];
  /** Which version of the rules decided since when. */
  readonly versions: readonly VersionSpan[];
  /** No rules decided then yet: told by the present ones. */
  readonly replayed?: boolean;
}

/**
 * `history <subject>`: visits and health over time.
 * @param at an earlier instant or day (`--at`): the course up to then
 */
export async function history(
  context: CommandContext,
  app: App,
  subject: StoredSubject,
  at?: string,
): Promise<ExitStatus> {
  const { store } = app;
  const zone = context.config().timezone;
  const until = at === undefined ? null : pastMoment(at, zone, app.clock.now());
  const members = await store.subjects.membersOf([subject.id]);
  const journeys =
    until === null ? await wholeCourse(store, subject) : await courseUntil(app, subject, until);
  const overrides = (await ofSubject(store, subject.id)).filter(
    ({ at: set }) => until === null || set <= until,
  );
  const { width } = context.streams;
  const time = (value: number | null): string => (value === null ? '' : instant(value, zone));
  print(
    context,
    {
      subject: subject.id,
      kind: subject.kind,
      ...(until === null ? {} : { at: until }),
      records: members.map((member) => ({ record: recordKeyText(member), reason: member.reason })),
      journeys,
      overrides,
    },
    () => [
      `${subject.kind === 'person' ? 'Person' : 'Account'} ${subject.id}${until === null ? '' : `, as of ${time(until)}`}`,
      ...members.map((member) => `  ${recordKeyText(member)}: ${clean(member.reason)}`),
      ...journeys.flatMap((journey) => [
        '',
        `${journey.journey}: ${journey.stage ?? 'no stage'}`,
        ...(journey.replayed === true
          ? wrap('No rules decided at that time yet: this is what the present ones would have told.', width)
          : []),
        ...table(
          [
            { title: 'Stage' },
            { title: 'Entered' },
            { title: 'Left' },
            { title: 'Cause' },
            { title: 'Rule', flexible: true },
          ],
          journey.visits.map((visit) => [
            visit.stage,
            time(visit.entered),
            visit.skipped ? 'skipped' : visit.left === null ? 'still there' : time(visit.left),
            visit.uncertain ? `${visit.cause}, uncertain` : visit.cause,
            visit.rule,
          ]),
          width,
        ),
        ...(journey.superseded.length === 0
          ? []
          : [
              '',
              ...table(
                [
                  { title: 'Believed before' },
                  { title: 'Entered' },
                  { title: 'Left' },
                  { title: 'Corrected' },
                ],
                journey.superseded.map((visit) => [
                  visit.stage,
                  time(visit.entered),
                  visit.left === null ? '' : time(visit.left),
                  time(visit.superseded),
                ]),
                width,
              ),
            ]),
        ...(journey.health.length === 0
          ? []
          : [
              '',
              ...table(
                [
                  { title: 'Health at' },
                  { title: 'Score', align: 'right' },
                  { title: 'Band' },
                  { title: 'Coverage', align: 'right' },
                ],
                journey.health.map((point) => [
                  time(point.at),
                  point.score === null ? '' : String(point.score),
                  point.band ?? '',
                  point.coverage === null ? '' : `${Math.round(point.coverage * 100)}%`,
                ]),
                width,
              ),
            ]),
      ]),
      ...overrideLines(overrides, time, width),
      ...(journeys.length === 0
        ? [
            '',
            until === null
              ? 'It has not been placed on a journey yet. Run `waystage sync`.'
              : 'It was not there yet, or no journey is about it.',
          ]
        : []),
    ],
  );
  return 0;
}

function overrideLines(
  overrides: readonly StoredOverride[],
  time: (value: number | null) => string,
  width: number,
): readonly string[] {
  if (overrides.length === 0) return [];
  return [
    '',
    ...table(
      [
        { title: 'By hand', flexible: true },
        { title: 'Set' },
        { title: 'Until' },
        { title: 'Owner', flexible: true },
        { title: 'Reason', flexible: true },
      ],
      overrides.map(({ kind, value, at, until, ended, owner, reason }) => [
        `${kind} ${value ?? 'none'}`,
        time(at),
        ended === null ? time(until) || 'ended by hand' : `${time(ended.at)}, ended`,
        owner ?? '',
        reason,
      ]),
      width,
    ),
  ];
}

async function wholeCourse(store: Store, subject: StoredSubject): Promise<readonly JourneyCourse[]> {
  const courses: JourneyCourse[] = [];
  for (const { journey, state } of await store.journeys.ofSubject(subject.id)) {
    courses.push({
      journey,
      stage: state.stage,
      visits: state.visits,
      health: await store.journeys.healthPoints(subject.id, journey),
      superseded: await store.journeys.superseded(subject.id, journey),
      versions: await store.journeys.versions(journey),
    });
  }
  return courses;
}

async function courseUntil(app: App, subject: StoredSubject, at: number): Promise<readonly JourneyCourse[]> {
  const { store, connections, mappings } = app;
  const then = await thenOf({ store, connections }, mappings.mappings, subject, at);
  const courses: JourneyCourse[] = [];
  for (const { mapping, state, course, context, replayed } of then) {
    if (context === null) continue;
    const superseded = replayed ? [] : await store.journeys.superseded(subject.id, mapping.name);
    const versions = await store.journeys.versions(mapping.name);
    courses.push({
      journey: mapping.name,
      stage: state.stage,
      visits: state.visits,
      health: course,
      superseded: superseded.filter(({ entered }) => entered <= at),
      versions: versions.filter(({ since }) => since <= at),
      replayed,
    });
  }
  return courses;
}
