import { livePresence, type Story } from '../../../src/story/index.ts';
import { loadActivities } from './load-activity.ts';
import type { LoadContext } from './load-context.ts';
import { loadDeals } from './load-deals.ts';
import { loadPeople } from './load-people.ts';
import { loadSetup } from './load-setup.ts';
import { Org } from './org.ts';
import type { Row, SfObject } from './schema.ts';

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
