import type { App } from '../app/app.ts';
import { explain as explainSubject, type SubjectExplanation } from '../sync/explain.ts';
import { findSubject, namedBy } from '../sync/find-subject.ts';
import { clean, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { explanationText } from './explain-text.ts';

/** `explain <e-mail | domain | connection:type:id>`: why this stage, why not the next, what moved the health. */
export async function explain(context: CommandContext, app: App, name: string): Promise<ExitStatus> {
  const subject = await findSubject(app.store, name, namedBy(app.connections));
  const explanation = await explainSubject(
    app.store,
    app.connections,
    app.mappings.mappings,
    subject,
    app.clock.now(),
  );
  const { width } = context.streams;
  print(context, explanation, () => [
    `${subject.kind === 'person' ? 'Person' : 'Account'} ${clean(name)}`,
    ...recordLines(explanation, width),
    ...explanation.journeys.flatMap((journey) => ['', ...explanationText(journey, width)]),
    ...(explanation.journeys.length === 0
      ? ['', ...wrap('No journey is about it, or it has no live record.', width)]
      : []),
  ]);
  return 0;
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
