import { isWaystageError } from '../model/errors.ts';
import type { ConnectionId } from '../model/record.ts';
import type { Session } from './session.ts';

/** Whether the whole run must end: the lease has passed on, or nothing can be kept any more. */
export function isFatal(error: unknown): boolean {
  return isWaystageError(error) && (error.code === 'busy' || error.code === 'store_unusable');
}

/**
 * Waits for all, then throws what must end the run, if anything did. Nothing goes on behind the back of a run that
 * has ended and given up its lease.
 */
export async function together(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length > 0) throw failures.find(isFatal) ?? failures[0];
}

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
