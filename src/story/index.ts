/** The invented company behind the sandboxes.
 *
 *  How a sandbox reads a `Story`:
 *  - A record is written for every presence. Its values are the entity's own, overridden by `spelling`; fields with a
 *    history are never overridden, and the last value of a history is the present one.
 *    A history can begin before a Salesforce record was made: what lies before its `created` counts as its first value.
 *  - Where a record refers to another (a deal to its account, an activity to its people) the other's record in the
 *    same CRM is `livePresence(entity.presences, crm)`; without one the reference is left out.
 *  - Every id of `mergedIds` lost a merge into that record; `archived` ones are deleted; a lead with `converted` lives
 *    on in that contact.
 *  - `spelling` also carries what only one CRM has: `company` and `website` of a lead (text), `otherDomains` of a
 *    HubSpot company. A Salesforce account's `domain` may be a whole web address.
 *  - The history `formSubmissions` of a person gives the days of its forms; the last is the latest conversion.
 *  - The words that values are written in are in `vocabulary.ts`, with those the CRMs say the same with. */
export { SALESFORCE_PREFIXES, type SalesforceType, salesforceId, salesforceSuffix } from './ids.ts';
export { type Crm, livePresence } from './presences.ts';
export { createStory } from './story.ts';
export type * from './types.ts';
export * from './vocabulary.ts';
