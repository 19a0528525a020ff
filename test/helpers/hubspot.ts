import { hubspot } from '../../connectors/hubspot/index.ts';
import type {
  Connection,
  ConnectionConfig,
  ConnectionContext,
  Discovery,
  FieldInfo,
  FieldType,
} from '../../src/connector/port.ts';
import type { ConnectionId } from '../../src/model/record.ts';
import { createFastClock } from './fast-clock.ts';

/** A log that keeps what it was told. */
export interface KeptLog {
  readonly lines: {
    readonly level: string;
    readonly fields: Readonly<Record<string, unknown>>;
    readonly text: string;
  }[];
  readonly log: ConnectionContext['log'];
}

export function keptLog(): KeptLog {
  const lines: KeptLog['lines'] = [];
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, text: string): void => {
      lines.push({ level, fields, text });
    };
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn') } };
}

export const TOKEN = 'pat-eu1-canary-token';

export function hubspotConfig(changes: Partial<ConnectionConfig> = {}): ConnectionConfig {
  return {
    id: 'eu' as ConnectionId,
    connector: 'hubspot',
    auth: { kind: 'token', token: TOKEN },
    sandbox: true,
    ...changes,
  };
}

/** A connection whose clock runs 20 times faster: back-off and limits do not hold the tests up, and its deadlines of
 *  60 s still leave a busy machine 3. */
export function openHubspot(
  config: ConnectionConfig = hubspotConfig(),
  context: Partial<ConnectionContext> = {},
): Connection {
  return hubspot.open(config, {
    clock: createFastClock(20),
    random: () => 0,
    signal: new AbortController().signal,
    log: keptLog().log,
    ...context,
  });
}

/** A description of one object type with these fields. */
export function describeFields(type: string, fields: Readonly<Record<string, FieldType>>): Discovery {
  const infos: Record<string, FieldInfo> = {};
  for (const [name, kind] of Object.entries(fields)) {
    infos[name] = { name, label: name, type: kind, writable: true, calculated: false };
  }
  return {
    homeCurrency: null,
    objects: { [type]: { readable: true, fields: infos } },
    stages: [],
    recordUrl: null,
  };
}
