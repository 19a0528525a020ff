import type { App } from '../app/app.ts';
import { WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { MAX_DISTINCT, reportFields } from '../sync/field-report.ts';
import { table } from '../terminal/table.ts';
import { count, instant } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

/** `fields <connection>`: the CRM's fields with fill rate, distinct values and freshness, for writing rules. */
export async function fields(
  context: CommandContext,
  app: App,
  id: string,
  type: string | undefined,
): Promise<ExitStatus> {
  const connection = app.connections.find((candidate) => candidate.id === id);
  if (connection === undefined) {
    const ids = app.connections.map((candidate) => candidate.id);
    const near = nearest(id, ids);
    throw new WaystageError(
      'not_found',
      `There is no connection \`${id}\`. Configured: ${ids.join(', ') || 'none'}.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
    );
  }
  const known = connection.connector.capabilities.objectTypes.map((object) => object.name);
  if (type !== undefined && !known.includes(type)) {
    const near = nearest(type, known);
    throw new WaystageError(
      'usage',
      `${connection.connector.label} has no object type \`${type}\`. Known: ${known.join(', ')}.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
    );
  }
  const types = type === undefined ? known : [type];
  const open = connection.open(context.signal);
  try {
    await open.check();
    const list = await reportFields(app.store, connection, await open.discover(types), types);
    print(context, { connection: id, fields: list }, () => [
      ...table(
        [
          { title: 'Type' },
          { title: 'Field', flexible: true },
          { title: 'Label', flexible: true },
          { title: 'Kind' },
          { title: 'Filled', align: 'right' },
          { title: 'Values', align: 'right' },
          { title: 'Newest' },
        ],
        list.map((field) => [
          field.type,
          field.name,
          field.label,
          field.calculated ? `${field.kind}, calc.` : field.kind,
          field.filled === null ? '' : `${Math.round(field.filled * 100)}%`,
          field.distinct === null
            ? ''
            : field.distinct >= MAX_DISTINCT
              ? `${count(MAX_DISTINCT)}+`
              : count(field.distinct),
          field.newest === null ? '' : instant(field.newest, app.config.timezone).slice(0, 10),
        ]),
        context.streams.width,
      ),
      '',
      'Figures are of the fields that a mapping reads; others are not stored. Read one by adding it under `fields:` of a mapping.',
    ]);
    return 0;
  } finally {
    await open.close();
  }
}
