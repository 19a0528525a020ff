import { afterEach, describe, expect, test } from '@jest/globals';
import type { Connection, DiscoveredObject, ReadRequest } from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import type { SyncOptions } from '../../src/sync/session.ts';
import { type Company, startCompany } from '../helpers/company.ts';
import { but, expectAccounted, runWith } from './kit.ts';

const HOUR = 3_600_000;
const SALESFORCE = 'salesforce' as ConnectionId;
const TYPE = 'Account';
const FIELD = 'NumberOfEmployees';

/** A Salesforce in which a field of accounts is a formula: its value moves while no stamp does. */
class FormulaOrg {
  readonly reads: ReadRequest[] = [];
  readonly moved = new Map<string, number>();
  refuse = false;
  readonly #company: Company;

  constructor(company: Company) {
    this.#company = company;
  }

  /** A run so long after the test began. */
  run(later: number, changes: Partial<SyncOptions> = {}): Promise<SyncResult> {
    const { clock } = this.#company;
    return runWith(
      this.#company,
      {
        kind: 'pull',
        only: SALESFORCE,
        clock: { now: () => clock.now() + later, sleep: (ms, signal) => clock.sleep(ms, signal) },
        ...changes,
      },
      (connection, { id }) => (id === SALESFORCE ? this.#wrap(connection) : connection),
    );
  }

  async stored(): Promise<ReadonlyMap<string, CrmRecord>> {
    const records = new Map<string, CrmRecord>();
    for await (const chunk of this.#company.app.store.records.scan(SALESFORCE, TYPE))
      for (const record of chunk) if (record.state === 'live') records.set(record.id, record);
    return records;
  }

  #wrap(connection: Connection): Connection {
    const now = (record: CrmRecord): CrmRecord =>
      this.moved.has(record.id)
        ? { ...record, fields: { ...record.fields, [FIELD]: this.moved.get(record.id)! } }
        : record;
    return but(connection, {
      discover: async (types) => {
        const discovery = await connection.discover(types);
        const only = ([type, object]: [string, DiscoveredObject]): [string, DiscoveredObject] => [
          type,
          {
            ...object,
            fields: Object.fromEntries(
              Object.entries(object.fields).map(([name, field]) => [
                name,
                { ...field, calculated: type === TYPE && name === FIELD },
              ]),
            ),
          },
        ];
        return { ...discovery, objects: Object.fromEntries(Object.entries(discovery.objects).map(only)) };
      },
      read: async (request) => {
        this.reads.push(request);
        if (this.refuse) throw new Error('not now');
        const { records, gone } = await connection.read(request);
        return { records: records.map(now), gone };
      },
    });
  }
}

describe('values that move without a stamp', () => {
  let company: Company;
  let org: FormulaOrg;
  afterEach(() => company.close());

  test('a calculated field is read again on its own schedule, alone, and each record has its fate', async () => {
    company = await startCompany();
    org = new FormulaOrg(company);
    await org.run(0);
    const before = await org.stored();
    const [first, second] = [...before.keys()];
    org.moved.set(first!, 123_456);
    await org.run(23 * HOUR);
    expect(org.reads).toEqual([]);

    const { summary, exit } = await org.run(25 * HOUR);
    expect(exit).toBe(0);
    expect(org.reads.map(({ type, fields }) => [type, fields])).toEqual([[TYPE, [FIELD]]]);
    expect(org.reads[0]?.ids).toHaveLength(before.size);
    expectAccounted(summary);
    const fates = (await company.app.store.runs.fates(summary.run, { limit: 10_000 })).filter(
      ({ reason }) => reason === 'calculated',
    );
    expect(fates).toMatchObject([{ type: TYPE, id: first, fate: 'applied' }]);
    const after = await org.stored();
    expect(after.get(first!)).toEqual({
      ...before.get(first!)!,
      fields: { ...before.get(first!)!.fields, [FIELD]: 123_456 },
    });
    expect(after.get(second!)).toEqual(before.get(second!));

    await org.run(26 * HOUR);
    expect(org.reads).toHaveLength(1);
    await org.run(50 * HOUR);
    expect(org.reads).toHaveLength(2);
  });

  test('Salesforce: the last activity moves with a task and not with a stamp, and a mapping that reads it sees it', async () => {
    company = await startCompany({ contacts: 20 });
    const run = (later: number): Promise<SyncResult> =>
      runWith(company, {
        kind: 'pull',
        only: SALESFORCE,
        clock: {
          now: () => company.clock.now() + later,
          sleep: (ms, signal) => company.clock.sleep(ms, signal),
        },
      });
    const stored = async (id: string): Promise<CrmRecord | undefined> =>
      (await company.app.store.records.get(SALESFORCE, 'Contact', [id])).get(id);
    await run(0);
    const discovery = (await company.app.store.connections.list()).find(
      ({ id }) => id === SALESFORCE,
    )?.discovery;
    expect(discovery?.objects['Contact']?.fields['LastActivityDate']).toMatchObject({ calculated: true });
    expect(discovery?.objects['Contact']?.fields['Title']).toMatchObject({ calculated: false });
    expect(discovery?.objects['CampaignMember']?.fields['Campaign.Name']).toMatchObject({ calculated: true });
    const id = (await company.records('salesforce', 'Contact')).find((one) => one.IsDeleted !== true).Id;
    const before = await stored(id);
    await company.control('salesforce', 'create', {
      type: 'Task',
      properties: { Subject: 'Call', Status: 'Completed', ActivityDate: '2030-01-31', WhoId: id },
    });
    expect((await company.record('salesforce', 'Contact', id)).LastActivityDate).toBe('2030-01-31');
    await run(HOUR);
    expect((await stored(id))?.fields['LastActivityDate']).toBe(before?.fields['LastActivityDate']);
    const { summary } = await run(25 * HOUR);
    expectAccounted(summary);
    expect(await stored(id)).toEqual({
      ...before,
      fields: { ...before?.fields, LastActivityDate: '2030-01-31' },
    });
  });

  test('what could not be read is read by the next run; a plan and a full reading leave it out', async () => {
    company = await startCompany();
    org = new FormulaOrg(company);
    await org.run(0);
    const [first] = [...(await org.stored()).keys()];
    org.moved.set(first!, 7);
    await org.run(25 * HOUR, { kind: 'plan' });
    expect(org.reads).toEqual([]);
    org.refuse = true;
    expect((await org.run(25 * HOUR)).summary.problems).toHaveLength(1);
    expect((await org.stored()).get(first!)?.fields[FIELD]).not.toBe(7);
    org.refuse = false;
    expect((await org.run(26 * HOUR)).exit).toBe(0);
    expect((await org.stored()).get(first!)?.fields[FIELD]).toBe(7);
    const reads = org.reads.length;
    await org.run(60 * HOUR, { reconcile: true });
    await org.run(61 * HOUR);
    expect(org.reads.filter(({ fields }) => fields.length === 1)).toHaveLength(reads);
  });
});
