import { writebackBenchmark } from './kit/requests.ts';
import { SALESFORCE } from './kit/salesforce.ts';

export const benchmark = writebackBenchmark(SALESFORCE);
