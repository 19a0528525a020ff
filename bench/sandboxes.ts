import { parseArgs } from 'node:util';
import { startHubspotSandbox } from '../connectors/hubspot/sandbox/index.ts';
import { startSalesforceSandbox } from '../connectors/salesforce/sandbox/index.ts';
import { systemClock } from '../src/model/clock.ts';
import type { Sandbox } from '../src/sandbox/port.ts';
import { createWorkload, workloadSize } from './workload.ts';

/**
 * A sandbox with workload W in a process of its own, so that its work is not counted as ours:
 * `node bench/sandboxes.ts --crm hubspot|salesforce [--contacts N] [--latency MS] [--per-ten-seconds N]`.
 * Prints one JSON line `{url, token}` when ready and ends when its standard input does, so that it never outlives
 * whoever started it.
 */
const { values } = parseArgs({
  options: {
    crm: { type: 'string' },
    contacts: { type: 'string', default: '10000' },
    latency: { type: 'string', default: '0' },
    'per-ten-seconds': { type: 'string', default: '1000000' },
  },
});

const options = {
  story: createWorkload(workloadSize(Number(values.contacts)), systemClock.now()),
  clock: systemClock,
  port: 0,
  latencyMs: Number(values.latency),
};

async function start(): Promise<Sandbox> {
  if (values.crm === 'hubspot') {
    return startHubspotSandbox({
      ...options,
      requestsPerTenSeconds: Number(values['per-ten-seconds']),
      requestsPerDay: 10_000_000,
    });
  }
  if (values.crm === 'salesforce') return startSalesforceSandbox({ ...options, dailyLimit: 10_000_000 });
  throw new Error(`--crm is ${values.crm ?? 'missing'}; expected hubspot or salesforce`);
}

const sandbox = await start();
process.stdin.resume();
process.stdin.once('end', () => {
  sandbox.close().then(() => process.exit(0));
});
process.stdout.write(`${JSON.stringify({ url: sandbox.url, token: sandbox.token })}\n`);
