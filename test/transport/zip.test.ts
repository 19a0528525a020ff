import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isZip, readZip, unzip, type ZipLimits } from '../../src/transport/index.ts';

const LIMITS: ZipLimits = { maxEntries: 3, maxBytes: 1_000_000 };
let folder: string;
let fd: number;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waystage-zip-'));
  fd = openSync(join(folder, 'file'), 'w+');
});
afterAll(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

interface Part {
  readonly name: string;
  readonly text: string;
  readonly method?: number;
  readonly flags?: number;
  readonly size?: number;
  readonly crc?: number;
  readonly localName?: string;
  readonly trailing?: Buffer;
}

/** A zip file made by hand, right or wrong as the parts say. `at`: where a part's header is said to be. */
function zip(
  parts: readonly Part[],
  options: { at?: (index: number) => number; comment?: string } = {},
): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  const starts: number[] = [];
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const plain = Buffer.from(part.text);
    const method = part.method ?? 8;
    const data = Buffer.concat([
      method === 8 ? deflateRawSync(plain) : plain,
      part.trailing ?? Buffer.alloc(0),
    ]);
    const [crc, size] = [part.crc ?? crc32(plain), part.size ?? plain.length];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(part.flags ?? 0, 6);
    local.writeUInt16LE(method, 8);
    const localName = Buffer.from(part.localName ?? part.name);
    local.writeUInt16LE(localName.length, 26);
    starts.push(at);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(part.flags ?? 0, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(data.length, 20);
    central.writeUInt32LE(size, 24);
    const name = Buffer.from(part.name);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(options.at?.(index) ?? at, 42);
    pieces.push(local, localName, data);
    directory.push(central, name);
    at += local.length + localName.length + data.length;
  }
  const comment = Buffer.from(options.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...pieces, ...directory, end, comment]);
}

/** What is in it: name and text of each file. */
async function contents(file: Buffer, limits = LIMITS): Promise<readonly (readonly [string, string])[]> {
  ftruncateSync(fd, 0);
  writeSync(fd, file, 0, file.length, 0);
  const found: [string, string][] = [];
  for (const entry of await readZip(fd, limits)) {
    const chunks: Buffer[] = [];
    for await (const chunk of unzip(fd, entry)) chunks.push(chunk);
    found.push([entry.name, Buffer.concat(chunks).toString()]);
  }
  return found;
}

const LONG = Array.from({ length: 30_000 }, (_, row) => `${row},${row * 7919}`).join('\n');

describe('zip files', () => {
  test('deflated and stored files, folders left out, behind a comment or none', async () => {
    const parts = [
      { name: 'a.csv', text: LONG },
      { name: 'sub/', text: '', method: 0 },
      { name: 'b ü.csv', text: 'x', method: 0 },
    ];
    const expected = [
      ['a.csv', LONG],
      ['b ü.csv', 'x'],
    ];
    expect(await contents(zip(parts))).toEqual(expected);
    expect(await contents(zip(parts, { comment: 'made by hand' }))).toEqual(expected);
    expect(await contents(zip([]))).toEqual([]);
    expect(await isZip(fd)).toBe(true);
  });

  test('a file that is cut off at any place is refused', async () => {
    const whole = zip([{ name: 'a.csv', text: 'a,b\n1,2\n3,4\n' }]);
    for (let length = 0; length < whole.length; length += 1)
      await expect(contents(whole.subarray(0, length))).rejects.toThrow(/cut off|none|breaks off|directory/);
  });

  test('one changed byte never gives other contents', async () => {
    const whole = zip([{ name: 'a.csv', text: 'id,name\n1,Ada\n2,Grace\n' }]);
    const right = await contents(whole);
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at] = changed[at]! ^ 0x55;
      const found = await contents(changed).catch(() => null);
      if (found !== null) expect(found).toEqual(right);
    }
  });

  test.each<[string, Buffer, RegExp]>([
    ['text', Buffer.from('id,name\n1,Ada\nno zip file at all, but long enough'), /cut off or is none/],
    ['a checksum of something else', zip([{ name: 'a', text: 'abc', crc: 1 }]), /checksum/],
    ['more bytes than announced', zip([{ name: 'a', text: LONG, size: 100 }]), /more than the 100 bytes/],
    ['fewer bytes than announced', zip([{ name: 'a', text: 'abc', size: 4 }]), /3 bytes where 4/],
    ['a stored file of two sizes', zip([{ name: 'a', text: 'abc', size: 2, method: 0 }]), /two sizes/],
    ['encryption', zip([{ name: 'a', text: 'abc', flags: 1 }]), /encrypted/],
    ['another method', zip([{ name: 'a', text: 'abc', method: 12 }]), /method 12/],
    ['Zip64', zip([{ name: 'a', text: 'abc', size: 0xffffffff }]), /Zip64/],
    ['another name inside', zip([{ name: 'a', text: 'abc', localName: 'b' }]), /name does not fit/],
    [
      'bytes behind the packed ones',
      zip([{ name: 'a', text: 'abc', trailing: Buffer.from('xx') }]),
      /behind the end/,
    ],
    ['a file outside', zip([{ name: 'a', text: 'abc' }], { at: () => 4_000 }), /outside/],
    [
      'files that share bytes',
      zip(
        [
          { name: 'a', text: 'abc' },
          { name: 'a', text: 'abc' },
        ],
        { at: () => 0 },
      ),
      /share bytes/,
    ],
    ['too many files', zip(Array.from({ length: 4 }, () => ({ name: 'a', text: 'abc' }))), /4 files/],
    ['bytes behind the end', Buffer.concat([zip([{ name: 'a', text: 'abc' }]), Buffer.from('x')]), /cut off/],
  ])('refuses %s', async (_name, file, message) => {
    await expect(contents(file)).rejects.toThrow(message);
  });

  test('bombs: refused by what they announce, and stopped at it when they lie', async () => {
    const zeros = '0'.repeat(5_000_000);
    await expect(contents(zip([{ name: 'a', text: zeros }]))).rejects.toThrow(/5000000 bytes unpacked/);
    const both = [0, 1].map((n) => ({ name: `${n}`, text: '0'.repeat(600_000) }));
    await expect(contents(zip(both))).rejects.toThrow(/1200000 bytes unpacked/);
    ftruncateSync(fd, 0);
    const lying = zip([{ name: 'a', text: zeros, size: 1_000 }]);
    writeSync(fd, lying, 0, lying.length, 0);
    const [entry] = await readZip(fd, LIMITS);
    let unpacked = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of unzip(fd, entry!)) unpacked += chunk.length;
    };
    await expect(read()).rejects.toThrow(/more than the 1000 bytes/);
    expect(unpacked).toBeLessThanOrEqual(1_000);
  });

  test('a reader that stops early leaves nothing open', async () => {
    ftruncateSync(fd, 0);
    const file = zip([{ name: 'a', text: LONG }]);
    writeSync(fd, file, 0, file.length, 0);
    const [entry] = await readZip(fd, LIMITS);
    for await (const chunk of unzip(fd, entry!)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});
