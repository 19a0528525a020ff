import type { SubjectId } from '../model/facts.ts';
import { createFingerprints } from './fingerprints.ts';
import { type FactSource, loadNeighbourhood, type Neighbourhood } from './neighbourhood.ts';

/** Subjects judged together, with all that rules about them may see. */
export interface SubjectChunk {
  readonly accounts: readonly SubjectId[];
  /** All people whose account is one of these (J2); in chunks without accounts, people who have none. */
  readonly people: readonly SubjectId[];
  readonly neighbourhood: Neighbourhood;
}

/** Accounts and people judged together: enough to load in few statements, little enough to keep memory flat. */
const CHUNK = 200;

/**
 * Every subject that has a live record, once: accounts with their people, then people without an account. Nothing is
 * held of a chunk once the next is asked for, but sixteen bytes for each person.
 */
export async function* subjectChunks(source: FactSource): AsyncGenerator<SubjectChunk> {
  const seen = createFingerprints();
  // How many accounts make a chunk follows from how many people the accounts before them had.
  let most = CHUNK / 2;
  for await (const accounts of groups(source, 'account', () => most)) {
    const neighbourhood = await loadNeighbourhood(source, accounts, []);
    const people = accounts.flatMap((account) => neighbourhood.graph.peopleOf(account) as SubjectId[]);
    for (const person of people) seen.add(person);
    most = Math.max(1, Math.round(CHUNK / (1 + people.length / accounts.length)));
    yield { accounts, people, neighbourhood };
  }
  const left = (person: SubjectId): boolean => !seen.has(person);
  for await (const people of groups(source, 'person', () => CHUNK, left))
    yield { accounts: [], people, neighbourhood: await loadNeighbourhood(source, [], people) };
}

/** Living subjects of a kind, at most `size()` at a time. */
async function* groups(
  { store }: FactSource,
  kind: 'person' | 'account',
  size: () => number,
  wanted: (subject: SubjectId) => boolean = () => true,
): AsyncGenerator<readonly SubjectId[]> {
  let group: SubjectId[] = [];
  for await (const stored of store.subjects.scan(kind)) {
    for (const { id, gone } of stored) {
      if (gone || !wanted(id)) continue;
      group.push(id);
      if (group.length < size()) continue;
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
