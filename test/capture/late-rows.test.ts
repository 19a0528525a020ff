import { afterEach, describe, expect, test } from '@jest/globals';
import { hubspot } from '../../connectors/hubspot/index.ts';
import { startHubspotSandbox } from '../../connectors/hubspot/sandbox/index.ts';
import { salesforce } from '../../connectors/salesforce/index.ts';
import { startSalesforceSandbox } from '../../connectors/salesforce/sandbox/index.ts';
import type { Connector } from '../../src/connector/port.ts';
import type { StartSandbox } from '../../src/sandbox/port.ts';
import { crowd, NOW } from './crowd.ts';
import { type HidingProxy, startHidingProxy } from './hiding-proxy.ts';
import { type CaptureRig, startCaptureRig } from './rig.ts';

const CRMS: readonly {
  readonly connector: Connector;
  readonly startSandbox: StartSandbox;
  readonly type: string;
  readonly title: string;
}[] = [
  { connector: hubspot, startSandbox: startHubspotSandbox, type: 'contacts', title: 'jobtitle' },
  { connector: salesforce, startSandbox: startSalesforceSandbox, type: 'Contact', title: 'Title' },
];

describe('rows that appear late, with stamps older than those of rows that were there before (F10)', () => {
  let rig: CaptureRig;
  let proxy: HidingProxy;
  afterEach(async () => {
    await rig.close();
    await proxy.close();
  });

  test.each(CRMS)('$connector.id: they are taken up by the next increment', async (crm) => {
    const { type, title } = crm;
    rig = await startCaptureRig({
      connector: crm.connector,
      startSandbox: crm.startSandbox,
      // Rows in which nothing happened for a day.
      story: crowd(crm.connector.id as 'hubspot' | 'salesforce', 500, () => NOW - 86_400_000),
      objects: [type],
      baseUrl: async (sandbox) => {
        proxy = await startHidingProxy(sandbox.url);
        return proxy.url;
      },
    });
    await rig.pull();
    rig.clock.advance(3_600_000);
    await rig.pull();
    const ids = [...(await rig.stored(type)).keys()];
    const late = ids.slice(0, 3);
    for (const id of late) await rig.control('edit', { type, id, properties: { [title]: 'Late' } });
    // A transaction that is still open, an index that lags: newer rows are seen first, for minutes.
    for (const id of late) proxy.hidden.add(id);
    rig.clock.advance(2_000);
    for (const id of ids.slice(3, 10))
      await rig.control('edit', { type, id, properties: { [title]: 'Early' } });
    rig.clock.advance(2_000);
    expect(await rig.pull()).toMatchObject({ seen: 7, applied: 7 });
    rig.clock.advance(60_000);
    expect(await rig.pull()).toMatchObject({ applied: 0 });
    rig.clock.advance(120_000);
    proxy.hidden.clear();
    expect(await rig.pull()).toMatchObject({ applied: 3 });
    const stored = await rig.stored(type);
    expect(late.map((id) => stored.get(id)?.fields[title])).toEqual(['Late', 'Late', 'Late']);
    expect(await rig.pull()).toMatchObject({ applied: 0 });
  });
});

describe('rows that HubSpot’s search shows an hour late (F10)', () => {
  test('a second look finds them, whatever was read meanwhile, and takes nothing twice', async () => {
    const title = 'jobtitle';
    let proxy: HidingProxy | null = null;
    const rig = await startCaptureRig({
      connector: hubspot,
      startSandbox: startHubspotSandbox,
      story: crowd('hubspot', 300, () => NOW - 86_400_000),
      objects: ['contacts'],
      baseUrl: async (sandbox) => {
        proxy = await startHidingProxy(sandbox.url);
        return proxy.url;
      },
    });
    try {
      await rig.pull();
      rig.clock.advance(3_600_000);
      await rig.pull();
      const late = [...(await rig.stored('contacts')).keys()].slice(0, 3);
      for (const id of late) {
        await rig.control('edit', { type: 'contacts', id, properties: { [title]: 'Late' } });
        proxy!.hidden.add(id);
      }
      // Every ten minutes; all of these are longer ago than the overlap reaches.
      for (let run = 0; run < 5; run += 1) {
        rig.clock.advance(600_000);
        expect(await rig.pull()).toMatchObject({ applied: 0, failed: 0 });
      }
      proxy!.hidden.clear();
      let applied = 0;
      for (let run = 0; run < 4; run += 1) {
        rig.clock.advance(600_000);
        const counts = await rig.pull();
        applied += counts.applied;
        const ignored = Object.values(counts.ignored).reduce((sum, count) => sum + count, 0);
        expect(counts.seen).toBe(counts.applied + ignored + counts.failed);
      }
      expect(applied).toBe(3);
      const stored = await rig.stored('contacts');
      expect(late.map((id) => stored.get(id)?.fields[title])).toEqual(['Late', 'Late', 'Late']);
    } finally {
      await rig.close();
      await (proxy as HidingProxy | null)?.close();
    }
  });
});
