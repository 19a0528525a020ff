import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rulesReference } from './rules-reference.ts';
import { schemaTexts } from './schemas.ts';

/** `npm run -s schema`: writes what is made from the code into the repository. Tests hold them to be up to date. */
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'config', 'schema');
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(schemaTexts())) writeFileSync(join(folder, name), text);
writeFileSync(join(root, 'docs', 'rules-reference.md'), rulesReference());
