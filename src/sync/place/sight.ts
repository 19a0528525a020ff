import type { Mapping } from '../../mapping/types.ts';
import type { SubjectKind } from '../../model/facts.ts';

/** How far the rules of all journeys together look: who has to be judged when something changes (J2, J15). */
export interface Sight {
  /** Kinds of subjects that some journey judges. */
  readonly kinds: ReadonlySet<SubjectKind>;
  /** Rules about people read their account: its fields, its lists, or what a journey says of it. */
  readonly account: boolean;
  /** Rules about people read lists of their account, or what a journey says of the people there. */
  readonly lists: boolean;
  /** Rules about accounts read what a journey says of their people. */
  readonly people: boolean;
}

export function sightOf(mappings: readonly Mapping[]): Sight {
  let [account, lists, people] = [false, false, false];
  for (const { subject, readsOfAccount, dependsOn } of mappings) {
    const reads = (of: 'account' | 'people'): boolean => dependsOn.some((dependency) => dependency.of === of);
    if (subject === 'account') {
      people ||= reads('people');
      continue;
    }
    lists ||= readsOfAccount === undefined || readsOfAccount.lists.length > 0 || reads('people');
    account ||= readsOfAccount === undefined || readsOfAccount.fields || reads('account');
  }
  return {
    kinds: new Set(mappings.map(({ subject }) => subject)),
    account: account || lists,
    lists,
    people,
  };
}
