import type { IdSource } from './ids.ts';
import { latinise, slug } from './names.ts';
import type { StoryOwner } from './types.ts';
import { STORY_COMPANY } from './vocabulary.ts';

/** An owner and where the desk stands: business hours are kept on that clock. */
export interface OwnerSeat {
  readonly owner: StoryOwner;
  /** Hours ahead of UTC. */
  readonly offset: number;
  /** Languages this owner is asked to look after first. */
  readonly languages: readonly string[];
}

const STAFF: readonly (readonly [string, number, readonly string[]])[] = [
  ['Maya Lindqvist', 1, ['de', 'pl', 'el']],
  ['Tom Achterberg', 1, ['de', 'fr', 'tr']],
  ['Inès Carvalho', 1, ['fr', 'es', 'pt']],
  ['Rafael Ortega', 1, ['es', 'pt', 'he']],
  ['Grace Okonkwo', -5, ['en']],
  ['Dylan Park', -5, ['en', 'ko']],
  ['Rosa Whitfield', -6, ['en']],
  ['Ben Kowalczyk', -8, ['en', 'pl']],
  ['Hana Kobayashi', 9, ['ja', 'ko']],
  ['Wen Li', 8, ['zh', 'th']],
  ['Omar Nasser', 4, ['ar', 'hi', 'ru']],
  ['Isha Raman', 5, ['hi', 'en', 'ru']],
];

/** The staff of the story's company, the same in both CRMs. */
export function createOwners(ids: IdSource): readonly OwnerSeat[] {
  return STAFF.map(([name, offset, languages], index) => ({
    owner: {
      key: `owner-${index + 1}`,
      name,
      email: `${slug(latinise(name).split(' ')[0]!)}@${STORY_COMPANY.domain}`,
      hubspotId: ids.hubspot('owners'),
      salesforceId: ids.salesforce('User'),
    },
    offset,
    languages,
  }));
}
