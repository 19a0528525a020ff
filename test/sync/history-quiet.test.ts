import { expect, test } from '@jest/globals';
import { startCompany } from '../helpers/company.ts';

test('J14 learning what fields held before moves nobody and writes nothing', async () => {
  const company = await startCompany({ contacts: 150 });
  try {
    const first = await company.sync();
    expect(first.summary.writes.fields).toBeGreaterThan(1_000);
    const pulled = await company.sync({ kind: 'pull', history: true });
    expect(pulled).toMatchObject({ exit: 0 });
    const { summary } = await company.sync({ full: true });
    expect(summary).toMatchObject({ transitions: 0, corrected: 0, writes: { fields: 0, failed: 0 } });
  } finally {
    await company.close();
  }
});
