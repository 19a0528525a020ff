import type { App } from '../app/app.ts';
import type { SyncResult } from '../sync/run.ts';
import { type Progress, type RollbackRequest, type SyncOptions, silentProgress } from '../sync/session.ts';
import type { ApplyRequest, RuleSpan } from '../sync/write/saved-plan.ts';
import { progress } from '../terminal/progress.ts';
import { type JourneyLabels, summaryLines } from '../terminal/summary.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

export interface SyncCommandOptions {
  readonly full: boolean;
  readonly connection: string | undefined;
  /** Compare the store with a full reading. */
  readonly reconcile?: boolean;
  /** Read what fields held before, as the CRMs remember it. */
  readonly history?: boolean;
  /** Let pass what the guard kept for approval. */
  readonly approve?: boolean;
  /** Try again what a CRM refused for good. */
  readonly retry?: boolean;
  readonly ruleSpan?: RuleSpan;
  readonly apply?: ApplyRequest;
  readonly rollback?: RollbackRequest;
  readonly now?: number;
}

/** `sync` and `pull`: one run, its progress on standard error, its summary as the result. */
export async function sync(
  context: CommandContext,
  app: App,
  kind: 'sync' | 'pull',
  options: SyncCommandOptions,
): Promise<ExitStatus> {
  const result = await runWithProgress(context, app, kind, options);
  print(context, result.summary, () =>
    summaryLines(result.summary, kind, journeyLabels(app), context.streams.width),
  );
  return result.exit;
}

/** Runs with a progress bar on a terminal, plain lines elsewhere, nothing with `--quiet`. */
export async function runWithProgress(
  context: CommandContext,
  app: App,
  kind: SyncOptions['kind'],
  options: SyncCommandOptions,
): Promise<SyncResult> {
  const shown: Progress & { done?(): void } = context.quiet
    ? silentProgress
    : progress({
        write: context.streams.err,
        terminal: context.streams.terminal,
        width: context.streams.width,
      });
  try {
    return await app.run({
      kind,
      full: options.full,
      reconcile: options.reconcile ?? false,
      history: options.history ?? false,
      approve: options.approve ?? false,
      retryRefused: options.retry ?? false,
      ...(options.ruleSpan === undefined ? {} : { ruleSpan: options.ruleSpan }),
      ...(options.apply === undefined ? {} : { apply: options.apply }),
      ...(options.rollback === undefined ? {} : { rollback: options.rollback }),
      progress: shown,
      signal: context.signal,
      ...(options.now === undefined ? {} : { now: options.now }),
      ...(options.connection === undefined ? {} : { connection: options.connection }),
    });
  } finally {
    shown.done?.();
  }
}

export function journeyLabels(app: App): readonly JourneyLabels[] {
  return app.mappings.mappings.map((mapping) => ({
    name: mapping.name,
    label: mapping.label,
    subject: mapping.subject,
    stages: mapping.stages.map(({ name, label }) => ({ name, label })),
    bands: (mapping.health?.bands ?? []).map(({ name, label }) => ({ name, label })),
  }));
}
