import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type {
  Connection,
  ConnectionConfig,
  Connector,
  Discovery,
  Page,
  ProvisionTarget,
  Write,
} from '../../src/connector/port.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { OutputField } from '../../src/model/outputs.ts';
import type { CrmRecord, FieldValue } from '../../src/model/record.ts';
import { historyTests } from './history.ts';

/** A CRM that holds data, and a look at it that does not go through the connector. */
export interface ContractSetup {
  readonly connector: Connector;
  /** A connection that works. */
  readonly config: ConnectionConfig;
  /** The clock of the connection. */
  readonly clock: Clock;
  /** Fields to pull of each object type; a type that is not listed is pulled without fields. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** A text field of an object type with outputs that a person in the CRM can change. */
  readonly editable: { readonly type: string; readonly field: string };
  /** A text field whose earlier values the CRM keeps; absent when it keeps none at all. */
  readonly remembered?: { readonly type: string; readonly field: string };
  readonly crm: CrmSide;
  close(): Promise<void>;
}

/** What people and administrators do in the CRM, past its API. */
export interface CrmSide {
  /** Ids of the records that an API user can see and that are neither deleted, merged away nor converted. */
  liveIds(type: string): Promise<readonly string[]>;
  edit(type: string, id: string, fields: Readonly<Record<string, FieldValue>>): Promise<void>;
  remove(type: string, id: string): Promise<void>;
  /** Moves the CRM's time on, past every lag of its indexes. */
  settle(ms: number): Promise<void>;
  /** Requests the CRM refused for going over a limit. */
  overLimit(): Promise<number>;
}

const HOUR = 3_600_000;

/** Most requests a quiet increment of one object type may cost: a search or two, and its associations. */
const QUIET = 6;

/** What every connector owes the core (`src/connector/port.ts`), whatever its CRM. */
export function connectorContract(name: string, start: () => Promise<ContractSetup>): void {
  describe(`connector contract: ${name}`, () => {
    let setup: ContractSetup;
    let connection: Connection;
    let discovery: Discovery;
    const types = (): readonly string[] => setup.connector.capabilities.objectTypes.map((type) => type.name);
    const fieldsOf = (type: string): readonly string[] => setup.fields[type] ?? [];

    beforeAll(async () => {
      setup = await start();
      connection = open(setup, setup.config);
      await setup.crm.settle(HOUR);
      discovery = await connection.discover(types());
    });
    afterAll(async () => {
      await connection?.close();
      await setup?.close();
    });

    const pages = async (type: string, cursor: string | null): Promise<readonly Page[]> => {
      const all: Page[] = [];
      for await (const page of connection.pull({ type, fields: fieldsOf(type), cursor, discovery }))
        all.push(page);
      return all;
    };
    const requestsOf = async <T>(
      work: () => Promise<T>,
    ): Promise<{ readonly result: T; readonly requests: number }> => {
      const before = connection.usage.requests;
      const result = await work();
      return { result, requests: connection.usage.requests - before };
    };
    const sampleOf = async (type: string, count: number): Promise<readonly string[]> =>
      (await setup.crm.liveIds(type)).slice(0, count);

    test('its capabilities hang together', () => {
      const { capabilities, outputFieldName, id, label } = setup.connector;
      expect(id).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(label).not.toBe('');
      expect(new Set(types()).size).toBe(types().length);
      // An association may name a type that is not pulled, but never itself.
      for (const type of capabilities.objectTypes) expect(type.associations).not.toContain(type.name);
      expect(capabilities.objectTypes.filter((type) => type.outputs).length).toBeGreaterThan(0);
      expect(capabilities.writeBatch).toBeGreaterThanOrEqual(1);
      expect(capabilities.writeParallel).toBeGreaterThanOrEqual(1);
      expect(outputFieldName('health_score')).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
      expect(setup.connector.checkConfig(setup.config)).toEqual([]);
    });

    test('check says who we are there', async () => {
      const account = await connection.check();
      expect(account.accountId).not.toBe('');
      expect(account.name).not.toBe('');
      expect(account.accountId).not.toContain('://');
    });

    test('discover describes every object type, its fields and its stages', () => {
      for (const type of types()) {
        expect(discovery.objects[type]?.readable).toBe(true);
        for (const field of fieldsOf(type)) {
          // A field of a parent (`Campaign.Name`) is described with the parent.
          if (!field.includes('.')) expect(discovery.objects[type]?.fields[field]?.name).toBe(field);
        }
      }
      expect(discovery.stages.some((stage) => stage.won)).toBe(true);
      expect(discovery.stages.some((stage) => stage.lost)).toBe(true);
      expect(discovery.stages.some((stage) => stage.open)).toBe(true);
    });

    test('a full pull hands over every live record, with exactly the fields and associations it owes', async () => {
      for (const { name: type, associations } of setup.connector.capabilities.objectTypes) {
        const all = await pages(type, null);
        const records = all.flatMap((page) => page.records);
        const live = records.filter((record) => record.state === 'live');
        expect([type, [...new Set(live.map((record) => record.id))].sort()]).toEqual([
          type,
          [...(await setup.crm.liveIds(type))].sort(),
        ]);
        expect(all.flatMap((page) => page.failed)).toEqual([]);
        expect(all.map((page) => page.done)).toEqual(all.map((_, index) => index === all.length - 1));
        for (const record of live) {
          expect(record.connection).toBe(setup.config.id);
          expect(Object.keys(record.fields).sort()).toEqual([...fieldsOf(type)].sort());
          expect(Object.keys(record.associations).sort()).toEqual([...associations].sort());
          expect(Number.isFinite(record.modified)).toBe(true);
        }
      }
    });

    test('a field the CRM does not have is absent, not empty', async () => {
      const { type } = setup.editable;
      const fields = [...fieldsOf(type), 'no_such_field_x'];
      for await (const page of connection.pull({ type, fields, cursor: null, discovery })) {
        for (const record of page.records) expect('no_such_field_x' in record.fields).toBe(false);
        break;
      }
    });

    test('the pull can be resumed at the cursor of every page and gives the same records', async () => {
      let resumable = 0;
      for (const type of types()) {
        const whole = await pages(type, null);
        const expected = byId(whole.flatMap((page) => page.records));
        for (const [index, page] of whole.entries()) {
          if (page.done) continue;
          resumable += 1;
          const rest = await pages(type, page.cursor);
          const seen = whole.slice(0, index + 1).flatMap((one) => one.records);
          expect(byId([...seen, ...rest.flatMap((one) => one.records)])).toEqual(expected);
        }
      }
      expect(resumable).toBeGreaterThan(0);
    });

    test('an increment brings what was edited, as a read gives it, and costs few requests', async () => {
      const { type, field } = setup.editable;
      const cursor = (await pages(type, null)).at(-1)?.cursor ?? null;
      await setup.crm.settle(HOUR);
      const quiet = await requestsOf(() => pages(type, cursor));
      expect(quiet.requests).toBeLessThanOrEqual(QUIET);
      const next = quiet.result.at(-1)?.cursor ?? null;

      const [id] = await sampleOf(type, 1);
      const value = 'Zoë "\\\' 山田 عمر 😀';
      await setup.crm.edit(type, id ?? '', { [field]: value });
      await setup.crm.settle(HOUR);
      const { result, requests } = await requestsOf(() => pages(type, next));
      expect(requests).toBeLessThanOrEqual(QUIET);
      expect(result.at(-1)?.done).toBe(true);
      const found = byId(result.flatMap((page) => page.records));
      expect([...found.keys()]).toEqual([id]);
      expect(found.get(id ?? '')?.fields[field]).toBe(value);
      const { records } = await connection.read({ type, ids: [id ?? ''], fields: fieldsOf(type), discovery });
      expect([...found.values()]).toEqual(records);

      const after = await pages(type, result.at(-1)?.cursor ?? null);
      await setup.crm.settle(HOUR);
      // A CRM that shows changes late is looked at a second time; then that is done, too.
      const again = await pages(type, after.at(-1)?.cursor ?? null);
      for (const page of again) for (const record of page.records) expect(record).toEqual(records[0]);
      await setup.crm.settle(HOUR);
      const later = await pages(type, again.at(-1)?.cursor ?? null);
      expect(later.flatMap((page) => page.records)).toEqual([]);
    });

    test('increments of every object type bring a record as the full pull did', async () => {
      for (const type of types()) {
        const whole = await pages(type, null);
        const records = byId(
          whole.flatMap((page) => page.records).filter((record) => record.state === 'live'),
        );
        const ids = [...records.keys()].slice(0, 30);
        if (ids.length === 0) continue;
        const read = await connection.read({ type, ids, fields: fieldsOf(type), discovery });
        expect(read.gone).toEqual([]);
        expect(byId(read.records)).toEqual(new Map(ids.map((id) => [id, records.get(id)])));
      }
    });

    historyTests(() => ({ setup, connection, discovery }));

    test('provision plans what is missing, carries it out, and then has nothing left to plan', async () => {
      const wanted = targetsOf(setup.connector);
      const plan = await connection.planProvision(wanted);
      expect(plan.length).toBeGreaterThan(0);
      expect(new Set(plan.map((step) => step.id)).size).toBe(plan.length);
      for (const step of plan) expect(step.text).not.toBe('');
      expect((await connection.provision(plan)).filter((result) => !result.ok)).toEqual([]);
      expect(await connection.planProvision(wanted)).toEqual([]);
      discovery = await connection.discover(types());
      for (const { type, fields } of wanted) {
        for (const field of fields) {
          expect(discovery.objects[type]?.fields[field.name]).toMatchObject({
            name: field.name,
            writable: true,
          });
        }
      }
    });

    test('an option that is new in the mapping is added and none is taken away', async () => {
      const wanted = targetsOf(setup.connector, [{ value: 'renewing', label: 'Renewing' }]);
      const plan = await connection.planProvision(wanted);
      expect(plan.length).toBeGreaterThan(0);
      expect((await connection.provision(plan)).filter((result) => !result.ok)).toEqual([]);
      expect(await connection.planProvision(wanted)).toEqual([]);
      expect(await connection.planProvision(targetsOf(setup.connector))).toEqual([]);
    });

    test('carrying out an old plan again does no harm', async () => {
      const fresh = targetsOf(setup.connector, [{ value: 'paused', label: 'Paused' }]);
      const plan = await connection.planProvision(fresh);
      await connection.provision(plan);
      expect((await connection.provision(plan)).filter((result) => !result.ok)).toEqual([]);
      expect(await connection.planProvision(fresh)).toEqual([]);
    });

    test('what is written is read back the same, and null clears it', async () => {
      for (const { type, fields } of targetsOf(setup.connector)) {
        const ids = await sampleOf(type, 5);
        const names = fields.map((field) => field.name);
        const valuesOf = (field: OutputField, index: number): FieldValue =>
          VALUES[field.kind][index % 2] ?? null;
        const full = ids.map((id, index): Write => {
          const values = fields.map((field) => [field.name, valuesOf(field, index)]);
          return { id, fields: Object.fromEntries(values), parent: null };
        });
        expect(await connection.push(type, full)).toEqual(ids.map((id) => ({ id, outcome: 'written' })));
        const written = await connection.read({ type, ids, fields: names, discovery });
        for (const write of full) {
          expect(written.records.find((record) => record.id === write.id)?.fields).toEqual(write.fields);
        }
        const empty = Object.fromEntries(names.map((name) => [name, null]));
        const cleared = ids.map((id): Write => ({ id, fields: empty, parent: null }));
        expect((await connection.push(type, cleared)).every(({ outcome }) => outcome === 'written')).toBe(
          true,
        );
        const after = await connection.read({ type, ids, fields: names, discovery });
        for (const record of after.records) expect(record.fields).toEqual(empty);
      }
    });

    test('one record the CRM refuses does not stop the others, and is named', async () => {
      const { type } = setup.editable;
      const field = setup.connector.outputFieldName('stage_reason');
      const ids = (await setup.crm.liveIds(type)).slice(-20);
      const bad = ids[7] ?? '';
      await setup.crm.remove(type, bad);
      const writes = ids.map((id): Write => ({ id, fields: { [field]: `because ${id}` }, parent: null }));
      const results = await connection.push(type, writes);
      expect(results.map(({ id }) => id)).toEqual(ids);
      expect(results.filter(({ outcome }) => outcome !== 'written')).toEqual([
        {
          id: bad,
          outcome: 'refused',
          code: expect.any(String),
          message: expect.any(String),
          retryable: false,
        },
      ]);
      const good = ids.filter((id) => id !== bad);
      const { records } = await connection.read({ type, ids: good, fields: [field], discovery });
      expect(new Map(records.map((record) => [record.id, record.fields[field]]))).toEqual(
        new Map(good.map((id) => [id, `because ${id}`])),
      );
    });

    test('a removed record is reported as archived or gone when it is read', async () => {
      const { type } = setup.editable;
      const [id = ''] = (await setup.crm.liveIds(type)).slice(-1);
      await setup.crm.remove(type, id);
      const { records, gone } = await connection.read({ type, ids: [id], fields: [], discovery });
      expect(gone.length > 0 || records.every((record) => record.state !== 'live')).toBe(true);
      expect(gone.length + records.length).toBeGreaterThan(0);
    });

    test('requests are counted by purpose, and none of this went over a limit of the CRM', async () => {
      const { requests, byPurpose, rateLimited } = connection.usage;
      expect(Object.values(byPurpose).reduce((sum, count) => sum + count, 0)).toBe(requests);
      expect(rateLimited).toBe(0);
      expect(await setup.crm.overLimit()).toBe(0);
    });

    test('a wrong token is refused as credentials: which CRM, what to do, no secret', async () => {
      const token = 'wrong-canary-token';
      const wrong = open(setup, { ...setup.config, auth: { kind: 'token', token } });
      const error = await wrong.check().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'crm_credentials', exitStatus: 3 });
      expect(String(error)).toContain(setup.connector.label);
      expect(String(error) + JSON.stringify(error)).not.toContain(token);
      await wrong.close();
    });

    test('a CRM that is not there is unreachable, exit status 3', async () => {
      const nowhere = await start();
      await nowhere.close();
      const lost = open(nowhere, nowhere.config);
      const error = await lost.check().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'crm_unreachable', exitStatus: 3 });
      await lost.close();
    });

    test('a stopped run stops the pull', async () => {
      const stop = new AbortController();
      const stopped = open(setup, setup.config, stop.signal);
      const { type } = setup.editable;
      const pull = async (): Promise<void> => {
        for await (const _page of stopped.pull({ type, fields: [], cursor: null, discovery })) stop.abort();
        for await (const _page of stopped.pull({ type, fields: [], cursor: null, discovery })) break;
      };
      await expect(pull()).rejects.toMatchObject({ code: 'stopped' });
      await stopped.close();
    });
  });
}

/** Two values of each kind, as the core gives them. */
const VALUES: Readonly<Record<OutputField['kind'], readonly FieldValue[]>> = {
  enum: ['onboarding', 'active'],
  date: ['2026-01-31', '2024-02-29'],
  number: [82, 0],
  text: ['no meeting since 12 Oct; "quoted" \\ 😀 שלום <b>&amp;', 'x'],
};

function targetsOf(
  connector: Connector,
  more: readonly { readonly value: string; readonly label: string }[] = [],
): readonly ProvisionTarget[] {
  const name = connector.outputFieldName;
  const fields: readonly OutputField[] = [
    {
      output: 'stage',
      name: name('stage'),
      label: 'Journey stage',
      kind: 'enum',
      options: [{ value: 'onboarding', label: 'Onboarding' }, { value: 'active', label: 'Active' }, ...more],
    },
    { output: 'stage_entered', name: name('stage_entered'), label: 'Stage entered', kind: 'date' },
    { output: 'stage_reason', name: name('stage_reason'), label: 'Stage reason', kind: 'text', length: 255 },
    { output: 'health_score', name: name('health_score'), label: 'Health score', kind: 'number' },
  ];
  return connector.capabilities.objectTypes
    .filter((type) => type.outputs)
    .map((type) => ({ type: type.name, fields }));
}

function open(
  setup: Pick<ContractSetup, 'connector' | 'clock'>,
  config: ConnectionConfig,
  signal: AbortSignal = new AbortController().signal,
): Connection {
  const silent = (): void => undefined;
  return setup.connector.open(config, {
    clock: setup.clock,
    random: () => 0.5,
    signal,
    log: { debug: silent, info: silent, warn: silent },
  });
}

function byId(records: readonly CrmRecord[]): ReadonlyMap<string, CrmRecord> {
  return new Map(records.map((record) => [record.id, record]));
}
