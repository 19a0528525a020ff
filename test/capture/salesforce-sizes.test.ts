import { afterEach, describe, expect, test } from '@jest/globals';
import { salesforce } from '../../connectors/salesforce/index.ts';
import { startSalesforceSandbox } from '../../connectors/salesforce/sandbox/index.ts';
import { crowd, NOW } from './crowd.ts';
import { type CaptureRig, startCaptureRig } from './rig.ts';

let rig: CaptureRig;
afterEach(() => rig.close());

describe('Salesforce increments through ties', () => {
  test('30,000 rows with ties wider than a page: none lost, none twice', async () => {
    rig = await startCaptureRig({
      connector: salesforce,
      startSandbox: startSalesforceSandbox,
      // Five bulk updates of 6,000 rows, each within one second; a page holds 2,000.
      story: crowd('salesforce', 30_000, (n) => NOW - 60_000 + (n % 5) * 7_000),
      objects: ['Contact'],
    });
    expect(await rig.pull()).toMatchObject({ seen: 30_000, applied: 30_000 });
    rig.clock.advance(10_000);
    // All of them are within the overlap of the first increment.
    expect(await rig.pull()).toMatchObject({ seen: 30_000, applied: 0, ignored: { unchanged: 30_000 } });
    expect((await rig.stored('Contact')).size).toBe(30_000);
  }, 60_000);
});
