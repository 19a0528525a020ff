import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { schemaTexts } from '../../build/schemas.ts';
import { parseConfig } from '../../src/config/load.ts';
import { loadFieldMap, loadMapping, type MappingResult } from '../../src/mapping/index.ts';
import type { FieldMap, Mapping } from '../../src/mapping/types.ts';
import { readTests, runCase } from '../../src/mapping-test/index.ts';
import { misfits } from '../helpers/json-schema.ts';

const FIELD_MAPS = ['hubspot', 'salesforce'].map((name) => {
  const file = `mappings/fields/${name}.yaml`;
  return loadFieldMap(readFileSync(file, 'utf8'), file).fieldMap as FieldMap;
});
const SCHEMAS = schemaTexts();

interface Block {
  readonly line: number;
  readonly text: string;
  readonly keys: readonly string[];
}

function blocks(file: string): readonly Block[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    text: match[1] ?? '',
    keys: Object.keys(parse(match[1] ?? '') ?? {}),
  }));
}

function fits(schema: string, text: string): readonly string[] {
  return misfits(JSON.parse(SCHEMAS[`${schema}.schema.json`] ?? ''), parse(text));
}

/** A part of a mapping as a whole one. */
function whole({ keys, text }: Block): string {
  const head = keys.includes('journey') ? '' : 'journey: example\nsubject: account\n';
  const rest = keys.includes('stages') || keys.includes('health') ? '' : 'stages: { a: { default: true } }\n';
  return head + text + rest;
}

function load(text: string, file: string): MappingResult {
  return loadMapping(text, file, { timezone: 'UTC', fieldMaps: FIELD_MAPS });
}

describe.each(['docs/mapping.md', 'docs/health.md'])('%s', (file) => {
  const all = blocks(file);

  test('J7, J37 every YAML block is read without an error, fits its schema, and its tests hold', () => {
    expect(all.length).toBeGreaterThan(0);
    const mappings = new Map<string, Mapping>();
    for (const block of all) {
      const at = `${file}:${block.line}`;
      if (block.keys.includes('mappings')) {
        expect([at, parseConfig(block.text, file, {}).problems]).toEqual([at, []]);
        expect([at, fits('configuration', block.text)]).toEqual([at, []]);
      } else if (block.keys.includes('cases')) {
        expect([at, fits('mapping-test', block.text)]).toEqual([at, []]);
        const tested = mappings.get(String(parse(block.text).mapping).replace('.yaml', '')) as Mapping;
        const read = readTests(block.text, file, tested, FIELD_MAPS);
        expect([at, read.problems]).toEqual([at, []]);
        for (const one of read.cases)
          expect([at, runCase(tested, one, FIELD_MAPS).differences]).toEqual([at, []]);
      } else {
        const text = whole(block);
        const { mapping, problems } = load(text, at);
        // What `not` says of missing values is explained beside the example.
        expect([at, problems.filter(({ severity }) => severity === 'error')]).toEqual([at, []]);
        expect([at, fits('mapping', text)]).toEqual([at, []]);
        if (mapping !== null) mappings.set(mapping.name, mapping);
      }
    }
  });
});
