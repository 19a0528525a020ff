import { expect, test } from '@jest/globals';
import { createFactReader, type FactIssue } from '../../src/facts/index.ts';
import { loadFieldMap } from '../../src/mapping/load-fields.ts';
import { createZone } from '../../src/mapping/zone.ts';
import { crm, group, HUBSPOT } from './kit.ts';

const YAML = `
connector: hubspot
objects:
  deals:
    is: deal
    fields:
      name: dealname
      amount: amount
      won: { stage: dealstage, pipeline: pipeline, gives: won }
      closed: { stage: dealstage, pipeline: pipeline, gives: closed, date: closedate }
      kind: { field: dealtype, values: { new: [newbusiness], expansion: [existingbusiness] } }
      created: { stamp: created }
      arr: { field: arr, type: number }
  feedback_submissions:
    is: survey
    fields:
      score: { field: hs_value, scale: { by: hs_survey_type, NPS: [0, 10], CSAT: [0, 2], CES: [1, 7] } }
      type: { field: hs_survey_type, values: { nps: [NPS], csat: [CSAT], ces: [CES] } }
  calls:
    is: touchpoint
    fields:
      at: hs_timestamp
      channel: { constant: call }
`;

test('J3 a field map as people write it feeds facts', () => {
  const { fieldMap, problems } = loadFieldMap(YAML, 'hubspot.yaml');
  expect(problems).toEqual([]);
  if (fieldMap === null) throw new Error('no field map');
  const issues: FactIssue[] = [];
  const won = {
    type: 'deals',
    field: 'dealstage',
    pipeline: 'default',
    value: 'closedwon',
    label: 'Closed won',
  };
  const reader = createFactReader({
    zone: createZone('Europe/Berlin'),
    connections: [
      {
        id: HUBSPOT,
        connector: 'hubspot',
        stages: [{ ...won, open: false, won: true, lost: false, probability: 100 }],
      },
    ],
    fieldMaps: [fieldMap],
    issue: (issue) => issues.push(issue),
  });
  const fields = {
    dealname: 'Acme',
    amount: '1200.5',
    dealstage: 'closedwon',
    pipeline: 'default',
    closedate: '2026-01-31T09:00:00.000Z',
    dealtype: 'NewBusiness',
    arr: 99,
  };
  expect({ ...reader.fact('deals', group(crm('hubspot:deals:1', { fields, created: 5 })))?.values }).toEqual({
    name: 'Acme',
    amount: 1200.5,
    won: true,
    closed: Date.UTC(2026, 0, 31, 9),
    kind: 'new',
    created: 5,
    arr: 99,
  });
  const survey = crm('hubspot:feedback_submissions:1', { fields: { hs_value: 1, hs_survey_type: 'CSAT' } });
  expect({ ...reader.fact('surveys', group(survey))?.values }).toEqual({ score: 50, type: 'csat' });
  const call = crm('hubspot:calls:1', { fields: { hs_timestamp: '2026-01-31T09:00:00.000Z' } });
  expect({ ...reader.fact('touchpoints', group(call))?.values }).toEqual({
    at: Date.UTC(2026, 0, 31, 9),
    channel: 'call',
  });
  expect(issues).toEqual([]);
});
