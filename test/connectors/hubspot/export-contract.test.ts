import { createHubspot } from '../../../connectors/hubspot/index.ts';
import { startHubspotSandbox } from '../../../connectors/hubspot/sandbox/index.ts';
import { createStory } from '../../../src/story/index.ts';
import { connectorContract } from '../../contracts/connector.ts';
import { createFastClock } from '../../helpers/fast-clock.ts';
import { hubspotConfig } from '../../helpers/hubspot.ts';
import { sandboxSide } from '../../helpers/sandbox-side.ts';

const NOW = Date.UTC(2026, 9, 1);
const story = createStory({ seed: 9, contacts: 90, now: NOW });

connectorContract('HubSpot, every full load by an export', async () => {
  // Waits for exports are of seconds: fast enough not to hold the test up.
  const clock = createFastClock(100, NOW);
  const sandbox = await startHubspotSandbox({
    story,
    clock,
    port: 0,
    requestsPerTenSeconds: 100_000,
    exports: { perDay: 1_000, associations: 3, zipFrom: 4_000, fileRows: 70 },
  });
  return {
    connector: createHubspot({ from: 1, rowAssociations: 3, pageRows: 50 }),
    config: hubspotConfig({ baseUrl: sandbox.url, auth: { kind: 'token', token: sandbox.token } }),
    clock,
    fields: {
      contacts: ['email', 'firstname', 'lifecyclestage', 'hs_email_optout', 'notes_last_contacted'],
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
