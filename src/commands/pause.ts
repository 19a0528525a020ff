import type { App } from '../app/app.ts';
import { WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

/** `pause|resume [connection]`: stops and restarts the writing of one connection, or of all. Reading, judging and the
 *  explanations go on; what is not written meanwhile is written by the first sync after `resume`. */
export async function pause(
  context: CommandContext,
  app: App,
  action: 'pause' | 'resume',
  only: string | undefined,
): Promise<ExitStatus> {
  const ids = app.connections.map(({ id }) => id);
  const chosen = only === undefined ? ids : ids.filter((id) => id === only);
  if (chosen.length === 0) {
    const near = only === undefined ? undefined : nearest(only, ids);
    throw new WaystageError(
      'not_found',
      only === undefined
        ? 'No connection is configured. Run `waystage init`.'
        : `There is no connection \`${only}\`. Configured: ${ids.join(', ') || 'none'}.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
    );
  }
  const { connections } = app.store;
  const before = new Map((await connections.states()).map((state) => [state.id, state.pausedAt]));
  const now = app.clock.now();
  const list: { readonly id: string; readonly pausedAt: number | null; readonly changed: boolean }[] = [];
  for (const id of chosen) {
    const since = before.get(id) ?? null;
    const changed = (since !== null) !== (action === 'pause');
    if (changed) await connections.pause(id, action === 'pause' ? now : null);
    list.push({ id, pausedAt: changed ? (action === 'pause' ? now : null) : since, changed });
  }
  print(context, { connections: list }, () => list.map(({ id, changed }) => sentence(id, action, changed)));
  return 0;
}

function sentence(id: string, action: 'pause' | 'resume', changed: boolean): string {
  if (action === 'pause')
    return changed
      ? `Writing to ${id} is stopped; \`waystage resume ${id}\` restarts it.`
      : `Writing to ${id} was stopped already.`;
  return changed ? `Writing to ${id} is on again from the next sync.` : `Writing to ${id} was not stopped.`;
}
