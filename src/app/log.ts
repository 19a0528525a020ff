import pino from 'pino';
import type { ConnectorLog } from '../connector/port.ts';
import { WaystageError } from '../model/errors.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

/** Structured logs to standard error; static text, values in fields. `WAYSTAGE_LOG_LEVEL` decides, default `fallback`. */
export function createLog(
  env: Readonly<Record<string, string | undefined>>,
  fallback: 'warn' | 'info' | 'silent',
): ConnectorLog & pino.Logger {
  const level = env['WAYSTAGE_LOG_LEVEL'] ?? fallback;
  if (!LEVELS.includes(level)) {
    throw new WaystageError(
      'config_invalid',
      `WAYSTAGE_LOG_LEVEL is \`${level}\`; expected one of ${LEVELS.join(', ')}.`,
    );
  }
  return pino(
    { level, base: null, redact: ['token', 'authorization', 'clientSecret', 'access_token'] },
    pino.destination(2),
  );
}
