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
