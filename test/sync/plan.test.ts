import { describe, expect, test } from '@jest/globals';
import type { Connector } from '../../src/connector/port.ts';
import type { Mapping } from '../../src/mapping/types.ts';
import type { OutputValues, SubjectId } from '../../src/model/facts.ts';
import type { ConnectionId, CrmRecord, FieldValue } from '../../src/model/record.ts';
import { editText, type PlanInput, planRecord, type RecordPlan } from '../../src/sync/write/plan.ts';

const connector = {
  id: 'hub',
  outputFieldName: (output: string) => `waystage_${output}`,
  capabilities: {
    objectTypes: [
      { name: 'contacts', entity: 'person', outputs: true },
      { name: 'companies', entity: 'account', outputs: true },
      { name: 'deals', entity: 'deal', outputs: false },
    ],
  },
} as unknown as Connector;

function mapping(over: Record<string, unknown> = {}): Mapping {
  return {
    name: 'people',
    subject: 'person',
    outputs: ['stage', 'next_step', 'health_score', 'health_band'].map((output) => ({
      output,
      names: {},
      label: output,
    })),
    health: { writeStep: 5 },
    stages: ['trial', 'customer'].map((name) => ({ name, renamedFrom: [] })),
    ...over,
  } as unknown as Mapping;
}

function plan(
  fields: Readonly<Record<string, FieldValue>>,
  outputs: OutputValues,
  over: Partial<PlanInput> & { readonly state?: CrmRecord['state']; readonly type?: string } = {},
): RecordPlan {
  const { state, type, ...rest } = over;
  return planRecord({
    subject: 's' as SubjectId,
    record: {
      connection: 'h' as ConnectionId,
      type: type ?? 'contacts',
      id: '1',
      fields,
      created: 0,
      modified: 0,
      state: state ?? 'live',
      successor: null,
      mergedIds: [],
      associations: {
        companies: [
          { type: 'companies', id: '7', primary: false, label: null },
          { type: 'companies', id: '9', primary: true, label: null },
        ],
      },
    },
    connector,
    shown: Object.fromEntries(Object.keys(fields).map((name) => [name, { writable: true }])),
    wanted: [{ mapping: mapping(), outputs }],
    lastWritten: undefined,
    inherited: [],
    manualEdits: 'ask',
    ...rest,
  });
}
const changes = (result: RecordPlan): Readonly<Record<string, FieldValue>> =>
  Object.fromEntries((result.write?.changes ?? []).map((change) => [change.field, change.new]));

const EMPTY = {
  waystage_stage: null,
  waystage_next_step: null,
  waystage_health_score: null,
  waystage_health_band: null,
};

describe('what has to change on one record (J22)', () => {
  test('only fields that differ, in one row, under the primary parent', () => {
    const result = plan(
      { ...EMPTY, waystage_health_band: 'green' },
      { stage: 'trial', health_band: 'green' },
    );
    expect(changes(result)).toEqual({ waystage_stage: 'trial' });
    expect(result).toMatchObject({ unchanged: 1, write: { parent: '9', id: '1' } });
  });

  test('J22 only declared outputs are written, whatever the engine knows', () => {
    expect(changes(plan({ ...EMPTY, waystage_segment: null }, { stage: 'a', segment: 'b' }))).toEqual({
      waystage_stage: 'a',
    });
  });

  test('an output that is not known yet is not an empty one; one that is empty clears the field', () => {
    expect(plan({ ...EMPTY, waystage_stage: 'x' }, {}, { lastWritten: { waystage_stage: 'x' } }).write).toBe(
      null,
    );
    expect(
      changes(
        plan({ ...EMPTY, waystage_stage: 'x' }, { stage: null }, { lastWritten: { waystage_stage: 'x' } }),
      ),
    ).toEqual({
      waystage_stage: null,
    });
  });

  test.each(['archived', 'merged', 'converted'] as const)(
    'J22 a record that is %s gets no writes',
    (state) => {
      expect(plan(EMPTY, { stage: 'trial' }, { state })).toMatchObject({ write: null, unreadable: [] });
    },
  );

  test('a type that carries no outputs gets none', () => {
    expect(plan(EMPTY, { stage: 'trial' }, { type: 'deals' }).write).toBe(null);
  });

  test('J20 a score waits for its step unless the band moves', () => {
    const at = (score: number, band: string): Readonly<Record<string, FieldValue>> =>
      changes(
        plan(
          { ...EMPTY, waystage_health_score: 70, waystage_health_band: 'green' },
          { health_score: score, health_band: band },
          { lastWritten: { waystage_health_score: 70, waystage_health_band: 'green' } },
        ),
      );
    expect(at(74, 'green')).toEqual({});
    expect(at(66, 'green')).toEqual({});
    expect(at(75, 'green')).toEqual({ waystage_health_score: 75 });
    expect(at(65, 'green')).toEqual({ waystage_health_score: 65 });
    expect(at(69, 'yellow')).toEqual({ waystage_health_score: 69, waystage_health_band: 'yellow' });
  });

  test('a long text is cut between characters, and a cut text is no change the next time', () => {
    const text = `${'x'.repeat(253)}🙂 and more`;
    const written = changes(plan(EMPTY, { next_step: text }))['waystage_next_step'] as string;
    expect(written).toBe(`${'x'.repeat(253)}…`);
    expect(written.isWellFormed()).toBe(true);
    expect(plan({ ...EMPTY, waystage_next_step: written }, { next_step: text })).toMatchObject({
      write: null,
      unchanged: 1,
    });
    expect(changes(plan(EMPTY, { next_step: 'y'.repeat(255) }))).toEqual({
      waystage_next_step: 'y'.repeat(255),
    });
  });

  test('a field the CRM does not show is named, not written', () => {
    expect(plan({ waystage_stage: null }, { stage: 'a', next_step: 'b' })).toMatchObject({
      unreadable: ['waystage_next_step'],
      write: { changes: [{ field: 'waystage_stage' }] },
    });
  });
});

test('what is stored of a field that is hidden or locked today is no reason to write', () => {
  for (const shown of [
    {},
    { waystage_stage: { writable: false } },
    JSON.parse('{"__proto__":{"writable":true}}'),
  ]) {
    expect(
      plan({ waystage_stage: 'old' }, { stage: 'new' }, { shown, lastWritten: { waystage_stage: 'old' } }),
    ).toMatchObject({
      write: null,
      unreadable: ['waystage_stage'],
    });
  }
});

describe('a value that neither we wrote nor want is a person’s', () => {
  const edited = { ...EMPTY, waystage_stage: 'vip' };
  const ours = { lastWritten: { waystage_stage: 'trial' } } as const;

  test('ask keeps it and says so', () => {
    const result = plan(edited, { stage: 'customer', next_step: 'call' }, ours);
    expect(changes(result)).toEqual({ waystage_next_step: 'call' });
    expect(result.edits).toMatchObject([
      { field: 'waystage_stage', edited: 'vip', ours: 'customer', kept: true },
    ]);
    expect(editText(result.edits[0]!)).toMatch(
      /h:contacts:1 waystage_stage was changed by a person.*is kept/,
    );
  });

  test('revert puts ours back and says so', () => {
    const result = plan(edited, { stage: 'customer' }, { ...ours, manualEdits: 'revert' });
    expect(changes(result)).toEqual({ waystage_stage: 'customer' });
    expect(editText(result.edits[0]!)).toMatch(/is put back/);
  });

  test('J29 adopt keeps what is no stage and says why; a stage that could not be adopted yet is kept, too', () => {
    const adopt = { ...ours, manualEdits: 'adopt for 30d' } as const;
    const result = plan(edited, { stage: 'customer' }, adopt);
    expect(changes(result)).toEqual({});
    expect(editText(result.edits[0]!)).toMatch(
      /and is kept; "vip" is no stage of .*, so it cannot be adopted\./,
    );
    const stage = plan(
      { ...EMPTY, waystage_stage: 'customer' },
      { stage: 'trial' },
      { ...adopt, lastWritten: {} },
    );
    expect(stage.edits).toMatchObject([{ kept: true, unfit: null }]);
  });

  test('what we want anyway is no edit', () => {
    expect(plan(edited, { stage: 'vip' }, ours)).toMatchObject({ edits: [], write: null, unchanged: 1 });
  });

  test('a value from before our first write is a person’s, too', () => {
    expect(plan(edited, { stage: 'customer' }).edits).toHaveLength(1);
  });

  test('a value taken over from a record that was merged into this one is ours', () => {
    const result = plan(edited, { stage: 'customer' }, { inherited: [{}, { waystage_stage: 'vip' }] });
    expect(result.edits).toEqual([]);
    expect(changes(result)).toEqual({ waystage_stage: 'customer' });
  });

  test('an emptied field is handed back, under ask too, and that is said', () => {
    const result = plan(EMPTY, { stage: 'customer' }, ours);
    expect(changes(result)).toEqual({ waystage_stage: 'customer' });
    expect(editText(result.edits[0]!)).toMatch(/was emptied in the CRM and is filled again/);
  });
});
