import type { SandboxTime, WriteLog } from '../../../src/sandbox/index.ts';
import { type AssociationTypes, createAssociationTypes } from './association-types.ts';
import { type AssociationStore, createAssociations } from './associations.ts';
import { ExportJobs } from './export/jobs.ts';
import { knownType } from './object-types.ts';
import { findStage } from './pipelines.ts';
import type { StoredRecord } from './record.ts';
import { createSchemas, type PropertyDefinition, type Schema } from './schema.ts';
import { createStore, type RecordStore } from './store.ts';
import { isoText } from './values.ts';

export type AppKind = 'oauth' | 'free' | 'professional' | 'enterprise';

export interface Owner {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly userId: number;
  readonly created: number;
}

/** A refusal a test has asked for: the next writes of one record fail with this message. */
export interface Refusal {
  readonly message: string;
  times: number;
}

/** The account: everything a reset throws away. */
export interface Portal {
  readonly id: number;
  readonly appId: number;
  readonly timeZone: string;
  readonly currency: string;
  readonly time: SandboxTime;
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly customPropertyLimit: number;
  readonly store: RecordStore;
  readonly associationTypes: AssociationTypes;
  readonly associations: AssociationStore;
  readonly owners: Owner[];
  readonly ownerIds: Set<string>;
  readonly writes: WriteLog;
  /** By `type/id`. */
  readonly refusals: Map<string, Refusal>;
  /** Properties the app may not see, by `type/name`. */
  readonly hidden: Map<string, PropertyDefinition>;
  /** Ids a single read, an inline list or an association page holds at most. */
  readonly associationPage: number;
  readonly exports: ExportJobs;
}

export interface PortalOptions {
  readonly time: SandboxTime;
  readonly writes: WriteLog;
  readonly seed: number;
  readonly timeZone: string;
  readonly currency: string;
  readonly indexingLagMs: number;
  readonly customPropertyLimit: number;
  readonly associationPage: number;
  /** When the account's properties were made. */
  readonly since: number;
  readonly exports?: ExportJobs;
}

export function createPortal(options: PortalOptions): Portal {
  const associationTypes = createAssociationTypes();
  return {
    id: 40_000_000 + (Math.abs(Math.trunc(options.seed)) % 9_000_000),
    appId: 3_141_592,
    timeZone: options.timeZone,
    currency: options.currency,
    time: options.time,
    schemas: createSchemas(options.customPropertyLimit, options.since),
    customPropertyLimit: options.customPropertyLimit,
    store: createStore(options),
    associationTypes,
    associations: createAssociations(associationTypes),
    owners: [],
    ownerIds: new Set(),
    writes: options.writes,
    refusals: new Map(),
    hidden: new Map(),
    associationPage: options.associationPage,
    exports: options.exports ?? new ExportJobs(),
  };
}

export function schemaOf(portal: Portal, type: string): Schema {
  const schema = portal.schemas.get(type);
  if (schema === undefined) throw new Error(`The sandbox has no object type "${type}".`);
  return schema;
}

/** The live record under an id or an id that was merged into it. */
export function findLive(portal: Portal, type: string, id: string): StoredRecord | undefined {
  const record = portal.store.get(type, portal.store.follow(type, id));
  return record?.archivedAt === null ? record : undefined;
}

/** The record as the search index or the API sees it. */
export interface RecordView {
  readonly record: StoredRecord;
  readonly properties: Readonly<Record<string, string>>;
  readonly modified: number;
}

export function viewOf(record: StoredRecord): RecordView {
  return { record, properties: record.properties, modified: record.modified };
}

/** A property's value, stored or worked out: ids, stamps, the deal's outcome by its stage, the primary company. */
export function propertyValue(portal: Portal, view: RecordView, name: string): string | null {
  const { record } = view;
  switch (name) {
    case 'hs_object_id':
      return record.id;
    case 'createdate':
    case 'hs_createdate':
      return isoText(record.created);
    case 'lastmodifieddate':
    case 'hs_lastmodifieddate':
      return isoText(view.modified);
    case 'hs_merged_object_ids':
      return record.mergedIds.length > 0 ? record.mergedIds.join(';') : null;
    case 'associatedcompanyid': {
      const company = portal.associations.primary(record.type, record.id, 'companies');
      return company !== null && findLive(portal, 'companies', company) !== undefined ? company : null;
    }
    case 'hs_is_closed':
    case 'hs_is_closed_won':
    case 'hs_deal_stage_probability': {
      const stage = findStage('deals', view.properties['dealstage'] ?? '');
      if (stage === undefined) return null;
      const probability = stage.metadata['probability'] ?? '0.0';
      if (name === 'hs_deal_stage_probability') return String(Number(probability));
      const closed = stage.metadata['isClosed'] === 'true';
      return String(name === 'hs_is_closed' ? closed : closed && probability === '1.0');
    }
    default:
      return view.properties[name] ?? null;
  }
}

/** Ids of the live records that a record is associated with, each with its types, in order of id. */
export function liveLinks(
  portal: Portal,
  from: string,
  fromId: string,
  to: string,
): readonly { readonly id: string; readonly typeIds: readonly number[] }[] {
  const links = portal.associations.links(from, fromId, to);
  return links.every((link) => findLive(portal, to, link.id) !== undefined)
    ? links
    : links.filter((link) => findLive(portal, to, link.id) !== undefined);
}

/** `CONTACT`, as in the vendor's messages. */
export function upperName(type: string): string {
  return knownType(type).singular.toUpperCase();
}
