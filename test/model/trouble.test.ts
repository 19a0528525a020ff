import { afterAll, beforeAll, test } from '@jest/globals';
import fc from 'fast-check';
import { firstKill, troubled } from './arbitrary.ts';
import { commands, runSequence, runs } from './sequence.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld(12, 'ask');
});
afterAll(() => world.close());

test('whatever fails and is killed on the way (F4-F6, F8-F10, F22-F26, F37, F38), a reconcile equals the oracle and the next sync writes nothing (I2, I3, I6)', async () => {
  await fc.assert(
    fc.asyncProperty(commands(troubled, 10), firstKill, (steps, kill) => runSequence(world, steps, kill)),
    runs(150),
  );
}, 900_000);
