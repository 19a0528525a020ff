import type { App } from '../app/app.ts';
import { explanationLines } from '../journey/index.ts';
import { explain as explainSubject } from '../sync/explain.ts';
import { findSubject, namedBy } from '../sync/find-subject.ts';
import { clean, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

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
    `${subject.kind === 'person' ? 'Person' : 'Account'} ${subject.id}`,
    ...explanation.records.flatMap(({ record, reason, url }) => [
      ...wrap(`  ${record}: ${clean(reason)}`, width, '    '),
      ...(url === null ? [] : [`    ${url}`]),
    ]),
    ...explanation.journeys.flatMap((journey) => [
      '',
      ...explanationLines(journey).flatMap((line) => {
        const indent = line.length - line.trimStart().length;
        return wrap(line.trimStart(), Math.max(20, width - indent), '  ').map(
          (part) => ' '.repeat(indent) + part,
        );
      }),
    ]),
    ...(explanation.journeys.length === 0 ? ['', 'No journey is about it, or it has no live record.'] : []),
  ]);
  return 0;
}
