import { expect, test } from '@jest/globals';
import { createFingerprints } from '../../src/sync/subjects/fingerprints.ts';

test('very many texts are told from those that were never added', () => {
  const seen = createFingerprints();
  expect(seen.has('')).toBe(false);
  for (let n = 0; n < 20_000; n += 1) {
    seen.add(`person:${n}`);
    seen.add(`person:${n % 100}`);
  }
  for (let n = 0; n < 20_000; n += 1) {
    if (!seen.has(`person:${n}`) || seen.has(`person:-${n + 1}`)) throw new Error(`wrong about ${n}`);
  }
  seen.add('');
  expect(seen.has('')).toBe(true);
});
