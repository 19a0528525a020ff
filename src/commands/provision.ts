import type { App } from '../app/app.ts';
import type { Connection, ProvisionResult, ProvisionStep, ProvisionTarget } from '../connector/port.ts';
import { WaystageError } from '../model/errors.ts';
import type { SyncConnection } from '../sync/session.ts';
import { outputFieldsOf } from '../sync/write/outputs.ts';
import { clean, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

export interface ProvisionedConnection {
  readonly connection: string;
  readonly steps: readonly { readonly id: string; readonly text: string }[];
  /** Null with `--plan`. */
  readonly results: readonly ProvisionResult[] | null;
}

/** `provision [--plan]`: creates the Waystage fields, groups and permissions in every connected CRM. */
export async function provision(context: CommandContext, app: App, planOnly: boolean): Promise<ExitStatus> {
  if (app.connections.length === 0)
    throw new WaystageError('config_invalid', 'No connection is configured. Run `waystage init`.');
  const done: ProvisionedConnection[] = [];
  for (const connection of app.connections)
    done.push(await provisionConnection(app, connection, planOnly, context.signal));
  print(context, { connections: done }, () => done.flatMap((one) => lines(one, context.streams.width)));
  return done.some((one) => one.results?.some((result) => !result.ok)) ? 1 : 0;
}

/** Provisions one connection; with `planOnly` nothing is changed. */
export async function provisionConnection(
  app: App,
  config: SyncConnection,
  planOnly: boolean,
  signal: AbortSignal,
): Promise<ProvisionedConnection> {
  const connection = config.open(signal);
  try {
    await connection.check();
    const steps = await connection.planProvision(targets(app, config));
    const results = planOnly ? null : await apply(connection, steps);
    return { connection: config.id, steps: steps.map(({ id, text }) => ({ id, text })), results };
  } finally {
    await connection.close();
  }
}

async function apply(
  connection: Connection,
  steps: readonly ProvisionStep[],
): Promise<readonly ProvisionResult[]> {
  return steps.length === 0 ? [] : connection.provision(steps);
}

function targets(app: App, config: SyncConnection): readonly ProvisionTarget[] {
  return config.connector.capabilities.objectTypes
    .filter((type) => type.outputs && (config.objects === null || config.objects.includes(type.name)))
    .map((type) => ({
      type: type.name,
      fields: outputFieldsOf(app.mappings.mappings, config.connector, type.name),
    }))
    .filter((target) => target.fields.length > 0);
}

function lines(one: ProvisionedConnection, width: number): readonly string[] {
  if (one.steps.length === 0) return [`${one.connection}: everything is there already.`];
  const head =
    one.results === null
      ? `${one.connection}: ${plural(one.steps.length, 'step')} to do`
      : `${one.connection}: ${plural(one.steps.length, 'step')}`;
  return [
    head,
    ...one.steps.flatMap((step) => {
      const result = one.results?.find((candidate) => candidate.id === step.id);
      const mark = result === undefined ? '-' : result.ok ? '✓' : '✗';
      const remark = result !== undefined && !result.ok ? `: ${clean(result.message ?? 'failed')}` : '';
      return wrap(`  ${mark} ${step.text}${remark}`, width, '    ');
    }),
  ];
}
