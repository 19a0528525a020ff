import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { explain } from '../../src/sync/look/explain.ts';
import { findSubject, namedBy } from '../../src/sync/subjects/find-subject.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { expectAccounted, type Json } from './kit.ts';

/** Texts that break careless programs; what HubSpot trims at the ends is not at the ends. */
const TEXTS: Readonly<Record<string, string>> = {
  quotes: `O'Brien "the boss" \`x\``,
  backslashes: String.raw`C:\temp\new \u0041 \x00 \\`,
  nul: `a\u0000b`,
  emoji: '👩‍👩‍👧‍👦 🏴‍☠️ é',
  rtl: 'שלום עולם \u202Emirror\u202C مرحبا',
  proto: '__proto__',
  template: '{{7*7}} %s %n #{7*7} <img src=x onerror=alert(1)>',
  sql: `'; drop table records; --`,
  long: `${'Ärger '.repeat(10_900)}end`,
};

/** A rule that shows the title it saw. */
const MAPPING = `journey: people
subject: person
stages:
  known: { default: true }
  named: { enter: { person.title: { exists: true } } }
outputs: [stage, stage_reason]
`;

/** Every text anywhere in a value. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe('awkward values through both CRMs', () => {
  let company: Company;
  const made = new Map<string, { readonly hubspot: string; readonly salesforce: string | null }>();
  const refused: string[] = [];

  beforeAll(async () => {
    company = await startCompany({ contacts: 10, provision: false });
    const mapping = join(company.folder, 'titles.yaml');
    writeFileSync(mapping, MAPPING);
    await company.reopen({ mappings: [mapping] });
    await company.provision();
    for (const [name, text] of Object.entries(TEXTS)) {
      const email = `${name}@awkward-values.example`;
      const contact: Json = await company.control('hubspot', 'create', {
        type: 'contacts',
        properties: { lastname: name, email, jobtitle: text },
      });
      let lead: Json = null;
      try {
        lead = await company.control('salesforce', 'create', {
          type: 'Lead',
          properties: {
            LastName: name,
            Company: 'Awkward',
            Email: email,
            Title: text,
            Status: 'Open - Not Contacted',
          },
        });
      } catch (error) {
        // The CRM itself takes no such text: too long for the field, or no such character in its world.
        refused.push(`${name}: ${(error as Error).message}`);
      }
      made.set(name, { hubspot: contact.id, salesforce: lead?.id ?? null });
    }
    await company.indexed();
  });
  afterAll(() => company.close());

  test('are stored intact, or the CRM itself refused them by name', async () => {
    const { summary, exit } = await company.sync();
    expectAccounted(summary);
    expect(summary.problems).toEqual([]);
    expect(exit).toBe(0);
    for (const [name, ids] of made) {
      const here = (await company.app.store.records.get('hubspot' as never, 'contacts', [ids.hubspot])).get(
        ids.hubspot,
      );
      const crm = await company.record('hubspot', 'contacts', ids.hubspot);
      expect(here?.fields['jobtitle']).toBe(crm.properties.jobtitle);
      expect(here?.fields['jobtitle']).toBe(TEXTS[name]);
      if (ids.salesforce === null) continue;
      const there = await company.app.store.records.get('salesforce' as never, 'Lead', [ids.salesforce]);
      const lead = await company.record('salesforce', 'Lead', ids.salesforce);
      expect(there.get(ids.salesforce)?.fields['Title']).toBe(lead.Title);
    }
    for (const text of refused) expect(text).toMatch(/STRING_TOO_LONG|INVALID/);
    expect(refused.length).toBeLessThanOrEqual(2);
  });

  test('stay intact in the explanation, and nothing is left to do', async () => {
    const { store, connections, mappings } = company.app;
    for (const name of ['quotes', 'rtl', 'proto', 'emoji', 'long']) {
      const subject = await findSubject(store, `${name}@awkward-values.example`, namedBy(connections));
      const explained = await explain(store, connections, mappings.mappings, subject, NOW);
      expect(explained.journeys).toHaveLength(1);
      expect(explained.records.length).toBeGreaterThanOrEqual(1);
      if (name !== 'long') expect(textsOf(explained.journeys)).toContain(TEXTS[name]);
    }
    await company.indexed();
    const { summary } = await company.sync();
    expect(summary).toMatchObject({ transitions: 0, writes: { fields: 0, manualEdits: 0 } });
    expect(({} as Json).polluted).toBe(undefined);
  });
});
