import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SubjectId } from '../../src/model/facts.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { Fence, LedgerEntry, PageCommit, Placement, Store } from '../../src/store/port.ts';

const HUB = 'hub' as ConnectionId;
const T0 = Date.UTC(2026, 0, 1);

/** A record with defaults, for tests of the store. */
export function aRecord(id: string, over: Partial<CrmRecord> = {}): CrmRecord {
  return {
    connection: HUB,
    type: 'contacts',
    id,
    fields: { email: `${id}@example.com` },
    created: T0,
    modified: T0,
    state: 'live',
    successor: null,
    mergedIds: [],
    associations: {},
    ...over,
  };
}

function page(records: readonly CrmRecord[], cursor: string, over: Partial<PageCommit> = {}): PageCommit {
  return {
    run: 'r1',
    connection: HUB,
    type: records[0]?.type ?? 'contacts',
    records,
    fates: records.map((record) => ({
      connection: record.connection,
      type: record.type,
      id: record.id,
      fate: 'applied' as const,
      reason: null,
      message: null,
    })),
    checkpoint: { cursor, fields: ['email'], complete: false },
    at: T0,
    ...over,
  };
}

function placement(subject: string, over: Partial<Placement> = {}): Placement {
  return {
    subject: subject as SubjectId,
    journey: 'people',
    state: {
      stage: 'lead',
      entered: T0,
      visits: [
        {
          stage: 'lead',
          entered: T0,
          left: null,
          noticed: T0,
          cause: 'customer',
          rule: 'stages.lead.enter',
          mappingVersion: 'v1',
          skipped: false,
          uncertain: false,
        },
      ],
      lastStep: T0,
      mappingVersion: 'v1',
    },
    health: { score: 70, band: 'healthy', coverage: 1 },
    segments: ['smb'],
    outputs: { stage: 'lead' },
    factsHash: 'f',
    identityHash: 'i',
    evaluatedAt: T0,
    ...over,
  };
}

function entry(id: string, over: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    entry: `w-${id}`,
    run: 'r1',
    connection: HUB,
    type: 'contacts',
    id,
    subject: 's1' as SubjectId,
    journey: 'people',
    output: 'stage',
    field: 'waystage_stage',
    old: null,
    new: 'lead',
    state: 'pending',
    code: null,
    message: null,
    at: T0,
    ...over,
  };
}

/** What every store must do, whatever database it sits on. `open` gives an empty one. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    let fence: Fence;
    beforeEach(async () => {
      store = await open();
      const taken = await store.leases.acquire('sync', 'test', T0, 60_000);
      if (taken === null) throw new Error('a new store has no lease taken');
      fence = taken;
    });
    afterEach(() => store.close());

    test('a page is committed with its checkpoint and read back as it was', async () => {
      const linked = aRecord('1', {
        fields: {
          email: null,
          name: '__proto__',
          note: `nul \u0000 "'\\ 🙂 \u202Eשלום`,
          big: 'x'.repeat(65_536),
          n: 1.5,
          yes: true,
        },
        mergedIds: ['0'],
        successor: { type: 'contacts', id: '9' },
        state: 'merged',
        associations: { companies: [{ type: 'companies', id: '7', primary: true, label: 'Boss' }] },
      });
      await store.records.commitPage(page([linked, aRecord('2')], 'c1'), fence);
      const found = await store.records.get(HUB, 'contacts', ['1', '2', '3']);
      expect([...found.keys()].sort()).toEqual(['1', '2']);
      expect(JSON.parse(JSON.stringify(found.get('1')))).toEqual(JSON.parse(JSON.stringify(linked)));
      expect(await store.records.checkpoint(HUB, 'contacts')).toEqual({
        cursor: 'c1',
        fields: ['email'],
        complete: false,
      });
      expect(await store.records.checkpoint(HUB, 'deals')).toBeNull();
    });

    test('associations are replaced per type that was read and kept for types that were not', async () => {
      const to = (type: string, id: string) => ({ type, id, primary: false, label: null });
      await store.records.commitPage(
        page(
          [aRecord('1', { associations: { companies: [to('companies', '7')], deals: [to('deals', '3')] } })],
          'a',
        ),
        fence,
      );
      await store.records.commitPage(
        page([aRecord('1', { associations: { companies: [to('companies', '8')] } })], 'b'),
        fence,
      );
      const after = (await store.records.get(HUB, 'contacts', ['1'])).get('1');
      expect(after?.associations['companies']?.map((link) => link.id)).toEqual(['8']);
      expect(after?.associations['deals']?.map((link) => link.id)).toEqual(['3']);
      await store.records.commitPage(page([aRecord('1', { associations: { companies: [] } })], 'c'), fence);
      expect((await store.records.pointingTo(HUB, 'companies', ['7', '8'])).length).toBe(0);
      expect((await store.records.pointingTo(HUB, 'deals', ['3'])).map((record) => record.id)).toEqual(['1']);
    });

    test('scan gives every record once, in id order, over several chunks', async () => {
      const ids = Array.from({ length: 1201 }, (_, index) => String(index).padStart(5, '0'));
      await store.records.commitPage(
        page(
          ids.map((id) => aRecord(id)),
          'x',
        ),
        fence,
      );
      const seen: string[] = [];
      for await (const chunk of store.records.scan(HUB, 'contacts'))
        seen.push(...chunk.map((record) => record.id));
      expect(seen).toEqual(ids);
    });

    test('a lost lease commits nothing (I4)', async () => {
      const other = await store.leases.acquire('sync', 'other', T0 + 61_000, 60_000);
      expect(other).not.toBeNull();
      await expect(store.records.commitPage(page([aRecord('1')], 'c'), fence)).rejects.toMatchObject({
        code: 'busy',
      });
      expect((await store.records.get(HUB, 'contacts', ['1'])).size).toBe(0);
      expect(await store.records.checkpoint(HUB, 'contacts')).toBeNull();
    });

    test('a lease is held until it expires or is released', async () => {
      expect(await store.leases.acquire('sync', 'other', T0 + 1000, 60_000)).toBeNull();
      expect(await store.leases.holder('sync', T0 + 1000)).toBe('test');
      expect(await store.leases.renew(fence, T0 + 50_000, 60_000)).toBe(true);
      expect(await store.leases.acquire('sync', 'other', T0 + 61_000, 60_000)).toBeNull();
      await store.leases.release(fence);
      expect(await store.leases.acquire('sync', 'other', T0 + 61_000, 60_000)).not.toBeNull();
      expect(await store.leases.renew(fence, T0 + 61_500, 60_000)).toBe(false);
    });

    test('subjects, members and ambiguities are replaced as a whole', async () => {
      const subject = (id: string) => ({
        id: id as SubjectId,
        kind: 'person' as const,
        created: T0,
        gone: false,
      });
      const member = (id: string, of: string) => ({
        connection: HUB,
        type: 'contacts',
        id,
        entity: 'person' as const,
        subject: of as SubjectId,
        reason: 'alone',
      });
      await store.subjects.commit(
        {
          subjects: [subject('s1'), subject('s2')],
          members: [member('1', 's1'), member('2', 's2')],
          ambiguities: [
            {
              connection: HUB,
              type: 'contacts',
              id: '2',
              entity: 'person',
              reason: 'two',
              candidates: ['a'],
            },
          ],
          ended: [],
        },
        fence,
      );
      expect((await store.subjects.ambiguities()).map((item) => item.id)).toEqual(['2']);
      await store.subjects.commit(
        {
          subjects: [subject('s1')],
          members: [member('1', 's1'), member('2', 's1')],
          ambiguities: [],
          ended: [{ id: 's2' as SubjectId, into: 's1' as SubjectId }],
        },
        fence,
      );
      expect((await store.subjects.list('person')).map((row) => row.id)).toEqual(['s1']);
      expect((await store.subjects.membersOf(['s1'])).map((row) => row.id).sort()).toEqual(['1', '2']);
      expect((await store.subjects.memberByRecord(member('2', 's1')))?.subject).toBe('s1');
      expect(await store.subjects.ambiguities()).toEqual([]);
      expect(await store.subjects.get('s2')).toBeNull();
      expect([...(await store.subjects.ended())]).toEqual(['s2']);
    });

    test('J12 visits are appended and ended, never erased; health points only when something moved', async () => {
      await store.journeys.save([placement('s1')], 'r1', fence);
      const first = (await store.journeys.get('people', ['s1'])).get('s1');
      expect(first).toEqual(placement('s1'));
      const moved = placement('s1', {
        state: {
          ...placement('s1').state,
          stage: 'customer',
          entered: T0 + 5,
          visits: [
            { ...placement('s1').state.visits[0]!, left: T0 + 5 },
            { ...placement('s1').state.visits[0]!, stage: 'customer', entered: T0 + 5, noticed: T0 + 6 },
          ],
        },
        evaluatedAt: T0 + 6,
      });
      await store.journeys.save([moved], 'r2', fence);
      expect((await store.journeys.visits('s1', 'people')).map((visit) => [visit.stage, visit.left])).toEqual(
        [
          ['lead', T0 + 5],
          ['customer', null],
        ],
      );
      expect(await store.journeys.healthPoints('s1', 'people')).toHaveLength(1);
      await store.journeys.save(
        [{ ...moved, health: { score: 20, band: 'critical', coverage: 1 }, evaluatedAt: T0 + 9 }],
        'r3',
        fence,
      );
      expect((await store.journeys.healthPoints('s1', 'people')).map((point) => point.band)).toEqual([
        'healthy',
        'critical',
      ]);
    });

    test('the ledger remembers what was begun, settles it, and knows the last value written', async () => {
      await store.ledger.begin([entry('1'), entry('2')], fence);
      expect((await store.ledger.open(HUB)).map((row) => row.id)).toEqual(['1', '2']);
      await store.ledger.settle(
        [
          { entry: 'w-1', state: 'written', code: null, message: null },
          { entry: 'w-2', state: 'refused', code: 'INVALID', message: 'no' },
        ],
        T0,
        fence,
      );
      expect(await store.ledger.open(HUB)).toEqual([]);
      await store.ledger.begin([{ ...entry('1'), entry: 'w-3', old: 'lead', new: 'customer' }], fence);
      await store.ledger.settle([{ entry: 'w-3', state: 'written', code: null, message: null }], T0, fence);
      const last = await store.ledger.lastWritten(HUB, 'contacts', ['1', '2']);
      expect({ ...last.get('1') }).toEqual({ waystage_stage: 'customer' });
      expect(last.get('2')).toBeUndefined();
      expect((await store.ledger.ofRun('r1')).map((row) => row.state)).toEqual([
        'written',
        'refused',
        'written',
      ]);
    });

    test('a run left running by a killed process is marked interrupted when the next one starts', async () => {
      await store.runs.start({ id: 'r1', kind: 'sync', started: T0, now: T0 }, fence);
      await store.runs.start({ id: 'r2', kind: 'sync', started: T0 + 1, now: T0 + 1 }, fence);
      expect((await store.runs.get('r1'))?.status).toBe('interrupted');
      await store.runs.finish('r2', { status: 'done', ended: T0 + 2, summary: { a: 1 }, error: null });
      expect((await store.runs.list(10)).map((run) => [run.id, run.status])).toEqual([
        ['r2', 'done'],
        ['r1', 'interrupted'],
      ]);
      await store.runs.notice('r2', [{ kind: 'edit', subject: 's1', text: 'kept' }]);
      await store.runs.notice('r2', [{ kind: 'edit', subject: null, text: 'kept too' }]);
      expect((await store.runs.notices('r2')).map((notice) => notice.text)).toEqual(['kept', 'kept too']);
    });

    test('text that no database can hold faithfully is refused, not changed in silence', async () => {
      await expect(store.records.commitPage(page([aRecord('\ud800')], 'c'), fence)).rejects.toMatchObject({
        code: 'value_unstorable',
      });
      expect(await store.records.checkpoint(HUB, 'contacts')).toBeNull();
    });
  });
}
