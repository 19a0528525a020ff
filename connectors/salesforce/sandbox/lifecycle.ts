import { CONVERTED_STATUS } from './derive.ts';
import { changeRow, createRow, liveRow, type WriteOptions } from './dml.ts';
import { RowError } from './errors.ts';
import { applyRefusal } from './rules.ts';
import type { Row, SfObject } from './schema.ts';
import type { Transaction } from './tx.ts';
import { dayOf } from './values.ts';

/** What goes into the recycle bin together with a record: child object and the lookup that leads to the parent. */
const CASCADE: Readonly<Record<string, readonly (readonly [object: string, field: string])[]>> = {
  Account: [
    ['Contact', 'AccountId'],
    ['Opportunity', 'AccountId'],
    ['Task', 'WhatId'],
    ['Event', 'WhatId'],
    ['AccountHistory', 'AccountId'],
  ],
  Contact: [
    ['OpportunityContactRole', 'ContactId'],
    ['CampaignMember', 'ContactId'],
    ['Task', 'WhoId'],
    ['Event', 'WhoId'],
    ['ContactHistory', 'ContactId'],
  ],
  Lead: [
    ['CampaignMember', 'LeadId'],
    ['Task', 'WhoId'],
    ['Event', 'WhoId'],
    ['LeadHistory', 'LeadId'],
  ],
  Opportunity: [
    ['OpportunityContactRole', 'OpportunityId'],
    ['Task', 'WhatId'],
    ['Event', 'WhatId'],
    ['OpportunityFieldHistory', 'OpportunityId'],
    ['OpportunityHistory', 'OpportunityId'],
  ],
  Case: [
    ['Task', 'WhatId'],
    ['Event', 'WhatId'],
    ['CaseHistory', 'CaseId'],
  ],
  Campaign: [['CampaignMember', 'CampaignId']],
  PermissionSet: [
    ['FieldPermissions', 'ParentId'],
    ['PermissionSetAssignment', 'PermissionSetId'],
  ],
};

/** One delete: what went, when, and what else went with it. */
export interface Deletion {
  readonly at: number;
  readonly batch: number;
}

/** By object and 15-character id (`Contact 003…`); kept for getDeleted and for undelete. */
export type Deletions = Map<string, Deletion>;

function deletionKey(object: string, id: string): string {
  return `${object} ${id.slice(0, 15)}`;
}

/** Moves a record and its dependants to the recycle bin. Throws `RowError` (ENTITY_IS_DELETED, DELETE_FAILED). */
export function deleteRow(
  tx: Transaction,
  object: SfObject,
  id: unknown,
  options: WriteOptions,
  deletions: Deletions,
): string {
  const row = liveRow(tx, object, id);
  if (!object.deletable)
    throw new RowError('INSUFFICIENT_ACCESS_OR_READONLY', 'insufficient access rights on object id');
  applyRefusal(options.refusals, String(row['Id']));
  if (object.name === 'Account' || object.name === 'Contact') refuseWithCases(tx, object, row);
  sink(tx, object, row, deletions, deletions.size + 1);
  return String(row['Id']);
}

function refuseWithCases(tx: Transaction, object: SfObject, row: Row): void {
  const cases = tx.org
    .children('Case', `${object.name}Id`, row['Id'])
    .filter((one) => one['IsDeleted'] !== true)
    .map((one) => String(one['CaseNumber']));
  if (cases.length === 0) return;
  throw new RowError(
    'DELETE_FAILED',
    `Your attempt to delete ${String(row['Name'])} could not be completed because it is associated with the following cases.: ${cases.join(', ')}`,
  );
}

function sink(tx: Transaction, object: SfObject, row: Row, deletions: Deletions, batch: number): void {
  const id = String(row['Id']);
  for (const [child, field] of CASCADE[object.name] ?? []) {
    const childObject = tx.org.object(child)!;
    for (const one of [...tx.org.children(child, field, id)]) {
      if (one['IsDeleted'] !== true) sink(tx, childObject, one, deletions, batch);
    }
  }
  if (!object.fields.has('isdeleted')) {
    tx.remove(object.name, row);
    return;
  }
  tx.set(object.name, row, { IsDeleted: true });
  tx.stamp(object.name, row);
  const key = deletionKey(object.name, id);
  deletions.set(key, { at: tx.actor.at, batch });
  tx.onRollback(() => deletions.delete(key));
}

/** Takes a record and everything that went with it out of the recycle bin. */
export function undeleteRow(tx: Transaction, object: SfObject, id: string, deletions: Deletions): void {
  const row = tx.org.row(object.name, id);
  const deletion = deletions.get(deletionKey(object.name, id));
  if (
    row === null ||
    row['IsDeleted'] !== true ||
    deletion === undefined ||
    (row['MasterRecordId'] ?? null) !== null
  ) {
    throw new RowError('UNDELETE_FAILED', 'Entity is not in the recycle bin');
  }
  for (const [key, one] of [...deletions]) {
    if (one.batch !== deletion.batch) continue;
    const [name, id15] = key.split(' ') as [string, string];
    const back = tx.org.row(name, id15);
    if (back === null) continue;
    tx.set(name, back, { IsDeleted: false });
    tx.stamp(name, back);
    deletions.delete(key);
    tx.onRollback(() => deletions.set(key, one));
  }
}

/** Erases a record and its dependants, recycle bin included: nothing answers for it any more. */
export function purgeRow(tx: Transaction, object: SfObject, id: string, deletions: Deletions): void {
  const row = tx.org.row(object.name, id);
  if (row === null) throw new RowError('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
  for (const [child, field] of CASCADE[object.name] ?? []) {
    for (const one of [...tx.org.children(child, field, id)]) {
      purgeRow(tx, tx.org.object(child)!, String(one['Id']), deletions);
    }
  }
  tx.remove(object.name, row);
  deletions.delete(deletionKey(object.name, id));
}

/** Merges `loserId` into `masterId`: the loser is deleted with `MasterRecordId`, its children move over. */
export function mergeRows(
  tx: Transaction,
  object: SfObject,
  masterId: string,
  loserId: string,
  deletions: Deletions,
): void {
  if (!object.mergeable) throw new RowError('INVALID_TYPE', `entity type cannot be merged: ${object.label}`);
  const master = liveRow(tx, object, masterId);
  const loser = liveRow(tx, object, loserId);
  if (master === loser) throw new RowError('INVALID_ID_FIELD', 'a record cannot be merged with itself');
  for (const child of tx.org.objects()) {
    if (child.tooling || child.name.endsWith('History')) continue;
    for (const field of child.fields.values()) {
      if (field.name === 'MasterRecordId' || !field.referenceTo.includes(object.name)) continue;
      for (const one of [...tx.org.children(child.name, field.name, loser['Id'])]) {
        tx.set(child.name, one, { [field.name]: master['Id'] ?? null });
        tx.stamp(child.name, one);
      }
    }
  }
  tx.set(object.name, loser, { IsDeleted: true, MasterRecordId: master['Id'] ?? null });
  tx.stamp(object.name, loser);
  tx.stamp(object.name, master);
  const key = deletionKey(object.name, String(loser['Id']));
  deletions.set(key, { at: tx.actor.at, batch: deletions.size + 1 });
  tx.onRollback(() => deletions.delete(key));
}

export interface Conversion {
  readonly lead: string;
  /** Existing records to convert into; without one a new record is made. */
  readonly account?: string | undefined;
  readonly contact?: string | undefined;
  /** Name of the new opportunity; null for none. */
  readonly opportunity: string | null;
}

export interface Converted {
  readonly account: string;
  readonly contact: string;
  readonly opportunity: string | null;
}

/** Converts a lead in one transaction: contact, account and, if wanted, opportunity; activities and campaign
 *  memberships go to the contact; the lead becomes read-only. */
export function convertLead(tx: Transaction, wanted: Conversion, options: WriteOptions): Converted {
  const { org } = tx;
  const object = org.object('Lead')!;
  const lead = liveRow(tx, object, wanted.lead);
  if (lead['IsConverted'] === true)
    throw new RowError('CANNOT_UPDATE_CONVERTED_LEAD', 'lead is already converted');
  const make = (name: string, values: Record<string, unknown>): string =>
    createRow(
      tx,
      org.object(name)!,
      new Map(Object.entries(values).filter(([, value]) => value !== null && value !== undefined)),
      options,
    );
  const account =
    wanted.account ??
    make('Account', {
      Name: lead['Company'],
      Website: lead['Website'],
      BillingCountry: lead['Country'],
      OwnerId: lead['OwnerId'],
    });
  const contact =
    wanted.contact ??
    make('Contact', {
      FirstName: lead['FirstName'],
      LastName: lead['LastName'],
      Email: lead['Email'],
      Title: lead['Title'],
      Phone: lead['Phone'],
      MailingCountry: lead['Country'],
      LeadSource: lead['LeadSource'],
      HasOptedOutOfEmail: lead['HasOptedOutOfEmail'],
      HubSpot_Contact_Id__c: lead['HubSpot_Contact_Id__c'],
      AccountId: account,
      OwnerId: lead['OwnerId'],
    });
  let opportunity: string | null = null;
  if (wanted.opportunity !== null) {
    opportunity = make('Opportunity', {
      Name: wanted.opportunity,
      StageName: 'Qualification',
      CloseDate: dayOf(tx.actor.at + 90 * 86_400_000),
      AccountId: account,
      OwnerId: lead['OwnerId'],
    });
    make('OpportunityContactRole', { OpportunityId: opportunity, ContactId: contact, IsPrimary: true });
  }
  for (const activity of ['Task', 'Event']) {
    for (const one of [...org.children(activity, 'WhoId', lead['Id'])]) {
      changeRow(tx, org.object(activity)!, one, { WhoId: contact, WhatId: one['WhatId'] ?? opportunity });
    }
  }
  for (const one of [...org.children('CampaignMember', 'LeadId', lead['Id'])]) {
    changeRow(tx, org.object('CampaignMember')!, one, { ContactId: contact });
  }
  tx.set('Lead', lead, {
    IsConverted: true,
    Status: CONVERTED_STATUS,
    ConvertedDate: dayOf(tx.actor.at),
    ConvertedAccountId: account,
    ConvertedContactId: contact,
    ConvertedOpportunityId: opportunity,
  });
  tx.stamp('Lead', lead);
  return { account, contact, opportunity };
}
