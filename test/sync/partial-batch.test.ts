import { expect, test } from '@jest/globals';
import type { Write } from '../../src/connector/port.ts';
import { type Company, type Crm, NOW, startCompany } from '../helpers/company.ts';
import { but, expectAccounted, type Json, notices, runWith } from './kit.ts';

const HOUR = 3_600_000;
const TYPE = { hubspot: 'contacts', salesforce: 'Contact' } as const;

const live = async (company: Company, crm: Crm): Promise<readonly string[]> =>
  (await company.records(crm, TYPE[crm]))
    .filter((one) => one.archived !== true && one.IsDeleted !== true)
    .map((one) => one.id ?? one.Id);

test('F37: a batch that is done in part (207, allOrNone=false) is settled row by row; only rows that may pass are sent again (I3, I6)', async () => {
  const company = await startCompany({ contacts: 24 });
  try {
    const refused = new Map<Crm, string>();
    for (const crm of ['hubspot', 'salesforce'] as const) {
      const id = (await live(company, crm))[0] ?? '';
      refused.set(crm, id);
      await company.control(
        crm,
        'refuse',
        crm === 'hubspot'
          ? { type: TYPE[crm], id, message: 'not today' }
          : { id, code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'not today' },
      );
    }
    const locked = (await live(company, 'salesforce'))[1] ?? '';
    const lock = { id: locked, code: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access' };
    // More often than one push tries.
    await company.control('salesforce', 'refuse', { ...lock, times: 10 });

    const first = await company.sync();
    expectAccounted(first.summary);
    expect(first.summary.writes.failed).toBe(3);
    const told = (await notices(company, first)).filter(({ kind }) => kind === 'refused');
    expect(told.map(({ text }) => text).sort()).toEqual([
      expect.stringContaining(`hubspot:contacts:${refused.get('hubspot')} was refused`),
      ...[refused.get('salesforce'), locked]
        .sort()
        .map((id) => expect.stringContaining(`salesforce:Contact:${id} was refused`)),
    ]);
    // Every other row of the same batches was written, and the ledger knows each by its own result.
    const ledger = await company.app.store.ledger.ofRun(first.summary.run);
    const states = new Map(ledger.map(({ connection, id, state }) => [`${connection} ${id}`, state]));
    for (const crm of ['hubspot', 'salesforce'] as const)
      for (const id of await live(company, crm))
        expect([id, states.get(`${crm} ${id}`)]).toEqual([
          id,
          id === refused.get(crm) || id === locked ? 'refused' : 'written',
        ]);

    await company.control('salesforce', 'allow', { id: locked });
    await company.indexed();
    const sent: Json[] = [];
    const second = await runWith(company, { now: NOW + HOUR }, (connection) =>
      but(connection, {
        push: (type, writes: readonly Write[]) => {
          sent.push(...writes.map(({ id }) => [connection.id, type, id]));
          return connection.push(type, writes);
        },
      }),
    );
    expect(sent).toEqual([['salesforce', 'Contact', locked]]);
    expect(second.summary.writes).toMatchObject({ records: 1, failed: 0, parked: 2 });
    // No field of ours was given a value twice.
    for (const crm of ['hubspot', 'salesforce'] as const) {
      const ours = (await company.writes(crm)).filter(
        ({ by, field }) => by === 'integration' && /^waystage_/i.test(field),
      );
      expect(new Set(ours.map(({ id, field }) => `${id} ${field}`)).size).toBe(ours.length);
    }
  } finally {
    await company.close();
  }
});
