import { afterEach, describe, expect, test } from '@jest/globals';
import { hubspot } from '../../connectors/hubspot/index.ts';
import { startHubspotSandbox } from '../../connectors/hubspot/sandbox/index.ts';
import type { Story } from '../../src/story/index.ts';
import { crowd, NOW } from './crowd.ts';
import { type CaptureRig, startCaptureRig } from './rig.ts';

let rig: CaptureRig;
afterEach(() => rig.close());

async function start(story: Story, objects: readonly string[]): Promise<void> {
  rig = await startCaptureRig({
    connector: hubspot,
    startSandbox: startHubspotSandbox,
    story,
    objects,
    sandbox: { requestsPerTenSeconds: 1_000_000, requestsPerDay: 10_000_000 },
  });
}

describe('HubSpot increments beyond the 10,000 results of a search', () => {
  test('12,000 contacts with one modification millisecond: none lost, none twice', async () => {
    await start(
      crowd('hubspot', 12_000, () => NOW - 60_000),
      ['contacts'],
    );
    expect(await rig.pull()).toMatchObject({ seen: 12_000, applied: 12_000 });
    rig.clock.advance(10_000);
    // All of them are within the overlap of the first increment.
    expect(await rig.pull()).toMatchObject({ seen: 12_000, applied: 0, ignored: { unchanged: 12_000 } });
    expect((await rig.stored('contacts')).size).toBe(12_000);
  }, 60_000);

  test('25,000 contacts changed since the last run: none lost, none twice', async () => {
    await start(
      crowd('hubspot', 25_000, (n) => NOW - 200_000 + n * 7),
      ['contacts'],
    );
    expect(await rig.pull()).toMatchObject({ seen: 25_000, applied: 25_000 });
    rig.clock.advance(10_000);
    expect(await rig.pull()).toMatchObject({ seen: 25_000, applied: 0, ignored: { unchanged: 25_000 } });
  }, 60_000);
});
