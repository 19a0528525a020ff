import { z } from 'zod';
import {
  type AssociateInput,
  type ControlActions,
  ControlError,
  type Route,
  readInput,
} from '../../../src/sandbox/index.ts';
import { settleIngest } from './bulk/ingest-routes.ts';
import { createRow, updateRow, type WriteOptions } from './dml.ts';
import { RowError } from './errors.ts';
import { changeField, setFieldSecurity } from './field-changes.ts';
import { fullId } from './ids.ts';
import { UnknownColumn } from './input.ts';
import { convertLead, deleteRow, mergeRows, purgeRow, undeleteRow } from './lifecycle.ts';
import type { Row, SfObject } from './schema.ts';
import { type State, transact } from './state.ts';
import type { Actor, Transaction } from './tx.ts';
import { toJson } from './values.ts';

const RefuseInput = z.strictObject({
  id: z.string().min(15),
  code: z.string().min(1),
  message: z.string().min(1),
  fields: z.array(z.string()).optional(),
  /** Writes to refuse before the refusal is gone; without it every one. */
  times: z.number().int().positive().optional(),
});
const ConvertInput = z.strictObject({
  id: z.string(),
  account: z.string().optional(),
  contact: z.string().optional(),
  /** Name of the opportunity to make; without it none. */
  opportunity: z.string().optional(),
});
const UndeleteInput = z.strictObject({ type: z.string(), id: z.string() });
const ExpireInput = z.strictObject({ sessions: z.boolean().optional(), cursors: z.boolean().optional() });
const AllowInput = z.strictObject({ id: z.string().min(15) });
const BulkInput = z.strictObject({
  next: z.enum(['stuck', 'fail', 'cut-body', 'refuse']),
  kind: z.enum(['query', 'ingest']).optional(),
  /** Jobs that meet it; default 1. */
  count: z.number().int().positive().optional(),
});
const FieldSecurityInput = z.strictObject({
  /** `Contact.Phone` */
  field: z.string(),
  readable: z.boolean(),
  editable: z.boolean().optional(),
});

/** A person with all rights: no field-level security, duplicates confirmed, validation rules do not bite. */
const PERSON: WriteOptions = { refusals: new Map(), allowDuplicates: true, secured: false, assign: false };

function objectNamed(state: State, type: string): SfObject {
  const object = state.org.object(type);
  if (object === null) throw new ControlError(`There is no object ${type} in this org.`);
  return object;
}

/** Changes by a person in the CRM; refusals of the org's rules become control errors. */
function byPerson<T>(state: State, act: (tx: Transaction) => T): T {
  const user = [...state.org.table('User').rows.keys()][1];
  const userId =
    user === undefined ? state.org.integrationUserId : String(state.org.row('User', user)?.['Id']);
  const actor: Actor = { by: 'person', userId, at: state.time.now() };
  try {
    return transact(state, actor, act);
  } catch (error) {
    if (error instanceof RowError)
      throw new ControlError(`${error.problems[0]?.statusCode}: ${error.message}`);
    if (error instanceof UnknownColumn) throw new ControlError(`INVALID_FIELD: ${error.message}`);
    throw error;
  }
}

/** The lookup that expresses an association between two objects. */
const LOOKUPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Contact: { Account: 'AccountId' },
  Account: { Account: 'ParentId' },
  Opportunity: { Account: 'AccountId' },
  Case: { Account: 'AccountId', Contact: 'ContactId' },
  Task: { Contact: 'WhoId', Lead: 'WhoId', Account: 'WhatId', Opportunity: 'WhatId', Case: 'WhatId' },
  Event: { Contact: 'WhoId', Lead: 'WhoId', Account: 'WhatId', Opportunity: 'WhatId', Case: 'WhatId' },
};

function associate(state: State, input: AssociateInput): unknown {
  const object = objectNamed(state, input.type);
  const target = objectNamed(state, input.toType);
  if (object.name === 'Opportunity' && target.name === 'Contact')
    return contactRole(state, input, input.id, input.toId);
  if (object.name === 'Contact' && target.name === 'Opportunity')
    return contactRole(state, input, input.toId, input.id);
  const lookup = LOOKUPS[object.name]?.[target.name];
  if (lookup === undefined) {
    throw new ControlError(`${object.name} records have no association with ${target.name}.`);
  }
  return byPerson(state, (tx) => ({
    id: updateRow(
      tx,
      object,
      input.id,
      new Map([[lookup, input.remove === true ? null : input.toId]]),
      PERSON,
    ),
  }));
}

function contactRole(state: State, input: AssociateInput, opportunity: string, contact: string): unknown {
  const object = objectNamed(state, 'OpportunityContactRole');
  const present = state.org
    .children(object.name, 'OpportunityId', opportunity)
    .find((row) => row['IsDeleted'] !== true && String(row['ContactId']).startsWith(contact.slice(0, 15)));
  return byPerson(state, (tx) => {
    if (input.remove === true) {
      if (present === undefined) throw new ControlError('There is no such contact role.');
      return { id: deleteRow(tx, object, present['Id'], PERSON, state.deletions) };
    }
    const values = new Map<string, unknown>([
      ['Role', input.label ?? null],
      ['IsPrimary', input.primary === true],
    ]);
    if (present !== undefined) return { id: updateRow(tx, object, present['Id'], values, PERSON) };
    values.set('OpportunityId', opportunity);
    values.set('ContactId', contact);
    return { id: createRow(tx, object, values, PERSON) };
  });
}

function shown(object: SfObject, row: Row) {
  const out: Record<string, unknown> = {};
  for (const field of object.fields.values()) out[field.name] = toJson(field, row[field.name]);
  return out;
}

function extraRoutes(state: State): readonly Route[] {
  const post = <Input>(name: string, schema: z.ZodType<Input>, act: (input: Input) => unknown): Route => ({
    method: 'POST',
    pattern: `/__sandbox/${name}`,
    handle: (request) => ({ status: 200, body: act(readInput(schema, request)) ?? { ok: true } }),
  });
  return [
    post('refuse', RefuseInput, ({ id, code, message, fields, times }) => {
      state.refusals.set(id.slice(0, 15), { code, message, fields: fields ?? [], times: times ?? null });
    }),
    post('allow', AllowInput, ({ id }) => {
      state.refusals.delete(id.slice(0, 15));
    }),
    post('convert', ConvertInput, (input) =>
      byPerson(state, (tx) =>
        convertLead(
          tx,
          {
            lead: input.id,
            account: input.account,
            contact: input.contact,
            opportunity: input.opportunity ?? null,
          },
          PERSON,
        ),
      ),
    ),
    post('undelete', UndeleteInput, ({ type, id }) => {
      byPerson(state, (tx) => undeleteRow(tx, objectNamed(state, type), id, state.deletions));
    }),
    post('expire', ExpireInput, ({ sessions, cursors }) => {
      if (sessions === true) state.sessions.expireAll();
      if (cursors === true) state.cursors.clear();
    }),
    post('bulk', BulkInput, ({ next, kind, count }) => state.bulk.ordain(next, kind ?? null, count ?? 1)),
    {
      method: 'GET',
      pattern: '/__sandbox/write-headers',
      handle: () => ({ status: 200, body: { requests: state.writeHeaders } }),
    },
    post('field-security', FieldSecurityInput, (input) => setFieldSecurity(state, input)),
  ];
}

/** The control routes of this CRM; besides the common ones `refuse`, `allow`, `convert`, `undelete`, `expire`,
 *  `field-security`, `bulk` and `write-headers`. */
export function createControl(state: State, reset: () => void): ControlActions {
  return {
    reset,
    edit: ({ type, id, properties }) =>
      byPerson(state, (tx) => ({
        id: updateRow(tx, objectNamed(state, type), id, new Map(Object.entries(properties)), PERSON),
      })),
    create: ({ type, properties, associations }) => {
      const object = objectNamed(state, type);
      const { id } = byPerson(state, (tx) => ({
        id: createRow(tx, object, new Map(Object.entries(properties)), PERSON),
      }));
      for (const one of associations ?? []) associate(state, { type, id, ...one });
      return { id };
    },
    merge: ({ type, id, mergeId }) => {
      byPerson(state, (tx) => mergeRows(tx, objectNamed(state, type), id, mergeId, state.deletions));
      return { id: fullId(id) };
    },
    delete: ({ type, id, purge }) => {
      const object = objectNamed(state, type);
      byPerson(state, (tx) => {
        if (purge === true) purgeRow(tx, object, id, state.deletions);
        else deleteRow(tx, object, id, PERSON, state.deletions);
      });
      return { id };
    },
    associate: (input) => associate(state, input),
    field: (change) => changeField(state, objectNamed(state, change.object), change),
    writes: () => {
      settleIngest(state);
      return state.writes.all();
    },
    records: (type, id) => {
      settleIngest(state);
      const object = objectNamed(state, type);
      if (id === null)
        return { records: [...state.org.table(object.name).rows.values()].map((row) => shown(object, row)) };
      const row = state.org.row(object.name, id);
      return row === null ? null : shown(object, row);
    },
    extra: extraRoutes(state),
  };
}
