import { fstatSync, read as readFile } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';

/** A zip file that is damaged, cut off, or uses what is not read here. */
export class ZipError extends Error {}

export interface ZipLimits {
  readonly maxEntries: number;
  /** Bytes all entries may have together once they are unpacked. */
  readonly maxBytes: number;
}

/** One file inside, as the central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
  readonly deflated: boolean;
  /** Where its bytes are in the zip file. */
  readonly from: number;
  readonly packed: number;
}

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const DIRECTORY_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 0xffff;
/** What stands where a number does not fit: its real value is in a Zip64 field. */
const ELSEWHERE_16 = 0xffff;
const ELSEWHERE_32 = 0xffffffff;
const ENCRYPTED = 1;
const CHUNK = 64 * 1024;
/** Bytes of a directory: 100,000 files with long names. */
const MAX_DIRECTORY = 16 * 1024 * 1024;

/** Whether a file begins as zip files do. */
export async function isZip(fd: number): Promise<boolean> {
  const { size } = fstatSync(fd);
  if (size < END_BYTES) return false;
  const first = (await bytes(fd, 0, 4)).readUInt32LE(0);
  return first === LOCAL || first === END;
}

/**
 * The files in a zip file, in the order of its directory, folders left out. Strict: the directory must lie right before
 * the end of the file, agree with every file's own header and describe bytes that no other file uses. Not read: Zip64
 * (4 GB and more), encryption, several volumes, methods other than stored and deflated. Rejects with `ZipError`; nothing
 * is unpacked here, so what a file claims to hold is only checked by `unzip`.
 */
export async function readZip(fd: number, limits: ZipLimits): Promise<readonly ZipEntry[]> {
  const { size } = fstatSync(fd);
  const end = await endOf(fd, size);
  if (end.entries > limits.maxEntries)
    throw new ZipError(`${end.entries} files where at most ${limits.maxEntries} are read`);
  const directory = await bytes(fd, end.from, end.length);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < end.entries; index += 1) {
    const { entry, length } = await entryAt(fd, directory, at, end.from);
    at += length;
    if (!entry.name.endsWith('/')) entries.push(entry);
    else if (entry.size > 0) throw new ZipError('a folder with bytes of its own');
  }
  if (at !== directory.length) throw new ZipError('a directory that does not end where it says');
  let used = 0;
  for (const entry of [...entries].sort((a, b) => a.from - b.from)) {
    if (entry.from < used) throw new ZipError('two files that share bytes');
    used = entry.from + entry.packed;
  }
  const unpacked = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (unpacked > limits.maxBytes)
    throw new ZipError(`${unpacked} bytes unpacked where at most ${limits.maxBytes} are read`);
  return entries;
}

/** One file unpacked. Rejects with `ZipError` as soon as there are more bytes than announced, and at the end when
 *  there are fewer or the checksum is another: what was handed over must not be used then. */
export async function* unzip(fd: number, entry: ZipEntry): AsyncGenerator<Buffer, void, undefined> {
  const packed = Readable.from(range(fd, entry.from, entry.packed));
  const inflater = entry.deflated ? createInflateRaw() : null;
  const plain = inflater ?? packed;
  // Its failure is the failure of reading `plain`, below.
  const piping = inflater === null ? null : pipeline(packed, inflater).catch(() => undefined);
  let size = 0;
  let crc = 0;
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > entry.size) throw new ZipError(`more than the ${entry.size} bytes announced`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (typeof code === 'string' && code.startsWith('Z_'))
      throw new ZipError(`bytes that cannot be unpacked (${code})`, { cause: error });
    throw error;
  } finally {
    packed.destroy();
    inflater?.destroy();
    await piping;
  }
  if (size !== entry.size) throw new ZipError(`${size} bytes where ${entry.size} were announced`);
  if (inflater !== null && inflater.bytesWritten !== entry.packed)
    throw new ZipError('bytes behind the end of the packed data');
  if (crc !== entry.crc) throw new ZipError('a checksum that does not fit');
}

/** Where the directory is, by the record at the end of the file. */
async function endOf(
  fd: number,
  size: number,
): Promise<{ readonly entries: number; readonly from: number; readonly length: number }> {
  const tail = await bytes(fd, Math.max(0, size - END_BYTES - MAX_COMMENT), null);
  let at = tail.length - END_BYTES;
  // A comment may follow, and then its length says so.
  while (
    at >= 0 &&
    !(tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length)
  )
    at -= 1;
  if (at < 0) throw new ZipError('no end of a zip file; it is cut off or is none');
  const entries = tail.readUInt16LE(at + 10);
  const length = tail.readUInt32LE(at + 12);
  const from = tail.readUInt32LE(at + 16);
  if (entries === ELSEWHERE_16 || length === ELSEWHERE_32 || from === ELSEWHERE_32)
    throw new ZipError('Zip64, which is not read here');
  if (
    tail.readUInt16LE(at + 4) !== 0 ||
    tail.readUInt16LE(at + 6) !== 0 ||
    tail.readUInt16LE(at + 8) !== entries
  )
    throw new ZipError('a zip file in several volumes, which is not read here');
  if (length > MAX_DIRECTORY) throw new ZipError(`a directory of ${length} bytes`);
  if (from + length !== size - tail.length + at)
    throw new ZipError('a directory that does not lie before the end of the file');
  return { entries, from, length };
}

async function entryAt(
  fd: number,
  directory: Buffer,
  at: number,
  limit: number,
): Promise<{ readonly entry: ZipEntry; readonly length: number }> {
  if (at + DIRECTORY_BYTES > directory.length || directory.readUInt32LE(at) !== DIRECTORY)
    throw new ZipError('a directory that breaks off');
  const nameLength = directory.readUInt16LE(at + 28);
  const length =
    DIRECTORY_BYTES + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  if (at + length > directory.length) throw new ZipError('a directory that breaks off');
  const name = directory.subarray(at + DIRECTORY_BYTES, at + DIRECTORY_BYTES + nameLength);
  const method = directory.readUInt16LE(at + 10);
  const packed = directory.readUInt32LE(at + 20);
  const size = directory.readUInt32LE(at + 24);
  const header = directory.readUInt32LE(at + 42);
  if ((directory.readUInt16LE(at + 8) & ENCRYPTED) !== 0)
    throw new ZipError('an encrypted file, which is not read here');
  if (method !== 0 && method !== 8) throw new ZipError(`packing method ${method}, which is not read here`);
  if ([packed, size, header].includes(ELSEWHERE_32)) throw new ZipError('Zip64, which is not read here');
  if (method === 0 && packed !== size) throw new ZipError('a stored file of two sizes');
  const from = await dataOf(fd, header, { name, method, limit });
  if (from + packed > limit) throw new ZipError('a file that reaches into the directory');
  const crc = directory.readUInt32LE(at + 16);
  return { entry: { name: name.toString('utf8'), size, crc, deflated: method === 8, from, packed }, length };
}

/** Where a file's bytes begin: behind its own header, which must be of the same file. */
async function dataOf(
  fd: number,
  at: number,
  described: { readonly name: Buffer; readonly method: number; readonly limit: number },
): Promise<number> {
  if (at + LOCAL_BYTES > described.limit) throw new ZipError('a file outside of the zip file');
  const header = await bytes(fd, at, LOCAL_BYTES + described.name.length);
  if (header.readUInt32LE(0) !== LOCAL || header.readUInt16LE(8) !== described.method)
    throw new ZipError('a file whose header does not fit the directory');
  const nameLength = header.readUInt16LE(26);
  if (nameLength !== described.name.length || !header.subarray(LOCAL_BYTES).equals(described.name))
    throw new ZipError('a file whose name does not fit the directory');
  return at + LOCAL_BYTES + nameLength + header.readUInt16LE(28);
}

/** Exactly `length` bytes; null: all that is left. */
async function bytes(fd: number, from: number, length: number | null): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of range(fd, from, length ?? Number.POSITIVE_INFINITY)) parts.push(part);
  const whole = Buffer.concat(parts);
  if (length !== null && whole.length < length) throw new ZipError('a zip file that breaks off');
  return whole;
}

async function* range(fd: number, from: number, length: number): AsyncGenerator<Buffer, void, undefined> {
  for (let done = 0; done < length; ) {
    const part = await readAt(fd, from + done, Math.min(CHUNK, length - done));
    if (part.length === 0) return;
    done += part.length;
    yield part;
  }
}

function readAt(fd: number, position: number, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readFile(fd, Buffer.allocUnsafe(length), 0, length, position, (error, bytesRead, buffer) => {
      if (error === null) resolve(buffer.subarray(0, bytesRead));
      else reject(error);
    });
  });
}
