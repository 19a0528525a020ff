import type { PipelineStage } from '../../src/connector/port.ts';
import type { Folder } from './folder.ts';
import { fileError, type Header } from './header.ts';
import { textOf } from './scanner.ts';
import { STAGES_FILE } from './schema.ts';
import { type Checked, checkRow, placeText, readHeader, rowsOf } from './table.ts';
import { decodeValue } from './values.ts';

/** The column of each object type that holds a stage. */
const STAGE_FIELD: Readonly<Record<string, string>> = { deals: 'stage', tickets: 'status' };
const MEANINGS = ['open', 'won', 'lost', 'closed'] as const;
type Meaning = (typeof MEANINGS)[number];

/** Stages of a folder without `stages.csv`: the words that mean what they say. */
const BUILT_IN: readonly PipelineStage[] = [
  ...MEANINGS.filter((word) => word !== 'closed').map((word, order) => stageOf('deals', word, word, order)),
  ...(['open', 'closed'] as const).map((word, order) => stageOf('tickets', word, word, order)),
];

/**
 * The stages of deals and tickets out of `stages.csv`, in the order of its rows. Columns: `id` (the text in the stage
 * column), `type` (`deals` or `tickets`), `means` (open, won, lost or closed), and where wanted `label`, `pipeline`,
 * `probability` (0 to 1). Throws `crm_bad_answer` naming every wrong line: without the stages nobody knows what was
 * won.
 */
export async function readStages(folder: Folder): Promise<readonly PipelineStage[]> {
  const file = await folder.open(STAGES_FILE, 'meta');
  if (file === null) return BUILT_IN;
  try {
    const header = await readHeader(file);
    const missing = ['type', 'means'].filter((name) => !header.places.has(name));
    if (missing.length > 0) {
      const names = missing.map((name) => `\`${name}\``).join(' and ');
      throw fileError(STAGES_FILE, `line 1: there is no column ${names}. Expected id, type and means.`);
    }
    const stages: PipelineStage[] = [];
    const problems: string[] = [];
    const lines = new Map<string, number>();
    for await (const rows of rowsOf(file, header)) {
      for (const row of rows) {
        const checked = checkRow(row, header);
        if (checked === null) continue;
        const read = readStage(checked, header, stages.length);
        if (typeof read === 'string') {
          problems.push(`${placeText(header, row)}: ${read}.`);
          continue;
        }
        const key = JSON.stringify([read.type, read.pipeline, read.value]);
        const first = lines.get(key);
        if (first === undefined) stages.push(read);
        else problems.push(`${placeText(header, row)}: the same stage stands on line ${first}.`);
        lines.set(key, row.line);
      }
    }
    if (problems.length > 0) throw fileError(STAGES_FILE, problems.slice(0, 20).join(' '));
    return stages;
  } finally {
    await file.close();
  }
}

function readStage(checked: Checked, header: Header, order: number): PipelineStage | string {
  if ('problem' in checked) return checked.problem;
  const text = (name: string): string => {
    const at = header.places.get(name);
    const cell = at === undefined ? undefined : checked.cells[at];
    return cell === undefined ? '' : textOf(checked.row.bytes, cell).trim();
  };
  const type = text('type');
  if (!Object.hasOwn(STAGE_FIELD, type)) return 'the column `type` holds neither deals nor tickets';
  const means = MEANINGS.find((word) => word === text('means').toLowerCase());
  if (means === undefined) return `the column \`means\` holds none of ${MEANINGS.join(', ')}`;
  const probability = decodeValue(text('probability'), 'number');
  if (probability !== null && !(typeof probability === 'number' && probability >= 0 && probability <= 1))
    return 'the column `probability` holds no number from 0 to 1';
  const stage = stageOf(type, checked.id, means, order);
  const pipeline = text('pipeline') || null;
  return {
    ...stage,
    label: text('label') || stage.label,
    pipeline,
    pipelineLabel: pipeline,
    probability: probability ?? stage.probability,
  };
}

function stageOf(type: string, value: string, means: Meaning, order: number): PipelineStage {
  const won = means === 'won';
  const lost = means === 'lost';
  return {
    type,
    field: STAGE_FIELD[type] ?? '',
    pipeline: null,
    pipelineLabel: null,
    value,
    label: value,
    order,
    open: means === 'open',
    won,
    lost,
    probability: won ? 1 : lost ? 0 : null,
  };
}
