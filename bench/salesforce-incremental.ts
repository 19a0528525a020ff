import { incrementalBenchmark } from './kit/requests.ts';
import { SALESFORCE } from './kit/salesforce.ts';

export const benchmark = incrementalBenchmark(SALESFORCE);
