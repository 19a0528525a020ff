import type { App } from '../app/app.ts';
import type { RollbackSummary, RunSummary } from '../sync/summary.ts';
import { sparedText } from '../sync/write/rollback.ts';
import { problemLines } from '../terminal/summary.ts';
import { clean, listing, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { runWithProgress } from './sync.ts';

/** Spared fields the terminal lists; `run <id>` and `--json` have all. */
const SHOWN = 20;

/** `rollback RUN [--plan]`: gives the fields a run wrote their values of before, where nobody touched them since. */
export async function rollback(
  context: CommandContext,
  app: App,
  run: string,
  options: { readonly plan: boolean; readonly now?: number },
): Promise<ExitStatus> {
  const named = run === 'last' ? ((await app.store.runs.list(1))[0]?.id ?? run) : run;
  const result = await runWithProgress(context, app, 'rollback', {
    full: false,
    connection: undefined,
    rollback: { run: named, onlyPlan: options.plan },
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  print(context, result.summary, () => lines(result.summary, options.plan, context.streams.width));
  return result.exit;
}

function lines(summary: RunSummary, onlyPlan: boolean, width: number): readonly string[] {
  const { rolledBack } = summary;
  if (rolledBack === undefined) return problemLines(summary, width);
  return [
    ...wrap(words(rolledBack, summary, onlyPlan), width),
    ...(rolledBack.spared.length === 0
      ? []
      : [
          '',
          'Spared',
          ...rolledBack.spared
            .slice(0, SHOWN)
            .flatMap((one) => wrap(`- ${clean(sparedText(one))}`, width, '  ')),
          ...(rolledBack.spared.length > SHOWN
            ? [
                `… and ${plural(rolledBack.spared.length - SHOWN, 'more field')}; \`waystage run last\` has them all.`,
              ]
            : []),
        ]),
    ...problemLines(summary, width),
  ];
}

function words(rolled: RollbackSummary, summary: RunSummary, onlyPlan: boolean): string {
  const would = onlyPlan ? ' would be' : rolled.fields === 1 ? ' is' : ' are';
  const parts = [
    `${plural(rolled.fields, 'field')} on ${plural(rolled.records, 'record')}${would} as before run ${rolled.run}.`,
  ];
  if (rolled.already > 0) parts.push(`${plural(rolled.already, 'field')} held the value of before already.`);
  if (rolled.activation !== null) {
    const does = onlyPlan ? 'would decide' : 'decide';
    parts.push(
      `The rules of before the run ${does} again; those in the files wait until a plan made from them is applied.`,
    );
    const more = summary.writes.fields - rolled.fields;
    if (!onlyPlan && more > 0)
      parts.push(
        `${plural(more, 'field')} that changed for other reasons since ${more === 1 ? 'was' : 'were'} written by them.`,
      );
  }
  if (rolled.paused.length > 0)
    parts.push(
      `Nothing is written to ${listing(rolled.paused)} until \`waystage resume\`: a sync would write the same again.`,
    );
  return parts.join(' ');
}
