import type { FieldInfo, PastChange, ReadRequest } from '../../src/connector/port.ts';
import type { Row, SalesforceClient } from './client.ts';
import { classOf } from './errors.ts';
import { canonical } from './field-courses.ts';
import { FIELD_HISTORIES } from './history-objects.ts';
import { id18, isId } from './ids.ts';
import { milliseconds } from './mapper.ts';
import { chunk, inIds, inTexts, select } from './soql.ts';

/** Ids of one query: names of fields stand beside them. */
const IDS = 300;

interface Line extends Pick<PastChange, 'id' | 'field' | 'from' | 'to' | 'at'> {
  readonly user: string;
}

/**
 * The changes of fields whose history somebody has switched on, newest first. Where nothing is told of records that
 * were written a moment ago, it is not switched on, and no more is asked. The stamps have whole seconds, so what was
 * there before a change is taken from the change itself.
 */
export async function pastChanges(
  client: SalesforceClient,
  request: ReadRequest,
): Promise<readonly PastChange[]> {
  const history = FIELD_HISTORIES[request.type];
  const known = request.discovery.objects[request.type]?.fields ?? {};
  const fields = request.fields.filter((name) => Object.hasOwn(known, name));
  if (history === undefined || fields.length === 0) return [];
  const lines: Line[] = [];
  for (const ids of chunk([...new Set(request.ids.filter(isId).map(id18))], IDS)) {
    const soql = select({
      fields: ['Id', history.parent, 'Field', 'OldValue', 'NewValue', 'CreatedDate', 'CreatedById'],
      from: history.object,
      where: `${inIds(history.parent, ids)} AND ${inTexts('Field', fields)}`,
      orderBy: 'CreatedDate DESC, Id DESC',
    });
    let rows: readonly Row[];
    try {
      rows = await client.queryRows(soql, 'query', 'look-back');
    } catch (error) {
      // The org keeps no history of this object, or does not let us read it.
      if (['config', 'missing'].includes(classOf(error) ?? '')) return [];
      throw error;
    }
    lines.push(...rows.flatMap((row) => lineOf(row, history.parent, known)));
    if (lines.length === 0) return [];
  }
  return changesOf(lines);
}

function lineOf(row: Row, parent: string, known: Readonly<Record<string, FieldInfo>>): readonly Line[] {
  const [id, field, user] = [row[parent], row['Field'], row['CreatedById']];
  const at = milliseconds(row['CreatedDate'], 'CreatedDate');
  if (typeof id !== 'string' || typeof field !== 'string' || at === null) return [];
  const info = known[field];
  if (info === undefined) return [];
  const values = [canonical(row['OldValue'], info), canonical(row['NewValue'], info)] as const;
  const [from, to] = values;
  // Of long texts only that they changed is told.
  if (from === undefined || to === undefined || (from === null && to === null)) return [];
  return [{ id: id18(id), field, from, to, at, user: typeof user === 'string' ? user : '' }];
}

function changesOf(lines: readonly Line[]): readonly PastChange[] {
  const byField = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${line.id} ${line.field}`;
    const list = byField.get(key);
    if (list === undefined) byField.set(key, [line]);
    else list.push(line);
  }
  return [...byField.values()].flatMap((list) =>
    list.map(({ id, field, from, to, at, user }): PastChange => {
      const before = list.find((other) => other.at <= at && other.to === from && other.from !== from);
      return {
        ...{ id, field, from, to, at },
        // Whose user we are is not asked for: what the same user wrote may have been us.
        own: true,
        before: before !== undefined && before.user === user ? 'api' : 'other',
        who: before === undefined ? null : `user ${before.user}`,
        by: user === '' ? null : `user ${user}`,
      };
    }),
  );
}
