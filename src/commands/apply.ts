import { resolve } from 'node:path';
import type { App } from '../app/app.ts';
import { WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { leftOutText } from '../sync/write/apply.ts';
import type { ApplySummary } from '../sync/write/saved-plan.ts';
import { summaryLines } from '../terminal/summary.ts';
import { clean, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { readPlan } from './read-plan.ts';
import { journeyLabels, runWithProgress } from './sync.ts';

export interface ApplyOptions {
  readonly limit: number | undefined;
  readonly segment: string | undefined;
  readonly strict: boolean;
  readonly now?: number;
}

/** Left-out values the terminal lists; `run <id>` and `--json` have all. */
const SHOWN = 20;

/** `apply FILE`: writes a saved plan and lets its rules take over; what has become stale is left out and listed. */
export async function apply(
  context: CommandContext,
  app: App,
  file: string,
  options: ApplyOptions,
): Promise<ExitStatus> {
  const plan = readPlan(resolve(context.folder, file), file);
  insistOnWritable(app);
  if (options.segment !== undefined) insistOnSegment(app, options.segment);
  const result = await runWithProgress(context, app, 'apply', {
    full: false,
    connection: plan.connection ?? undefined,
    apply: {
      plan,
      limit: options.limit ?? null,
      segment: options.segment ?? null,
      strict: options.strict,
    },
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  const { width } = context.streams;
  print(context, result.summary, () => [
    ...summaryLines(result.summary, 'apply', journeyLabels(app), width),
    ...(result.summary.applied === undefined ? [] : appliedLines(result.summary.applied, width)),
  ]);
  return result.exit;
}

function appliedLines(applied: ApplySummary, width: number): readonly string[] {
  const { leftOut, waiting, done } = applied;
  const words = [
    applied.activated ? 'The rules of the plan are in force now.' : '',
    done > 0 ? `${plural(done, 'record')} held what was planned already.` : '',
    waiting > 0
      ? `${plural(waiting, 'record')} ${waiting === 1 ? 'waits' : 'wait'}, and syncs write nothing until then: apply the plan again, without --limit and --segment, or \`waystage resume\`.`
      : '',
  ].filter((text) => text !== '');
  return [
    ...(words.length === 0 ? [] : ['', ...wrap(words.join(' '), width)]),
    ...(leftOut.length === 0
      ? []
      : [
          '',
          'Left out',
          ...leftOut.slice(0, SHOWN).flatMap((left) => wrap(`- ${clean(leftOutText(left))}`, width, '  ')),
          ...(leftOut.length > SHOWN
            ? [`… and ${plural(leftOut.length - SHOWN, 'more value')}; \`waystage run last\` has them all.`]
            : []),
        ]),
  ];
}

function insistOnWritable(app: App): void {
  if (app.connections.length === 0) return;
  if (app.connections.some(({ writeMode, opensByPlan }) => writeMode === 'apply' || opensByPlan === true))
    return;
  throw new WaystageError(
    'config_invalid',
    'Nothing may be written: `write.mode` is `plan-only`. Take it out of the configuration (a first applied plan then opens the connections for writing), or set it to `apply`.',
  );
}

function insistOnSegment(app: App, segment: string): void {
  const names = app.mappings.mappings.flatMap(({ segments }) => segments.map(({ name }) => name));
  if (names.includes(segment)) return;
  const near = nearest(segment, names);
  throw new WaystageError(
    'usage',
    `There is no segment \`${segment}\`. Known: ${[...new Set(names)].join(', ') || 'none'}.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
  );
}
