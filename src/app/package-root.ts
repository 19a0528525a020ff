import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of Waystage itself, where the shipped mappings are: the nearest one above with both. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!(existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'mappings')))) {
    const above = dirname(folder);
    if (above === folder)
      throw new Error('The folder `mappings` of Waystage is missing from the installation.');
    folder = above;
  }
  return folder;
}

/** The journeys of the demo, relative to the package root. */
export const EXAMPLE_MAPPINGS = ['mappings/b2b-software/accounts.yaml', 'mappings/b2b-software/people.yaml'];
