import type { App } from '../app/app.ts';
import { createZone } from '../mapping/index.ts';
import { WaystageError } from '../model/errors.ts';
import { explain as explainNow, explainThen, type SubjectExplanation } from '../sync/look/explain.ts';
import { findSubject, namedBy } from '../sync/subjects/find-subject.ts';
import { clean, day, instant as moment, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { explanationText } from './explain-text.ts';
import { momentOf } from './moment.ts';

/**
 * `explain <e-mail | domain | connection:type:id>`: why this stage, why not the next, what moved the health.
 * @param at an earlier instant or day (`--at`): as it was then
 */
export async function explain(
  context: CommandContext,
  app: App,
  name: string,
  at?: string,
): Promise<ExitStatus> {
  const subject = await findSubject(app.store, name, namedBy(app.connections));
  const zone = context.config().timezone;
  const now = app.clock.now();
  const instant = at === undefined ? now : pastMoment(at, zone, now);
  const judge = at === undefined ? explainNow : explainThen;
  // What decides is explained, not what waits in the files.
  const { active, files } = await app.rules();
  const { mappings, connections } = active ?? files;
  const explanation = await judge(app.store, connections, mappings.mappings, subject, instant);
  const { width } = context.streams;
  const then = new Map(explanation.then?.map((one) => [one.journey, one]));
  print(context, explanation, () => [
    `${subject.kind === 'person' ? 'Person' : 'Account'} ${clean(name)}${at === undefined ? '' : `, as of ${moment(instant, zone)}`}`,
    ...recordLines(explanation, width),
    ...explanation.journeys.flatMap((journey) => [
      '',
      ...explanationText(journey, width),
      ...versionLines(then.get(journey.journey), zone, width),
    ]),
    ...(explanation.journeys.length === 0
      ? [
          '',
          ...wrap(
            at === undefined
              ? 'No journey is about it, or it has no live record.'
              : 'No journey is about it, or it was not there yet.',
            width,
          ),
        ]
      : []),
  ]);
  return 0;
}

/** An instant that has been; throws `usage`. */
export function pastMoment(text: string, zone: string, now: number): number {
  const instant = momentOf('--at', text, createZone(zone), 'end');
  // The end of today lies ahead: what is meant is now.
  if (instant <= now) return instant;
  if (momentOf('--at', text, createZone(zone), 'start') <= now) return now;
  throw new WaystageError('usage', `--at is \`${text}\`, which lies ahead. Name an instant that has been.`);
}

function versionLines(
  then: NonNullable<SubjectExplanation['then']>[number] | undefined,
  zone: string,
  width: number,
): readonly string[] {
  if (then === undefined) return [];
  const text = then.replayed
    ? 'No rules decided at that time yet: this is what the present ones would have told.'
    : `These rules decided from ${day(then.since as number, zone)}.`;
  return wrap(text, width - 15).map((line) => `               ${line}`);
}

/** The records it is made of with their addresses, and why they belong together. */
function recordLines(explanation: SubjectExplanation, width: number): readonly string[] {
  const reasons = new Set(explanation.records.map((record) => record.reason));
  return [
    ...explanation.records.flatMap(({ record, url }) => [
      `  ${record}`,
      ...(url === null ? [] : [`    ${url}`]),
    ]),
    ...(explanation.records.length < 2
      ? []
      : [...reasons].flatMap((reason) => wrap(`  matched: ${clean(reason)}`, width, '    '))),
  ];
}
