import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BlockHeader } from '../../../src/storage/snapshot/block-types.ts';
import { entryBytesMax, footerBytes, headerBytes, headerSeed } from '../../../src/storage/snapshot/codec.ts';
import { snapshotCodes } from '../../../src/storage/snapshot/codes.ts';
import { peekSnapshot, readSnapshot } from '../../../src/storage/snapshot/read.ts';
import { assemble, oneEntry, smallSnapshot } from './assemble.ts';
import { codeOf, env, forge, judge, smallEntries, snapshotBytes, withFolder } from './support.ts';

const wholeHeader = { from: 0, crcAt: 72 };
const preambleCrc = { from: 0, crcAt: 12 };

describe('damage', () => {
  it.each([{}, { bytesOnly: true }])('of any single bit is found, as degraded, with an offset %j', async (how) => {
    const good = await smallSnapshot();
    expect((await judge(good, how)).summary?.entries).toBe(4);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      const { summary, findings } = await judge(bad, how);
      expect(summary, `bit ${bit}`).toBeUndefined();
      expect(findings.length, `bit ${bit}`).toBeGreaterThan(0);
      // The bytes alone say no less of the place.
      if (how.bytesOnly) expect(findings[0]).toEqual((await judge(bad)).findings[0]);
      for (const finding of findings) {
        expect(finding.severity).toBe('degraded');
        expect(finding.offset, `bit ${bit}`).toBeLessThanOrEqual(bit >> 3);
        expect(finding.end, `bit ${bit}`).toBeGreaterThan(bit >> 3);
        expect(snapshotCodes).toHaveProperty(finding.code);
        expect(finding.got).toBeDefined();
        expect(finding.expected).toBeDefined();
      }
    }
  });

  it('a look at the bytes alone says what a whole one says of a good file, and hands out nothing', async () => {
    const good = await smallSnapshot();
    const onEntry = () => expect.unreachable('an entry');
    expect(await judge(good, { bytesOnly: true, onEntry })).toEqual(await judge(good));
  });

  it('of any length is found as a cut, and 0 bytes as an empty file', async () => {
    const good = await smallSnapshot();
    expect(await codeOf(good.subarray(0, 0))).toBe('E_SNAPSHOT_EMPTY');
    for (let length = 1; length < good.length; length++) {
      const { findings, bytes } = await judge(good.subarray(0, length));
      expect(
        findings.map((finding) => finding.code),
        `${length} bytes`,
      ).toEqual(['E_SNAPSHOT_CUT']);
      expect(findings[0]?.end).toBe(length);
      expect(bytes).toBe(length);
    }
  });

  it('of any byte, to any other value of a few, is found', async () => {
    const good = await smallSnapshot();
    for (let at = 0; at < good.length; at++) {
      for (const value of [0x00, 0xff, 0x20]) {
        if (good[at] === value) continue;
        const bad = Buffer.from(good);
        bad[at] = value;
        expect((await judge(bad)).findings, `byte ${at} = ${value}`).not.toEqual([]);
      }
    }
  });

  it('is found where bytes follow the footer, even a second snapshot', async () => {
    const good = await smallSnapshot();
    for (const more of [Buffer.from([0]), Buffer.alloc(5000), good]) {
      const { findings } = await judge(Buffer.concat([good, more]));
      expect(findings).toMatchObject([
        { code: 'E_SNAPSHOT_TRAILING', offset: good.length, end: good.length + more.length },
      ]);
    }
  });

  it('in two blocks and the footer is reported as three findings', async () => {
    const bad = await smallSnapshot();
    const offsets = [headerBytes + 32, bad.length - footerBytes - 1, bad.length - 1];
    for (const at of offsets) bad[at] = (bad[at] as number) ^ 1;
    const { findings } = await judge(bad);
    expect(findings.map((finding) => finding.code)).toEqual([
      'E_SNAPSHOT_BLOCK',
      'E_SNAPSHOT_BLOCK',
      'E_SNAPSHOT_FOOTER',
    ]);
  });

  it('is found when blocks are swapped, doubled, dropped or taken from another snapshot', async () => {
    const [one, other] = [
      await snapshotBytes(smallEntries(4), { blockBytes: 1, codec: 'none' }),
      await snapshotBytes(smallEntries(4), { blockBytes: 1, codec: 'none', kind: 'base' }),
    ];
    // Four blocks of one length each: the entries differ only in digits of `n`, so cut by reading the lengths.
    const cuts = blockOffsets(one);
    const part = (bytes: Buffer, index: number) => bytes.subarray(cuts[index], cuts[index + 1]);
    const [head, foot] = [one.subarray(0, cuts[0]), one.subarray(cuts[4])];
    const build = (...blocks: Buffer[]) => Buffer.concat([head, ...blocks, foot]);
    const [b0, b1, b2, b3] = [part(one, 0), part(one, 1), part(one, 2), part(one, 3)];
    expect(await codeOf(build(b0, b1, b2, b3))).toBe('');
    expect(await codeOf(build(b0, b2, b1, b3))).toBe('E_SNAPSHOT_BLOCK');
    expect(await codeOf(build(b0, b1, b1, b2, b3))).toBe('E_SNAPSHOT_BLOCK');
    expect(await codeOf(build(b0, b2, b3))).toBe('E_SNAPSHOT_BLOCK');
    expect(await codeOf(build(b0, b1, b2))).toContain('E_SNAPSHOT_FOOTER');
    expect(await codeOf(build(b0, part(other, 1), b2, b3))).toBe('E_SNAPSHOT_BLOCK');
    expect(await codeOf(Buffer.concat([head, b0, b1, b2, b3, other.subarray(cuts[4])]))).toBe('E_SNAPSHOT_FOOTER');
  });

  it('is not found by hashes alone but by them too: a block changed with all its checksums', async () => {
    const good = await snapshotBytes([Buffer.from('abc')], { codec: 'none' });
    const seed = headerSeed(good);
    const crcOfBlock = { from: headerBytes + 32, crcAt: headerBytes + 24 };
    const entryAt = headerBytes + 32 + 4;
    const bad = Buffer.from(good);
    bad.write('abX', entryAt);
    bad.writeUInt32LE(crc32(bad.subarray(crcOfBlock.from, entryAt + 3)), crcOfBlock.crcAt);
    bad.writeUInt32LE(crc32(bad.subarray(headerBytes, headerBytes + 28), seed), headerBytes + 28);
    expect(await codeOf(bad)).toBe('E_SNAPSHOT_HASH E_SNAPSHOT_HASH');
  });
});

function blockOffsets(bytes: Buffer): number[] {
  const offsets = [headerBytes];
  for (let at = headerBytes; at < bytes.length - footerBytes; ) {
    at += 32 + bytes.readUInt32LE(at + 16);
    offsets.push(at);
  }
  return offsets;
}

describe('a header with a valid checksum', () => {
  const header = async (change: (copy: Buffer) => void) => {
    const good = await smallSnapshot();
    const inner = forge(good, change, preambleCrc);
    return judge(forge(inner, () => {}, wholeHeader));
  };

  it('of a newer format is named so, never damage, with or without the rest of the file', async () => {
    const newer = forge(await smallSnapshot(), (copy) => copy.writeUInt32LE(0x0003_0003, 8), preambleCrc);
    for (const bytes of [newer, newer.subarray(0, 16), newer.subarray(0, 40)]) {
      expect((await judge(bytes)).findings).toMatchObject([{ code: 'E_NEWER_FORMAT', severity: 'newer' }]);
    }
    await withFolder(async (folder) => {
      const path = join(folder, 'x.snap');
      await writeFile(path, newer);
      await expect(readSnapshot(env, path, () => {})).rejects.toMatchObject({ code: 'E_NEWER_FORMAT', exit: 5 });
      expect(await peekSnapshot(env, path)).toMatchObject({ findings: [{ code: 'E_NEWER_FORMAT' }] });
    });
  });

  it('of a newer version that says we can read it is not refused for that', async () => {
    const good = await snapshotBytes([]);
    const withPreamble = forge(good, (copy) => copy.writeUInt16LE(7, 8), preambleCrc);
    const withHeader = forge(withPreamble, () => {}, wholeHeader);
    const footerCrc = { from: headerBytes, crcAt: headerBytes + 96, seed: headerSeed(withHeader) };
    const sha256 = createHash('sha256').update(withHeader.subarray(0, headerBytes)).digest();
    expect(await codeOf(forge(withHeader, (copy) => void copy.set(sha256, headerBytes + 64), footerCrc))).toBe('');
  });

  it('of impossible values is refused', async () => {
    const rows: [string, (copy: Buffer) => void][] = [
      ['impossible version', (copy) => copy.writeUInt32LE(0, 8)],
      ['impossible version', (copy) => copy.writeUInt32LE(0x0002_0001, 8)],
      ['another kind of file', (copy) => void copy.write('WALQseg\n')],
      ['unknown kind of snapshot', (copy) => copy.writeUInt8(0, 68)],
      ['unknown kind of snapshot', (copy) => copy.writeUInt8(4, 68)],
      ['unknown codec', (copy) => copy.writeUInt8(3, 69)],
      ['reserved bytes are not zero', (copy) => copy.writeUInt8(1, 70)],
      ['reserved bytes are not zero', (copy) => copy.writeUInt8(1, 71)],
      ['a number above 2^53-1', (copy) => copy.writeBigUInt64LE(2n ** 53n, 32)],
      ['a number above 2^53-1', (copy) => copy.writeBigUInt64LE(2n ** 64n - 1n, 40)],
      ['a number above 2^53-1', (copy) => copy.writeBigUInt64LE(2n ** 63n, 48)],
    ];
    for (const [message, change] of rows) {
      expect((await header(change)).findings).toMatchObject([
        { code: 'E_SNAPSHOT_HEADER', severity: 'degraded', message },
      ]);
    }
  });
});

describe('a block header with a valid checksum', () => {
  const only = (header: Partial<BlockHeader>, stored = oneEntry(Buffer.from('entry'))) =>
    judge(assemble([{ header, stored }], { entries: 1, rawBytes: 9 }));

  it('that lies about lengths is refused before anything is allocated', async () => {
    const huge = 2 ** 32 - 1;
    const rows: Partial<BlockHeader>[] = [
      { rawLength: huge, storedLength: huge },
      { rawLength: entryBytesMax + 5, storedLength: entryBytesMax + 5 },
      { rawLength: 2 ** 20 + 1, storedLength: 2 ** 20 + 1, entries: 2 },
      { rawLength: huge, storedLength: 9, codec: 'brotli' },
      { rawLength: 9, storedLength: huge, codec: 'brotli' },
      { rawLength: 9, storedLength: 9, codec: 'brotli' },
      { rawLength: 9, storedLength: 0, codec: 'brotli' },
      { rawLength: 9, storedLength: 8 },
      { rawLength: 0, storedLength: 0 },
      { entries: 0 },
      { entries: huge },
      { rawLength: 2 ** 31, storedLength: 2 ** 31, entries: huge },
    ];
    const before = process.memoryUsage().arrayBuffers;
    for (const header of rows) {
      const { findings } = await only(header);
      expect(findings, JSON.stringify(header)).toMatchObject([{ code: 'E_SNAPSHOT_BLOCK', offset: headerBytes }]);
      expect(findings[0]?.message).toMatch(/impossible (raw|stored) length/);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('that claims 32 MiB in a file without them is a cut, and allocates nothing', async () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 50; round++) {
      const lie = { rawLength: entryBytesMax + 4, storedLength: entryBytesMax + 4 };
      const { findings } = await only(lie);
      expect(findings).toMatchObject([{ code: 'E_SNAPSHOT_CUT' }]);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });

  it('whose bytes are a decompression bomb stops at the claimed length', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
    });
    const { findings } = await only({ codec: 'brotli', rawLength: 100_000 }, bomb);
    expect(findings[0]).toMatchObject({
      code: 'E_SNAPSHOT_BLOCK',
      message: 'block 0: the block decompresses to another length',
      got: 'more than 100000 bytes',
      expected: '100000 bytes',
    });
  });

  it('whose bytes decompress to less, or not at all, is damage', async () => {
    const short = brotliCompressSync(oneEntry(Buffer.alloc(50)));
    expect((await only({ codec: 'brotli', rawLength: 60 }, short)).findings[0]).toMatchObject({
      got: '54 bytes',
      expected: '60 bytes',
    });
    for (const stored of [Buffer.alloc(40), Buffer.alloc(40, 0xff), short.subarray(0, short.length - 1)]) {
      const { findings } = await only({ codec: 'brotli', rawLength: 60 }, stored);
      expect(findings[0]?.message).toMatch(/cannot be decompressed|another length/);
    }
  });

  it('must hold exactly the entries it claims, none of them empty', async () => {
    const two = Buffer.concat([oneEntry(Buffer.from('a')), oneEntry(Buffer.from('b'))]);
    expect((await only({ entries: 1 }, two)).findings[0]?.message).toBe(
      'block 0: wrong number of entries in the block',
    );
    const empty = Buffer.concat([oneEntry(Buffer.alloc(0)), oneEntry(Buffer.alloc(2))]);
    expect((await only({ entries: 2 }, empty)).findings[0]?.message).toBe(
      'block 0: impossible length of entry 0 of the block',
    );
    const long = Buffer.from(two);
    long.writeUInt32LE(2 ** 32 - 1, 5);
    expect((await only({ entries: 2 }, long)).findings[0]?.message).toBe(
      'block 0: impossible length of entry 1 of the block',
    );
    const rest = Buffer.concat([two, Buffer.from([1, 0, 0])]);
    expect((await only({ entries: 2 }, rest)).findings[0]?.message).toBe('block 0: entry 2 of the block is cut off');
  });
});

describe('a footer with a valid checksum', () => {
  it('must count what was read', async () => {
    const good = await smallSnapshot();
    const at = good.length - footerBytes;
    const rows: [string, number][] = [
      ['blocks', 4],
      ['entries', 8],
      ['raw bytes', 16],
      ['bytes before the footer', 24],
    ];
    for (const [what, field] of rows) {
      const crc = { from: at, crcAt: at + 96, seed: headerSeed(good) };
      const bad = forge(good, (copy) => copy.writeUInt8((copy[at + field] as number) + 1, at + field), crc);
      const { findings } = await judge(bad);
      expect(findings).toMatchObject([
        { code: 'E_SNAPSHOT_FOOTER', message: `the footer counts other ${what}`, offset: at },
      ]);
      const huge = forge(good, (copy) => copy.writeUInt8(0xff, at + field + 7), crc);
      if (field !== 4) expect((await judge(huge)).findings).toMatchObject([{ message: 'a number above 2^53-1' }]);
    }
    for (const [what, field] of [
      ['state', 32],
      ['file', 64],
    ] as const) {
      const crc = { from: at, crcAt: at + 96, seed: headerSeed(good) };
      const bad = forge(good, (copy) => copy.writeUInt8((copy[at + field] as number) ^ 1, at + field), crc);
      expect((await judge(bad)).findings).toMatchObject([
        { code: 'E_SNAPSHOT_HASH', message: `${what} hash mismatch` },
      ]);
    }
  });
});
