import type { SubjectId } from '../../model/facts.ts';
import { type RecordKey, recordKeyText } from '../../model/record.ts';
import type { Store } from '../../store/port.ts';
import { byType } from './record-cache.ts';

/** Which record belongs to which subject, for one chunk of subjects: what was asked for is looked up once. */
export interface Members {
  /** The subjects these records belong to; a deal or a touchpoint that stands alone belongs to none. */
  subjectsOf(keys: readonly RecordKey[]): Promise<ReadonlySet<SubjectId>>;
  /** All records of these subjects. */
  recordsOf(subjects: Iterable<SubjectId>): Promise<readonly RecordKey[]>;
  /** By `connection:type:id`, of what was looked up. */
  subjectOf(key: string): SubjectId | undefined;
  /** Of a subject that was looked up. */
  known(subject: SubjectId): readonly RecordKey[];
}

export function createMembers(store: Store): Members {
  const subjects = new Map<string, SubjectId | null>();
  const records = new Map<SubjectId, RecordKey[]>();
  return {
    async subjectsOf(keys) {
      const missing = keys.filter((key) => !subjects.has(recordKeyText(key)));
      for (const key of missing) subjects.set(recordKeyText(key), null);
      for (const { connection, type, ids } of byType(missing)) {
        for (const member of await store.subjects.membersByRecord(connection, type, ids))
          subjects.set(recordKeyText(member), member.subject);
      }
      const found = new Set<SubjectId>();
      for (const key of keys) {
        const subject = subjects.get(recordKeyText(key));
        if (subject !== undefined && subject !== null) found.add(subject);
      }
      return found;
    },
    async recordsOf(wanted) {
      const all = [...wanted];
      const missing = all.filter((subject) => !records.has(subject));
      for (const subject of missing) records.set(subject, []);
      for (const { connection, type, id, subject } of await store.subjects.membersOf(missing)) {
        const key = { connection, type, id };
        subjects.set(recordKeyText(key), subject);
        records.get(subject)?.push(key);
      }
      return all.flatMap((subject) => records.get(subject) ?? []);
    },
    subjectOf: (key) => subjects.get(key) ?? undefined,
    known: (subject) => records.get(subject) ?? [],
  };
}
