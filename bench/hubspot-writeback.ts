import { HUBSPOT } from './kit/hubspot.ts';
import { writebackBenchmark } from './kit/requests.ts';

export const benchmark = writebackBenchmark(HUBSPOT);
