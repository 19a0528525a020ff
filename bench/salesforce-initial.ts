import { initialBenchmark } from './kit/requests.ts';
import { SALESFORCE } from './kit/salesforce.ts';

export const benchmark = initialBenchmark(SALESFORCE);
