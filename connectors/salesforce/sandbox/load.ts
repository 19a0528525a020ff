import { livePresence, type Presence, type Story, type StoryHistory } from '../../../src/story/index.ts';
import { loadActivities } from './load-activity.ts';
import { loadDeals } from './load-deals.ts';
import { loadPeople } from './load-people.ts';
import { loadSetup } from './load-setup.ts';
import { Org } from './org.ts';
import type { Row, SfObject, SfValue } from './schema.ts';

/** What the loaders share: the story by key, and rows with every field in place. */
export interface LoadContext {
  readonly org: Org;
  readonly story: Story;
  /** Salesforce user of a story owner; the first owner when the story names none. */
  ownerId(key: string | null | undefined): string;
  /** The record others refer to: neither deleted nor a converted lead. */
  live(presences: readonly Presence[], type?: string): Presence | null;
  /** A stored row with all fields, filled from `values`. */
  add(object: string, presence: RowStamp, values: Readonly<Record<string, SfValue>>): Row;
}

export interface RowStamp {
  readonly id: string;
  readonly created: number;
  readonly modified: number;
  readonly archived: boolean;
}

/** Builds an org that holds the story's Salesforce side. `hidden` names fields (`Contact.Phone`) that the
 *  integration user's profile does not grant. */
export function loadOrg(story: Story, hidden: readonly string[]): Org {
  const org = new Org();
  const owners = new Map(story.owners.map((owner) => [owner.key, owner.salesforceId]));
  const fallback = story.owners[0]?.salesforceId ?? org.integrationUserId;
  const templates = new Map<string, Row>();
  const context: LoadContext = {
    org,
    story,
    ownerId: (key) => (key === null || key === undefined ? fallback : (owners.get(key) ?? fallback)),
    live: (presences, type) => livePresence(presences, 'salesforce', type),
    add: (object, presence, values) => {
      let template = templates.get(object);
      if (template === undefined) {
        template = emptyRow(org.object(object)!);
        templates.set(object, template);
      }
      const row: Row = { ...template };
      row['Id'] = presence.id;
      row['IsDeleted'] = presence.archived;
      row['CreatedDate'] = presence.created;
      row['LastModifiedDate'] = presence.modified;
      row['SystemModstamp'] = presence.modified;
      for (const name in values) row[name] = values[name] ?? null;
      const user = row['OwnerId'] ?? fallback;
      row['CreatedById'] = user;
      row['LastModifiedById'] = user;
      org.insert(object, row);
      return row;
    },
  };
  loadSetup(context, hidden);
  loadPeople(context);
  loadDeals(context);
  loadActivities(context);
  return org;
}

function emptyRow(object: SfObject): Row {
  const row: Row = {};
  for (const field of object.fields.values()) row[field.name] = field.defaultValue;
  return row;
}

/** A story value as this CRM spells it. */
export function spelled<T extends SfValue>(presence: Presence, name: string, own: T): T {
  const other = presence.spelling[name];
  return other === undefined ? own : (other as T);
}

/** How a value stood from the creation of a record on: what happened before counts as its first value; a value
 *  that only repeats the one before is left out. */
export function historyFrom(
  history: readonly StoryHistory[],
  field: string,
  from: number,
  translate: (value: SfValue) => SfValue,
): readonly { readonly value: SfValue; readonly at: number }[] {
  const steps: { value: SfValue; at: number }[] = [];
  for (const { value: raw, at } of history.find((one) => one.field === field)?.values ?? []) {
    const value = translate(raw);
    const last = steps[steps.length - 1];
    if (last !== undefined && last.value === value) continue;
    if (at <= from) steps.length = 0;
    steps.push({ value, at: Math.max(at, from) });
  }
  return steps;
}
