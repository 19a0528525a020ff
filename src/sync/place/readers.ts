import type { Mapping } from '../../mapping/types.ts';
import type { SubjectId } from '../../model/facts.ts';
import type { SubjectChunk } from '../subjects/subject-chunks.ts';

/** Whom of a chunk each journey has to judge (J2): those that were chosen, and who reads a result that changed. */
export interface Readers {
  subjects(mapping: Mapping): readonly SubjectId[];
  /** The result of this subject became another one: its readers are judged by the journeys that come after. */
  changed(mapping: Mapping, subject: SubjectId): void;
  /** Readers that were not chosen. */
  added(): readonly SubjectId[];
}

export function createReaders(mappings: readonly Mapping[], chunk: SubjectChunk): Readers {
  const { chosen, accounts, people } = chunk;
  const { graph } = chunk.neighbourhood;
  const more = new Map<string, Set<SubjectId>>();
  const here = new Set([...accounts, ...people]);
  const readersOf = (
    subject: SubjectId,
    of: 'self' | 'account' | 'people',
    reader: Mapping,
  ): readonly SubjectId[] => {
    if (of === 'self') return [subject];
    if (of === 'account') return graph.peopleOf(subject) as SubjectId[];
    const account = graph.accountOf(subject) as SubjectId | null;
    if (account === null) return [];
    return reader.subject === 'account' ? [account] : (graph.peopleOf(account) as SubjectId[]);
  };
  return {
    subjects(mapping) {
      const all = mapping.subject === 'account' ? accounts : people;
      if (chosen === null) return all;
      const extra = more.get(mapping.name);
      return all.filter((subject) => chosen.has(subject) || extra?.has(subject) === true);
    },
    changed(mapping, subject) {
      if (chosen === null) return;
      for (const reader of mappings) {
        for (const { journey, of } of reader.dependsOn) {
          if (journey !== mapping.name) continue;
          const readers = more.get(reader.name) ?? new Set<SubjectId>();
          more.set(reader.name, readers);
          for (const one of readersOf(subject, of, reader)) if (here.has(one)) readers.add(one);
        }
      }
    },
    added: () =>
      [...new Set([...more.values()].flatMap((some) => [...some]))].filter(
        (one) => chosen?.has(one) !== true,
      ),
  };
}
