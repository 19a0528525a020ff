import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fullId } from '../../../connectors/salesforce/sandbox/ids.ts';
import { loadOrg } from '../../../connectors/salesforce/sandbox/load.ts';
import { datetimeText, dayOf } from '../../../connectors/salesforce/sandbox/values.ts';
import { startOrg, storyOf, type TestOrg } from './sandbox-org.ts';

const story = storyOf(400);
let org: TestOrg;
beforeAll(async () => {
  org = await startOrg({ contacts: 400 });
});
afterAll(() => org.close());

const presences = (
  list: readonly {
    readonly presences: readonly {
      readonly crm: string;
      readonly type: string;
      readonly id: string;
      readonly mergedIds: readonly string[];
    }[];
  }[],
  type: string,
) =>
  list.flatMap((one) =>
    one.presences.filter((presence) => presence.crm === 'salesforce' && presence.type === type),
  );

describe('the story', () => {
  test('every presence is a record, every loser of a merge is deleted with its master', async () => {
    const kinds = [
      ['Account', story.accounts],
      ['Contact', story.people],
      ['Lead', story.people],
      ['Opportunity', story.deals],
      ['Case', story.tickets],
      ['Task', story.activities],
      ['Event', story.activities],
      ['CampaignMember', story.campaignMembers],
    ] as const;
    for (const [type, list] of kinds) {
      const wanted = presences(list, type).flatMap((one) => [one.id, ...one.mergedIds]);
      const { records } = (await org.call('GET', `/__sandbox/records?type=${type}`)).body;
      expect(records.map((record: { Id: string }) => record.Id).sort()).toEqual(wanted.sort());
      for (const one of presences(list, type)) {
        for (const loser of one.mergedIds) {
          expect(records.find((record: { Id: string }) => record.Id === loser)).toMatchObject({
            IsDeleted: true,
            MasterRecordId: one.id,
          });
        }
      }
    }
  });

  test('references lead to records of this org, ids are whole', () => {
    const { objects, table, row } = bound();
    for (const object of objects) {
      for (const record of table(object.name).rows.values()) {
        expect(fullId(record['Id'])).toBe(record['Id']);
        for (const field of object.fields.values()) {
          const value = record[field.name];
          if (field.type !== 'reference' || typeof value !== 'string') continue;
          const found = field.referenceTo.some(
            (target) => table(target) !== null && row(target, value) !== null,
          );
          if (!found) throw new Error(`${object.name}.${field.name} ${value} leads nowhere`);
        }
      }
    }
    expect.hasAssertions();
  });

  function bound() {
    const loaded = loadOrg(story, []);
    return {
      // Groups, calendars and profiles of staff are outside of this org.
      objects: loaded.objects().filter((object) => !object.tooling),
      table: (name: string) => (loaded.object(name) === null ? { rows: new Map() } : loaded.table(name)),
      row: (name: string, id: string) => (loaded.object(name) === null ? null : loaded.row(name, id)),
    };
  }

  test('histories end at the present stage and agree with the story', async () => {
    const deals = await org.records(
      'SELECT Id, StageName, Amount, CloseDate, CreatedDate, (SELECT StageName, Amount, CloseDate, CreatedDate FROM OpportunityHistories ORDER BY CreatedDate) FROM Opportunity',
    );
    expect(deals.length).toBeGreaterThan(20);
    for (const deal of deals) {
      const lines = deal.OpportunityHistories.records;
      expect(lines[0].CreatedDate).toBe(deal.CreatedDate);
      expect(lines[lines.length - 1]).toMatchObject({
        StageName: deal.StageName,
        Amount: deal.Amount,
        CloseDate: deal.CloseDate,
      });
    }
    const cases = await org.records(
      "SELECT Status, (SELECT NewValue FROM Histories WHERE Field = 'Status' ORDER BY CreatedDate DESC LIMIT 1) FROM Case",
    );
    for (const one of cases) {
      if (one.Histories !== null) expect(one.Histories.records[0].NewValue).toBe(one.Status);
    }
    const leads = await org.records(
      "SELECT Status, IsConverted, (SELECT NewValue FROM Histories WHERE Field = 'Status' ORDER BY CreatedDate DESC LIMIT 1) FROM Lead",
    );
    expect(leads.some((lead) => lead.IsConverted && lead.Histories !== null)).toBe(true);
    for (const lead of leads) {
      if (lead.Histories !== null) expect(lead.Histories.records[0].NewValue).toBe(lead.Status);
    }
  });

  test('stage metadata, campaigns and owners', async () => {
    expect(
      await org.records(
        'SELECT ApiName, IsClosed, IsWon, DefaultProbability FROM OpportunityStage ORDER BY SortOrder',
      ),
    ).toMatchObject([
      { ApiName: 'Qualification' },
      { ApiName: 'Needs Analysis' },
      { ApiName: 'Proposal/Price Quote' },
      { ApiName: 'Negotiation/Review' },
      { ApiName: 'Closed Won', IsClosed: true, IsWon: true, DefaultProbability: 100 },
      { ApiName: 'Closed Lost', IsClosed: true, IsWon: false },
    ]);
    expect(await org.records('SELECT ApiName FROM LeadStatus WHERE IsConverted = TRUE')).toMatchObject([
      { ApiName: 'Closed - Converted' },
    ]);
    expect(await org.records('SELECT ApiName FROM CaseStatus WHERE IsClosed = TRUE')).toMatchObject([
      { ApiName: 'Closed' },
    ]);
    const members = await org.records(
      'SELECT Campaign.Name, Campaign.Type, Contact.Name, Lead.Name FROM CampaignMember LIMIT 5',
    );
    for (const member of members) {
      expect(member.Campaign.Type).toEqual(expect.any(String));
      expect((member.Contact === null) !== (member.Lead === null)).toBe(true);
    }
    expect(await org.records("SELECT Id FROM User WHERE Name != 'Integration User'")).toHaveLength(
      story.owners.length,
    );
  });
});

test('days and datetimes are shown as the calendar has them', () => {
  for (let day = -200_000; day < 200_000; day += 37) {
    const ms = day * 86_400_000 + 45_296_789;
    expect(dayOf(ms)).toBe(new Date(ms).toISOString().slice(0, 10));
  }
  expect(datetimeText(Date.UTC(2024, 1, 29, 23, 59, 59, 999))).toBe('2024-02-29T23:59:59.000+0000');
});
