import type { IdSource } from './ids.ts';
import type { OwnerSeat } from './owners.ts';
import type { Rng } from './prng.ts';
import { DAY, HOUR, MINUTE } from './time.ts';
import type { Presence } from './types.ts';

export type Crm = Presence['crm'];
export type Spelling = Record<string, string | number | boolean | null>;

/** What every part of the story is written with. */
export interface World {
  readonly now: number;
  readonly rng: Rng;
  readonly ids: IdSource;
  readonly seats: readonly OwnerSeat[];
}

/** A presence while the story is still being told: later events move its modification stamp. */
export interface PresenceDraft {
  readonly crm: Crm;
  readonly type: string;
  readonly id: string;
  readonly created: number;
  modified: number;
  readonly spelling: Spelling;
  crossId: string | null;
  readonly mergedIds: string[];
  archived: boolean;
  readonly converted: Presence['converted'];
}

export function draftPresence(
  crm: Crm,
  type: string,
  id: string,
  created: number,
  parts: { readonly spelling?: Spelling; readonly converted?: Presence['converted'] } = {},
): PresenceDraft {
  return {
    crm,
    type,
    id,
    created,
    modified: created,
    spelling: parts.spelling ?? {},
    crossId: null,
    mergedIds: [],
    archived: false,
    converted: parts.converted ?? null,
  };
}

/** The record that stands for a thing of the story in one CRM, where other records of that CRM refer to it: the
 *  first that is neither archived nor a converted lead; null when the CRM has none. */
export function livePresence<P extends Presence | PresenceDraft>(
  presences: readonly P[],
  crm: Crm,
  type?: string,
): P | null {
  for (const presence of presences) {
    if (
      presence.crm === crm &&
      !presence.archived &&
      presence.converted === null &&
      (type === undefined || presence.type === type)
    ) {
      return presence;
    }
  }
  return null;
}

/** Something happened to the records: their stamps are at least `at`. Archived and converted ones stay. */
export function touch(presences: readonly PresenceDraft[], at: number): void {
  for (const presence of presences) {
    if (!presence.archived && presence.converted === null && at > presence.modified) {
      presence.modified = at;
    }
  }
}

/** A CRM stamps a change moments after it happened, and a few records get a later edit of no consequence. */
export function settle(rng: Rng, presences: readonly PresenceDraft[], now: number): void {
  for (const presence of presences) {
    if (presence.archived || presence.converted !== null) {
      continue;
    }
    const edit = rng.chance(0.1) ? rng.between(0, 20 * DAY) : rng.between(800, 4 * MINUTE);
    const latest = Math.max(presence.modified, now - 1_000 - Math.floor(rng.between(0, HOUR)));
    presence.modified = Math.min(Math.floor(presence.modified + edit), latest);
  }
}

/** Which sides name each other. */
export type CrossMode = 'both' | 'hubspot' | 'salesforce' | 'none';

/** Writes cross-ids on either side, both or none (then only e-mail or domain can match the two). */
export function crossLink(mode: CrossMode, hubspot: PresenceDraft, salesforce: PresenceDraft): void {
  if (mode === 'both' || mode === 'hubspot') {
    hubspot.crossId = salesforce.id;
  }
  if (mode === 'both' || mode === 'salesforce') {
    salesforce.crossId = hubspot.id;
  }
}

/** The other CRM learns of a record from the integration within hours, from an import within days. */
export function syncDelay(rng: Rng, at: number, now: number): number {
  const delay = rng.chance(0.8) ? rng.between(2 * MINUTE, 4 * HOUR) : rng.between(4 * HOUR, 3 * DAY);
  return Math.floor(Math.min(delay, (now - at) / 2));
}

/** Fills a fact's other spellings only where they differ. */
export function respell(
  spelling: Spelling,
  field: string,
  value: Spelling[string],
  own: Spelling[string],
): void {
  if (value !== own) {
    spelling[field] = value;
  }
}
