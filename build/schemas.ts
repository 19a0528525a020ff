import { z } from 'zod';
import { Config } from '../src/config/schema.ts';
import { FieldMapFile } from '../src/mapping/schema/field-map.ts';
import { MappingFile } from '../src/mapping/schema/mapping.ts';
import { MappingTestFile } from '../src/mapping-test/schema.ts';

/** The JSON schemas for editors, by file name in `config/schema/`. `npm run -s schema` writes them. */
export function schemaTexts(): Readonly<Record<string, string>> {
  return {
    'configuration.schema.json': textOf(
      Config.meta({ title: 'Waystage configuration', description: 'config/waystage.yaml' }),
    ),
    'field-map.schema.json': textOf(FieldMapFile),
    'mapping.schema.json': textOf(MappingFile),
    'mapping-test.schema.json': textOf(MappingTestFile),
  };
}

function textOf(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, {
    // What editors know best.
    target: 'draft-7',
    // What is written in the file, before defaults are filled in.
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // `${NAME}` may stand for any text, also for an address.
      if (jsonSchema.format === 'uri') delete jsonSchema.format;
    },
  });
  return `${JSON.stringify(json, null, 1)}\n`;
}
