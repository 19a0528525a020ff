import type { Company } from './company.ts';

// biome-ignore lint/suspicious/noExplicitAny: a sandbox's own records
type Json = any;

/** What people do in both CRMs between two syncs: deals won and lost, tickets, new people, merges, a conversion,
 *  a deletion. The same records on every run of the same story. */
export async function workingDay(company: Company): Promise<void> {
  const hub = (name: string, body: unknown): Promise<Json> => company.control('hubspot', name, body);
  const sf = (name: string, body: unknown): Promise<Json> => company.control('salesforce', name, body);
  const contacts = (await company.records('hubspot', 'contacts')).filter((one) => !one.archived);
  const deals = (await company.records('hubspot', 'deals')).filter(
    (one) => one.properties.hs_is_closed === 'false' && one.properties.pipeline === 'default',
  );
  await hub('edit', { type: 'deals', id: deals[0].id, properties: { dealstage: 'closedwon' } });
  await hub('edit', {
    type: 'contacts',
    id: contacts[0].id,
    properties: { jobtitle: 'Chief Renewal Officer' },
  });
  const company0 = (await company.records('hubspot', 'companies')).find((one) => !one.archived);
  const born = await hub('create', {
    type: 'contacts',
    properties: {
      firstname: 'Neu',
      lastname: 'Hier',
      email: 'neu.hier@example.org',
      jobtitle: 'Head of Arrival',
    },
    associations: [{ toType: 'companies', toId: company0.id, primary: true }],
  });
  await hub('create', {
    type: 'tickets',
    properties: {
      subject: 'Nothing works',
      hs_pipeline: '0',
      hs_pipeline_stage: '1',
      hs_ticket_priority: 'HIGH',
    },
    associations: [
      { toType: 'companies', toId: company0.id },
      { toType: 'contacts', toId: born.id },
    ],
  });
  // Two contacts that only HubSpot knows become one.
  const alone = contacts.filter(
    ({ properties }) => !properties.salesforcecontactid && !properties.salesforceleadid,
  );
  await hub('merge', { type: 'contacts', id: alone[1].id, mergeId: alone[2].id });

  // Salesforce keeps whole seconds: which edit is newer must not depend on the machine.
  await company.clock.sleep(3_000);
  const live = (records: readonly Json[]): Json[] => records.filter((one) => one.IsDeleted !== true);
  const leads = live(await company.records('salesforce', 'Lead')).filter((one) => !one.IsConverted);
  const accounts = live(await company.records('salesforce', 'Account'));
  await sf('convert', { id: leads[0].Id, account: accounts[0].Id });
  await sf('edit', { type: 'Lead', id: leads[1].Id, properties: { Status: 'Closed - Not Converted' } });
  const opportunities = live(await company.records('salesforce', 'Opportunity')).filter(
    (one) => !one.IsClosed,
  );
  await sf('edit', {
    type: 'Opportunity',
    id: opportunities.at(-1).Id,
    properties: { StageName: 'Closed Lost' },
  });
  const people = live(await company.records('salesforce', 'Contact')).filter(
    (one) => one.HubSpot_Contact_Id__c === null,
  );
  await sf('delete', { type: 'Contact', id: people[0].Id });
  await sf('create', {
    type: 'Lead',
    properties: {
      LastName: 'Hier',
      Company: 'Arrivals',
      Email: 'neu.hier@example.org',
      Status: 'Open - Not Contacted',
    },
  });
  await company.indexed();
}
