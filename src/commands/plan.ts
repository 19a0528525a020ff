import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { App } from '../app/app.ts';
import { configurationHash } from '../app/rules.ts';
import { WaystageError } from '../model/errors.ts';
import type { SyncResult } from '../sync/run.ts';
import type { RuleSpan, SavedPlan } from '../sync/write/saved-plan.ts';
import { summaryLines } from '../terminal/summary.ts';
import { plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print, remark } from './context.ts';
import { type Cost, costsOf, forecastOf } from './forecast.ts';
import { costLines, effectLines, recordsLines } from './plan-text.ts';
import { FORMAT } from './read-plan.ts';
import { journeyLabels, runWithProgress } from './sync.ts';

export interface PlanOptions {
  readonly out: string | undefined;
  readonly full: boolean;
  readonly connection: string | undefined;
  readonly rules: RuleSpan;
  readonly now?: number;
}

/** `plan`: what a sync would write, record by record, why, and what it costs. Writes nothing to a CRM; `apply` writes
 *  what was saved. */
export async function plan(context: CommandContext, app: App, options: PlanOptions): Promise<ExitStatus> {
  const sets = await app.rules();
  const result = await runWithProgress(context, app, 'plan', {
    ...{ full: options.full, connection: options.connection, ruleSpan: options.rules },
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  const forecast = forecastOf(app, result.writes);
  const costs = costsOf(app, result.summary, forecast);
  const saved: SavedPlan = {
    id: result.summary.run,
    made: app.clock.now(),
    now: result.now,
    rules: options.rules,
    connection: options.connection ?? null,
    from: {
      set: sets.files.set,
      active: sets.active?.set ?? null,
      versions: Object.fromEntries(sets.files.mappings.mappings.map(({ name, version }) => [name, version])),
      configuration: configurationHash(app.config),
    },
    subjects: Object.fromEntries(
      [...result.decided].map(([subject, { identity, facts }]) => [subject, { identity, facts }]),
    ),
    changes: result.writes,
  };
  const { changes, ...plan } = saved;
  const document = {
    ...{ format: FORMAT, ...result.summary, plan, effects: result.effects, forecast, costs, changes },
  };
  if (options.out !== undefined) {
    save(resolve(context.folder, options.out), document);
    remark(
      context,
      `The plan is saved in ${options.out}. \`waystage apply ${options.out}\` writes it${changesRules(sets) ? ' and lets its rules take over' : ''}.`,
    );
  }
  print(context, document, () => lines(context, app, result, costs));
  return result.exit;
}

function changesRules({ files, active }: Awaited<ReturnType<App['rules']>>): boolean {
  return active !== null && active.set !== files.set;
}

function lines(
  context: CommandContext,
  app: App,
  result: SyncResult,
  costs: readonly Cost[],
): readonly string[] {
  const { width } = context.streams;
  const { writes, effects } = result;
  const fields = writes.reduce((sum, write) => sum + write.changes.length, 0);
  const journeys = journeyLabels(app);
  return [
    ...summaryLines(result.summary, 'plan', journeys, width),
    ...(effects === null ? [] : effectLines(effects, writes, journeys, width)),
    '',
    ...wrap(
      writes.length === 0
        ? `A sync would write nothing${result.summary.writes.unreadable > 0 ? ' until the fields are there' : ''}.`
        : `A sync would write ${plural(fields, 'field')} on ${plural(writes.length, 'record')}:`,
      width,
    ),
    ...costLines(costs, width),
    ...(writes.length === 0 ? [] : ['', ...recordsLines(writes, width)]),
  ];
}

function save(path: string, document: unknown): void {
  try {
    writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new WaystageError(
      'usage',
      `The plan cannot be saved to ${path}: ${(error as Error).message}. Choose another file with --out.`,
      { cause: error },
    );
  }
}
