import { WaystageError } from '../../model/errors.ts';
import type { SubjectId } from '../../model/facts.ts';
import type { ConnectionId } from '../../model/record.ts';
import type { Store, StoredSubject } from '../../store/port.ts';
import type { SyncConnection } from '../session.ts';

/** Fields of person and account records that people name them by. */
export interface NamedBy {
  readonly connection: ConnectionId;
  readonly type: string;
  readonly emails: readonly string[];
  readonly domains: readonly string[];
}

/** Where the connections' field maps keep e-mails and domains. */
export function namedBy(connections: readonly SyncConnection[]): readonly NamedBy[] {
  return connections.flatMap((connection) =>
    connection.connector.capabilities.objectTypes
      .filter((type) => type.entity === 'person' || type.entity === 'account')
      .map((type) => {
        const identity = connection.fieldMap.identity[type.name];
        return {
          connection: connection.id,
          type: type.name,
          emails: identity?.emails ?? [],
          domains: identity?.domains ?? [],
        };
      }),
  );
}

/**
 * Finds a subject by e-mail, domain, `connection:type:id` or its own id. Throws `not_found` with what to do, and
 * `usage` when several subjects answer to the name.
 */
export async function findSubject(
  store: Store,
  text: string,
  named: readonly NamedBy[],
): Promise<StoredSubject> {
  const direct = await store.subjects.get(text);
  if (direct !== null) return direct;
  const [connection, type, ...rest] = text.split(':');
  if (connection !== undefined && type !== undefined && rest.length > 0) {
    const member = await store.subjects.memberByRecord({
      connection: connection as ConnectionId,
      type,
      id: rest.join(':'),
    });
    const subject = member === null ? null : await store.subjects.get(member.subject);
    if (subject !== null) return subject;
  }
  const wanted = text.normalize('NFKC').trim().toLowerCase();
  const found = new Set<SubjectId>();
  for (const place of named) {
    const fields = wanted.includes('@') ? place.emails : place.domains;
    if (fields.length === 0) continue;
    for await (const chunk of store.records.scan(place.connection, place.type)) {
      for (const record of chunk) {
        if (!fields.some((field) => names(record.fields[field], wanted))) continue;
        const member = await store.subjects.memberByRecord(record);
        if (member !== null) found.add(member.subject);
      }
    }
  }
  const [first, ...others] = [...found];
  if (first === undefined) {
    throw new WaystageError(
      'not_found',
      `Nobody is known as \`${text}\`. Name an e-mail address, a domain or connection:type:id as in \`waystage run last\`; if it is new in the CRM, run \`waystage sync\` first.`,
    );
  }
  if (others.length > 0) {
    throw new WaystageError(
      'usage',
      `\`${text}\` names ${others.length + 1} subjects: ${[first, ...others].slice(0, 10).join(', ')}. Use one of these ids.`,
    );
  }
  const subject = await store.subjects.get(first);
  if (subject === null)
    throw new WaystageError('not_found', `\`${text}\` has no subject any more. Run \`waystage sync\`.`);
  return subject;
}

/** Several addresses may stand in one field; a domain may stand in a URL. */
function names(value: unknown, wanted: string): boolean {
  if (typeof value !== 'string') return false;
  return value
    .normalize('NFKC')
    .toLowerCase()
    .split(/[;,\s]+/)
    .some(
      (part) =>
        part === wanted ||
        part
          .replace(/^https?:\/\//, '')
          .replace(/^www\./, '')
          .replace(/[/:?#].*$/, '') === wanted,
    );
}
