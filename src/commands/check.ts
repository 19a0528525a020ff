import { existsSync } from 'node:fs';
import { connectionProblems, connectorIds, knownConnections, openStore } from '../app/app.ts';
import { loadMappings } from '../app/mappings.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { isZone } from '../mapping/index.ts';
import { isWaystageError } from '../model/errors.ts';
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
    errors === 0
      ? `Everything is in order: ${plural(config.connections.length, 'connection')}, ${plural(loaded.mappings.length, 'journey')}${warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`}.`
      : `${plural(errors, 'error')}${warnings === 0 ? '' : ` and ${plural(warnings, 'warning')}`}. Nothing runs with these; a server that is running keeps the last good version.`,
  ]);
  return errors === 0 ? 0 : 2;
}

/** What only the connectors and the scheduler can judge. */
export function configProblems(config: ResolvedConfig): readonly Problem[] {
  const file = config.file ?? 'configuration';
  const problem = (message: string): Problem => ({ file, line: 1, column: 1, severity: 'error', message });
  return config.connections.flatMap((connection) => {
    const found: Problem[] = [];
    try {
      found.push(...connectionProblems(connection).map(problem));
    } catch (error) {
      if (!isWaystageError(error)) throw error;
      found.push(problem(`connection ${connection.id}: ${error.message}`));
    }
    if (connection.schedule !== undefined) {
      const parsed = parseCron(connection.schedule);
      if ('problem' in parsed) found.push(problem(`connection ${connection.id}: ${parsed.problem}`));
    }
    return isZone(config.timezone)
      ? found
      : [...found, problem(`\`${config.timezone}\` is not a time zone.`)];
  });
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
