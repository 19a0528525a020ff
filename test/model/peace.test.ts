import { afterAll, beforeAll, test } from '@jest/globals';
import fc from 'fast-check';
import { peaceful } from './arbitrary.ts';
import { commands, runSequence, runs } from './sequence.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld(12, 'revert');
});
afterAll(() => world.close());

test('whatever people do in both CRMs, a reconcile equals the oracle and the next sync writes nothing (I6)', async () => {
  await fc.assert(
    fc.asyncProperty(commands(peaceful, 10), (steps) => runSequence(world, steps)),
    runs(150),
  );
}, 900_000);
