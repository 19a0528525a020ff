import { existsSync } from 'node:fs';
import { connectionProblems, connectorIds, knownConnections, openStore } from '../app/app.ts';
import { loadMappings } from '../app/mappings.ts';
import { shown } from '../config/load.ts';
import { DEFAULT_CONFIG, type ResolvedConfig } from '../config/resolve.ts';
import { isZone } from '../mapping/index.ts';
import { WaystageError } from '../model/errors.ts';
import { type Problem, problemText } from '../model/problem.ts';
import { parseCron } from '../queue/cron.ts';
import { plural } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

/** `check`: configuration and mappings, offline; every error at once with file, line and column. */
export async function check(context: CommandContext): Promise<ExitStatus> {
  const config = context.config();
  const loaded = loadMappings(config, connectorIds(config), await knownOffline(config));
  const problems: Problem[] = [...config.warnings, ...configProblems(config), ...loaded.problems];
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  print(context, { ok: errors === 0, problems }, () => [
    ...problems.map(problemText),
    ...(problems.length === 0 ? [] : ['']),
    errors === 0 && config.file === null
      ? `There is no ${DEFAULT_CONFIG} yet: \`waystage init\` writes one.`
      : errors === 0
        ? `Everything is in order: ${plural(config.connections.length, 'connection')}, ${plural(loaded.mappings.length, 'journey')}${warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`}.`
        : `${plural(errors, 'error')}${warnings === 0 ? '' : ` and ${plural(warnings, 'warning')}`}. Nothing runs with these; a server that is running keeps the last good version.`,
  ]);
  return errors === 0 ? 0 : 2;
}

/** What only the connectors and the scheduler can judge. */
export function configProblems(config: ResolvedConfig): readonly Problem[] {
  const file = config.file === null ? 'configuration' : shown(config.file);
  const problem = (path: readonly (string | number)[], message: string): Problem => ({
    file,
    ...config.locate(path),
    severity: 'error',
    message,
  });
  const zone = isZone(config.timezone)
    ? []
    : [problem(['timezone'], `\`${config.timezone}\` is not a time zone.`)];
  const found = config.connections.flatMap((connection, index) => {
    const path = ['connections', index];
    const parsed = connection.schedule === undefined ? null : parseCron(connection.schedule);
    return [
      ...connectionProblems(connection).map(({ key, message }) =>
        problem([...path, ...key.split('.')], message),
      ),
      ...(parsed !== null && 'problem' in parsed
        ? [problem([...path, 'schedule'], `connection ${connection.id}: ${parsed.problem}`)]
        : []),
    ];
  });
  return [...zone, ...found];
}

/** Throws `config_invalid` with every problem that `configProblems` finds. */
export function insistOnConfig(config: ResolvedConfig): void {
  const problems = configProblems(config);
  if (problems.length > 0) throw new WaystageError('config_invalid', problems.map(problemText).join('\n'));
}

/** CRMs that were opened before, from the database if there is one; `check` creates none. */
async function knownOffline(config: ResolvedConfig): Promise<Awaited<ReturnType<typeof knownConnections>>> {
  if (!existsSync(config.database.slice('sqlite:'.length))) return [];
  const store = await openStore(config);
  try {
    return await knownConnections(store);
  } finally {
    await store.close();
  }
}
