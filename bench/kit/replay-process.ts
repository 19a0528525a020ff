import { parseArgs } from 'node:util';
import { openApp } from '../../src/app/app.ts';
import { createLog } from '../../src/app/log.ts';
import { EXAMPLE_MAPPINGS, packageRoot } from '../../src/app/package-root.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import { systemClock } from '../../src/model/clock.ts';
import { replaySubjects } from '../../src/sync/look/replay.ts';
import { createFactMaker } from '../../src/sync/subjects/facts.ts';
import { keepHeapSmall } from '../../src/terminal/heap.ts';

/** Replays the example journeys of every subject of a database from the beginning; prints what it took. */
const { values } = parseArgs({ options: { database: { type: 'string' } } });
// As the command line does.
keepHeapSmall();
const config = Config.parse({
  database: `sqlite:${values.database}`,
  connections: ['hubspot', 'salesforce'].map((id) => ({
    ...{ id, connector: id, auth: { kind: 'token', token: 'none' } },
    // Never called.
    ...{ baseUrl: 'http://127.0.0.1:9', sandbox: true },
  })),
  mappings: EXAMPLE_MAPPINGS,
});
const { store, connections, mappings, close } = await openApp({
  config: finish(config, null, packageRoot(), {}),
  clock: systemClock,
  random: Math.random,
  log: createLog({}, 'warn'),
});
const stored = new Map((await store.connections.list()).map((one) => [one.id, one.discovery]));
const maker = createFactMaker(
  connections,
  (id) => stored.get(id) ?? null,
  mappings.mappings,
  () => undefined,
);
const to = systemClock.now();
const began = performance.now();
const cpu = process.cpuUsage();
const sums = { subjects: 0, steps: 0, visits: 0 };
const request = { mappings: mappings.mappings, to, noticed: to };
for await (const { replayed } of replaySubjects({ store, connections }, maker, request)) {
  for (const { result } of replayed) {
    sums.subjects += 1;
    sums.steps += result.steps;
    sums.visits += result.state.visits.filter(({ skipped }) => !skipped).length;
  }
}
const spent = process.cpuUsage(cpu);
await close();
process.stdout.write(
  `${JSON.stringify({
    ...sums,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (spent.user + spent.system) / 1e6,
    // The kernel counts in kilobytes.
    peakBytes: process.resourceUsage().maxRSS * 1024,
  })}\n`,
);
