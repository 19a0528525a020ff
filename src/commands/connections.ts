import type { App } from '../app/app.ts';
import { table } from '../terminal/table.ts';
import { clean, count, instant, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

/** `connections`: what is configured and how it was at the last contact. Asks no CRM. */
export async function connections(context: CommandContext, app: App): Promise<ExitStatus> {
  const stored = new Map(
    (await app.store.connections.list()).map((connection) => [connection.id, connection]),
  );
  const states = new Map((await app.store.connections.states()).map((state) => [state.id, state]));
  const counts = await app.store.records.counts();
  const zone = app.config.timezone;
  const list = app.connections.map((connection) => {
    const known = stored.get(connection.id);
    const configured = app.config.connections.find(({ id }) => id === connection.id);
    return {
      id: connection.id,
      connector: connection.connector.id,
      account: known?.accountName ?? null,
      accountId: known?.accountId ?? null,
      checkedAt: known?.checkedAt ?? null,
      problem: known?.problem ?? null,
      writeMode: connection.writeMode,
      pausedAt: states.get(connection.id)?.pausedAt ?? null,
      reconciledAt: states.get(connection.id)?.reconciledAt ?? null,
      schedule: configured?.schedule ?? null,
      records: Object.fromEntries(
        counts.filter((row) => row.connection === connection.id).map((row) => [row.type, row.records]),
      ),
    };
  });
  const { width } = context.streams;
  print(context, { connections: list }, () =>
    list.length === 0
      ? ['No connection is configured. Run `waystage init`.']
      : [
          ...table(
            [
              { title: 'Connection', flexible: true },
              { title: 'CRM' },
              { title: 'Account', flexible: true },
              { title: 'Records', align: 'right' },
              { title: 'Writing' },
              { title: 'Last contact' },
            ],
            list.map((one) => [
              one.id,
              app.connections.find(({ id }) => id === one.id)?.connector.label ?? one.connector,
              one.account ?? '',
              count(Object.values(one.records).reduce((sum, records) => sum + records, 0)),
              one.pausedAt !== null ? 'paused' : one.writeMode === 'apply' ? 'on' : 'plan only',
              one.checkedAt === null ? 'never' : instant(one.checkedAt, zone),
            ]),
            width,
          ),
          ...list.flatMap((one) =>
            one.problem === null ? [] : wrap(`${one.id}: ${clean(one.problem)}`, width, '  '),
          ),
        ],
  );
  return list.some((one) => one.problem !== null) ? 1 : 0;
}
