import type { SubjectId, SubjectKind } from '../../model/facts.ts';
import type { PendingSubject } from '../../store/port.ts';
import { accountsOf } from '../place/affected.ts';
import type { Sight } from '../place/sight.ts';
import { createFingerprints, type Fingerprints } from './fingerprints.ts';
import { type FactSource, loadNeighbourhood, type Neighbourhood } from './neighbourhood.ts';

/** Subjects judged together, with all that rules about them may see. */
export interface SubjectChunk {
  readonly accounts: readonly SubjectId[];
  /** All people whose account is one of these (J2), and those that were asked for. */
  readonly people: readonly SubjectId[];
  readonly neighbourhood: Neighbourhood;
  /** Whom of these to judge in any case; null: all. */
  readonly chosen: ReadonlyMap<SubjectId, PendingSubject> | null;
}

/** Accounts and people judged together: enough to load in few statements, little enough to keep memory flat. */
const CHUNK = 200;

/**
 * Every subject that has a live record, once: accounts with their people, then people without an account. Nothing is
 * held of a chunk once the next is asked for, but sixteen bytes for each person.
 */
export async function* subjectChunks(source: FactSource): AsyncGenerator<SubjectChunk> {
  const seen = createFingerprints();
  for await (const { accounts, people, neighbourhood } of accountChunks(
    source,
    everyone(source, 'account'),
  )) {
    for (const person of people) seen.add(person);
    yield { accounts, people, neighbourhood, chosen: null };
  }
  for await (const people of groups(everyone(source, 'person'), () => CHUNK, seen.has))
    yield {
      accounts: [],
      people,
      neighbourhood: await loadNeighbourhood(source, [], people),
      chosen: null,
    };
}

/**
 * The subjects that wait, each once: accounts with their people, of whom those that wait are chosen too, then the
 * other people that wait, with their accounts where rules look from one to the other.
 * @param judged who was judged meanwhile; kept up by the caller
 */
export async function* waitingChunks(
  source: FactSource,
  sight: Sight,
  judged: Pick<Fingerprints, 'has'>,
): AsyncGenerator<SubjectChunk> {
  const { pending } = source.store;
  for await (const chunk of accountChunks(source, waiting(source, 'account')))
    yield { ...chunk, chosen: await pending.among([...chunk.accounts, ...chunk.people]) };
  for await (const people of groups(waiting(source, 'person'), () => CHUNK, judged.has)) {
    const accounts = sight.account ? await accountsOf(source, people) : [];
    const neighbourhood = await loadNeighbourhood(source, accounts, people);
    const near = accounts.flatMap((account) => neighbourhood.graph.peopleOf(account) as SubjectId[]);
    yield {
      accounts,
      people: [...new Set([...people, ...near])],
      neighbourhood,
      chosen: await pending.among(people),
    };
  }
}

async function* accountChunks(
  source: FactSource,
  subjects: AsyncIterable<readonly SubjectId[]>,
): AsyncGenerator<Omit<SubjectChunk, 'chosen'>> {
  // How many accounts make a chunk follows from how many people the accounts before them had.
  let most = CHUNK / 2;
  for await (const accounts of groups(subjects, () => most)) {
    const neighbourhood = await loadNeighbourhood(source, accounts, []);
    const people = accounts.flatMap((account) => neighbourhood.graph.peopleOf(account) as SubjectId[]);
    most = Math.max(1, Math.round(CHUNK / (1 + people.length / accounts.length)));
    yield { accounts, people, neighbourhood };
  }
}

async function* everyone({ store }: FactSource, kind: SubjectKind): AsyncGenerator<readonly SubjectId[]> {
  for await (const stored of store.subjects.scan(kind))
    yield stored.flatMap(({ id, gone }) => (gone ? [] : [id]));
}

async function* waiting({ store }: FactSource, kind: SubjectKind): AsyncGenerator<readonly SubjectId[]> {
  for await (const stored of store.pending.scan(kind)) yield stored.map(({ id }) => id);
}

/** At most `size()` at a time. */
async function* groups(
  subjects: AsyncIterable<readonly SubjectId[]>,
  size: () => number,
  done: (subject: SubjectId) => boolean = () => false,
): AsyncGenerator<readonly SubjectId[]> {
  let group: SubjectId[] = [];
  for await (const some of subjects) {
    for (const id of some) {
      if (done(id)) continue;
      group.push(id);
      if (group.length < size()) continue;
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
