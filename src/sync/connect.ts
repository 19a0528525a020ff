import { budgetOf } from './budget.ts';
import { noteProblem } from './problems.ts';
import { typesNeeded } from './read/pull.ts';
import type { OpenConnection, Session, SyncConnection } from './session.ts';

/** Opens a connection, asks who we are there and what it looks like. Null, with the problem named, when it fails. */
export async function connect(session: Session, config: SyncConnection): Promise<OpenConnection | null> {
  const { store, clock, signal } = session.options;
  const connection = config.open(signal);
  const saved = { id: config.id, connector: config.connector.id, checkedAt: clock.now() };
  try {
    const account = await connection.check();
    const discovery = await connection.discover(typesNeeded(config));
    await store.connections.save({
      ...saved,
      accountId: account.accountId,
      accountName: account.name,
      discovery,
      problem: null,
    });
    const { kind } = session.options;
    const budget = await budgetOf(connection, account, config.budget ?? {}, store.runs, kind, clock.now());
    session.budgets.set(config.id, budget);
    return { config, connection, account, discovery, budget, readAt: new Map() };
  } catch (error) {
    await connection.close();
    signal.throwIfAborted();
    noteProblem(session, config.id, error, `${config.connector.label} connection ${config.id}`);
    const known = (await store.connections.list()).find((stored) => stored.id === config.id);
    const problem = session.problems.at(-1)?.message ?? 'not reachable';
    await store.connections.save({
      ...saved,
      accountId: known?.accountId ?? null,
      accountName: known?.accountName ?? null,
      discovery: known?.discovery ?? null,
      problem,
    });
    return null;
  }
}
