import type { ReadRequest } from '../../src/connector/port.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import type { Folder, OpenFile } from './folder.ts';
import { mapRow, presentFields } from './mapper.ts';
import { changedMeanwhile } from './pull.ts';
import { type CsvType, csvTypeOf } from './schema.ts';
import { type Checked, checkRow, readHeader, rowsOf } from './table.ts';

interface Found {
  readonly records: readonly CrmRecord[];
  readonly gone: readonly string[];
}

/** Present values of single rows, in one pass over the file. A row that cannot be read is in neither list; of a file
 *  that is gone every row is. */
export async function read(folder: Folder, request: ReadRequest): Promise<Found> {
  const type = csvTypeOf(request.type);
  for (let tries = 0; tries < 3; tries += 1) {
    const file = await folder.open(type.file, 'read');
    if (file === null) return { records: [], gone: request.ids };
    try {
      const found = await readFrom(folder, file, type, request);
      if (found !== null) return found;
    } finally {
      await file.close();
    }
  }
  throw changedMeanwhile(type.file);
}

/** Null when the file was written into meanwhile. */
async function readFrom(
  folder: Folder,
  file: OpenFile,
  type: CsvType,
  request: ReadRequest,
): Promise<Found | null> {
  const { text: version, modified } = await file.version();
  const header = await readHeader(file);
  const wanted = new Set(request.ids);
  const rows = new Map<string, Checked[]>();
  for await (const batch of rowsOf(file, header)) {
    for (const row of batch) {
      const checked = checkRow(row, header);
      if (checked === null || checked.id === null || !wanted.has(checked.id)) continue;
      const known = rows.get(checked.id);
      if (known === undefined) rows.set(checked.id, [checked]);
      else known.push(checked);
    }
  }
  if ((await file.version()).text !== version) return null;
  const reader = {
    connection: folder.connection,
    type,
    header,
    fields: presentFields(header, request.fields),
    duplicates: new Map<string, readonly number[]>(),
    modified,
  };
  const records: CrmRecord[] = [];
  const gone: string[] = [];
  for (const id of wanted) {
    const [only, ...others] = rows.get(id) ?? [];
    if (only === undefined) gone.push(id);
    else if (others.length === 0) {
      const mapped = mapRow(only, reader);
      if ('record' in mapped) records.push(mapped.record);
    }
  }
  return { records, gone };
}
