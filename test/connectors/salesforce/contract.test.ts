import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import { startSalesforceSandbox } from '../../../connectors/salesforce/sandbox/index.ts';
import type { ConnectionId } from '../../../src/model/record.ts';
import { createStory } from '../../../src/story/index.ts';
import { connectorContract } from '../../contracts/connector.ts';
import { createFastClock } from '../../helpers/fast-clock.ts';
import { sandboxSide } from '../../helpers/sandbox-side.ts';

const NOW = Date.UTC(2026, 9, 1);
const story = createStory({ seed: 7, contacts: 400, now: NOW });

// Also with every full load by the Bulk API, in several pages of results each.
const WAYS = { Salesforce: {}, 'Salesforce by the Bulk API': { bulkFrom: 0, bulkPageRows: 130 } };

for (const [name, options] of Object.entries(WAYS)) {
  connectorContract(name, async () => {
    const clock = createFastClock(20, NOW);
    const sandbox = await startSalesforceSandbox({ story, clock, port: 0 });
    return {
      // The smallest page there is, so that a small org fills several.
      connector: createSalesforce({ pageSize: 200, ...options }),
      config: {
        id: 'sf' as ConnectionId,
        connector: 'salesforce',
        auth: { kind: 'client-credentials', clientId: sandbox.clientId, clientSecret: sandbox.clientSecret },
        baseUrl: sandbox.url,
        sandbox: true,
      },
      clock,
      fields: {
        Contact: [
          'FirstName',
          'Name',
          'Title',
          'Email',
          'HasOptedOutOfEmail',
          'LastActivityDate',
          'HubSpot_Contact_Id__c',
        ],
        Lead: ['Name', 'Email', 'Status', 'Company', 'IsConverted', 'ConvertedDate'],
        Account: ['Name', 'Website', 'AnnualRevenue', 'Industry', 'Type', 'CreatedDate', 'Renewal_Date__c'],
        Opportunity: ['Name', 'StageName', 'Amount', 'CloseDate', 'IsWon', 'Probability'],
        OpportunityContactRole: ['Role', 'IsPrimary'],
        Case: ['Subject', 'Status', 'Priority', 'IsClosed', 'First_Reply__c', 'Reopened_Count__c'],
        Task: [
          'Subject',
          'Status',
          'TaskSubtype',
          'ActivityDate',
          'CompletedDateTime',
          'CallDurationInSeconds',
        ],
        Event: ['Subject', 'StartDateTime', 'DurationInMinutes', 'Outcome__c'],
        CampaignMember: ['Status', 'HasResponded', 'FirstRespondedDate', 'Campaign.Name', 'Campaign.Type'],
      },
      editable: { type: 'Contact', field: 'FirstName' },
      remembered: { type: 'Contact', field: 'Title' },
      crm: sandboxSide(sandbox, (record) => record['IsDeleted'] !== true && record['IsConverted'] !== true),
      close: () => sandbox.close(),
    };
  });
}
