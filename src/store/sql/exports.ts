import type { Kysely } from 'kysely';
import type { SubjectId } from '../../model/facts.ts';
import type { ExportStore } from '../exports.ts';
import { ROWS_PER_STATEMENT } from './chunks.ts';
import { toEntry } from './ledger.ts';
import type { Tables } from './tables.ts';
import { toVisit } from './visits.ts';

/** Subjects whose rows are read together. */
const SUBJECTS = 200;

/** All visits, health points and writes, in chunks. */
export function exportStore(db: Kysely<Tables>): ExportStore {
  return {
    async *visits(journey) {
      for await (const subjects of subjectsOf(db, 'visits', journey)) {
        const rows = await db
          .selectFrom('visits')
          .selectAll()
          .where('subject', 'in', subjects)
          .$if(journey !== null, (query) => query.where('journey', '=', journey as string))
          .orderBy('subject')
          .orderBy('journey')
          .orderBy('seq')
          .execute();
        yield rows.map((row) => ({
          ...toVisit(row),
          subject: row.subject as SubjectId,
          journey: row.journey,
          seq: Number(row.seq),
        }));
      }
    },
    async *health(journey) {
      for await (const subjects of subjectsOf(db, 'health_points', journey)) {
        const rows = await db
          .selectFrom('health_points')
          .selectAll()
          .where('subject', 'in', subjects)
          .$if(journey !== null, (query) => query.where('journey', '=', journey as string))
          .orderBy('subject')
          .orderBy('journey')
          .orderBy('seq')
          .execute();
        yield rows.map(({ subject, journey: name, at, score, band, coverage }) => ({
          subject: subject as SubjectId,
          journey: name,
          at: Number(at),
          score,
          band,
          coverage,
        }));
      }
    },
    async *writes(journey) {
      let after = -1;
      for (;;) {
        const rows = await db
          .selectFrom('writes')
          .selectAll()
          .where('seq', '>', after)
          .$if(journey !== null, (query) => query.where('journey', '=', journey as string))
          .orderBy('seq')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        const last = rows.at(-1);
        if (last === undefined) return;
        yield rows.map(toEntry);
        after = Number(last.seq);
      }
    },
  };
}

/** Subjects that have rows, in order. */
async function* subjectsOf(
  db: Kysely<Tables>,
  table: 'visits' | 'health_points',
  journey: string | null,
): AsyncGenerator<readonly string[]> {
  let after = '';
  for (;;) {
    const rows = await db
      .selectFrom(table)
      .select('subject')
      .where('subject', '>', after)
      .$if(journey !== null, (query) => query.where('journey', '=', journey as string))
      .groupBy('subject')
      .orderBy('subject')
      .limit(SUBJECTS)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ subject }) => subject);
    after = last.subject;
  }
}
