import type { Visit } from '../model/facts.ts';
import { recordKeyText } from '../model/record.ts';
import type { HealthPoint, Store, StoredSubject } from '../store/port.ts';
import { table } from '../terminal/table.ts';
import { clean, instant } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

interface JourneyCourse {
  readonly journey: string;
  readonly stage: string | null;
  readonly visits: readonly Visit[];
  readonly health: readonly HealthPoint[];
}

/** `history <subject>`: visits and health over time. */
export async function history(
  context: CommandContext,
  store: Store,
  subject: StoredSubject,
): Promise<ExitStatus> {
  const placements = await store.journeys.ofSubject(subject.id);
  const members = await store.subjects.membersOf([subject.id]);
  const journeys: JourneyCourse[] = [];
  for (const placement of placements) {
    journeys.push({
      journey: placement.journey,
      stage: placement.state.stage,
      visits: placement.state.visits,
      health: await store.journeys.healthPoints(subject.id, placement.journey),
    });
  }
  const { width } = context.streams;
  const zone = context.config().timezone;
  const time = (value: number | null): string => (value === null ? '' : instant(value, zone));
  print(
    context,
    {
      subject: subject.id,
      kind: subject.kind,
      records: members.map((member) => ({ record: recordKeyText(member), reason: member.reason })),
      journeys,
    },
    () => [
      `${subject.kind === 'person' ? 'Person' : 'Account'} ${subject.id}`,
      ...members.map((member) => `  ${recordKeyText(member)}: ${clean(member.reason)}`),
      ...journeys.flatMap((journey) => [
        '',
        `${journey.journey}: ${journey.stage ?? 'no stage'}`,
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
            visit.cause,
            visit.rule,
          ]),
          width,
        ),
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
      ...(journeys.length === 0 ? ['', 'It has not been placed on a journey yet. Run `waystage sync`.'] : []),
    ],
  );
  return 0;
}
