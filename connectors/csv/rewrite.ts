import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Folder } from './folder.ts';

/** A file as it was read before it is changed. */
export interface Snapshot {
  readonly bytes: Buffer;
}

/** A part of a file and what takes its place. Parts do not overlap and come in ascending order. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly bytes: Buffer;
}

export type Rewritten = 'written' | 'missing' | 'changed';

/**
 * Replaces a file by a changed copy of itself, as a whole or not at all: the copy is written beside it, flushed to the
 * disk and renamed over it. Before that the file is read again: if anybody wrote into it since, nothing is done and
 * the answer is `changed`. A program that still holds the old content open can overwrite ours later; no file system
 * tells us so. Rights of the file stay; a link keeps pointing to it.
 *
 * @param change gets the content and says what to replace; an empty list leaves the file alone
 * Throws `crm_permission`, `crm_refused` or `crm_unreachable` when it cannot be written; then nothing was.
 */
export async function rewriteFile(
  folder: Folder,
  file: string,
  change: (snapshot: Snapshot) => readonly Splice[],
): Promise<Rewritten> {
  const first = await contentOf(folder, file);
  if (first === null) return 'missing';
  const splices = change({ bytes: first.bytes });
  if (splices.length === 0) return 'written';
  const temporary = join(dirname(first.path), `.${basename(first.path)}.waystage.tmp`);
  try {
    await writeNew(temporary, spliced(first.bytes, splices), first.mode);
    const again = await contentOf(folder, file);
    if (again === null || again.version !== first.version || again.hash !== first.hash) {
      await rm(temporary, { force: true });
      return 'changed';
    }
    await rename(temporary, first.path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw folder.failure(error, file);
  }
  await flushFolder(dirname(first.path));
  return 'written';
}

async function contentOf(
  folder: Folder,
  file: string,
): Promise<{
  readonly bytes: Buffer;
  readonly path: string;
  readonly hash: string;
  readonly version: string;
  readonly mode: number;
} | null> {
  const handle = await folder.open(file, 'write');
  if (handle === null) return null;
  try {
    const { text: version, mode } = await handle.version();
    const bytes = await handle.all();
    return {
      bytes,
      path: handle.path,
      hash: createHash('sha256').update(bytes).digest('hex'),
      version,
      mode,
    };
  } finally {
    await handle.close();
  }
}

function spliced(bytes: Buffer, splices: readonly Splice[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const splice of splices) {
    parts.push(bytes.subarray(at, splice.start), splice.bytes);
    at = splice.end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

/** What a killed run left behind goes first; a link put there by somebody else is never followed. */
async function writeNew(path: string, bytes: Buffer, mode: number): Promise<void> {
  await rm(path, { force: true });
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The new name must survive a power cut too. Not every file system can flush a folder. */
async function flushFolder(path: string): Promise<void> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, 'r');
    await handle.sync();
  } catch {
    // The content is safe; at worst the old version comes back and is written again.
  } finally {
    await handle?.close();
  }
}
