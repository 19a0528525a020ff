import type { App } from '../app/app.ts';
import { WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { type FieldReport, MAX_DISTINCT, reportFields } from '../sync/read/field-report.ts';
import { table } from '../terminal/table.ts';
import { count, instant, plural, wrap } from '../terminal/text.ts';
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
      ...types.flatMap((name) => typeLines(name, list, app.config.timezone, context.streams.width)),
      ...wrap(
        'Filled, values and newest are known of the fields that a mapping reads; others are not stored. Add one under `fields:` of a mapping, then `waystage pull`.',
        context.streams.width,
      ),
    ]);
    return 0;
  } finally {
    await open.close();
  }
}

/** The fields of one object type; names are never cut, they are for copying into a mapping. */
function typeLines(
  type: string,
  list: readonly FieldReport[],
  zone: string,
  width: number,
): readonly string[] {
  const own = list.filter((field) => field.type === type);
  if (own.length === 0) return [];
  return [
    `${type}: ${plural(own.length, 'field')}`,
    ...table(
      [
        { title: 'Field' },
        { title: 'Kind' },
        { title: 'Filled', align: 'right' },
        { title: 'Values', align: 'right' },
        { title: 'Newest' },
        { title: 'Label', flexible: true },
      ],
      own.map((field) => [
        field.name,
        field.calculated ? `${field.kind}, calc.` : field.kind,
        field.filled === null ? '' : `${Math.round(field.filled * 100)}%`,
        field.distinct === null
          ? ''
          : field.distinct >= MAX_DISTINCT
            ? `${count(MAX_DISTINCT)}+`
            : count(field.distinct),
        field.newest === null ? '' : instant(field.newest, zone).slice(0, 10),
        field.label,
      ]),
      width,
    ),
    '',
  ];
}
