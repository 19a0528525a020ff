import { HUBSPOT } from './kit/hubspot.ts';
import { incrementalBenchmark } from './kit/requests.ts';

export const benchmark = incrementalBenchmark(HUBSPOT);
