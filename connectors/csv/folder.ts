import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { ConnectionConfig, ConnectionContext, Usage } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import type { ConnectionId } from '../../src/model/record.ts';

export type Purpose = 'pull' | 'read' | 'write' | 'meta';

const CHUNK = 256 * 1024;

/** The folder of a connection. A request is one reading or one rewriting of a file. */
export class Folder {
  readonly connection: ConnectionId;
  /** As the configuration says it, for messages. */
  readonly shown: string;
  readonly path: string;
  readonly context: ConnectionContext;
  readonly #byPurpose: Record<string, number> = {};

  constructor(config: ConnectionConfig, context: ConnectionContext) {
    const folder = config.settings?.['folder'];
    this.connection = config.id;
    this.shown = typeof folder === 'string' ? folder : '.';
    this.path = resolve(this.shown);
    this.context = context;
  }

  get usage(): Usage {
    const byPurpose = { ...this.#byPurpose };
    const requests = Object.values(byPurpose).reduce((sum, count) => sum + count, 0);
    return { requests, rateLimited: 0, retries: 0, byPurpose };
  }

  count(purpose: Purpose): void {
    this.throwIfStopped();
    this.#byPurpose[purpose] = (this.#byPurpose[purpose] ?? 0) + 1;
  }

  throwIfStopped(): void {
    if (this.context.signal.aborted) {
      throw new WaystageError('stopped', 'The run was stopped.', { cause: this.context.signal.reason });
    }
  }

  /** Throws `crm_unreachable` when the folder is not there and `crm_permission` when it cannot be read. */
  async look(): Promise<{ readonly path: string; readonly name: string }> {
    this.count('meta');
    try {
      const path = await realpath(this.path);
      if (!(await stat(path)).isDirectory()) throw this.#missing('is not a folder');
      await access(path, constants.R_OK | constants.X_OK);
      await readdir(path);
      return { path, name: basename(path) || path };
    } catch (error) {
      throw this.failure(error, this.shown);
    }
  }

  /** Opens a file for reading; null when the folder does not have it. */
  async open(file: string, purpose: Purpose): Promise<OpenFile | null> {
    this.count(purpose);
    let handle: FileHandle;
    try {
      // The file behind a link is the one that will be replaced.
      const path = await realpath(join(this.path, file));
      handle = await open(path, 'r');
      if ((await handle.stat()).isFile()) return new OpenFile(this, file, path, handle);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw this.failure(error, file);
      await this.#folderIsThere();
      return null;
    }
    await handle.close();
    throw new WaystageError('crm_permission', `${file} is not a file. Expected a CSV file of this name.`);
  }

  /** A missing file and a missing folder are not the same news. */
  async #folderIsThere(): Promise<void> {
    try {
      await stat(this.path);
    } catch (error) {
      throw this.failure(error, this.shown);
    }
  }

  #missing(what: string): WaystageError {
    return new WaystageError(
      'crm_unreachable',
      `The CSV folder ${this.shown} ${what}. Create it, or correct \`settings.folder\` of connection ${this.connection}; ` +
        'a relative path starts where Waystage is started.',
    );
  }

  /** An error of the file system as ours. */
  failure(error: unknown, what: string): unknown {
    const code = codeOf(error);
    if (code === null) return error;
    const say = (
      kind: 'crm_permission' | 'crm_refused' | 'crm_unreachable',
      text: string,
      retryable = false,
    ) =>
      new WaystageError(kind, `${what} of CSV folder connection ${this.connection} ${text} (${code}).`, {
        cause: error,
        retryable,
      });
    if (what === this.shown && (code === 'ENOENT' || code === 'ENOTDIR'))
      return this.#missing('does not exist');
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      return say('crm_permission', 'is not open to the user Waystage runs as. Give it access to the folder');
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return say('crm_refused', 'cannot be written, because the disk is full. Make room', true);
    if (code === 'EBUSY') return say('crm_refused', 'is in use by another program. Close it there', true);
    return say('crm_unreachable', 'cannot be reached. Look at the disk or the network drive', true);
  }
}

function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  return typeof code === 'string' && typeof syscall === 'string' ? code : null;
}

/** One file, open for reading. */
export class OpenFile {
  readonly file: string;
  /** Links followed. */
  readonly path: string;
  readonly #folder: Folder;
  readonly #handle: FileHandle;

  constructor(folder: Folder, file: string, path: string, handle: FileHandle) {
    this.#folder = folder;
    this.file = file;
    this.path = path;
    this.#handle = handle;
  }

  /** Size and modification time: what moves when somebody writes into the file. */
  async version(): Promise<{ readonly text: string; readonly modified: number; readonly mode: number }> {
    const found = await this.#handle.stat({ bigint: true });
    return {
      text: `${found.size}:${found.mtimeNs}`,
      modified: Number(found.mtimeNs / 1_000_000n),
      mode: Number(found.mode & 0o777n),
    };
  }

  /** The bytes from an offset on. */
  async *chunks(from: number): AsyncGenerator<Buffer, void, undefined> {
    let at = from;
    for (;;) {
      this.#folder.throwIfStopped();
      let read: { readonly bytesRead: number; readonly buffer: Buffer };
      try {
        read = await this.#handle.read(Buffer.allocUnsafeSlow(CHUNK), 0, CHUNK, at);
      } catch (error) {
        throw this.#folder.failure(error, this.file);
      }
      if (read.bytesRead === 0) return;
      at += read.bytesRead;
      yield read.buffer.subarray(0, read.bytesRead);
    }
  }

  async all(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const chunk of this.chunks(0)) parts.push(chunk);
    return Buffer.concat(parts);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
