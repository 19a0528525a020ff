import { EXAMPLE_MAPPINGS } from '../src/app/package-root.ts';
import type { Benchmark } from './kit/benchmark.ts';
import { spend } from './kit/measure.ts';
import { startSandboxProcess } from './kit/sandbox-process.ts';
import { openScene } from './kit/scene.ts';
import { CONTACTS } from './kit/vendor.ts';

/** HubSpot's allowance of a privately distributed app: requests in any ten seconds. */
const PER_TEN_SECONDS = 190;
const WINDOW_SECONDS = 10;

/** A first load against a server that keeps its limit: how long it takes to what the limit itself takes, and how
 *  often it is told off. */
export const benchmark: Benchmark = {
  name: 'rate-limit',
  about:
    'A first load from HubSpot at its limit of 190 requests in 10 s: time to the floor (requests divided by the rate), and the share of answers 429. The window floor is when a sliding window lets the last request go.',
  targets: {
    time_to_floor_ratio: { max: 1.1 },
    refused_share_ratio: { max: 0.01 },
  },
  async measure() {
    const sandbox = await startSandboxProcess({
      crm: 'hubspot',
      contacts: CONTACTS,
      perTenSeconds: PER_TEN_SECONDS,
    });
    try {
      const { crm, url, token } = sandbox;
      const scene = await openScene({ crm, url, token, mappings: EXAMPLE_MAPPINGS });
      try {
        const before = await sandbox.requests();
        const { wallMs } = await spend(() => scene.run('pull'));
        const seconds = wallMs / 1000;
        const after = await sandbox.requests();
        const requests = after.total - before.total;
        const floor = (requests / PER_TEN_SECONDS) * WINDOW_SECONDS;
        const windowFloor = Math.floor((requests - 1) / PER_TEN_SECONDS) * WINDOW_SECONDS;
        return {
          requests,
          seconds,
          floor_seconds: floor,
          time_to_floor_ratio: seconds / floor,
          window_floor_seconds: windowFloor,
          time_to_window_floor_ratio: seconds / windowFloor,
          refused_requests: after.refused - before.refused,
          refused_share_ratio: (after.refused - before.refused) / requests,
          peak_requests_per_10s: after.peaks['ten-secondly']?.peak ?? 0,
        };
      } finally {
        await scene.close();
      }
    } finally {
      await sandbox.close();
    }
  },
};
