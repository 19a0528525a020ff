import { afterEach, describe, expect, test } from '@jest/globals';
import { hubspot } from '../../../connectors/hubspot/index.ts';
import {
  type HubspotSandboxOptions,
  startHubspotSandbox,
} from '../../../connectors/hubspot/sandbox/index.ts';
import type { Connection, Discovery, Page } from '../../../src/connector/port.ts';
import type { OutputField } from '../../../src/model/outputs.ts';
import type { RequestReport } from '../../../src/sandbox/port.ts';
import { createStory } from '../../../src/story/index.ts';
import { createFastClock } from '../../helpers/fast-clock.ts';
import { hubspotConfig, keptLog } from '../../helpers/hubspot.ts';

const NOW = Date.UTC(2026, 9, 1);
const story = createStory({ seed: 11, contacts: 240, now: NOW });

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function world(options: Partial<HubspotSandboxOptions> = {}, perTen?: number) {
  const clock = options.clock ?? createFastClock(20, NOW);
  const sandbox = await startHubspotSandbox({ story, clock, port: 0, ...options });
  opened.push(() => sandbox.close());
  const connection = hubspot.open(
    hubspotConfig({
      baseUrl: sandbox.url,
      auth: { kind: 'token', token: sandbox.token },
      ...(perTen === undefined ? {} : { requestsPer10s: perTen }),
    }),
    { clock, random: () => 0.5, signal: new AbortController().signal, log: keptLog().log },
  );
  opened.push(() => connection.close());
  const control = async (path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${sandbox.url}/__sandbox/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const json: unknown = await answer.json();
    if (!answer.ok) throw new Error(JSON.stringify(json));
    return json;
  };
  return { connection, control, sandbox, clock };
}

async function pullAll(
  connection: Connection,
  discovery: Discovery,
  type: string,
  cursor: string | null = null,
) {
  const pages: Page[] = [];
  const fields = type === 'contacts' ? ['email', 'firstname'] : [];
  for await (const page of connection.pull({ type, fields, cursor, discovery })) pages.push(page);
  return { records: pages.flatMap((page) => page.records), cursor: pages.at(-1)?.cursor ?? null };
}

const stage = (kind: OutputField['kind'] = 'enum'): OutputField => ({
  output: 'stage',
  name: 'waystage_stage',
  label: 'Stage',
  kind,
  ...(kind === 'enum' ? { options: [{ value: 'active', label: 'Active' }] } : {}),
});

describe('the connector against the HubSpot sandbox', () => {
  test('a first load takes the least requests there are: one per 100 records, associations inline', async () => {
    const { connection, control } = await world();
    const names = hubspot.capabilities.objectTypes.map((type) => type.name);
    const discovery = await connection.discover(names);
    let least = 0;
    await Promise.all(
      names.map(async (type) => {
        const { records } = await pullAll(connection, discovery, type);
        least += Math.max(1, Math.ceil(records.length / 100));
      }),
    );
    expect(connection.usage.byPurpose['pull']).toBe(least);
    // Only the deals: their people carry labels, which lists do not spell out.
    expect(connection.usage.byPurpose['associations']).toBe(1);
    expect(((await control('requests')) as RequestReport).refused).toBe(0);
  });

  test('no window ever exceeds the limit of the app, however many calls are made at once (I8)', async () => {
    const clock = createFastClock(40, NOW);
    const { connection, control } = await world({ clock, app: 'free', requestsPerTenSeconds: 20 }, 20);
    await Promise.all(Array.from({ length: 60 }, () => connection.check()));
    const report = (await control('requests')) as RequestReport;
    expect([report.total, report.refused]).toEqual([60, 0]);
    expect(report.peaks['ten-secondly']?.peak).toBeLessThanOrEqual(20);
  });

  test('a change that search sees late is found by the next increment', async () => {
    const { connection, control } = await world({ indexingLagMs: 60_000 });
    const discovery = await connection.discover(['contacts']);
    await control('clock', { advance: 3_600_000 });
    const full = await pullAll(connection, discovery, 'contacts');
    const [id] = full.records.map((record) => record.id);
    await control('edit', { type: 'contacts', id, properties: { firstname: 'Late' } });
    await control('clock', { advance: 20_000 });
    const early = await pullAll(connection, discovery, 'contacts', full.cursor);
    expect(early.records.map((record) => record.fields['firstname'])).not.toContain('Late');
    await control('clock', { advance: 120_000 });
    const late = await pullAll(connection, discovery, 'contacts', early.cursor);
    expect(late.records.map((record) => record.fields['firstname'])).toEqual(['Late']);
  });

  test('a merge: the increment brings the new record with both old ids, a read follows them, a write is refused', async () => {
    const { connection, control } = await world();
    const discovery = await connection.discover(['contacts']);
    await control('clock', { advance: 3_600_000 });
    const { records, cursor } = await pullAll(connection, discovery, 'contacts');
    const [first = '', second = ''] = records.slice(-2).map((record) => record.id);
    const merged = (await control('merge', { type: 'contacts', id: first, mergeId: second })) as {
      id: string;
    };
    await control('clock', { advance: 3_600_000 });
    const next = await pullAll(connection, discovery, 'contacts', cursor);
    expect(next.records.map(({ id }) => id)).toEqual([merged.id]);
    expect(next.records[0]?.mergedIds).toEqual(expect.arrayContaining([first, second]));
    const read = await connection.read({ type: 'contacts', ids: [second], fields: ['email'], discovery });
    expect(read.gone).toEqual([second]);
    expect(read.records.map(({ id }) => id)).toEqual([merged.id]);
    const [result] = await connection.push('contacts', [
      { id: second, fields: { firstname: 'X' }, parent: null },
    ]);
    expect(result).toMatchObject({ id: second, outcome: 'refused' });
  });

  test('long and labelled associations are complete in the list, as in an increment', async () => {
    const { connection, control } = await world({ associationPage: 2 });
    const discovery = await connection.discover(['contacts', 'companies']);
    const companies = await pullAll(connection, discovery, 'companies');
    const { records } = await pullAll(connection, discovery, 'contacts');
    const id = records[0]?.id;
    const ids = companies.records.slice(0, 7).map((record) => record.id);
    for (const toId of ids) {
      await control('associate', {
        type: 'contacts',
        id,
        toType: 'companies',
        toId,
        label: 'Decision Maker',
      });
    }
    const again = await pullAll(connection, discovery, 'contacts');
    const listed = again.records.find((record) => record.id === id)?.associations['companies'] ?? [];
    expect(listed.map((one) => one.id)).toEqual(expect.arrayContaining(ids));
    expect(
      listed
        .filter((one) => one.label === 'Decision Maker')
        .map((one) => one.id)
        .sort(),
    ).toEqual([...ids].sort());
    const read = await connection.read({ type: 'contacts', ids: [id ?? ''], fields: [], discovery });
    expect(read.records[0]?.associations['companies']).toEqual(listed);
  });

  test('a missing scope hides one object type, and is named when it is pulled', async () => {
    const { connection } = await world({
      scopes: ['oauth', 'crm.objects.contacts.read', 'crm.schemas.contacts.read'],
    });
    const discovery = await connection.discover(['contacts', 'deals']);
    expect(discovery.objects['contacts']?.readable).toBe(true);
    expect(discovery.objects['deals']).toMatchObject({ readable: false, fields: {} });
    await expect(pullAll(connection, discovery, 'deals')).rejects.toMatchObject({
      code: 'crm_permission',
      message: expect.stringContaining('crm.objects.deals.read'),
    });
  });

  test('a spent day is a quota, not a pause', async () => {
    const { connection } = await world({ requestsPerDay: 2 });
    await connection.check();
    const { dailyLimit, dailyRemaining } = await connection.check();
    expect([dailyLimit, dailyRemaining]).toEqual([2, 0]);
    await expect(connection.check()).rejects.toMatchObject({ code: 'crm_quota', retryable: false });
    expect(connection.usage.retries).toBe(0);
  });

  test('another app that uses up the account is waited for, not failed on', async () => {
    const clock = createFastClock(40, NOW);
    const { connection } = await world({ clock, requestsPerTenSeconds: 5 }, 60);
    for (let i = 0; i < 8; i += 1) await connection.check();
    expect(connection.usage.rateLimited).toBeGreaterThan(0);
  });

  test('compressed answers are the same answers', async () => {
    const plain = await world();
    const packed = await world({ gzip: true });
    const discovery = await plain.connection.discover(['contacts']);
    const [a, b] = await Promise.all(
      [plain, packed].map(({ connection }) => pullAll(connection, discovery, 'contacts')),
    );
    expect(a?.records).toEqual(b?.records);
  });

  test('discover: won, lost and open by metadata, links by type number', async () => {
    const { connection } = await world();
    const discovery = await connection.discover(['deals', 'tickets', 'contacts']);
    const won = discovery.stages.filter((one) => one.won);
    expect(won.length).toBeGreaterThan(0);
    expect(
      won.every((one) => one.type === 'deals' && one.field === 'dealstage' && one.probability === 1),
    ).toBe(true);
    expect(
      new Set(discovery.stages.filter((one) => one.type === 'deals').map((one) => one.pipeline)).size,
    ).toBe(2);
    const tickets = discovery.stages.filter((one) => one.type === 'tickets');
    expect(tickets.map((one) => [one.value, one.open, one.won || one.lost])).toEqual([
      ['1', true, false],
      ['2', true, false],
      ['3', true, false],
      ['4', false, false],
    ]);
    expect(discovery.recordUrl).toMatch(/^https:\/\/[^/]+\/contacts\/\d+\/record\/\{type\}\/\{id\}$/);
    expect(discovery.objects['deals']?.linkType).toBe('0-3');
    expect(discovery.objects['contacts']?.fields['hs_email_optout']?.type).toBe('boolean');
  });
});

describe('provisioning in the HubSpot sandbox', () => {
  const wanted = (field: OutputField) => [{ type: 'contacts', fields: [field] }];

  test('the plan names the group and the property, and creates neither', async () => {
    const { connection } = await world();
    const plan = await connection.planProvision(wanted(stage()));
    expect(plan.map((step) => step.text)).toEqual([
      'create property group waystage on contacts',
      'create property waystage_stage on contacts',
    ]);
    expect(await connection.planProvision(wanted(stage()))).toEqual(plan);
  });

  test('a property of another type is a step that says so and fails; later ones go on', async () => {
    const { connection } = await world();
    await connection.provision(await connection.planProvision(wanted(stage('number'))));
    const score: OutputField = {
      output: 'health_score',
      name: 'waystage_health_score',
      label: 'Score',
      kind: 'number',
    };
    const plan = await connection.planProvision([{ type: 'contacts', fields: [stage(), score] }]);
    const results = await connection.provision(plan);
    expect(results).toEqual([
      {
        id: plan[0]?.id,
        ok: false,
        message: expect.stringMatching(/type number where Waystage needs enumeration/),
      },
      { id: plan[1]?.id, ok: true, message: null },
    ]);
  });

  test('options that people added stay when ours are added', async () => {
    const { connection } = await world();
    await connection.provision(await connection.planProvision(wanted(stage())));
    const theirs: OutputField = { ...stage(), options: [{ value: 'vip', label: 'VIP' }] };
    await connection.provision(await connection.planProvision(wanted(theirs)));
    const { objects } = await connection.discover(['contacts']);
    expect(objects['contacts']?.fields['waystage_stage']?.options?.map(({ value }) => value)).toEqual([
      'active',
      'vip',
    ]);
  });

  test('an account without room for more properties: the step fails with what HubSpot said', async () => {
    const { connection } = await world({ customPropertyLimit: 1 });
    const fields = ['a', 'b', 'c'].map(
      (name): OutputField => ({ ...stage('text'), name: `waystage_${name}` }),
    );
    const results = await connection.provision(
      await connection.planProvision([{ type: 'contacts', fields }]),
    );
    expect(results.some(({ ok, message }) => !ok && message !== null && message.includes('HubSpot'))).toBe(
      true,
    );
  });
});
