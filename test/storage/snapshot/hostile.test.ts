import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footerBytes, headerBytes } from '../../../src/storage/snapshot/codec.ts';
import { checkSnapshot, readSnapshot } from '../../../src/storage/snapshot/read.ts';
import { scanSnapshot } from '../../../src/storage/snapshot/scan.ts';
import { sourceOf } from '../../support/source.ts';
import { tried } from '../../support/tried.ts';
import { smallSnapshot } from './assemble.ts';
import { env, judge, smallEntries, snapshotBytes, withFolder } from './support.ts';

function blockOffsets(bytes: Buffer): number[] {
  const offsets = [headerBytes];
  for (let at = headerBytes; at < bytes.length - footerBytes; ) {
    at += 32 + bytes.readUInt32LE(at + 16);
    offsets.push(at);
  }
  return offsets;
}

describe('the place of a snapshot', () => {
  it('must be named by its own seq, where the name has the form of a store', async () => {
    const good = await smallSnapshot();
    expect((await judge(good, { file: 'snapshots/00000000000000001234.snap' })).findings).toEqual([]);
    expect((await judge(good, { file: 'copy of it.snap' })).findings).toEqual([]);
    expect((await judge(good, { file: 'snapshots/00000000000000001235.snap' })).findings).toMatchObject([
      { code: 'E_SNAPSHOT_NAME', severity: 'degraded', got: 'seq 1235', expected: 'seq 1234' },
    ]);
  });

  it('must be its own store, and its other faults are still found', async () => {
    const bad = await smallSnapshot();
    bad[bad.length - 1] = (bad[bad.length - 1] as number) ^ 1;
    await withFolder(async (folder) => {
      const path = join(folder, '00000000000000000001.snap');
      await writeFile(path, bad);
      const options = { file: 'snapshots/00000000000000000001.snap', storeId: 'f'.repeat(32) };
      const { findings } = await checkSnapshot(env, path, options);
      expect(findings.map((finding) => finding.code)).toEqual([
        'E_SNAPSHOT_NAME',
        'E_SNAPSHOT_STORE',
        'E_SNAPSHOT_FOOTER',
      ]);
      expect(findings[0]?.file).toBe(options.file);
      const entries: Uint8Array[] = [];
      await expect(readSnapshot(env, path, (entry) => void entries.push(entry), options)).rejects.toMatchObject({
        code: 'E_SNAPSHOT_NAME',
        exit: 3,
        data: { finding: findings[0] },
      });
      expect(entries).toEqual([]);
    });
  });

  it('rejects as damage with the finding as data, and hands out nothing after the first fault', async () => {
    const bad = await snapshotBytes(smallEntries(4), { blockBytes: 1, codec: 'none' });
    const at = (blockOffsets(bad)[1] as number) + 32;
    bad[at] = (bad[at] as number) ^ 1;
    await withFolder(async (folder) => {
      const path = join(folder, 'x.snap');
      await writeFile(path, bad);
      const read: string[] = [];
      const reading = readSnapshot(env, path, (entry) => void read.push(Buffer.from(entry).toString()));
      await expect(reading).rejects.toThrow(
        /^x\.snap: block 1: checksum mismatch at offset \d+, got [0-9a-f]{8}, expected [0-9a-f]{8}$/,
      );
      expect(read).toEqual([smallEntries(1)[0]?.toString()]);
    });
  });
});

describe('hostile and foreign files', () => {
  it('are refused with a finding whose text is safe on a terminal', async (context) => {
    const files = [
      Buffer.from('\x1b]0;owned\x07\x9b31m"\\ this is no snapshot at all', 'latin1'),
      Buffer.alloc(100),
      Buffer.alloc(5000, 0xff),
      Buffer.from('{"jobs":{},"schema_ver":1,"last_seq":3}'),
      Buffer.from('short\n'),
    ];
    for (const bytes of files) {
      const { findings } = await judge(bytes);
      expect(findings).toMatchObject([{ code: 'E_SNAPSHOT_HEADER', offset: 0, end: Math.min(16, bytes.length) }]);
      expect(findings[0]?.got).toMatch(/^"([ !#-[\]-~]|\\x[0-9a-f]{2})*"$/);
    }
    tried(context, 'hostile-text', { 'refused, shown escaped': files.length });
  });

  it('of random bytes never crash the reader', async () => {
    const header = (await smallSnapshot()).subarray(0, headerBytes);
    for (let round = 0; round < 300; round++) {
      const noise = Buffer.alloc(round);
      env.random(noise);
      expect((await judge(Buffer.concat([header, noise]))).findings.length).toBeGreaterThan(0);
    }
  });
});

describe('a snapshot on a stream', () => {
  it('reads like a file, however the bytes arrive', async () => {
    const entries = smallEntries(2000);
    const good = await snapshotBytes(entries, { blockBytes: 3000, codec: 'none' });
    const whole = await scanSnapshot(sourceOf(good), { file: '-' });
    expect(whole.findings).toEqual([]);
    for (const step of [1, 7, 1000, 1_000_000]) {
      const read: string[] = [];
      const onEntry = (entry: Uint8Array) => void read.push(Buffer.from(entry).toString());
      const stream = sourceOf(good, { step, sized: false });
      expect(await scanSnapshot(stream, { file: '-', onEntry })).toEqual(whole);
      expect(read).toEqual(entries.map(String));
    }
  });

  it('is judged to its end: a cut and trailing bytes are found, and counted', async () => {
    const good = await smallSnapshot();
    const stream = (bytes: Buffer) => sourceOf(bytes, { sized: false });
    expect((await scanSnapshot(stream(good), { file: '-' })).bytes).toBe(good.length);
    expect((await scanSnapshot(stream(good.subarray(0, 90)), { file: '-' })).findings).toMatchObject([
      { code: 'E_SNAPSHOT_CUT' },
    ]);
    const longer = Buffer.concat([good, Buffer.alloc(600_000)]);
    const { findings, bytes } = await scanSnapshot(stream(longer), { file: '-' });
    expect(findings).toMatchObject([{ code: 'E_SNAPSHOT_TRAILING', offset: good.length, end: longer.length }]);
    expect(bytes).toBe(longer.length);
  });
});

describe('the format', () => {
  // The files were made by another encoder, written from FORMAT.md alone (Python: struct, zlib, hashlib).
  const frozen = async (version: number): Promise<Buffer> => {
    const text = await readFile(new URL(`./version-${version}.hex`, import.meta.url), 'utf8');
    return Buffer.from(text.replace(/\s/g, ''), 'hex');
  };

  it('version 1 is frozen: the bytes of a known snapshot', async () => {
    const bytes = await snapshotBytes([Buffer.from('job_1'), Buffer.from('job_2')], { codec: 'none' });
    expect(bytes.toString('hex')).toBe((await frozen(1)).toString('hex'));
  });

  it('version 2 is frozen: a known snapshot is read as what it holds', async () => {
    const read: string[] = [];
    const onEntry = (entry: Uint8Array) => void read.push(Buffer.from(entry).toString('latin1'));
    const bytes = await frozen(2);
    const { summary, findings } = await scanSnapshot(sourceOf(bytes), { file: 'x.snap', onEntry });
    expect(findings).toEqual([]);
    expect(read).toEqual([
      '01977420-dc18-77da-8849-d73eb438a907 {"key":"658addef746bf1feda48c4fd29dc0e5b","n":12}',
      'job_2 \xc0\xc1 0123456',
    ]);
    const entries = read.map((entry) => Buffer.from(entry, 'latin1'));
    const again = await snapshotBytes(entries);
    expect(again.subarray(0, headerBytes).toString('hex')).toBe(bytes.subarray(0, headerBytes).toString('hex'));
    expect((await judge(again)).summary?.stateHash).toBe(summary?.stateHash);
  });
});
