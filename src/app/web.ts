import { startWeb, type Web } from '../http/server.ts';
import type { JourneyShape } from '../http/status.ts';
import type { Mapping } from '../mapping/types.ts';
import { isWaystageError } from '../model/errors.ts';
import type { App } from './app.ts';

export interface StatusOptions {
  readonly port: number;
  readonly host?: string;
  /** Take any free port when this one is taken. */
  readonly orAnyFree: boolean;
  /** The mappings in use and what is wrong with those in the files, asked at each request. */
  readonly mappings?: () => readonly Mapping[];
  readonly mappingProblem?: () => string | null;
}

/** Starts the web pages over an open app. */
export async function startStatus(app: App, options: StatusOptions): Promise<Web> {
  const start = (port: number): Promise<Web> =>
    startWeb({
      store: app.store,
      clock: app.clock,
      timezone: app.config.timezone,
      host: options.host ?? app.config.server.host,
      port,
      connections: app.config.connections.map((connection) => ({
        id: connection.id,
        label:
          app.connections.find(({ id }) => id === connection.id)?.connector.label ?? connection.connector,
        schedule: connection.schedule ?? null,
        writeMode: connection.writeMode,
      })),
      journeys: () => (options.mappings?.() ?? app.mappings.mappings).map(journeyShape),
      mappingProblem: options.mappingProblem ?? (() => null),
    });
  try {
    return await start(options.port);
  } catch (error) {
    if (!options.orAnyFree || !isWaystageError(error)) throw error;
    return start(0);
  }
}

function journeyShape(mapping: Mapping): JourneyShape {
  return {
    name: mapping.name,
    label: mapping.label,
    subject: mapping.subject,
    stages: mapping.stages.map(({ name, label, offPath }) => ({ name, label, offPath })),
    bands: [
      ...(mapping.health?.bands ?? []).map(({ name, label }) => ({ name, label })),
      ...(mapping.health === null ? [] : [{ name: 'unknown', label: 'Unknown' }]),
    ],
  };
}
