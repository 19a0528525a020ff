import { describe, expect, test } from '@jest/globals';
import { hubspot } from '../../../connectors/hubspot/index.ts';
import { apiPath, datedPath } from '../../../connectors/hubspot/paths.ts';
import type { ConnectionConfig } from '../../../src/connector/port.ts';
import { OUTPUTS } from '../../../src/model/outputs.ts';
import { hubspotConfig } from '../../helpers/hubspot.ts';

describe('the HubSpot connector', () => {
  test('brings the associations its object types need', () => {
    const bring = Object.fromEntries(
      hubspot.capabilities.objectTypes.map((type) => [type.name, type.associations.join(' ')]),
    );
    expect(bring).toEqual({
      contacts: 'companies',
      companies: '',
      deals: 'contacts companies',
      tickets: 'contacts companies',
      emails: 'contacts companies deals',
      calls: 'contacts companies deals',
      meetings: 'contacts companies deals',
      notes: 'contacts companies deals',
      tasks: 'contacts companies deals',
      communications: 'contacts companies deals',
      feedback_submissions: 'contacts',
    });
    const outputs = hubspot.capabilities.objectTypes.filter((type) => type.outputs);
    expect(outputs.map((type) => type.name)).toEqual(['contacts', 'companies']);
  });

  test('names its properties after the outputs', () => {
    expect(OUTPUTS.map((output) => hubspot.outputFieldName(output))).toContain('waystage_health_score');
    for (const output of OUTPUTS) expect(hubspot.outputFieldName(output)).toMatch(/^[a-z][a-z0-9_]*$/);
  });

  test('paths are dated, encoded, and known for what the vendor client calls', () => {
    expect(apiPath('objects', 'contacts', 'batch', 'read')).toBe('/crm/objects/2026-03/contacts/batch/read');
    expect(apiPath('objects', 'contacts', '../x?y')).toBe('/crm/objects/2026-03/contacts/..%2Fx%3Fy');
    expect(datedPath('/crm/v3/properties/contacts/groups')).toBe('/crm/properties/2026-03/contacts/groups');
    expect(datedPath('/crm/v3/pipelines/deals')).toBe('/crm/pipelines/2026-03/deals');
    expect(datedPath('/crm/v3/objects/contacts')).toBeNull();
  });

  test.each<[Partial<ConnectionConfig>, readonly string[]]>([
    [{}, []],
    [{ baseUrl: 'https://api.hubapi.com', sandbox: false }, []],
    [{ baseUrl: 'http://127.0.0.1:4001' }, []],
    [{ baseUrl: 'http://127.0.0.1:4001', sandbox: false }, ['baseUrl']],
    [{ baseUrl: 'https://api.hubapi.com/crm' }, ['baseUrl']],
    [{ baseUrl: 'https://user:pass@api.hubapi.com' }, ['baseUrl']],
    [{ baseUrl: 'api.hubapi.com' }, ['baseUrl']],
    [{ auth: { kind: 'token', token: '' } }, ['auth.token']],
    [{ auth: { kind: 'token', token: 'pat one\ntwo' } }, ['auth.token']],
    [{ auth: { kind: 'client-credentials', clientId: 'a', clientSecret: 'b' } }, ['auth.kind']],
    [{ requestsPer10s: 0 }, ['requestsPer10s']],
    [{ requestsPer10s: 1.5, baseUrl: 'x' }, ['baseUrl', 'requestsPer10s']],
  ])('configuration %j has problems at %j', (changes, paths) => {
    const problems = hubspot.checkConfig(hubspotConfig(changes));
    expect(problems.map((problem) => problem.path)).toEqual(paths);
    expect(JSON.stringify(problems)).not.toContain('pat one');
  });
});
