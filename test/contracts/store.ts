import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SubjectId } from '../../src/model/facts.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import type { Fence, LedgerEntry, Store } from '../../src/store/port.ts';
import { aRecord, entry, HUB, page, placement, T0 } from './store-fixtures.ts';

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
        at: page([], 'c1').at,
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
          records: [member('1', 's1'), member('2', 's2')],
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
          records: [member('1', 's1'), member('2', 's1')],
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
      expect(await store.subjects.given(['s1', 's2', 's3'])).toEqual(new Set(['s1', 's2']));
    });

    test('planned writes come back in the order of writing, run by run, until they are forgotten', async () => {
      const planned = (id: string, parent: string | null, type = 'contacts') => ({
        connection: HUB,
        type,
        id,
        subject: `s${id}` as SubjectId,
        parent,
        changes: [
          {
            journey: 'people',
            output: 'stage' as const,
            field: 'waystage_stage',
            old: null,
            new: 'lead',
            reason: null,
          },
        ],
      });
      // More than one chunk, parents that are none among them, handed over in no order.
      const many = Array.from({ length: 1_203 }, (_, n) =>
        planned(String(1_000 + ((n * 7) % 1_203)), n % 3 === 0 ? null : `p${n % 5}`),
      );
      await store.plans.add('r1', many, fence);
      await store.plans.add('r1', [planned('7', null, 'companies')], fence);
      await store.plans.add('r2', [planned('1000', 'p1')], fence);
      expect(await store.plans.count('r1', HUB, 'contacts')).toBe(1_203);
      const scanned = async (run: string): Promise<readonly unknown[]> => {
        const writes: unknown[] = [];
        for await (const chunk of store.plans.scan(run, HUB, 'contacts')) writes.push(...chunk);
        return writes;
      };
      const key = ({ parent, id }: { parent: string | null; id: string }): string => `${parent ?? ''} ${id}`;
      expect(await scanned('r1')).toEqual(many.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)));
      expect([...(await store.plans.get('r2', HUB, 'contacts', ['1000', '1'])).values()]).toEqual([
        planned('1000', 'p1'),
      ]);
      await store.plans.keepOnly(['r2'], fence);
      expect(await scanned('r1')).toEqual([]);
      expect(await scanned('r2')).toHaveLength(1);
      await store.plans.keepOnly([], fence);
      expect(await scanned('r2')).toEqual([]);
    });

    test('identity is replaced for the records that are named and for no others', async () => {
      const key = (id: string, type = 'contacts') => ({ connection: HUB, type, id });
      const person = (id: string) => ({
        id: id as SubjectId,
        kind: 'person' as const,
        created: T0,
        gone: false,
      });
      const member = (id: string, of: string, type = 'contacts') => ({
        ...key(id, type),
        entity: 'person' as const,
        subject: of as SubjectId,
        reason: 'alone',
      });
      const open = (id: string) => ({
        ...key(id),
        entity: 'person' as const,
        reason: 'two',
        candidates: ['a'],
      });
      const all = ['1', '2', '3'].map((id) => member(id, 's1'));
      await store.subjects.commit(
        { records: all, subjects: [person('s1')], members: all, ambiguities: [open('1')], ended: [] },
        fence,
      );
      const others = [member('4', 's4'), member('5', 's5', 'leads')];
      await store.subjects.commit(
        {
          records: others,
          subjects: [person('s4'), person('s5')],
          members: others,
          ambiguities: [open('4')],
          ended: [],
        },
        fence,
      );
      const subjects = async (): Promise<readonly string[]> => {
        const ids: string[] = [];
        for await (const chunk of store.subjects.scan('person')) for (const { id } of chunk) ids.push(id);
        return ids;
      };
      expect(await subjects()).toEqual(['s1', 's4', 's5']);
      expect((await store.subjects.ambiguities()).map(({ id }) => id)).toEqual(['1', '4']);
      const shared: string[][] = [];
      for await (const chunk of store.subjects.shared())
        for (const members of chunk) shared.push(members.map(({ id }) => id).sort());
      expect(shared).toEqual([['1', '2', '3']]);
      // The third became nothing of its own: a deal that stands alone is in no subject.
      await store.subjects.commit(
        {
          records: all,
          subjects: [person('s9')],
          members: [member('1', 's9'), member('2', 's9')],
          ambiguities: [],
          ended: [],
        },
        fence,
      );
      expect(await subjects()).toEqual(['s4', 's5', 's9']);
      const found = await store.subjects.membersByRecord(HUB, 'contacts', ['1', '2', '3', '4']);
      expect(found.map(({ id, subject }) => `${id} ${subject}`).sort()).toEqual(['1 s9', '2 s9', '4 s4']);
      expect((await store.subjects.ambiguities()).map(({ id }) => id)).toEqual(['4']);
      await store.subjects.keepOnly([{ connection: HUB, type: 'leads' }], fence);
      expect(await subjects()).toEqual(['s5']);
      expect(await store.subjects.ambiguities()).toEqual([]);
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

    test('the last value written is the newest begun, however many there were and in whatever order they ended', async () => {
      const ids = Array.from({ length: 700 }, (_, index) => `${index}`);
      for (const round of [1, 2, 3]) {
        await store.ledger.begin(
          ids.map((id) => entry(id, { entry: `w-${round}-${id}`, new: `stage ${round}` })),
          fence,
        );
      }
      const settled = (round: number) =>
        ids.map((id) => ({
          entry: `w-${round}-${id}`,
          state: 'written' as const,
          code: null,
          message: null,
        }));
      await store.ledger.settle(settled(2), T0, fence);
      await store.ledger.settle(settled(1), T0, fence);
      const last = await store.ledger.lastWritten(HUB, 'contacts', ids);
      expect(last.size).toBe(700);
      for (const values of last.values()) expect({ ...values }).toEqual({ waystage_stage: 'stage 2' });
      expect(await store.ledger.open(HUB)).toHaveLength(700);
      expect((await store.ledger.lastWritten(HUB, 'companies', ids)).size).toBe(0);
    });

    test('results of one batch are settled each with its own words', async () => {
      await store.ledger.begin([entry('1'), entry('2'), entry('3')], fence);
      const outcome = (id: string, state: LedgerEntry['state'], code: string | null) => ({
        entry: `w-${id}`,
        state,
        code,
        message: code === null ? null : `about ${id}`,
      });
      await store.ledger.settle(
        [outcome('1', 'refused', 'A'), outcome('2', 'written', null), outcome('3', 'refused', 'A')],
        T0 + 7,
        fence,
      );
      expect(
        (await store.ledger.ofRun('r1')).map(({ id, state, code, message, at }) => [
          id,
          state,
          code,
          message,
          at,
        ]),
      ).toEqual([
        ['1', 'refused', 'A', 'about 1', T0 + 7],
        ['2', 'written', null, null, T0 + 7],
        ['3', 'refused', 'A', 'about 3', T0 + 7],
      ]);
    });

    test('confirmed values are patched into many records; unknown records and other fields stay as they are', async () => {
      const ids = Array.from({ length: 600 }, (_, index) => `${index}`);
      const proto = JSON.parse('{"email":"p@example.com","__proto__":"kept"}') as CrmRecord['fields'];
      await store.records.commitPage(
        page(
          ids.map((id) => aRecord(id, { fields: proto })),
          'c',
        ),
        fence,
      );
      await store.records.patchFields(
        [...ids, 'nobody'].map((id) => ({
          connection: HUB,
          type: 'contacts',
          id,
          fields: { waystage_stage: id },
        })),
        fence,
      );
      const found = await store.records.get(HUB, 'contacts', [...ids, 'nobody']);
      expect(found.size).toBe(600);
      for (const [id, { fields, modified }] of found) {
        expect(JSON.stringify(fields)).toBe(
          `{"email":"p@example.com","__proto__":"kept","waystage_stage":"${id}"}`,
        );
        expect(modified).toBe(T0);
      }
    });

    test('a placement remembers the records its subject had', async () => {
      await store.journeys.save([placement('s1', { identityHash: 'h1' })], 'r1', fence);
      await store.journeys.save([placement('s1', { identityHash: 'h2' })], 'r2', fence);
      expect((await store.journeys.get('people', ['s1'])).get('s1')?.identityHash).toBe('h2');
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

    test('a full reading marks what it saw, leaves the checkpoint alone and names what it did not see', async () => {
      await store.records.commitPage(page([aRecord('1'), aRecord('2'), aRecord('3')], 'c1'), fence);
      const reading = { mark: 'm', cursor: 'p1', fields: ['email'] };
      await store.records.commitPage(
        { ...page([aRecord('2'), aRecord('4')], 'x'), checkpoint: null, reading },
        fence,
      );
      expect((await store.records.checkpoint(HUB, 'contacts'))?.cursor).toBe('c1');
      expect(await store.readings.open(HUB, 'contacts')).toEqual(reading);
      const unseen: string[] = [];
      for await (const chunk of store.readings.unseen(HUB, 'contacts', 'm', 'live'))
        unseen.push(...chunk.map(({ id }) => id));
      expect(unseen).toEqual(['1', '3']);
      // An increment does not take the mark away.
      await store.records.commitPage(page([aRecord('2', { modified: T0 + 1 })], 'c2'), fence);
      for await (const chunk of store.readings.unseen(HUB, 'contacts', 'm', 'live'))
        expect(chunk.map(({ id }) => id)).toEqual(['1', '3']);
      await store.readings.end(HUB, 'contacts', fence);
      expect(await store.readings.open(HUB, 'contacts')).toBeNull();
    });

    test('a record that comes twice in a run keeps the fate that says what was done', async () => {
      const fate = (id: string, what: 'applied' | 'ignored') => ({
        connection: HUB,
        type: 'contacts',
        id,
        fate: what,
        reason: what === 'ignored' ? 'unchanged' : null,
        message: null,
      });
      const of = (fates: ReturnType<typeof fate>[]) => page([], 'c', { type: 'contacts', fates });
      await store.records.commitPage(of([fate('1', 'applied'), fate('2', 'ignored')]), fence);
      await store.records.commitPage(of([fate('1', 'ignored'), fate('2', 'applied')]), fence);
      const fates = await store.runs.fates('r1', { limit: 10 });
      expect(fates.map((one) => one.fate)).toEqual(['applied', 'applied']);
    });

    test('I10 what is purged leaves only a keyed hash', async () => {
      const link = { type: 'contacts', id: '1', primary: false, label: null };
      await store.records.commitPage(page([aRecord('1'), aRecord('2')], 'c'), fence);
      await store.records.commitPage(
        page([aRecord('9', { type: 'deals', associations: { contacts: [link] } })], 'c'),
        fence,
      );
      const member = {
        connection: HUB,
        type: 'contacts',
        id: '1',
        entity: 'person' as const,
        subject: 's1' as SubjectId,
        reason: 'alone',
      };
      await store.subjects.commit(
        {
          records: [member],
          subjects: [{ id: 's1' as SubjectId, kind: 'person', created: T0, gone: false }],
          members: [member],
          ambiguities: [],
          ended: [],
        },
        fence,
      );
      await store.journeys.save([placement('s1')], 'r1', fence);
      await store.ledger.begin([entry('1')], fence);
      await store.readings.purge([{ connection: HUB, type: 'contacts', id: '1' }], T0, fence);
      expect([...(await store.records.get(HUB, 'contacts', ['1', '2'])).keys()]).toEqual(['2']);
      expect(
        (await store.records.get(HUB, 'deals', ['9'])).get('9')?.associations['contacts'],
      ).toBeUndefined();
      expect(await store.subjects.get('s1')).toBeNull();
      expect(await store.journeys.ofSubject('s1')).toEqual([]);
      expect(await store.journeys.visits('s1', 'people')).toEqual([]);
      expect(await store.ledger.ofRun('r1')).toEqual([]);
      expect(await store.readings.purged(HUB, 'contacts', ['1', '2'])).toEqual(new Set(['1']));
      expect(await store.readings.purged(HUB, 'companies', ['1'])).toEqual(new Set());
      await store.readings.unpurge([{ connection: HUB, type: 'contacts', id: '1' }], fence);
      expect(await store.readings.purged(HUB, 'contacts', ['1'])).toEqual(new Set());
    });

    test('parked writes, baselines, the kept plan and the state of connections are kept and replaced', async () => {
      const parked = {
        connection: HUB,
        type: 'contacts',
        id: '1',
        inputs: 'h',
        stamp: T0,
        due: false,
        code: 'NO',
        message: 'no',
        run: 'r1',
        at: T0,
      };
      await store.holds.park([parked, { ...parked, id: '2' }], fence);
      await store.holds.park([{ ...parked, due: true }], fence);
      await store.holds.unpark([{ connection: HUB, type: 'contacts', id: '2' }], fence);
      expect(await store.holds.parked(HUB)).toEqual([{ ...parked, due: true }]);
      const line = (field: string, n: number) => ({ connection: HUB, type: 'contacts', field, n });
      await store.holds.setBaselines([line('', 9), line('email', 8)], fence);
      await store.holds.setBaselines([line('', 7)], fence);
      expect(await store.holds.baselines()).toEqual([line('', 7)]);
      await store.holds.keepPlan({ run: 'r1', at: T0, reason: 'many', plan: { a: 1 } }, fence);
      await store.holds.keepPlan({ run: 'r2', at: T0, reason: 'more', plan: { a: 2 } }, fence);
      expect(await store.holds.keptPlan()).toEqual({ run: 'r2', at: T0, reason: 'more', plan: { a: 2 } });
      await store.holds.keepPlan(null, fence);
      expect(await store.holds.keptPlan()).toBeNull();
      await store.connections.pause(HUB, T0);
      await store.connections.reconciled(HUB, T0 + 1);
      expect(await store.connections.states()).toEqual([{ id: HUB, pausedAt: T0, reconciledAt: T0 + 1 }]);
      await store.connections.pause(HUB, null);
      expect(await store.connections.states()).toEqual([{ id: HUB, pausedAt: null, reconciledAt: T0 + 1 }]);
    });

    test('what was written to some records since an instant comes in order', async () => {
      await store.ledger.begin([entry('1'), { ...entry('2'), entry: 'w-x' }], fence);
      await store.ledger.settle(
        [{ entry: 'w-1', state: 'written', code: null, message: null }],
        T0 + 5,
        fence,
      );
      expect((await store.ledger.writtenSince(HUB, 'contacts', ['1', '2'], T0)).map(({ id }) => id)).toEqual([
        '1',
      ]);
      expect(await store.ledger.writtenSince(HUB, 'contacts', ['1'], T0 + 6)).toEqual([]);
    });

    test('exports give everything of a kind once, in order, over several chunks', async () => {
      const subjects = Array.from({ length: 450 }, (_, i) => `s${String(i).padStart(4, '0')}`);
      await store.journeys.save(
        subjects.map((subject) => placement(subject)),
        'r1',
        fence,
      );
      await store.journeys.save(
        subjects.slice(0, 3).map((subject) => placement(subject, { journey: 'accounts' })),
        'r1',
        fence,
      );
      await store.ledger.begin(
        Array.from({ length: 1_001 }, (_, i) => entry(String(i), { new: `=${i}` })),
        fence,
      );
      const all = async <T>(chunks: AsyncIterable<readonly T[]>): Promise<readonly T[]> => {
        const rows: T[] = [];
        for await (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(500);
          rows.push(...chunk);
        }
        return rows;
      };
      const visits = await all(store.exports.visits('people'));
      expect(visits.map(({ subject }) => subject)).toEqual(subjects);
      expect(visits[0]).toMatchObject({ journey: 'people', seq: 0, stage: 'lead', entered: T0, left: null });
      const both = await all(store.exports.visits(null));
      expect(both.slice(0, 3).map(({ subject, journey }) => [subject, journey])).toEqual([
        ['s0000', 'accounts'],
        ['s0000', 'people'],
        ['s0001', 'accounts'],
      ]);
      expect(both).toHaveLength(453);
      const health = await all(store.exports.health('accounts'));
      expect(health.map(({ subject, score, band }) => [subject, score, band])).toEqual([
        ['s0000', 70, 'healthy'],
        ['s0001', 70, 'healthy'],
        ['s0002', 70, 'healthy'],
      ]);
      const writes = await all(store.exports.writes(null));
      expect(writes.map(({ id }) => id)).toEqual(Array.from({ length: 1_001 }, (_, i) => String(i)));
      expect(writes[7]).toMatchObject({ old: null, new: '=7', state: 'pending' });
      expect(await all(store.exports.writes('accounts'))).toEqual([]);
    });

    test('text that no database can hold faithfully is refused, not changed in silence', async () => {
      await expect(store.records.commitPage(page([aRecord('\ud800')], 'c'), fence)).rejects.toMatchObject({
        code: 'value_unstorable',
      });
      expect(await store.records.checkpoint(HUB, 'contacts')).toBeNull();
    });
  });
}
