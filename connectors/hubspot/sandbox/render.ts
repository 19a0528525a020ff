import type { ObjectType } from './object-types.ts';
import { liveLinks, type Portal, propertyValue, type RecordView, schemaOf, viewOf } from './portal.ts';
import { type Actor, historyOf, type StoredRecord } from './record.ts';
import { isoText } from './values.ts';

/** Values the account keeps of one property of one record, the newest ones. */
const VERSIONS = 20;
const VERSIONS_OF_CONTACTS = 45;

/** Which properties an answer shows: the wanted ones that exist plus the three every answer carries. */
export interface Selection {
  readonly properties: readonly string[];
  readonly history: readonly string[];
}

export function select(
  portal: Portal,
  type: ObjectType,
  wanted: readonly string[] | null,
  history: readonly string[] = [],
): Selection {
  const schema = schemaOf(portal, type.name);
  const known = (names: readonly string[]): string[] =>
    names.filter((name) => schema.get(name) !== undefined);
  const always = ['hs_object_id', type.createdProperty, type.modifiedProperty];
  return {
    properties: [...new Set([...always, ...known(wanted ?? type.defaults)])].sort(),
    history: known(history),
  };
}

/** A record in the API's own form: every value is text, an empty one is null. `view`: as search still sees it. */
export function render(
  portal: Portal,
  record: StoredRecord,
  selection: Selection,
  view: RecordView = viewOf(record),
): Record<string, unknown> {
  // Null prototype: a property name can never meet one of Object's own.
  const properties = Object.create(null) as Record<string, string | null>;
  for (const name of selection.properties) properties[name] = propertyValue(portal, view, name);
  const body: Record<string, unknown> = {
    id: record.id,
    properties,
    createdAt: isoText(record.created),
    updatedAt: isoText(view.modified),
    archived: record.archivedAt !== null,
  };
  if (record.archivedAt !== null) body['archivedAt'] = isoText(record.archivedAt);
  if (selection.history.length > 0) {
    const history = Object.create(null) as Record<string, unknown>;
    for (const name of selection.history)
      history[name] = historyOf(record, name)
        .slice(-(record.type === 'contacts' ? VERSIONS_OF_CONTACTS : VERSIONS))
        .map((entry) => ({ value: entry.value, timestamp: isoText(entry.at), ...source(portal, entry.by) }))
        .reverse();
    body['propertiesWithHistory'] = history;
  }
  return body;
}

function source(portal: Portal, by: Actor): Record<string, unknown> {
  if (by === 'integration')
    return { sourceType: 'INTEGRATION', sourceId: String(portal.appId), sourceLabel: 'Waystage' };
  if (by === 'person') {
    const user = portal.owners[0]?.userId ?? 1;
    return { sourceType: 'CRM_UI', sourceId: `userId:${user}`, updatedByUserId: user };
  }
  return { sourceType: 'IMPORT', sourceId: 'story' };
}

/** What a list or a single read brings along per associated type, each with its own paging. */
export function inlineAssociations(
  portal: Portal,
  record: StoredRecord,
  types: readonly ObjectType[],
  base: string,
): Record<string, unknown> | undefined {
  const body: Record<string, unknown> = {};
  for (const to of types) {
    const links = liveLinks(portal, record.type, record.id, to.name);
    if (links.length === 0) continue;
    const page = links.slice(0, portal.associationPage);
    const names = new Map(
      portal.associationTypes.between(record.type, to.name).map((type) => [type.typeId, type.name]),
    );
    const last = page.at(-1)!.id;
    body[to.name] = {
      results: page.flatMap((link) =>
        link.typeIds.map((typeId) => ({ id: link.id, type: names.get(typeId) })),
      ),
      ...(page.length < links.length
        ? {
            paging: {
              next: { after: last, link: `${base}/${record.id}/associations/${to.name}?after=${last}` },
            },
          }
        : {}),
    };
  }
  return Object.keys(body).length > 0 ? body : undefined;
}
