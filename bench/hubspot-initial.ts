import { HUBSPOT } from './kit/hubspot.ts';
import { initialBenchmark } from './kit/requests.ts';

export const benchmark = initialBenchmark(HUBSPOT);
