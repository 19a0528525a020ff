import type { FieldType, ProvisionResult, ProvisionStep, ProvisionTarget } from '../../src/connector/port.ts';
import { isWaystageError, WaystageError } from '../../src/model/errors.ts';
import type { OutputField } from '../../src/model/outputs.ts';
import type { Folder } from './folder.ts';
import { type Header, headerCell, headerText, MAX_HEADER, parseHeader } from './header.ts';
import { rewriteFile, type Splice } from './rewrite.ts';
import { type CsvType, csvTypeOf, isReserved } from './schema.ts';
import { readHeader, rowsIn } from './table.ts';

/** A column that is wanted: added, or its header cell changed. */
interface Payload {
  readonly type: string;
  readonly field: OutputField;
}

/** What has to happen to a file's header for one output. */
type Need =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'add'; readonly header: string }
  | { readonly kind: 'change'; readonly header: string; readonly place: number; readonly what: string }
  | { readonly kind: 'conflict'; readonly message: string };

/** What is missing for `wanted`, column by column. A file that is missing has nothing to provision. */
export async function planProvision(
  folder: Folder,
  wanted: readonly ProvisionTarget[],
): Promise<readonly ProvisionStep[]> {
  const steps: ProvisionStep[] = [];
  for (const { type: name, fields } of wanted) {
    const type = csvTypeOf(name);
    const file = fields.length === 0 ? null : await folder.open(type.file, 'meta');
    if (file === null) continue;
    try {
      const header = await readHeader(file);
      for (const field of together(fields)) {
        const text = stepText(needOf(header, type, field), type, field);
        if (text === null) continue;
        const payload: Payload = { type: name, field };
        steps.push({ id: `${name}:${field.name}`, text, type: name, field: field.name, payload });
      }
    } finally {
      await file.close();
    }
  }
  return steps;
}

/** Fields of one name once, with the options of all: two journeys may share an output. */
function together(fields: readonly OutputField[]): readonly OutputField[] {
  const byName = new Map<string, OutputField>();
  for (const field of fields) {
    const known = byName.get(field.name);
    const options = [...(known?.options ?? []), ...(field.options ?? [])];
    byName.set(field.name, known === undefined ? field : { ...known, options });
  }
  return [...byName.values()];
}

function stepText(need: Need, type: CsvType, field: OutputField): string | null {
  switch (need.kind) {
    case 'nothing':
      return null;
    case 'add':
      return `add column ${field.name} to ${type.file}`;
    case 'change':
      return `${need.what} column ${field.name} of ${type.file}`;
    case 'conflict':
      return need.message;
  }
}

function needOf(header: Header, type: CsvType, field: OutputField): Need {
  const conflict = (message: string): Need => ({ kind: 'conflict', message });
  const another = 'Name another field in the mapping';
  if (isReserved(type, field.name))
    return conflict(`column ${field.name} of ${type.file} has a meaning of its own. ${another}.`);
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(field.name))
    return conflict(`${field.name} is no name for a column: letters, digits and _ are. ${another}.`);
  const wanted = [...new Set((field.options ?? []).map(({ value }) => value))];
  const odd = wanted.find((option) => /[|()\r\n]/.test(option) || option !== option.trim() || option === '');
  if (odd !== undefined) {
    return conflict(
      `the option \`${odd}\` of ${field.name} cannot stand in a CSV header: |, brackets and line breaks separate options there. Rename it in the mapping.`,
    );
  }
  const kind: FieldType = field.kind;
  const place = header.places.get(field.name);
  const column = place === undefined ? undefined : header.columns[place];
  if (place === undefined || column === undefined)
    return { kind: 'add', header: headerText(field.name, kind, wanted) };
  const text = (options: readonly string[]): string => headerText(column.label, kind, options);
  if (column.type === null)
    return { kind: 'change', header: text(wanted), place, what: `declare as ${kind} the` };
  if (column.type !== kind) {
    return conflict(
      `column ${field.name} of ${type.file} is declared as ${column.type} where Waystage needs ${kind}. ${another}, or change the header.`,
    );
  }
  // Without options of its own an enum column takes any text.
  const lacking =
    column.options.length === 0 ? [] : wanted.filter((option) => !column.options.includes(option));
  if (lacking.length === 0) return { kind: 'nothing' };
  const what = `add ${lacking.length === 1 ? 'option' : 'options'} ${lacking.join(', ')} to the`;
  return { kind: 'change', header: text([...column.options, ...lacking]), place, what };
}

/** Carries out a plan: one rewriting of each file. What somebody has done meanwhile is not done again. */
export async function provision(
  folder: Folder,
  steps: readonly ProvisionStep[],
): Promise<readonly ProvisionResult[]> {
  const results = new Map<string, ProvisionResult>();
  for (const name of new Set(steps.map(({ payload }) => (payload as Payload).type))) {
    const own = steps.filter(({ payload }) => (payload as Payload).type === name);
    for (const result of await provisionFile(folder, csvTypeOf(name), own)) results.set(result.id, result);
  }
  return steps.map(({ id }) => results.get(id) ?? { id, ok: false, message: 'not carried out' });
}

async function provisionFile(
  folder: Folder,
  type: CsvType,
  steps: readonly ProvisionStep[],
): Promise<readonly ProvisionResult[]> {
  let results: readonly ProvisionResult[] = [];
  const all = (message: string): readonly ProvisionResult[] =>
    steps.map(({ id }) => ({ id, ok: false, message }));
  try {
    const outcome = await rewriteFile(folder, type.file, ({ bytes }) => {
      const header = parseHeader(type.file, bytes.subarray(0, MAX_HEADER));
      const needs = steps.map(({ id, payload }) => ({
        id,
        need: needOf(header, type, (payload as Payload).field),
      }));
      results = needs.map(({ id, need }) =>
        need.kind === 'conflict' ? { id, ok: false, message: need.message } : { id, ok: true, message: null },
      );
      return splicesOf(
        bytes,
        header,
        needs.map(({ need }) => need),
      );
    });
    if (outcome === 'written') return results;
    return all(
      outcome === 'missing'
        ? `${folder.shown} has no ${type.file} any more. Put it back and provision again.`
        : `${type.file} was changed by somebody meanwhile. Nothing of it was touched; provision again.`,
    );
  } catch (error) {
    if (!isWaystageError(error) || error.code === 'stopped') throw error;
    return all(error.message);
  }
}

/** Changed header cells, new ones at the end of the header, and as many empty cells at the end of every row, also of
 *  rows that are wrong: else a row with a cell too many would become right by chance. */
function splicesOf(bytes: Buffer, header: Header, needs: readonly Need[]): readonly Splice[] {
  const splices: Splice[] = [];
  const added: Buffer[] = [];
  const delimiter = Buffer.from([header.delimiter]);
  const seen = new Set<string>();
  for (const need of needs) {
    if (need.kind === 'add') {
      if (seen.has(need.header)) continue;
      seen.add(need.header);
      added.push(delimiter, headerCell(header, need.header));
    } else if (need.kind === 'change') {
      const cell = header.columns[need.place]?.cell;
      if (cell === undefined)
        throw new WaystageError('internal', 'a CSV header lost a column while it was changed');
      const { start, end } = { start: header.at + cell.start, end: header.at + cell.end };
      splices.push({ start, end, bytes: headerCell(header, need.header) });
    }
  }
  splices.sort((a, b) => a.start - b.start);
  if (added.length === 0) return splices;
  const end = header.at + header.bytes.length;
  splices.push({ start: end, end, bytes: Buffer.concat(added) });
  const empty = Buffer.concat(Array.from({ length: added.length / 2 }, () => delimiter));
  for (const row of rowsIn(bytes, header)) {
    if (row.bytes.length > 0) splices.push({ start: row.end, end: row.end, bytes: empty });
  }
  return splices;
}
