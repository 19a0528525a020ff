import type { ConnectionId, CrmRecord } from '../../model/record.ts';
import type { Baseline } from '../../store/holds.ts';

/** How many live records there are of each type, and how many of them have a value in the fields that rules read. */
export interface Figures {
  /** Counts one record; only live ones count. */
  add(record: CrmRecord): void;
  /** `field` empty: records. Null: the type was not counted, or its field is not one that is read. */
  count(connection: ConnectionId, type: string, field: string): number | null;
  list(): readonly Baseline[];
}

/** @param fieldsOf the fields to count, by connection and type; null: the type is not counted */
export function createFigures(
  fieldsOf: (connection: ConnectionId, type: string) => readonly string[] | null,
): Figures {
  const types = new Map<
    string,
    {
      connection: ConnectionId;
      type: string;
      live: number;
      fields: readonly string[];
      filled: number[];
    } | null
  >();
  const of = (connection: ConnectionId, type: string) => {
    const key = `${connection}\n${type}`;
    const known = types.get(key);
    if (known !== undefined) return known;
    const fields = fieldsOf(connection, type);
    const made = fields === null ? null : { connection, type, live: 0, fields, filled: fields.map(() => 0) };
    types.set(key, made);
    return made;
  };
  return {
    add(record) {
      if (record.state !== 'live') return;
      const figures = of(record.connection, record.type);
      if (figures === null) return;
      figures.live += 1;
      for (let index = 0; index < figures.fields.length; index += 1) {
        const value = record.fields[figures.fields[index]!];
        if (value !== undefined && value !== null) figures.filled[index]! += 1;
      }
    },
    count(connection, type, field) {
      const figures = of(connection, type);
      if (figures === null) return null;
      if (field === '') return figures.live;
      const index = figures.fields.indexOf(field);
      return index < 0 ? null : figures.filled[index]!;
    },
    list: () =>
      [...types.values()].flatMap((figures) =>
        figures === null
          ? []
          : [
              { connection: figures.connection, type: figures.type, field: '', n: figures.live },
              ...figures.fields.map((field, index) => ({
                connection: figures.connection,
                type: figures.type,
                field,
                n: figures.filled[index]!,
              })),
            ],
      ),
  };
}
