import { createHash } from 'node:crypto';
import type { OpenFile } from './folder.ts';
import type { Header } from './header.ts';
import { Sketch } from './sketch.ts';
import { checkRow, readHeader, rowsOf } from './table.ts';

/** A file read once from end to end before any of it is handed over. */
export interface Survey {
  readonly header: Header;
  /** Hash of the whole file. */
  readonly hash: string;
  readonly headerHash: string;
  readonly sketch: Sketch;
  /** Lines of every id that stands on more than one. */
  readonly duplicates: ReadonlyMap<string, readonly number[]>;
  /** `OpenFile.version` before the first byte was read. */
  readonly version: string;
  /** When the file was last written, epoch milliseconds: the stamp of rows that have none. */
  readonly modified: number;
}

/** Throws `crm_bad_answer` for a file that is broken as a whole, so that nothing of it is taken. */
export async function surveyFile(file: OpenFile): Promise<Survey> {
  const { text: version, modified } = await file.version();
  const header = await readHeader(file);
  const digest = createHash('sha256');
  // With the place where the rows begin: a cursor's offset holds for this hash only.
  digest.update(header.bytes).update(`\n${header.body.at}\n`);
  const sketch = new Sketch();
  const lines = new Map<string, number>();
  const duplicates = new Map<string, number[]>();
  for await (const rows of rowsOf(file, header, header.body, (bytes) => digest.update(bytes))) {
    for (const row of rows) {
      const checked = checkRow(row, header);
      if (checked === null) continue;
      sketch.add(checked.id ?? '', row.bytes);
      if (checked.id === null) continue;
      const first = lines.get(checked.id);
      if (first === undefined) lines.set(checked.id, row.line);
      else {
        const known = duplicates.get(checked.id);
        if (known === undefined) duplicates.set(checked.id, [first, row.line]);
        else known.push(row.line);
      }
    }
  }
  return {
    header,
    hash: digest.digest('hex'),
    headerHash: createHash('sha256').update(header.bytes).digest('hex'),
    sketch,
    duplicates,
    version,
    modified,
  };
}
