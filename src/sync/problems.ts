import { isWaystageError } from '../model/errors.ts';
import type { ConnectionId } from '../model/record.ts';
import type { Session } from './session.ts';

/** Names a failure in the run; the run goes on. Messages of unknown errors are kept out: they may hold data. */
export function noteProblem(
  session: Session,
  connection: ConnectionId | null,
  error: unknown,
  what: string,
): void {
  if (isWaystageError(error)) {
    session.problems.push({
      connection,
      code: error.code,
      exit: error.exitStatus,
      message: `${what}: ${error.message}`,
    });
    return;
  }
  const name =
    typeof error === 'object' && error !== null
      ? String((error as { name?: unknown }).name ?? 'Error')
      : 'Error';
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  session.problems.push({
    connection,
    code: 'internal',
    exit: 1,
    message: `${what}: an unexpected ${name}${typeof code === 'string' ? ` (${code})` : ''}. Run again with WAYSTAGE_LOG_LEVEL=debug and report it.`,
  });
}
