import { ftruncateSync, write } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Spool } from './port.ts';

/** A file for bodies that are too large for memory. Nobody else can read it, and where the system allows it the
 *  file has no name any more once it is open: a killed process leaves nothing behind. */
export interface SpoolFile extends Spool {
  /** What the last good answer wrote, from its start. */
  chunks(): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

export async function openSpool(maxBytes: number): Promise<SpoolFile> {
  const folder = await mkdtemp(join(tmpdir(), 'waystage-'));
  const handle = await open(join(folder, 'body'), 'wx+', 0o600);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  // Windows keeps open files; there it goes when it is closed.
  const gone = await remove().then(
    () => true,
    () => false,
  );
  return {
    fd: handle.fd,
    maxBytes,
    chunks: () => chunksOf(handle),
    close: async () => {
      await handle.close();
      if (!gone) await remove();
    },
  };
}

/** Every piece is a trip to another thread and back. */
const CHUNK = 256 * 1024;

async function* chunksOf(handle: FileHandle): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Node's own stream over a file would close it with every broken connection. */
function fileWriter(fd: number): Writable {
  let at = 0;
  const put = (chunk: Buffer, done: (error?: Error | null) => void): void => {
    write(fd, chunk, 0, chunk.length, at, (error, written) => {
      if (error !== null) {
        done(error);
        return;
      }
      at += written;
      if (written < chunk.length) put(chunk.subarray(written), done);
      else done();
    });
  };
  return new Writable({ write: (chunk: Buffer, _encoding, done) => put(chunk, done) });
}

/** Why a body did not get into its file. `again`: another try may. */
export interface SpoolFailure {
  readonly what: string;
  readonly again: boolean;
  readonly cause?: unknown;
}

/** Writes a body to its file, decompressed; null when all of it is there. Rejects when the connection breaks. */
export async function spoolBody(
  message: IncomingMessage,
  spool: Spool,
  signal: AbortSignal,
): Promise<SpoolFailure | null> {
  ftruncateSync(spool.fd, 0);
  let received = 0;
  let plain = 0;
  const encoding = message.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip')
    return { what: `in the encoding ${JSON.stringify(encoding)}, which was not asked for`, again: false };
  const counter = (count: (bytes: number) => Error | null): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const problem = count(chunk.length);
        if (problem === null) done(null, chunk);
        else done(problem);
      },
    });
  const raw = counter((bytes) => {
    received += bytes;
    return null;
  });
  const tooLarge = new Error('too large');
  const limit = counter((bytes) => {
    plain += bytes;
    return plain > spool.maxBytes ? tooLarge : null;
  });
  const file = fileWriter(spool.fd);
  try {
    if (encoding === 'identity') await pipeline(message, raw, limit, file, { signal });
    else await pipeline(message, raw, createGunzip(), limit, file, { signal });
  } catch (error) {
    if (error === tooLarge)
      return { what: `with more than ${spool.maxBytes} bytes, which was refused`, again: false };
    const code = (error as { readonly code?: unknown }).code;
    if (typeof code === 'string' && code.startsWith('Z_'))
      return { what: 'with a damaged gzip body', again: true, cause: error };
    if (typeof code === 'string' && /^(ENOSPC|EDQUOT|EIO|EROFS)$/.test(code))
      return {
        what: `but its body cannot be written to the temporary folder (${code})`,
        again: false,
        cause: error,
      };
    throw error;
  }
  const promised = message.headers['content-length'];
  if (promised !== undefined && Number(promised) !== received)
    return { what: `with ${received} bytes where ${promised} were announced`, again: true };
  return null;
}
