import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommandContext } from '../../src/commands/context.ts';
import { type OverrideOptions, override } from '../../src/commands/override.ts';
import type { ManualEdits } from '../../src/model/manual-edits.ts';
import type { RecordKey } from '../../src/model/record.ts';
import type { StoredOverride, StoredSubject } from '../../src/store/port.ts';
import { explain, explainThen } from '../../src/sync/look/explain.ts';
import {
  endOverrides,
  type OverrideRequest,
  ofSubject,
  setOverride,
} from '../../src/sync/place/overrides-set.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import { type Company, type Crm, startCompany } from '../helpers/company.ts';
import { type Json, notices } from './kit.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const MAPPING = `
journey: hand
subject: person
timezone: UTC
stages:
  fresh: { default: true }
  met: { enter: { person.title: { contains: zebra } }, min_stay: 90d }
  kept: { enter: { person.title: { contains: tiger } } }
  lost: { off_path: true, enter: { person.title: { contains: shark } } }
health:
  hysteresis: 20
  bands: { green: 70, yellow: 45, red: 0 }
  groups:
    title:
      measures:
        title:
          label: Title
          cases: [{ when: { person.title: { contains: wolf } }, score: 10 }, { else: 65 }]
outputs: [stage, stage_entered, stage_reason, health_band, health_reason]
`;

const STAGE = { hubspot: 'waystage_stage', salesforce: 'Waystage_Stage__c' } as const;
const BAND = { hubspot: 'waystage_health_band', salesforce: 'Waystage_Health_Band__c' } as const;

let folder: string;
let company: Company;
let mapping: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waystage-overrides-'));
  mapping = join(folder, 'hand.yaml');
  writeFileSync(mapping, MAPPING);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A person both CRMs know, by its records. */
interface Twin extends Record<Crm, RecordKey> {
  readonly subject: StoredSubject;
}

async function start(manualEdits: ManualEdits): Promise<Twin[]> {
  company = await startCompany({ contacts: 30, mappings: [mapping], guard: 'off', manualEdits });
  await sync();
  const { store } = company.app;
  const twins: Twin[] = [];
  for (const subject of await store.subjects.list('person')) {
    const members = await store.subjects.membersOf([subject.id]);
    const [hubspot, salesforce] = (['hubspot', 'salesforce'] as const).map((crm) =>
      members.filter(({ connection }) => connection === crm),
    );
    if (hubspot?.length === 1 && salesforce?.length === 1 && salesforce[0]?.type === 'Contact')
      twins.push({ subject, hubspot: hubspot[0]!, salesforce: salesforce[0]! });
  }
  return twins;
}

async function sync(kind: 'sync' | 'plan' = 'sync'): Promise<SyncResult> {
  // Until HubSpot's search shows what was changed.
  pass(2_000);
  return company.sync({ kind, now: company.clock.now() });
}

function pass(ms: number): void {
  company.time.skipped = (company.time.skipped ?? 0) + ms;
}

const edited = new Set<string>();
async function edit(crm: Crm, { type, id }: RecordKey, properties: Json): Promise<void> {
  edited.add(id);
  await company.control(crm, 'edit', { type, id, properties });
}

async function shown(crm: Crm, { type, id }: RecordKey, field: string): Promise<string | null> {
  const record = await company.record(crm, type, id);
  return ((record.properties ?? record)[field] ?? null) || null;
}

/** The stage both CRMs show. */
async function stages(twin: Twin): Promise<readonly (string | null)[]> {
  return Promise.all((['hubspot', 'salesforce'] as const).map((crm) => shown(crm, twin[crm], STAGE[crm])));
}

async function bands(twin: Twin): Promise<readonly (string | null)[]> {
  return Promise.all((['hubspot', 'salesforce'] as const).map((crm) => shown(crm, twin[crm], BAND[crm])));
}

async function told(result: SyncResult, kind: string): Promise<readonly string[]> {
  return (await notices(company, result)).filter((one) => one.kind === kind).map(({ text }) => text);
}

let ids = 0;
function set(subject: StoredSubject, over: Partial<OverrideRequest>): Promise<{ override: StoredOverride }> {
  ids += 1;
  return setOverride(company.app.store, company.app.mappings.mappings, {
    ...{ subject, named: '', reason: 'they told us', owner: 'Ann', source: 'cli' },
    ...{ now: company.clock.now(), newId: () => `o${ids}` },
    ...over,
  });
}

async function visits({ subject }: Twin) {
  const all = await company.app.store.journeys.visits(subject.id, 'hand');
  return all.filter(({ skipped }) => !skipped);
}

async function placement({ subject }: Twin) {
  return (await company.app.store.journeys.get('hand', [subject.id])).get(subject.id);
}

async function explained({ subject }: Twin) {
  const { app, clock } = company;
  const { journeys } = await explain(
    ...([app.store, app.connections, app.mappings.mappings, subject, clock.now()] as const),
  );
  return journeys[0]!;
}

describe('J29 stages and bands set by hand', () => {
  let twins: Twin[];
  beforeAll(async () => {
    twins = await start('ask');
  }, 60_000);
  afterAll(() => company?.close());

  test('J29 a stage set by hand decides, is written to all records and explained; its end is one step without min_stay', async () => {
    const twin = twins.pop()!;
    const { override: one } = await set(twin.subject, { stage: 'met', for: '30d' });
    expect((await placement(twin))?.due).toBe(0);
    const result = await sync();
    expect(result.summary.transitions).toBe(1);
    expect(await stages(twin)).toEqual(['met', 'met']);
    expect((await visits(twin)).at(-1)).toMatchObject({
      ...{ stage: 'met', entered: one.at, cause: 'override', rule: 'override' },
    });
    // J15: never late.
    expect((await placement(twin))?.due).toBeLessThanOrEqual(one.until!);
    const { stage } = await explained(twin);
    expect(stage).toMatchObject({
      stage: 'met',
      override: { owner: 'Ann', reason: 'they told us', until: one.until },
      reason: expect.stringMatching(/^set by hand by Ann until 20 Dec 2026: they told us$/),
    });
    const reason = await shown('hubspot', twin.hubspot, 'waystage_stage_reason');
    expect(reason).toBe(stage?.reason);
    expect((await sync()).summary).toMatchObject({ transitions: 0, writes: { fields: 0, manualEdits: 0 } });
    pass(31 * DAY);
    await sync();
    // `met` would have kept them for 90 days.
    expect(await stages(twin)).toEqual(['fresh', 'fresh']);
    expect((await visits(twin)).slice(-2)).toMatchObject([
      { stage: 'met', entered: one.at, left: one.until },
      { stage: 'fresh', entered: one.until, left: null, cause: 'override', rule: 'default' },
    ]);
    expect((await explained(twin)).stage?.override).toBeNull();
    // J14: as of then it is told as it was.
    const { app } = company;
    const then = await explainThen(
      ...([app.store, app.connections, app.mappings.mappings, twin.subject, one.at + DAY] as const),
    );
    expect(then.journeys[0]?.stage).toMatchObject({ stage: 'met', override: { owner: 'Ann' } });
    expect((await sync()).summary).toMatchObject({ transitions: 0, writes: { fields: 0 } });
  });

  test('J29 somebody ends it; a later one takes the place of an earlier one for good', async () => {
    const twin = twins.pop()!;
    const first = await set(twin.subject, { stage: 'met' });
    pass(HOUR);
    const second = await set(twin.subject, { stage: 'lost', until: '2027-12-31' });
    expect(second).toMatchObject({ replaced: { override: first.override.override } });
    expect(second.override.until).toBe(Date.UTC(2028, 0, 1));
    pass(HOUR);
    await sync();
    expect(await stages(twin)).toEqual(['lost', 'lost']);
    expect((await visits(twin)).slice(-2)).toMatchObject([
      { stage: 'met', entered: first.override.at, left: second.override.at },
      { stage: 'lost', entered: second.override.at },
    ]);
    pass(HOUR);
    const at = company.clock.now();
    await endOverrides(company.app.store, { subject: twin.subject, by: 'Bo', now: at });
    await sync();
    expect(await stages(twin)).toEqual(['fresh', 'fresh']);
    expect((await visits(twin)).at(-1)).toMatchObject({ stage: 'fresh', entered: at, cause: 'override' });
    await expect(
      endOverrides(company.app.store, { subject: twin.subject, by: 'Bo', now: company.clock.now() }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });

  test('J19 J29 a band set by hand is shown, explained, and no earlier band when it ends', async () => {
    const twin = twins.pop()!;
    expect(await bands(twin)).toEqual(['yellow', 'yellow']);
    await set(twin.subject, { band: 'green', for: '2d', reason: 'a good talk' });
    await sync();
    expect(await bands(twin)).toEqual(['green', 'green']);
    const { health } = await explained(twin);
    expect(health).toMatchObject({
      ...{ score: 65, band: 'green' },
      override: { owner: 'Ann', reason: 'a good talk', judged: 'yellow' },
    });
    expect(await shown('hubspot', twin.hubspot, 'waystage_health_reason')).toMatch(
      /^Band set by hand by Ann until .*: a good talk\./,
    );
    expect((await sync()).summary.writes).toMatchObject({ fields: 0 });
    pass(3 * DAY);
    await sync();
    // With green as the earlier band a hysteresis of 20 would keep it at 65.
    expect(await bands(twin)).toEqual(['yellow', 'yellow']);
    const { store } = company.app;
    const points = await store.journeys.healthPoints(twin.subject.id, 'hand');
    expect(points.map(({ band }) => band)).toEqual(['yellow', 'green', 'yellow']);
  });

  test('J29 `override set`, `list` and `end` fit 80 columns and give one JSON document', async () => {
    const twin = twins.pop()!;
    let out = '';
    const command = async (json: boolean, action: string, options: OverrideOptions): Promise<string> => {
      out = '';
      const streams = { width: 80, out: (text: string) => (out += text), err: () => undefined };
      const context = { streams, env: { USER: 'ann' }, json, quiet: false } as unknown as CommandContext;
      const named = action === 'list' ? undefined : `hubspot:contacts:${twin.hubspot.id}`;
      expect(await override(context, company.app, action, named, options)).toBe(0);
      for (const line of out.split('\n')) if (!json) expect(line.length).toBeLessThanOrEqual(80);
      return out;
    };
    const reason = 'their board decided to go on with us, and told Ann so on the telephone';
    const set = { stage: 'kept', reason, until: '2027-03-01' };
    expect(await command(false, 'set', set)).toMatch(/in stage kept on hand by hand\s+until 1 Mar 2027/);
    expect(JSON.parse(await command(true, 'set', { ...set, stage: 'none' }))).toMatchObject({
      set: { value: null, owner: 'ann', source: 'cli', subject: twin.subject.id },
      replaced: { value: 'kept' },
    });
    const listed = await command(false, 'list', {});
    expect(listed).toMatch(/stage none +1 Mar 2027 +ann/);
    expect(JSON.parse(await command(true, 'list', { all: true })).overrides).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ subject: twin.subject.id, value: 'kept', state: 'replaced' }),
        expect.objectContaining({ subject: twin.subject.id, value: null, state: 'in force' }),
      ]),
    );
    expect(await command(false, 'end', { only: 'stage' })).toMatch(/stage kept, stage none/);
    expect(JSON.parse(await command(true, 'list', {})).overrides).not.toContainEqual(
      expect.objectContaining({ subject: twin.subject.id }),
    );
    await expect(command(false, 'take', {})).rejects.toMatchObject({ code: 'usage' });
    await expect(command(false, 'end', { only: 'both' })).rejects.toMatchObject({ code: 'usage' });
    await expect(command(false, 'set', { stage: 'met' })).rejects.toMatchObject({
      message: expect.stringContaining('--reason'),
    });
  });

  test('J29 bad requests are told what to say instead', async () => {
    const { subject } = twins[0]!;
    const refused = (over: Partial<OverrideRequest>, code: string, message: RegExp): Promise<void> =>
      expect(set(subject, over)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await refused({}, 'usage', /one of --stage and --band/);
    await refused({ stage: 'met', band: 'green' }, 'usage', /one of/);
    await refused({ stage: 'mett' }, 'not_found', /did you mean `met`.*fresh, met, kept, lost, none/);
    await refused({ band: 'blue' }, 'not_found', /green, yellow, red/);
    await refused({ stage: 'met', reason: ' ' }, 'usage', /--reason/);
    await refused({ stage: 'met', for: '3 days' }, 'usage', /90d/);
    await refused({ stage: 'met', until: '2020-01-01' }, 'usage', /is over/);
    await refused({ stage: 'met', until: 'soon' }, 'usage', /2026-12-31/);
    await refused({ stage: 'met', for: '3d', until: '2030-01-01' }, 'usage', /one of --for and --until/);
    await refused({ stage: 'met', journey: 'hands' }, 'not_found', /did you mean `hand`/);
    expect(await ofSubject(company.app.store, subject.id)).toEqual([]);
  });

  test('J29 J31 it goes with the record it was set on when people are merged', async () => {
    const [one, two] = [twins.pop()!, twins.pop()!];
    await set(two.subject, { stage: 'kept', named: `hubspot:contacts:${two.hubspot.id}` });
    await sync();
    expect(await stages(two)).toEqual(['kept', 'kept']);
    const { type } = one.hubspot;
    await company.control('hubspot', 'merge', { type, id: one.hubspot.id, mergeId: two.hubspot.id });
    await company.control('salesforce', 'merge', {
      ...{ type: one.salesforce.type, id: one.salesforce.id, mergeId: two.salesforce.id },
    });
    pass(HOUR);
    await sync();
    expect(await stages(one)).toEqual(['kept', 'kept']);
    const subject = await company.app.store.subjects.memberByRecord(one.hubspot);
    const own = await ofSubject(company.app.store, subject!.subject);
    expect(own).toMatchObject([{ value: 'kept', id: two.hubspot.id }]);
  });

  test('J29 J31 it leaves with its record when a person is split; who stays is not held by min_stay', async () => {
    const twin = twins.pop()!;
    const names = (['hubspot', 'salesforce'] as const).map(
      (crm) => `${crm}:${twin[crm].type}:${twin[crm].id}`,
    );
    // The one that does not keep the person's id.
    const away = twin.subject.id.includes('salesforce') ? 0 : 1;
    await set(twin.subject, { stage: 'met', named: names[away]! });
    await sync();
    expect(await stages(twin)).toEqual(['met', 'met']);
    await company.reopen({ unlink: [[names[0]!, names[1]!]] });
    pass(HOUR);
    await sync();
    expect(await stages(twin)).toEqual(away === 0 ? ['met', 'fresh'] : ['fresh', 'met']);
    expect((await visits(twin)).at(-1)).toMatchObject({ stage: 'fresh', cause: 'override' });
  });
});

describe('J29 adopt: edits of the output fields in the CRMs become overrides', () => {
  let twins: Twin[];
  beforeAll(async () => {
    twins = await start('adopt for 30d');
  }, 60_000);
  afterAll(() => company?.close());

  test.each(['hubspot', 'salesforce'] as const)(
    'J29 %s: an edited stage is adopted, written to the other records, and ends in time',
    async (crm) => {
      const twin = twins.pop()!;
      const before = company.clock.now();
      await edit(crm, twin[crm], { [STAGE[crm]]: 'kept' });
      const after = company.clock.now();
      // A plan shows it and changes nothing.
      const planned = await sync('plan');
      expect(planned.writes.flatMap(({ changes }) => changes)).toContainEqual(
        expect.objectContaining({ output: 'stage', new: 'kept' }),
      );
      expect(await ofSubject(company.app.store, twin.subject.id)).toEqual([]);
      const result = await sync();
      expect(result.summary).toMatchObject({
        ...{ transitions: 1, overrides: { adopted: 1, ended: 0 } },
        writes: { manualEdits: 1, failed: 0 },
      });
      expect(await told(result, 'adopted')).toEqual([
        expect.stringMatching(
          new RegExp(
            `^${crm}:${twin[crm].type}:${twin[crm].id} ${STAGE[crm]} was set to "kept" .*in .*: it is kept as an override until \\d{4}`,
          ),
        ),
      ]);
      expect(await stages(twin)).toEqual(['kept', 'kept']);
      const [override] = await ofSubject(company.app.store, twin.subject.id);
      expect(override).toMatchObject({ source: 'crm', value: 'kept', id: twin[crm].id, ended: null });
      expect(override?.at).toBeGreaterThanOrEqual(before - 1_000);
      expect(override?.at).toBeLessThanOrEqual(after);
      // Without field history Salesforce does not tell who it was.
      expect(override?.owner).toEqual(crm === 'hubspot' ? expect.stringMatching(/\S/) : null);
      expect((await visits(twin)).at(-1)).toMatchObject({
        stage: 'kept',
        entered: override!.at,
        cause: 'override',
      });
      for (let again = 0; again < 2; again += 1) {
        const next = await sync();
        expect(next.summary).toMatchObject({ transitions: 0, writes: { fields: 0, manualEdits: 0 } });
        expect(next.summary.overrides).toBeUndefined();
      }
      pass(31 * DAY);
      const last = await sync();
      expect(last.summary.writes).toMatchObject({ manualEdits: 0, failed: 0 });
      expect(await stages(twin)).toEqual(['fresh', 'fresh']);
    },
  );

  test('J29 where the edits of two CRMs differ the latest counts, and the other one is told so', async () => {
    const twin = twins.pop()!;
    await edit('salesforce', twin.salesforce, { [STAGE.salesforce]: 'kept' });
    pass(HOUR);
    await edit('hubspot', twin.hubspot, { [STAGE.hubspot]: 'lost' });
    pass(HOUR);
    const result = await sync();
    expect(await stages(twin)).toEqual(['lost', 'lost']);
    const texts = await told(result, 'adopted');
    expect(texts.length).toBe(2);
    expect(texts.filter((text) => text.includes('A later edit'))).toEqual([
      expect.stringContaining(`salesforce:${twin.salesforce.type}:${twin.salesforce.id}`),
    ]);
    expect((await sync()).summary.writes).toMatchObject({ fields: 0, manualEdits: 0 });
  });

  test('J29 an emptied field ends the override; the rules decide again', async () => {
    const twin = twins.pop()!;
    await edit('hubspot', twin.hubspot, { [STAGE.hubspot]: 'lost' });
    pass(HOUR);
    await sync();
    expect(await stages(twin)).toEqual(['lost', 'lost']);
    pass(HOUR);
    await edit('salesforce', twin.salesforce, { [STAGE.salesforce]: '' });
    pass(HOUR);
    const result = await sync();
    expect(result.summary.overrides).toEqual({ adopted: 0, ended: 1 });
    expect(await told(result, 'adopted')).toEqual([expect.stringContaining('was emptied')]);
    expect(await stages(twin)).toEqual(['fresh', 'fresh']);
    expect((await visits(twin)).at(-1)).toMatchObject({ stage: 'fresh', cause: 'override' });
    expect((await sync()).summary.writes).toMatchObject({ fields: 0, manualEdits: 0 });
  });

  test('J29 a band is adopted too; other outputs are kept and reported', async () => {
    const twin = twins.pop()!;
    await edit('hubspot', twin.hubspot, {
      [BAND.hubspot]: 'red',
      waystage_stage_reason: 'my own words',
    });
    const result = await sync();
    expect(result.summary.overrides).toEqual({ adopted: 1, ended: 0 });
    expect(await bands(twin)).toEqual(['red', 'red']);
    expect(await shown('hubspot', twin.hubspot, 'waystage_stage_reason')).toBe('my own words');
    expect(await told(result, 'manual-edit')).toEqual([
      expect.stringContaining('waystage_stage_reason was changed by a person in the CRM and is kept'),
    ]);
    await edit('hubspot', twin.hubspot, { waystage_stage_reason: '' });
    await sync();
  });

  test('J29 a new edit after an adopted one is adopted in its turn', async () => {
    const twin = twins.pop()!;
    for (const stage of ['met', 'lost', 'met']) {
      pass(HOUR);
      await edit('hubspot', twin.hubspot, { [STAGE.hubspot]: stage });
      pass(HOUR);
      const result = await sync();
      expect(result.summary.overrides).toEqual({ adopted: 1, ended: 0 });
      expect(await stages(twin)).toEqual([stage, stage]);
    }
    expect((await visits(twin)).slice(-3).map(({ stage }) => stage)).toEqual(['met', 'lost', 'met']);
  });

  test('J29 revert puts an edit back and says so; ask keeps and reports it; what was adopted before stands', async () => {
    const [kept, twin] = [twins.pop()!, twins.pop()!];
    await edit('hubspot', kept.hubspot, { [STAGE.hubspot]: 'lost' });
    await sync();
    await edit('hubspot', twin.hubspot, { [STAGE.hubspot]: 'met' });
    await company.reopen({ manualEdits: 'ask' });
    const asked = await sync();
    expect(asked.summary.writes.manualEdits).toBe(1);
    expect(await stages(twin)).toEqual(['met', 'fresh']);
    expect(await stages(kept)).toEqual(['lost', 'lost']);
    // However long it has waited: its time begins when it is adopted.
    pass(20 * DAY);
    await company.reopen({ manualEdits: 'adopt for 10d' });
    expect((await sync()).summary.overrides).toEqual({ adopted: 1, ended: 0 });
    expect(await stages(twin)).toEqual(['met', 'met']);
    await edit('hubspot', twin.hubspot, { [STAGE.hubspot]: 'kept' });
    await company.reopen({ manualEdits: 'revert' });
    const reverted = await sync();
    expect(await told(reverted, 'manual-edit')).toEqual([expect.stringContaining('is put back')]);
    expect(await stages(twin)).toEqual(['met', 'met']);
    expect(await stages(kept)).toEqual(['lost', 'lost']);
    await company.reopen({ manualEdits: 'adopt for 30d' });
    expect((await sync()).summary.writes).toMatchObject({ fields: 0, manualEdits: 0 });
  });

  test('J29 a database that was lost does not turn our own values into overrides', async () => {
    const { app } = company;
    await app.close();
    rmSync(join(company.folder, 'waystage.db'), { force: true });
    for (const end of ['-wal', '-shm']) rmSync(join(company.folder, `waystage.db${end}`), { force: true });
    await company.reopen({ manualEdits: 'adopt for 30d' }).catch(async () => company.reopen());
    const result = await sync();
    // What people had put there is known from HubSpot's own history; everything else is as it was.
    const adopted = await company.app.store.overrides.list(null);
    expect(adopted.map(({ id }) => id).filter((id) => !edited.has(id))).toEqual([]);
    expect(adopted.every(({ connection }) => connection === 'hubspot')).toBe(true);
    expect(result.summary.subjects.person).toBeGreaterThan(edited.size);
  });
});
