import { hubspot } from '../../../connectors/hubspot/index.ts';
import { startHubspotSandbox } from '../../../connectors/hubspot/sandbox/index.ts';
import { createStory } from '../../../src/story/index.ts';
import { connectorContract } from '../../contracts/connector.ts';
import { createFastClock } from '../../helpers/fast-clock.ts';
import { hubspotConfig } from '../../helpers/hubspot.ts';
import { sandboxSide } from '../../helpers/sandbox-side.ts';

const NOW = Date.UTC(2026, 9, 1);
const story = createStory({ seed: 7, contacts: 240, now: NOW });

connectorContract('HubSpot', async () => {
  const clock = createFastClock(20, NOW);
  const sandbox = await startHubspotSandbox({ story, clock, port: 0, associationPage: 3 });
  return {
    connector: hubspot,
    config: hubspotConfig({ baseUrl: sandbox.url, auth: { kind: 'token', token: sandbox.token } }),
    clock,
    fields: {
      contacts: [
        'email',
        'firstname',
        'lifecyclestage',
        'hs_email_optout',
        'notes_last_contacted',
        'hs_additional_emails',
      ],
      companies: ['name', 'domain', 'annualrevenue', 'industry', 'createdate'],
      deals: ['dealname', 'dealstage', 'amount', 'closedate', 'hs_is_closed_won'],
      tickets: ['subject', 'hs_pipeline_stage', 'hs_ticket_priority'],
      emails: ['hs_timestamp', 'hs_email_direction'],
      calls: ['hs_timestamp', 'hs_call_duration'],
      meetings: ['hs_timestamp', 'hs_meeting_outcome'],
      notes: ['hs_timestamp'],
      tasks: ['hs_timestamp', 'hs_task_status'],
      communications: ['hs_timestamp', 'hs_communication_channel_type'],
      feedback_submissions: ['hs_survey_type', 'hs_value'],
    },
    editable: { type: 'contacts', field: 'firstname' },
    remembered: { type: 'contacts', field: 'firstname' },
    crm: sandboxSide(sandbox, (record) => record['archived'] === false),
    close: () => sandbox.close(),
  };
});
