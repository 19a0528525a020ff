import { WaystageError } from '../model/errors.ts';

export const STOPPED = 'Stopped before the end. What is stored stays; the next run goes on from there.';

/** One Ctrl-C arrives twice, from the terminal and from npm: only one that comes later means "at once". */
const SAME_SIGNAL_MS = 500;

/** Aborts at SIGINT, SIGTERM and a closed terminal; a second one ends the process at once with status 1. */
export function stopBySignal(): AbortSignal {
  const stop = new AbortController();
  let first: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const now = performance.now();
      if (first === null) {
        first = now;
        stop.abort(new WaystageError('stopped', STOPPED));
      } else if (now - first > SAME_SIGNAL_MS) process.exit(1);
    });
  }
  return stop.signal;
}

/** Who reads the result may have seen enough (`| head`): the work is done to its end all the same. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exit(1);
    });
  }
}
