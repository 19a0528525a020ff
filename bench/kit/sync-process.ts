import { parseArgs } from 'node:util';
import { EXAMPLE_MAPPINGS } from '../../src/app/package-root.ts';
import { keepHeapSmall } from '../../src/terminal/heap.ts';
import type { Crm } from './sandbox-process.ts';
import { openScene, UNLIMITED } from './scene.ts';

/** One first run in a process of its own; prints `{peakBytes}`, the most memory it ever held. */
const { values } = parseArgs({
  options: {
    crm: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
    kind: { type: 'string' },
  },
});
// As the command line does.
keepHeapSmall();
const scene = await openScene({
  crm: values.crm as Crm,
  url: values.url ?? '',
  token: values.token ?? '',
  mappings: EXAMPLE_MAPPINGS,
  requestsPer10s: UNLIMITED,
});
try {
  if (values.kind === 'sync') await scene.provision();
  await scene.run(values.kind === 'sync' ? 'sync' : 'pull');
} finally {
  await scene.close();
}
// The kernel counts in kilobytes.
process.stdout.write(`${JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
