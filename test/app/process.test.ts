import { expect, test } from '@jest/globals';
import { newId } from '../../src/app/process.ts';

test('ids of one second are all different, however many fields a large write-back enters in the ledger', () => {
  const now = Date.UTC(2026, 10, 21, 9, 30, 15);
  const ids = new Set<string>();
  for (let n = 0; n < 300_000; n += 1) ids.add(newId(now));
  expect(ids.size).toBe(300_000);
  expect([...ids][0]).toMatch(/^20261121-093015-[0-9a-f]{16}$/);
});
