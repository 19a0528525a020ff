import { EXAMPLE_MAPPINGS } from '../src/app/package-root.ts';
import type { Benchmark } from './kit/benchmark.ts';
import { median, takeTurns } from './kit/measure.ts';
import { plainLists } from './kit/plain.ts';
import { startSandboxProcess } from './kit/sandbox-process.ts';
import { fieldsOf, openScene, UNLIMITED } from './kit/scene.ts';

const LATENCY_MS = 50;
const ROUNDS = 3;
/** Half of the workload: the ratio is the same, the wait half as long. */
const CONTACTS = 5_000;

/** HubSpot's list cursors go one page after another; only different types can be read side by side. */
export const benchmark: Benchmark = {
  name: 'latency-hiding',
  about:
    'A first load from HubSpot at 50 ms an answer: wall time to that of its longest cursor chain (the contacts) read by plain fetch, and beside it all chains one after another.',
  targets: { wall_to_longest_chain_ratio: { max: 1.2 } },
  async measure() {
    const sandbox = await startSandboxProcess({
      crm: 'hubspot',
      contacts: CONTACTS,
      latencyMs: LATENCY_MS,
    });
    try {
      const { crm, url, token } = sandbox;
      const fields = await fieldsOf(sandbox, EXAMPLE_MAPPINGS);
      const load = async (): Promise<void> => {
        const scene = await openScene({
          ...{ crm, url, token },
          mappings: EXAMPLE_MAPPINGS,
          requestsPer10s: UNLIMITED,
        });
        try {
          await scene.run('pull');
        } finally {
          await scene.close();
        }
      };
      const spent = await takeTurns(ROUNDS, {
        load,
        chain: () => plainLists(sandbox, ['contacts'], fields, () => undefined),
      });
      const all = await takeTurns(1, {
        sequential: () =>
          plainLists(sandbox, ['contacts', 'companies', 'deals', 'tickets'], fields, () => undefined),
      });
      const wall = median(spent.load.map(({ wallMs }) => wallMs));
      const chain = median(spent.chain.map(({ wallMs }) => wallMs));
      return {
        seconds: wall / 1000,
        longest_chain_seconds: chain / 1000,
        wall_to_longest_chain_ratio: wall / chain,
        sequential_seconds: median(all.sequential.map(({ wallMs }) => wallMs)) / 1000,
      };
    } finally {
      await sandbox.close();
    }
  },
};
