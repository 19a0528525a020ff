import {
  type Crm,
  livePresence,
  type Presence,
  type Story,
  type StoryHistory,
} from '../../../src/story/index.ts';
import type { Portal } from './portal.ts';
import { type HistoryEntry, newRecord, type StoredRecord } from './record.ts';
import { isoText } from './values.ts';

export const CRM: Crm = 'hubspot';
export type StoryValue = string | number | boolean | null | undefined;

/** Reads a story value as this CRM spells it. */
export function spelled(presence: Presence, field: string, own: StoryValue): StoryValue {
  return Object.hasOwn(presence.spelling, field) ? presence.spelling[field] : own;
}

export interface Loader {
  readonly portal: Portal;
  /** HubSpot id of an owner by the story's key. */
  owner(key: StoryValue): string | null;
  /** HubSpot id of the live company, contact or deal that stands for a thing of the story; null without one. */
  account(key: string | null): string | null;
  person(key: string): string | null;
  deal(key: string | null): string | null;
  insert(
    presence: Presence,
    values: Readonly<Record<string, StoryValue>>,
    history?: readonly History[],
  ): StoredRecord;
  /** Unlabeled association, or the pair's own label; nothing when the other record is not there. */
  link(record: StoredRecord, to: string, toId: string | null, label?: string): void;
}

export interface History {
  readonly property: string;
  readonly story: StoryHistory;
  readonly map?: (value: string) => string;
}

export function createLoader(portal: Portal, story: Story): Loader {
  const ownerIds = new Map<string, string>();
  for (const [index, owner] of story.owners.entries()) {
    const [firstName = '', ...rest] = owner.name.split(' ');
    ownerIds.set(owner.key, owner.hubspotId);
    portal.ownerIds.add(owner.hubspotId);
    const created = Math.min(
      story.options.now,
      ...story.accounts.slice(0, 1).map((account) => account.created),
    );
    portal.owners.push({
      id: owner.hubspotId,
      email: owner.email,
      firstName,
      lastName: rest.join(' '),
      userId: 7_000_001 + index,
      created,
    });
  }
  portal.owners.sort((a, b) => Number(a.id) - Number(b.id));
  const ids = (things: readonly { readonly key: string; readonly presences: readonly Presence[] }[]) => {
    const map = new Map<string, string>();
    for (const thing of things) {
      const presence = livePresence(thing.presences, CRM);
      if (presence !== null) map.set(thing.key, presence.id);
    }
    return map;
  };
  const accounts = ids(story.accounts);
  const people = ids(story.people);
  const deals = ids(story.deals);
  return {
    portal,
    owner: (key) => (typeof key === 'string' ? (ownerIds.get(key) ?? null) : null),
    account: (key) => (key === null ? null : (accounts.get(key) ?? null)),
    person: (key) => people.get(key) ?? null,
    deal: (key) => (key === null ? null : (deals.get(key) ?? null)),
    insert: (presence, values, history = []) => {
      const properties = Object.create(null) as Record<string, string>;
      for (const name in values) {
        const value = values[name];
        if (value !== null && value !== undefined && value !== '') properties[name] = String(value);
      }
      const record = newRecord(presence.type, presence.id, properties, presence.created, presence.modified);
      if (presence.archived) record.archivedAt = presence.modified;
      record.mergedIds = [...presence.mergedIds];
      for (const one of history) addHistory(record, one);
      portal.store.insert(record);
      for (const id of presence.mergedIds) portal.store.alias(presence.type, id, presence.id);
      return record;
    },
    link: (record, to, toId, label) => {
      if (toId === null || record.archivedAt !== null) return;
      const type =
        label === undefined
          ? portal.associationTypes.between(record.type, to)[0]!
          : portal.associationTypes.label(record.type, to, label);
      portal.associations.add(type, record.id, toId);
    },
  };
}

function addHistory(record: StoredRecord, { property, story, map }: History): void {
  if (story.values.length === 0) return;
  const entries = story.values.map(({ value, at }): HistoryEntry => {
    const text = value === null ? '' : String(value);
    return { value: text === '' || map === undefined ? text : map(text), at, by: 'person' };
  });
  record.history ??= new Map();
  record.history.set(property, entries);
}

/** The named histories of a story entity, under the property that has them here. */
export function histories(
  story: readonly StoryHistory[],
  fields: Readonly<Record<string, readonly [property: string, map?: (value: string) => string]>>,
): readonly History[] {
  return story.flatMap((one) => {
    const target = fields[one.field];
    if (target === undefined) return [];
    const [property, map] = target;
    return [{ property, story: one, ...(map === undefined ? {} : { map }) }];
  });
}

/** Epoch milliseconds as the API's text. */
export function stamp(at: StoryValue): string | null {
  return typeof at === 'number' ? isoText(at) : null;
}
