import type { SubjectId } from '../model/facts.ts';
import { type RecordKey, recordKeyText } from '../model/record.ts';
import type { Member } from '../store/port.ts';

/** Which record belongs to which subject, both ways, for the length of a run. */
export interface MemberIndex {
  /** By `connection:type:id`. Holds persons, accounts, and resolved pairs of deals, tickets, touchpoints, surveys. */
  readonly subjectOf: ReadonlyMap<string, SubjectId>;
  readonly recordsOf: ReadonlyMap<SubjectId, readonly RecordKey[]>;
}

export function indexMembers(members: readonly Member[]): MemberIndex {
  const subjectOf = new Map<string, SubjectId>();
  const recordsOf = new Map<SubjectId, RecordKey[]>();
  for (const member of members) {
    subjectOf.set(recordKeyText(member), member.subject);
    const key = { connection: member.connection, type: member.type, id: member.id };
    const known = recordsOf.get(member.subject);
    if (known === undefined) recordsOf.set(member.subject, [key]);
    else known.push(key);
  }
  return { subjectOf, recordsOf };
}
