import type { Association, CrmRecord, FieldValue } from '../src/model/record.ts';
import type { Benchmark } from './kit/benchmark.ts';
import { median } from './kit/measure.ts';
import { CRM, openQuietCrm } from './kit/quiet-crm.ts';

/** Subjects at scale 1, a tenth of the workload; `--scale 10` takes all of it. */
const SUBJECTS = 20_000;
const PEOPLE_OF_AN_ACCOUNT = 3;
const SHARE = 0.01;
const ROUNDS = 3;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 16, 8);

export const benchmark: Benchmark = {
  name: 'incremental',
  about:
    'Processor time to judge subjects and plan their records (the shipped journeys; a quarter accounts, the rest people with deals, tickets and meetings) when the facts of a hundredth of them changed (people and the accounts they belong to), to judging everybody. Beside it: as many people changed, which concerns twice as many subjects; nothing changed; and the run after midnight, when all health is due. A tenth of the workload; `--scale 10` takes 200,000 subjects.',
  targets: { changed_ratio: { max: 0.03 } },
  async measure(scale = 1) {
    const accounts = Math.round((SUBJECTS * scale) / (PEOPLE_OF_AN_ACCOUNT + 1));
    const people = accounts * PEOPLE_OF_AN_ACCOUNT;
    const crm = await openQuietCrm();
    try {
      crm.change(recordsOf(accounts));
      let now = START;
      await crm.sync(now);
      const full: number[] = [];
      const changed: number[] = [];
      const changedMore: number[] = [];
      const idle: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        now += HOUR;
        full.push((await crm.sync(now, true)).placing.cpuMs);
        for (const [share, cost] of [
          [SHARE / 2, changed],
          [SHARE, changedMore],
        ] as const) {
          now += HOUR / 4;
          // Each of another account, whose facts are others with it.
          const some = changedPeople(people, Math.round((accounts + people) * share), now);
          crm.change(some);
          const { result, placing, judged } = await crm.sync(now);
          if (judged !== some.length * 2 || result.summary.writes.records === 0)
            throw new Error(`${judged} subjects were judged for ${some.length} changed people`);
          cost.push(placing.cpuMs);
        }
        now += HOUR / 4;
        idle.push((await crm.sync(now)).placing.cpuMs);
      }
      now = Math.ceil(now / DAY) * DAY + 1;
      const midnight = (await crm.sync(now)).placing.cpuMs;
      const whole = median(full);
      return {
        subjects: accounts + people,
        changed_ratio: median(changed) / whole,
        changed_people_ratio: median(changedMore) / whole,
        idle_ratio: median(idle) / whole,
        midnight_ratio: midnight / whole,
        full_cpu_us_per_subject: (whole * 1_000) / (accounts + people),
        full_cpu_ms: whole,
        changed_cpu_ms: median(changed),
        midnight_cpu_ms: midnight,
      };
    } finally {
      await crm.close();
    }
  },
};

function recordsOf(accounts: number): readonly CrmRecord[] {
  const records: CrmRecord[] = [];
  for (let account = 0; account < accounts; account += 1) {
    const company = [link('companies', `a${account}`)];
    records.push(
      record('companies', `a${account}`, {
        ...{ name: `Account ${account}`, domain: `account-${account}.example` },
        ...{ numberofemployees: (account * 37) % 5_000, type: 'CUSTOMER', industry: 'COMPUTER_SOFTWARE' },
      }),
    );
    for (let n = 0; n < 2; n += 1) {
      const amount = (account * 7_919 + n * 31) % 90_000;
      records.push(
        record(
          'deals',
          `d${account}-${n}`,
          {
            ...{ dealname: `Deal ${n}`, amount, dealtype: 'newbusiness' },
            dealstage: ['open', 'won', 'lost'][(account + n) % 3] ?? 'open',
            closedate: new Date(START - ((account * 13 + n * 7) % 300) * DAY).toISOString(),
          },
          { companies: company, contacts: [link('contacts', `p${account * PEOPLE_OF_AN_ACCOUNT}`)] },
        ),
      );
    }
    for (let n = 0; n < PEOPLE_OF_AN_ACCOUNT; n += 1) {
      const person = account * PEOPLE_OF_AN_ACCOUNT + n;
      records.push(personOf(person, 'NEW', START - DAY));
      const linked = { companies: company, contacts: [link('contacts', `p${person}`)] };
      records.push(
        record(
          'tickets',
          `t${person}`,
          { subject: 'Help', hs_pipeline: '0', hs_pipeline_stage: '1', hs_ticket_priority: 'LOW' },
          linked,
        ),
      );
      for (let meeting = 0; meeting < 2; meeting += 1) {
        const at = new Date(START - ((person * 17 + meeting * 61) % 400) * DAY).toISOString();
        records.push(
          record(
            'meetings',
            `m${person}-${meeting}`,
            { hs_timestamp: at, hs_meeting_start_time: at, hs_meeting_outcome: 'COMPLETED' },
            linked,
          ),
        );
      }
    }
  }
  return records;
}

let places = 0;

/** So many people, each of another account, that are disqualified now. */
function changedPeople(people: number, count: number, now: number): readonly CrmRecord[] {
  const step = Math.floor(people / count / PEOPLE_OF_AN_ACCOUNT) * PEOPLE_OF_AN_ACCOUNT;
  places += 1;
  return Array.from({ length: count }, (_, n) => personOf(n * step + places, 'UNQUALIFIED', now - 60_000));
}

function personOf(person: number, status: string, modified: number): CrmRecord {
  const account = `a${Math.floor(person / PEOPLE_OF_AN_ACCOUNT)}`;
  return {
    ...record(
      'contacts',
      `p${person}`,
      {
        ...{ firstname: 'Person', lastname: String(person), jobtitle: 'Clerk', hs_lead_status: status },
        email: `person.${person}@account.example`,
      },
      { companies: [link('companies', account)] },
    ),
    modified,
  };
}

function record(
  type: string,
  id: string,
  fields: Readonly<Record<string, FieldValue>>,
  associations: CrmRecord['associations'] = {},
): CrmRecord {
  const [created, modified] = [START - 500 * DAY, START - DAY];
  return {
    ...{ connection: CRM, type, id, created, modified, state: 'live', successor: null, mergedIds: [] },
    fields,
    associations,
  };
}

function link(type: string, id: string): Association {
  return { type, id, primary: type === 'companies', label: null };
}
